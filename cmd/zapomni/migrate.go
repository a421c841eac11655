package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"zapomni/config"
	"zapomni/db/falkor"
	"zapomni/db/transfer"
)

type migrateOptions struct {
	from, to  string
	overwrite bool
	json      bool
}

func (a *app) migrateCommand() *cobra.Command {
	var o migrateOptions
	cmd := &cobra.Command{
		Use:   "migrate --from SOURCE --to DESTINATION",
		Short: "Copy everything from one store to another",
		Long: `Copy all workspaces and memories from one store to another, and verify them.

The source is only read. What the destination holds stays as it is: a memory that
is there already is skipped, and one that differs from the source is told and left
alone, unless --overwrite is given. Interrupted, the same command goes on where it
was. The exit status is 0 if the destination holds everything.

SOURCE and DESTINATION are one of
  embedded             the store in the data directory
  embedded:PATH        the store in another file or data directory
  falkordb             FalkorDB as it is configured
  redis://USER:PASSWORD@HOST:PORT?graph=NAME
                       another one; rediss:// with TLS, unix:///PATH for a socket
and SOURCE may be
  python               the graph of Zapomni's Python version, in FalkorDB as it is configured
  python:redis://...   the same elsewhere`,
		Example: `  zapomni migrate --from embedded --to "redis://localhost:6379?graph=zapomni"
  zapomni migrate --from python:redis://localhost:6381 --to embedded
  zapomni migrate --from embedded --to embedded:/media/stick/memories`,
		Args: cobra.NoArgs,
		RunE: a.command(func(cmd *cobra.Command, _ []string) error { return a.migrate(cmd, o) }),
	}
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "the store to read")
	f.StringVar(&o.to, "to", "", "the store to copy to")
	f.BoolVar(&o.overwrite, "overwrite", false, "replace memories of the destination that differ from the source")
	f.BoolVar(&o.json, "json", false, "print one JSON object")
	for _, name := range []string{"from", "to"} {
		cobra.CheckErr(cmd.MarkFlagRequired(name)) // it is defined right above
	}
	return cmd
}

func (a *app) migrate(cmd *cobra.Command, o migrateOptions) error {
	// A person sees how far it is, and any other reader is told by the log.
	return a.withLog(cmd, isTerminal(a.err), func(ctx context.Context, c config.Config, log *slog.Logger) (err error) {
		from, err := a.place("--from", o.from, c)
		if err != nil {
			return err
		}
		to, err := a.place("--to", o.to, c)
		if err != nil {
			return err
		}
		if err := distinct(ctx, from, to, log); err != nil {
			return err
		}
		source, err := from.source(ctx, c, log)
		if err != nil {
			return fmt.Errorf("open the source: %w", err)
		}
		defer func() { err = errors.Join(err, source.Close()) }()
		store, err := to.store(ctx, c, log)
		if err != nil {
			return fmt.Errorf("open the destination: %w", err)
		}
		defer func() { err = errors.Join(err, store.Close()) }()

		m := a.meter(log)
		report, err := transfer.Copy(ctx, source, store, transfer.Options{Overwrite: o.overwrite, Progress: m.set})
		m.end()
		if err != nil {
			return fmt.Errorf("%w. What was copied stays: the same command goes on from there", err)
		}
		result := migration{From: from.name, To: to.name, Report: report}
		if p, ok := source.(*falkor.Python); ok {
			result.left, result.Mended = p.LeftOut(), p.Mended()
		}
		return a.tellMigration(result, o)
	})
}
