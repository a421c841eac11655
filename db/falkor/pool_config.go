package falkor

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"zapomni/memory/retry"
)

// PoolConfig bounds the connections to FalkorDB.
type PoolConfig struct {
	MinSize int `mapstructure:"min_size" env:"DB_POOL_MIN_SIZE,FALKORDB_POOL_MIN_SIZE" usage:"connections kept ready, at least 1"`
	MaxSize int `mapstructure:"max_size" env:"DB_POOL_MAX_SIZE,FALKORDB_POOL_MAX_SIZE" deprecated:"FALKORDB_POOL_SIZE" usage:"most connections at a time, up to 200"`
	// Timeout is how long a caller waits for a free connection.
	Timeout time.Duration `mapstructure:"timeout" env:"DB_POOL_TIMEOUT,FALKORDB_POOL_TIMEOUT" usage:"longest wait for a free connection"`
	// SocketTimeout bounds one read or write.
	SocketTimeout        time.Duration `mapstructure:"socket_timeout" env:"DB_SOCKET_TIMEOUT,FALKORDB_SOCKET_TIMEOUT" usage:"longest wait for an answer"`
	SocketConnectTimeout time.Duration `mapstructure:"socket_connect_timeout" usage:"longest wait for a connection to open"`
	// HealthCheckInterval is how long a connection may lie idle before it is
	// checked ahead of its next use.
	HealthCheckInterval time.Duration `mapstructure:"health_check_interval" env:"DB_HEALTH_CHECK_INTERVAL,FALKORDB_HEALTH_CHECK_INTERVAL" usage:"idle time after which a connection is checked before use, at least 10s"`
}

// RetryConfig bounds how often, and after which waits, a query that could not
// be served is sent again.
type RetryConfig struct {
	// MaxRetries does not count the first attempt. Zero means no retry.
	MaxRetries      int           `mapstructure:"max_retries" env:"DB_MAX_RETRIES,FALKORDB_MAX_RETRIES" usage:"most attempts after the first, 0 to 10"`
	InitialDelay    time.Duration `mapstructure:"initial_delay" env:"DB_RETRY_INITIAL_DELAY,FALKORDB_RETRY_INITIAL_DELAY" usage:"wait before the first retry"`
	MaxDelay        time.Duration `mapstructure:"max_delay" env:"DB_RETRY_MAX_DELAY,FALKORDB_RETRY_MAX_DELAY" usage:"longest wait before a retry, at least initial_delay"`
	ExponentialBase float64       `mapstructure:"exponential_base" usage:"by how much each wait grows, at least 1.0"`
	// Jitter makes each wait random, between nothing and what it would be.
	Jitter bool `mapstructure:"jitter" usage:"make each wait random, up to what it would be"`
	// Budget is how long retries may go on beyond MaxRetries. Zero means not
	// at all.
	Budget time.Duration `mapstructure:"budget" usage:"go on with retries for this long, however many; 0: only max_retries counts"`
}

func poolDefaults() PoolConfig {
	return PoolConfig{
		MinSize:              5,
		MaxSize:              20,
		Timeout:              10 * time.Second,
		SocketTimeout:        30 * time.Second,
		SocketConnectTimeout: 5 * time.Second,
		HealthCheckInterval:  30 * time.Second,
	}
}

func retryDefaults() RetryConfig {
	return RetryConfig{
		MaxRetries:      3,
		InitialDelay:    100 * time.Millisecond,
		MaxDelay:        2 * time.Second,
		ExponentialBase: 2,
		Jitter:          true,
	}
}

// Validate returns all that is wrong with c. Each message starts with the
// name of a setting.
func (c PoolConfig) Validate() error {
	var errs []error
	if c.MinSize < 1 {
		errs = append(errs, fmt.Errorf("min_size must be >= 1, got %d", c.MinSize))
	}
	if c.MaxSize < c.MinSize {
		errs = append(errs, fmt.Errorf("max_size (%d) must be >= min_size (%d)", c.MaxSize, c.MinSize))
	}
	if c.MaxSize > 200 {
		errs = append(errs, fmt.Errorf("max_size must be <= 200, got %d", c.MaxSize))
	}
	if c.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("timeout must be > 0, got %s", decimal(c.Timeout)))
	}
	if c.SocketTimeout <= 0 {
		errs = append(errs, fmt.Errorf("socket_timeout must be > 0, got %s", decimal(c.SocketTimeout)))
	}
	if c.SocketConnectTimeout <= 0 {
		errs = append(errs, fmt.Errorf("socket_connect_timeout must be > 0, got %s", decimal(c.SocketConnectTimeout)))
	}
	if c.HealthCheckInterval < 10*time.Second {
		errs = append(errs, fmt.Errorf("health_check_interval must be >= 10, got %s", number(c.HealthCheckInterval)))
	}
	return errors.Join(errs...)
}

// Validate returns all that is wrong with c. Each message starts with the
// name of a setting.
func (c RetryConfig) Validate() error {
	var errs []error
	if c.MaxRetries < 0 {
		errs = append(errs, fmt.Errorf("max_retries must be >= 0, got %d", c.MaxRetries))
	}
	if c.MaxRetries > 10 {
		errs = append(errs, fmt.Errorf("max_retries must be <= 10, got %d", c.MaxRetries))
	}
	if c.InitialDelay <= 0 {
		errs = append(errs, fmt.Errorf("initial_delay must be > 0, got %s", decimal(c.InitialDelay)))
	}
	if c.MaxDelay < c.InitialDelay {
		errs = append(errs, fmt.Errorf("max_delay (%s) must be >= initial_delay (%s)", decimal(c.MaxDelay), decimal(c.InitialDelay)))
	}
	if !(c.ExponentialBase >= 1) { // so that NaN is refused
		errs = append(errs, fmt.Errorf("exponential_base must be >= 1.0, got %s", point(c.ExponentialBase)))
	}
	if c.Budget < 0 {
		errs = append(errs, fmt.Errorf("budget must be >= 0, got %s", decimal(c.Budget)))
	}
	return errors.Join(errs...)
}

func (c RetryConfig) policy() retry.Policy {
	return retry.Policy{
		Retries: c.MaxRetries,
		Budget:  c.Budget,
		Initial: c.InitialDelay,
		Max:     c.MaxDelay,
		Base:    c.ExponentialBase,
		Jitter:  c.Jitter,
	}
}

// number writes d in seconds: "30", "9.5".
func number(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

// decimal writes d in seconds, always as a fraction: "30.0", "0.05".
func decimal(d time.Duration) string { return point(d.Seconds()) }

func point(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if strings.ContainsAny(s, ".N") {
		return s
	}
	return s + ".0"
}
