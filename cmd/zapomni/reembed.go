package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"zapomni/memory"
)

type reembedOptions struct {
	workspace string
	json      bool
}

func (a *app) reembedCommand() *cobra.Command {
	var o reembedOptions
	cmd := &cobra.Command{
		Use:   "reembed",
		Short: "Make the vectors that are missing, or of another model",
		Long: `Make the vectors of all memories with the embedder that the settings choose.

Vectors that another model made are forgotten, once the embedder has answered;
those of this one stay. Interrupted, the same command goes on where it was.
Meanwhile memories are found by their words, and by the vectors made so far.`,
		Args: cobra.NoArgs,
		RunE: a.command(func(cmd *cobra.Command, _ []string) error {
			return a.withMemory(cmd, func(ctx context.Context, r rooms) error { return a.reembed(ctx, r, o) })
		}),
	}
	f := cmd.Flags()
	f.StringVarP(&o.workspace, "workspace", "w", "", "only this workspace (default: all)")
	f.BoolVar(&o.json, "json", false, "print one JSON object for each workspace")
	return cmd
}

// reembedded is what was done for a workspace, as programs read it.
type reembedded struct {
	Workspace memory.Workspace `json:"workspace"`
	Model     string           `json:"model"`
	Chunks    int              `json:"chunks"`
	Embedded  int              `json:"embedded"` // of those, all in all
	Made      int              `json:"made"`     // by this run
	Seconds   float64          `json:"seconds"`
}

var errNoEmbedder = errors.New("there is no embedder: the setting embed.provider is none, or server.hybrid_search is off")

func (a *app) reembed(ctx context.Context, r rooms, o reembedOptions) error {
	if r.embedder == nil {
		return errNoEmbedder
	}
	spaces, err := r.memory.Workspaces(ctx)
	if err != nil {
		return worded(err)
	}
	found := false
	for _, info := range spaces {
		if o.workspace != "" && info.ID != memory.Workspace(o.workspace) {
			continue
		}
		found = true
		if err := a.reembedOne(ctx, r, info.ID, o.json); err != nil {
			return err
		}
	}
	if !found {
		_, err := r.memory.Workspace(ctx, memory.Workspace(o.workspace))
		return worded(cmp.Or(err, memory.ErrNoWorkspace))
	}
	return nil
}

func (a *app) reembedOne(ctx context.Context, r rooms, w memory.Workspace, json bool) error {
	before, err := r.memory.Embedding(ctx, w)
	if err != nil {
		return worded(err)
	}
	began := time.Now()
	done := reembedded{Workspace: w, Model: r.embedder.Model(), Chunks: before.Chunks}
	bar := a.bar(string(w), unmade(before, done.Model))
	err = r.memory.Reembed(ctx, w, func(n int) {
		done.Made += n
		_ = bar.Add(n) // a terminal that cannot be drawn on is no matter
	})
	_ = bar.Clear()
	if err != nil {
		return worded(err)
	}
	after, err := r.memory.Embedding(ctx, w)
	if err != nil {
		return worded(err)
	}
	done.Chunks, done.Embedded, done.Seconds = after.Chunks, after.Embedded, time.Since(began).Seconds()
	if json {
		return printJSON(a.out, done)
	}
	_, err = fmt.Fprintf(a.out, "%s: %d of %d chunks have vectors of %s, %d made now\n", w, done.Embedded, done.Chunks, done.Model, done.Made)
	return err
}

// unmade is how many vectors of a model a workspace lacks.
func unmade(e memory.Embedding, model string) int {
	if e.Model != model {
		return e.Chunks
	}
	return e.Chunks - e.Embedded
}
