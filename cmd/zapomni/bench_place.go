package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"zapomni/config"
	"zapomni/db"
	"zapomni/db/falkor"
	"zapomni/memory"
)

// benchPlace is where the documents of one set are while it is measured. It is
// no one else's, and goes with remove.
type benchPlace struct {
	config config.Config // of the rooms that are there
	log    *slog.Logger
	dir    string // of an embedded store
	// graphs are all there may be in FalkorDB, that of the default workspace
	// last: it is the one that leads to the others.
	graphs []string
}

// newBenchPlace returns a place for a store of the kind that c chooses, with so
// many workspaces.
func newBenchPlace(c config.Config, workspaces int, log *slog.Logger) (*benchPlace, error) {
	// The vectors are to be made, and not to be left in a cache of others.
	c.Embed.Redis.Enabled, c.Embed.DiskCacheMB = false, 0
	p := &benchPlace{config: c, log: log}
	if c.DB.Chosen() == db.FalkorDB {
		p.config.DB.Falkor.Graph = "zapomni_bench_" + uuid.NewString()
		for i := range workspaces {
			p.graphs = append(p.graphs, fmt.Sprintf("%s:%s", p.config.DB.Falkor.Graph, benchWorkspace(i)))
		}
		p.graphs = append(p.graphs, p.config.DB.Falkor.Graph)
		return p, nil
	}
	dir, err := os.MkdirTemp("", "zapomni-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a place for the documents: %w", err)
	}
	p.dir = dir
	p.config.DB.DataDir, p.config.DB.Embedded.Path = dir, filepath.Join(dir, "zapomni.db")
	return p, nil
}

// benchWorkspace names workspaces within a place: what they are called in a set
// may be no name for one.
func benchWorkspace(i int) memory.Workspace { return memory.Workspace(fmt.Sprintf("w%d", i+1)) }

// removing is how long a place may take to go.
const removing = time.Minute

// remove removes all that is in the place, which nobody uses any more, even if
// ctx is done.
func (p *benchPlace) remove(ctx context.Context) error {
	if p.dir != "" {
		if err := os.RemoveAll(p.dir); err != nil {
			return fmt.Errorf("remove the documents: %w", err)
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removing)
	defer cancel()
	c := p.config.DB.Falkor
	c.Pool.MinSize, c.Wait = 1, false
	client, err := falkor.NewClient(c, p.log)
	if err == nil {
		err = client.Init(ctx)
	}
	if err == nil {
		for _, graph := range p.graphs {
			err = errors.Join(err, client.DropGraph(ctx, graph))
		}
		err = errors.Join(err, client.Close(ctx))
	}
	if err != nil {
		return fmt.Errorf("remove the graphs %s*: %w", c.Graph, err)
	}
	return nil
}
