package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"zapomni/cmd/zapomni/retrieval"
	"zapomni/config"
	"zapomni/memory"
	"zapomni/memory/embed"
)

type benchOptions struct {
	mode  string
	limit int
	json  bool
}

func (a *app) benchCommand() *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "bench DIR",
		Short: "Measure recall on questions with known answers",
		Long: `Measure how well and how fast questions are answered whose answers are known.

DIR is a set of such questions or a folder of sets, each a folder with
  corpus.jsonl     a document a line: {"id": "d1", "text": "...", "meta": {}}
  queries.jsonl    a question a line: {"id": "q1", "text": "...", "meta": {}}
  qrels.tsv        below a heading, a question, a document that answers it, and 1,
                   with tabs between them
The first two may be compressed: corpus.jsonl.gz. A "ws" in "meta" names the
workspace, which is searched with its own questions. A document with a "speaker"
in "meta" is a line of a conversation, and is kept with its "date_text" and
"caption", at the time of its "date".

The settings choose the embedder, the store and the ranking. What you keep is not
touched: an embedded store is made in a temporary directory, and in FalkorDB there
are graphs zapomni_bench_* for the time of the run.

  R@k         share of the answers of a question among the first k hits
  MRR@10      1 by the place of the first answer
  nDCG@10     the first ten, by the best order they could have
  P50, P95    time of a question, one after the other, in the program itself`,
		Example: `  zapomni bench retrieval/musique
  zapomni bench retrieval --mode words --json
  ZAPOMNI_FUSION=rrf zapomni bench retrieval`,
		RunE: a.command(func(cmd *cobra.Command, args []string) error { return a.bench(cmd, o, args) }),
	}
	f := cmd.Flags()
	f.StringVar(&o.mode, "mode", string(memory.ByBoth), "by what to search: hybrid, words or meaning")
	f.IntVarP(&o.limit, "limit", "n", retrieval.Depth, fmt.Sprintf("how many hits to ask for, 1 to %d; R@k is told up to it", memory.MaxLimit))
	f.BoolVar(&o.json, "json", false, "print one JSON object for each set")
	return cmd
}

// bench is one run of the command.
type bench struct {
	*app
	benchOptions
	config config.Config
	log    *slog.Logger
}

func (a *app) bench(cmd *cobra.Command, o benchOptions, args []string) error {
	switch {
	case len(args) != 1:
		return misused("name one folder of questions with known answers")
	case o.limit < 1 || o.limit > memory.MaxLimit:
		return misused("--limit should be between 1 and %d, got %d", memory.MaxLimit, o.limit)
	}
	if err := checkMode(o.mode); err != nil {
		return err
	}
	sets, err := readSets(a.path(args[0]))
	if err != nil {
		return err
	}
	return a.withLog(cmd, true, func(ctx context.Context, c config.Config, log *slog.Logger) error {
		if o.mode == string(memory.ByMeaning) && (c.Embed.Chosen() == embed.None || !c.Server.HybridSearch) {
			return errNoEmbedder
		}
		b := &bench{app: a, benchOptions: o, config: c, log: log}
		report := newBenchReport(b, sets)
		for _, set := range sets {
			done, err := b.measure(ctx, set)
			if err != nil {
				return fmt.Errorf("%s: %w", set.Name, err)
			}
			if err := report.row(set, done); err != nil {
				return err
			}
		}
		return report.end()
	})
}

// readSets reads all that is measured before anything is, which takes longer.
func readSets(dir string) ([]*retrieval.Set, error) {
	folders, err := retrieval.Find(dir)
	if err != nil {
		return nil, err
	}
	sets := make([]*retrieval.Set, len(folders))
	for i, folder := range folders {
		if sets[i], err = retrieval.Read(folder); err != nil {
			return nil, err
		}
	}
	return sets, nil
}
