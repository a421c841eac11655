package main

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"zapomni/config"
)

func (a *app) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve clients over standard input and output, or over HTTP",
		Long: `Serve clients of the Model Context Protocol.

Over standard input and output, which is the default, it serves the client that
has started it, until the input ends. With --transport http (or sse: both serve
the same) it serves any number of clients over HTTP: by streamable HTTP at /mcp,
by HTTP+SSE at /sse, and people at /. It listens on 127.0.0.1; any other address
needs a token.

SIGTERM or SIGINT ends it: what was asked is answered, then the store is closed.
A second signal ends it at once. SIGHUP has it read tokens and certificates
again. The log goes to standard error.`,
		Example: `  zapomni serve
  zapomni serve --transport http --port 8000
  ZAPOMNI_TOKEN=anna:a-long-secret ZAPOMNI_SSE_ALLOWED_HOSTS=memory.lan \
    zapomni serve --transport http --host 0.0.0.0`,
		Args: cobra.NoArgs,
		RunE: a.command(func(cmd *cobra.Command, _ []string) error { return a.serve(cmd) }),
	}
	config.ServeFlags(cmd.Flags())
	return cmd
}

// serve serves until the input ends or a signal comes, both of which are
// success. What goes wrong is logged, as clients show the log to their users.
func (a *app) serve(cmd *cobra.Command) error {
	ctx, out := cmd.Context(), a.protocolOut()
	c, warnings, err := a.settings(cmd)
	if err != nil {
		c = config.Defaults()
	}
	log, file, logErr := a.log(c.Log)
	if logErr != nil {
		c.Log.File, err = "", logErr // said in the log that is left
		log, file, logErr = a.log(c.Log)
	}
	if logErr != nil {
		return logErr
	}
	defer func() { _ = file.Close() }() // it has no more to say, and nowhere to say so
	if err != nil {
		return told(ctx, log, err, func(log *slog.Logger) { log.ErrorContext(ctx, "Configuration error") })
	}
	for _, w := range warnings {
		log.WarnContext(ctx, "setting_doubtful", "detail", w)
	}
	r, err := open(ctx, c, log)
	if err != nil {
		return told(ctx, log, err, func(log *slog.Logger) { log.ErrorContext(ctx, "Connection error") })
	}
	if err := r.serve(ctx, a.in, out, log); err != nil {
		return told(ctx, log, err, func(log *slog.Logger) { log.ErrorContext(ctx, "Runtime error") })
	}
	return nil
}

// told logs err by the event that say writes. That is the last line of the
// program, unless the log is silent.
func told(ctx context.Context, log *slog.Logger, err error, say func(*slog.Logger)) error {
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return nil // told to stop before it had started
	case !log.Enabled(ctx, slog.LevelError):
		return err
	}
	say(log.With("error", err, "error_type", kind(err)))
	return errTold
}

// kind names the first type in err that tells something: not one of those that
// only carry words.
func kind(err error) string {
	name := strings.TrimPrefix(reflect.TypeOf(err).String(), "*")
	if !strings.HasPrefix(name, "fmt.") && !strings.HasPrefix(name, "errors.") {
		return name
	}
	var inside []error
	switch e := err.(type) { //nolint:errorlint // each layer is looked at by itself.
	case interface{ Unwrap() []error }:
		inside = e.Unwrap()
	case interface{ Unwrap() error }:
		inside = []error{e.Unwrap()}
	}
	for _, e := range inside {
		if name := kind(e); name != untold {
			return name
		}
	}
	return untold
}

const untold = "error"
