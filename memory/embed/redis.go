package embed

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/sony/gobreaker/v2"
)

const (
	// redisPrefix starts the names of all keys that are ours. The number is of
	// the form of their values.
	redisPrefix = "zapomni:vector:1:"
	// redisDownTime is how long a Redis that failed is left alone.
	redisDownTime = 10 * time.Second
	// redisSizeTime is how long it is believed to be as full as it said.
	redisSizeTime = 10 * time.Second
)

// redisKeeper keeps vectors in Redis, each under a name of its own and for a
// limited time. It touches no other key, and nothing of the server's settings.
type redisKeeper struct {
	client  *redis.Client
	ttl     time.Duration
	most    int64 // bytes
	breaker *gobreaker.CircuitBreaker[[]any]
	outcome

	mu     sync.Mutex
	full   bool
	looked time.Time // when full was found out
}

func newRedisKeeper(c RedisConfig, log *slog.Logger) *redisKeeper {
	redis.SetLogger(redisLog{log})
	return &redisKeeper{
		client: redis.NewClient(&redis.Options{
			Addr:                     net.JoinHostPort(c.Host, strconv.Itoa(c.Port)),
			Password:                 string(c.Password),
			ClientName:               "zapomni",
			DisableIdentity:          true,
			Protocol:                 2,
			DialerRetries:            1,
			MaxRetries:               -1,
			ContextTimeoutEnabled:    true,
			PoolSize:                 connections,
			MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		}),
		ttl:     c.TTL,
		most:    int64(c.MaxMemoryMB) << 20,
		outcome: outcome{log: log},
		breaker: gobreaker.NewCircuitBreaker[[]any](gobreaker.Settings{
			Timeout:     redisDownTime,
			ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures > 0 },
		}),
	}
}

// try asks Redis, unless it failed a moment ago.
func (k *redisKeeper) try(ctx context.Context, ask func() ([]any, error)) ([]any, error) {
	return k.breaker.Execute(func() ([]any, error) {
		values, err := ask()
		k.note(ctx, err)
		return values, err
	})
}

// Close closes the connections.
func (k *redisKeeper) Close() error { return k.client.Close() }

// Vectors asks for all keys at once.
func (k *redisKeeper) Vectors(ctx context.Context, keys []Key) ([][]float32, error) {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = redisPrefix + key.String()
	}
	values, err := k.try(ctx, func() ([]any, error) { return k.client.MGet(ctx, names...).Result() })
	if err != nil {
		return nil, fmt.Errorf("read vectors from Redis: %w", err)
	}
	vectors := make([][]float32, len(values))
	for i, v := range values {
		if s, ok := v.(string); ok {
			if vector, err := unpack([]byte(s)); err == nil {
				vectors[i] = vector
			}
		}
	}
	return vectors, nil
}

// Keep writes all vectors at once, unless Redis has no room for more.
func (k *redisKeeper) Keep(ctx context.Context, vectors map[Key][]float32) error {
	_, err := k.try(ctx, func() ([]any, error) {
		if full, err := k.isFull(ctx); full || err != nil {
			return nil, err
		}
		_, err := k.client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for key, v := range vectors {
				p.Set(ctx, redisPrefix+key.String(), pack(v), k.ttl)
			}
			return nil
		})
		return nil, err
	})
	if err != nil {
		return fmt.Errorf("keep vectors in Redis: %w", err)
	}
	return nil
}

// isFull tells whether Redis uses as much memory as the settings allow, for
// whatever it does. Vectors that grow old make room again.
func (k *redisKeeper) isFull(ctx context.Context) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.looked.IsZero() && time.Since(k.looked) < redisSizeTime {
		return k.full, nil
	}
	info, err := k.client.Info(ctx, "memory").Result()
	if err != nil {
		return false, err
	}
	k.full, k.looked = usedMemory(info) >= k.most, time.Now()
	return k.full, nil
}

// usedMemory reads the answer to INFO memory. It is 0 if that does not say.
func usedMemory(info string) int64 {
	lines := bufio.NewScanner(strings.NewReader(info))
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "used_memory:"); ok {
			n, _ := strconv.ParseInt(value, 10, 64) // 0 is the right answer to what is no number
			return n
		}
	}
	return 0
}

// redisLog passes on what go-redis has to say, which it otherwise writes to
// standard error. It has one log for the whole program.
type redisLog struct{ log *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	if l.log.Enabled(ctx, slog.LevelDebug) {
		l.log.DebugContext(ctx, "go_redis", "detail", fmt.Sprintf(format, args...))
	}
}
