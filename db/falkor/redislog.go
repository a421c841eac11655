package falkor

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/redis/go-redis/v9"
)

// redisLog passes on what go-redis has to say, which is otherwise written to
// standard error.
type redisLog struct{ log *slog.Logger }

func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	if l.log.Enabled(ctx, slog.LevelDebug) {
		l.log.DebugContext(ctx, "go_redis", "detail", fmt.Sprintf(format, args...))
	}
}

// routeRedisLog makes log the one of go-redis, which has one for the whole
// program.
func routeRedisLog(log *slog.Logger) { redis.SetLogger(redisLog{log}) }
