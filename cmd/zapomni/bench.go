package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"github.com/schollz/progressbar/v3"
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
	case !slices.Contains([]memory.Mode{memory.ByBoth, memory.ByWords, memory.ByMeaning}, memory.Mode(o.mode)):
		return misused("--mode should be %s, %s or %s, got %q", memory.ByBoth, memory.ByWords, memory.ByMeaning, o.mode)
	}
	sets, err := readSets(a.path(args[0]))
	if err != nil {
		return err
	}
	return a.quietly(cmd, func(ctx context.Context, c config.Config, log *slog.Logger) error {
		if o.mode == string(memory.ByMeaning) && c.Embed.Chosen() == embed.None {
			return errors.New("there is no embedder: the setting embed.provider is none")
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

// quietly runs do with the settings of a command and a log that says no more
// than a person should see, unless they ask for it.
func (a *app) quietly(cmd *cobra.Command, do func(context.Context, config.Config, *slog.Logger) error) (err error) {
	c, warnings, err := a.settings(cmd)
	if err != nil {
		return err
	}
	if c.Log.Level == config.Defaults().Log.Level && !cmd.Flags().Changed("log-level") {
		c.Log.Level = "WARNING"
	}
	log, file, err := a.log(c.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for _, w := range warnings {
		log.Warn("setting_doubtful", "detail", w)
	}
	return do(cmd.Context(), c, log)
}

// bar shows on a terminal how much of n is done of something. That a terminal
// cannot be drawn on is no matter.
func (b *bench) bar(set *retrieval.Set, what string, n int) *progressbar.ProgressBar {
	out := io.Discard
	if isTerminal(b.err) {
		out = b.err
	}
	return progressbar.NewOptions(max(1, n),
		progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(look), progressbar.OptionSetDescription(printable(set.Name, false)+": "+what),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
}
