package falkor

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// options are those of go-redis for c. Its own retries are off, everywhere:
// they would send a write again that may have been done.
func (c Config) options(ws *wires) (*redis.UniversalOptions, error) {
	e, err := c.endpoint()
	if err != nil {
		return nil, err
	}
	secure, err := c.TLS.load(e.tls)
	if err != nil {
		return nil, err
	}
	o := &redis.UniversalOptions{
		Addrs:            []string{e.address()},
		ClientName:       "zapomni",
		DB:               e.db,
		DisableIdentity:  true,
		SentinelUsername: c.SentinelUser,
		SentinelPassword: string(c.SentinelPassword),
		TLSConfig:        secure,

		Dialer:        dialer{timeout: c.Pool.SocketConnectTimeout, tls: secure, wires: ws}.dial,
		DialTimeout:   c.Pool.SocketConnectTimeout,
		DialerRetries: 1,
		MaxRetries:    -1,
		MaxRedirects:  -1,

		// Asked for when a handshake begins and when it is over.
		CredentialsProviderContext: func(ctx context.Context) (string, string, error) {
			markHandshake(ctx, handshakeBegun)
			return e.user, e.password, nil
		},
		OnConnect: func(ctx context.Context, _ *redis.Conn) error {
			markHandshake(ctx, handshakeDone)
			return nil
		},

		// A flight has a deadline of its own, which comes first.
		ReadTimeout:           c.Pool.SocketTimeout + time.Second,
		WriteTimeout:          c.Pool.SocketTimeout + time.Second,
		ContextTimeoutEnabled: true,

		// MinIdleConns stays 0: connections are kept ready by the keeper, which
		// brings them past the handshake. MaxActiveConns stays 0: while dead
		// connections are replaced it would refuse calls that PoolSize lets wait.
		PoolSize:         c.Pool.MaxSize,
		PipelinePoolSize: -1,
		PoolTimeout:      c.Pool.Timeout,
		ConnMaxIdleTime:  c.Pool.HealthCheckInterval,

		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if len(c.Addresses) > 0 {
		o.Addrs, o.MasterName = c.Addresses, c.MasterName
		o.IsClusterMode = c.MasterName == ""
		o.ReadOnly, o.RouteRandomly = c.ReadReplicas, c.ReadReplicas
	}
	return o, nil
}

// dialer opens connections. It marks its errors: what failed here was never
// sent, which the errors of TLS do not tell by themselves.
type dialer struct {
	timeout time.Duration
	tls     *tls.Config
	wires   *wires
}

func (d dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	plain := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 30 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	conn, err := plain.DialContext(ctx, network, address)
	if err != nil {
		return nil, &dialError{err}
	}
	if d.tls == nil {
		return d.wires.add(conn), nil
	}
	secure := tls.Client(conn, d.named(address))
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // the error of the handshake says more
		if ctx.Err() != nil {
			err = os.ErrDeadlineExceeded // it is not the caller's context that ended
		}
		return nil, &dialError{fmt.Errorf("TLS handshake with %s: %w", address, err)}
	}
	return d.wires.add(secure), nil
}

// named is the TLS configuration for address, whose host the certificate has
// to name unless another name was set.
func (d dialer) named(address string) *tls.Config {
	if d.tls.ServerName != "" {
		return d.tls
	}
	named := d.tls.Clone()
	named.ServerName = address
	if host, _, err := net.SplitHostPort(address); err == nil {
		named.ServerName = host
	}
	return named
}

// dialError is why no connection could be opened.
type dialError struct{ cause error }

func (e *dialError) Error() string { return e.cause.Error() }

func (e *dialError) Unwrap() error { return e.cause }
