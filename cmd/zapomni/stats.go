package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"zapomni/db"
	"zapomni/memory"
)

// stats is what a workspace holds, as programs read it.
type stats struct {
	Workspace memory.Workspace `json:"workspace"`
	Memories  int              `json:"memories"`
	Chunks    int              `json:"chunks"`
	Oldest    *time.Time       `json:"oldest,omitempty"`
	Newest    *time.Time       `json:"newest,omitempty"`
	Bytes     int64            `json:"store_bytes"`
	Store     string           `json:"store"`
}

func (a *app) statsCommand() *cobra.Command {
	var workspace string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Count what is kept, and say where",
		Args:  cobra.NoArgs,
		RunE: a.command(func(cmd *cobra.Command, _ []string) error {
			return a.withMemory(cmd, func(ctx context.Context, r rooms) error {
				s, err := r.stats(ctx, cmp.Or(memory.Workspace(workspace), memory.DefaultWorkspace))
				switch {
				case err != nil:
					return worded(err)
				case asJSON:
					return printJSON(a.out, s)
				}
				return a.showStats(s)
			})
		}),
	}
	cmd.Flags().StringVarP(&workspace, "workspace", "w", "", "what to count (default: default)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func (r rooms) stats(ctx context.Context, w memory.Workspace) (stats, error) {
	if _, err := r.memory.Workspace(ctx, w); err != nil {
		return stats{}, err
	}
	got, err := r.memory.Stats(ctx, w)
	if err != nil {
		return stats{}, err
	}
	s := stats{Workspace: w, Memories: got.Memories, Chunks: got.Chunks, Bytes: got.Bytes, Store: r.where()}
	if got.Memories > 0 {
		s.Oldest, s.Newest = &got.Oldest, &got.Newest
	}
	return s, nil
}

// where is the place of the store.
func (r rooms) where() string {
	if r.config.DB.Chosen() == db.Embedded {
		return r.config.DB.Embedded.Path
	}
	return r.config.DB.Chosen()
}

func (a *app) showStats(s stats) error {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	rows := [][2]string{
		{"Workspace", string(s.Workspace)},
		{"Memories", fmt.Sprint(s.Memories)},
		{"Chunks", fmt.Sprint(s.Chunks)},
	}
	if s.Oldest != nil && s.Newest != nil {
		rows = append(rows, [2]string{"Oldest", moved(*s.Oldest)}, [2]string{"Newest", moved(*s.Newest)})
	}
	rows = append(rows, [2]string{"Store", fmt.Sprintf("%s (%s, all workspaces)", s.Store, size(s.Bytes))})
	var errs []error
	for _, row := range rows {
		_, err := fmt.Fprintf(t, "%s:\t%s\n", row[0], row[1])
		errs = append(errs, err)
	}
	return errors.Join(append(errs, t.Flush())...)
}

// size is a number of bytes for a person.
func size(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	f, u := float64(n), 0
	for f >= 1000 && u < len(units)-1 {
		f, u = f/1000, u+1
	}
	if u == 0 {
		return fmt.Sprintf("%d %s", n, units[u])
	}
	return fmt.Sprintf("%.1f %s", f, units[u])
}
