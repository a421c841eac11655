package main

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"zapomni/config"
	"zapomni/transport"
)

func (a *app) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve a client over standard input and output",
		Long: `Serve one client of the Model Context Protocol over standard input and output.

Clients start this by themselves. It ends when its input does, or on SIGTERM or
SIGINT: what was asked is answered, then the store is closed. A second signal
ends it at once. The log goes to standard error.`,
		Args: cobra.NoArgs,
		RunE: a.command(func(cmd *cobra.Command, _ []string) error { return a.serve(cmd) }),
	}
	config.ServeFlags(cmd.Flags())
	return cmd
}

var errTransport = errors.New("this version has no transport sse yet: use stdio, which is the default")

// serve serves until the input ends or a signal comes, both of which are
// success. What goes wrong is logged, as clients show the log to their users.
func (a *app) serve(cmd *cobra.Command) error {
	ctx, out := cmd.Context(), a.protocolOut()
	c, warnings, err := a.settings(cmd)
	if err == nil && c.Transport.Type != transport.Stdio {
		err = errTransport
	}
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
