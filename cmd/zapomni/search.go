package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zapomni/memory"
)

type searchOptions struct {
	mode      string
	limit     int
	tags      []string
	source    string
	from, to  string
	workspace string
	json      bool
	full      bool
}

func (a *app) searchCommand() *cobra.Command {
	var o searchOptions
	cmd := &cobra.Command{
		Use:   "search QUERY...",
		Short: "Find memories that answer a question",
		Long: `Find the memories that match a question or some words, best match first.
Each is shown by the passage of it that matches best.`,
		Example: `  zapomni search where does Anna live
  zapomni search "release plan" --tag work --from 2025-01-01 --json`,
		RunE: a.command(func(cmd *cobra.Command, args []string) error { return a.search(cmd, o, args) }),
	}
	f := cmd.Flags()
	f.IntVarP(&o.limit, "limit", "n", 0, fmt.Sprintf("how many memories at most, 1 to %d (default: the setting memory.search_limit)", memory.MaxLimit))
	f.StringArrayVarP(&o.tags, "tag", "t", nil, "only memories with this tag; repeatable, then any of them will do")
	f.StringVar(&o.source, "source", "", "only memories from this source")
	f.StringVar(&o.from, "from", "", "only memories of this time or later: RFC 3339, or a date; UTC unless it says otherwise")
	f.StringVar(&o.to, "to", "", "only memories of this time or earlier; a date is meant with the whole of its day")
	f.StringVarP(&o.workspace, "workspace", "w", "", "where to look (default: default)")
	f.StringVar(&o.mode, "mode", string(memory.ByBoth), "by what to search: hybrid, words or meaning")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	f.BoolVar(&o.full, "full", false, "show whole passages")
	return cmd
}

func (a *app) search(cmd *cobra.Command, o searchOptions, args []string) error {
	q := memory.Question{
		Workspace: memory.Workspace(o.workspace), Text: strings.Join(args, " "), Limit: o.limit, Mode: memory.Mode(o.mode),
	}
	if strings.TrimSpace(q.Text) == "" {
		return misused("there is nothing to search for: give a question, or words")
	}
	if cmd.Flags().Changed("limit") && (o.limit < 1 || o.limit > memory.MaxLimit) {
		return misused("--limit should be between 1 and %d, got %d", memory.MaxLimit, o.limit)
	}
	err := checkMode(o.mode)
	if err != nil {
		return err
	}
	if q.Filter, err = o.filter(); err != nil {
		return err
	}
	return a.withMemory(cmd, func(ctx context.Context, r rooms) error {
		if q.Limit == 0 {
			q.Limit = r.config.Memory.SearchLimit
		}
		if q.Mode != memory.ByWords {
			r.embed(ctx, q.Workspace)
		}
		found, err := r.memory.Recall(ctx, q)
		if err != nil {
			return err
		}
		if o.json {
			return printJSON(a.out, foundBy(q, found))
		}
		if note := found.Note(q.Mode); note != "" {
			a.complain(errors.New(note))
		}
		if len(found.Hits) == 0 {
			return a.nothingFound(ctx, r, q.Workspace)
		}
		return a.show(q.Text, found.Hits, o.full)
	})
}

// checkMode checks what a flag says.
func checkMode(mode string) error {
	switch memory.Mode(mode) {
	case memory.ByBoth, memory.ByWords, memory.ByMeaning:
		return nil
	}
	return misused("--mode should be %s, %s or %s, got %q", memory.ByBoth, memory.ByWords, memory.ByMeaning, mode)
}

// nothingFound says so, and whether it could not have been otherwise.
func (a *app) nothingFound(ctx context.Context, r rooms, w memory.Workspace) error {
	if w != "" {
		if _, err := r.memory.Workspace(ctx, w); errors.Is(err, memory.ErrNoWorkspace) {
			a.complain(worded(err))
		}
	}
	_, err := fmt.Fprintln(a.out, "Nothing found.")
	return err
}

// filter reads what narrows a search. The end that a person gives is included.
func (o searchOptions) filter() (memory.Filter, error) {
	f := memory.Filter{Tags: o.tags, Source: o.source}
	var err error
	if f.From, err = moment("from", o.from, memory.ParseTime); err != nil {
		return f, err
	}
	f.To, err = moment("to", o.to, memory.ParseEnd)
	return f, err
}

func moment(flag, given string, parse func(string) (time.Time, error)) (time.Time, error) {
	if given = strings.TrimSpace(given); given == "" {
		return time.Time{}, nil
	}
	t, err := parse(given)
	if err != nil {
		return time.Time{}, misused("--%s should be like 2025-03-01 or 2025-03-01T18:30:00Z, got %q", flag, given)
	}
	return t, nil
}

// answer is what a search found, as programs read it.
type answer struct {
	Query     string           `json:"query"`
	Workspace memory.Workspace `json:"workspace"`
	Hits      []hit            `json:"hits"`
	Lacks     string           `json:"lacks,omitempty"` // why meaning had no part in it, or not its full part
}

type hit struct {
	ID        memory.ID `json:"id"`
	Score     float64   `json:"score"` // 0 to 1
	Text      string    `json:"text"`  // of the passage that matches best
	Tags      []string  `json:"tags"`
	Source    string    `json:"source,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	ValidFrom time.Time `json:"valid_from"`
	Chunk     int       `json:"chunk"` // from 1
	Chunks    int       `json:"chunks"`
	Others    int       `json:"others"` // further passages of the memory that match
	Alike     int       `json:"alike"`  // further memories that say the same
	Reasons   []reason  `json:"reasons"`
}

type reason struct {
	Kind  string  `json:"kind"`
	What  string  `json:"what,omitempty"`
	Worth float64 `json:"worth"`
}

func foundBy(q memory.Question, found memory.Answer) answer {
	a := answer{Query: q.Text, Workspace: q.Workspace, Hits: make([]hit, len(found.Hits)), Lacks: found.Lacks}
	if a.Workspace == "" {
		a.Workspace = memory.DefaultWorkspace
	}
	for i, h := range found.Hits {
		a.Hits[i] = hit{
			ID: h.Memory, Score: h.Score, Text: h.Text, Tags: append([]string{}, h.Tags...), Source: h.Source,
			CreatedAt: h.CreatedAt, ValidFrom: h.ValidFrom, Chunk: h.Chunk + 1, Chunks: h.Chunks, Others: h.Others, Alike: h.Alike,
			Reasons: make([]reason, len(h.Reasons)),
		}
		for j, r := range h.Reasons {
			a.Hits[i].Reasons[j] = reason(r)
		}
	}
	return a
}
