// Package db opens the store that a Config chooses. It holds the one list of
// backends; each keeps the promises of memory.Store, which db/storetest checks.
package db

import (
	"context"
	"fmt"
	"log/slog"

	"zapomni/db/embedded"
	"zapomni/db/falkor"
	"zapomni/memory"
)

// Open opens the backend that c chooses. Whoever calls it closes the store.
func Open(ctx context.Context, c Config, log *slog.Logger) (memory.Store, error) {
	switch driver := c.Chosen(); driver {
	case Embedded:
		return opened(embedded.Open(ctx, c.Embedded, log))
	case FalkorDB:
		return opened(falkor.Open(ctx, c.Falkor, log))
	default:
		return nil, fmt.Errorf("open store: there is no backend %q", driver)
	}
}

// opened keeps a nil pointer from becoming a store that is not nil.
func opened[S memory.Store](s S, err error) (memory.Store, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}
