// Package db opens the store that a Config chooses. It holds the one list of
// backends; each keeps the promises of memory.Store, which db/storetest checks.
package db

import (
	"context"
	"fmt"
	"log/slog"

	"zapomni/db/embedded"
	"zapomni/memory"
)

// Open opens the backend that c chooses. Whoever calls it closes the store.
func Open(ctx context.Context, c Config, log *slog.Logger) (memory.Store, error) {
	switch driver := c.Chosen(); driver {
	case Embedded:
		s, err := embedded.Open(ctx, c.Embedded, log)
		if err != nil {
			return nil, err // not s: a nil *Store in an interface is not nil
		}
		return s, nil
	default:
		return nil, fmt.Errorf("open store: there is no backend %q in this program", driver)
	}
}
