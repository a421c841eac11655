package falkor

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// A warning is given above the first, and again only after it was at or below
// the second.
const (
	warnAbovePercent  = 80
	armAgainAtPercent = 60
)

// alarm warns when most connections are in use, once until they are not.
type alarm struct {
	log   *slog.Logger
	given atomic.Bool
}

// check is told how many connections are in use, of how many.
func (a *alarm) check(ctx context.Context, active, most int) {
	switch {
	case active*100 > most*warnAbovePercent:
		if a.given.CompareAndSwap(false, true) {
			a.log.WarnContext(ctx, "high_pool_utilization",
				"utilization_percent", utilization(active, most), "active", active, "max", most)
		}
	case active*100 <= most*armAgainAtPercent && a.given.Load():
		a.given.Store(false)
	}
}
