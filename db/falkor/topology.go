package falkor

import (
	"context"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// servers finds the server for a graph. Commands are given to that server
// itself, and not to go-redis' cluster client, which sends again what may have
// been done.
type servers interface {
	// pick returns the server that holds graph, or one that may answer reads
	// of it.
	pick(ctx context.Context, graph string, read bool) (*redis.Client, error)
	// at returns the master at address, nil if it is not known.
	at(ctx context.Context, address string) *redis.Client
	// moved is told that graph was not found where pick said, or not reached.
	moved(ctx context.Context)
	// each calls f for every master, at the same time.
	each(ctx context.Context, f func(context.Context, *redis.Client) error) error
	stats() *redis.PoolStats
	Close() error
}

// open makes the servers that o describes. It touches no network by itself,
// but go-redis begins to open the idle connections at once.
func open(o *redis.UniversalOptions) servers {
	switch c := redis.NewUniversalClient(o).(type) {
	case *redis.ClusterClient:
		return &many{c}
	case *redis.Client:
		return &one{c}
	default:
		return nil // not for these options
	}
}

// one is a single server, or the one that Sentinels call the master.
type one struct{ *redis.Client }

func (o *one) pick(context.Context, string, bool) (*redis.Client, error) { return o.Client, nil }

func (o *one) at(context.Context, string) *redis.Client { return nil }

func (o *one) moved(context.Context) {}

func (o *one) each(ctx context.Context, f func(context.Context, *redis.Client) error) error {
	return f(ctx, o.Client)
}

func (o *one) stats() *redis.PoolStats { return o.PoolStats() }

// many is a cluster, or a master with replicas that answer reads.
type many struct{ *redis.ClusterClient }

func (m *many) pick(ctx context.Context, graph string, read bool) (*redis.Client, error) {
	if read && m.Options().ReadOnly {
		return m.SlaveForKey(ctx, graph)
	}
	return m.MasterForKey(ctx, graph)
}

func (m *many) at(ctx context.Context, address string) *redis.Client {
	var found atomic.Pointer[redis.Client]
	err := m.ForEachMaster(ctx, func(_ context.Context, master *redis.Client) error {
		if master.Options().Addr == address {
			found.Store(master)
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return found.Load()
}

func (m *many) moved(ctx context.Context) { m.ReloadState(ctx) }

func (m *many) each(ctx context.Context, f func(context.Context, *redis.Client) error) error {
	return m.ForEachMaster(ctx, f)
}

func (m *many) stats() *redis.PoolStats { return m.PoolStats() }
