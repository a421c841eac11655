package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"zapomni/config"
	"zapomni/db"
	"zapomni/memory"
	"zapomni/server"
	"zapomni/transport"
)

// rooms are the parts of the program that every command needs.
type rooms struct {
	config config.Config
	store  memory.Store
	memory *memory.Processor
}

// open opens the rooms from db to memory. Whoever calls it closes the store.
func open(ctx context.Context, c config.Config, log *slog.Logger) (rooms, error) {
	store, err := db.Open(ctx, c.DB, log)
	if err != nil {
		if errors.Is(err, memory.ErrUnavailable) && c.DB.Chosen() == db.Embedded {
			err = fmt.Errorf("%w. Another place can be chosen with --data-dir or ZAPOMNI_DATA_DIR", err)
		}
		return rooms{}, err
	}
	return rooms{config: c, store: store, memory: memory.New(store, c.Memory)}, nil
}

// serve serves the client at the other end of in and out until in ends or ctx
// is done. It returns when everything has stopped: no more is taken in, what
// was asked is answered, and the store is closed.
func (r rooms) serve(ctx context.Context, in io.Reader, out io.Writer, log *slog.Logger) error {
	tools, err := server.New(r.memory, server.Options{
		Version:        versionOf(),
		SearchLimit:    r.config.Memory.SearchLimit,
		MaxTextLength:  r.config.Memory.MaxTextLength,
		MaxResultBytes: r.config.Server.MaxResultBytes,
	}, log)
	if err != nil {
		return errors.Join(err, r.store.Close())
	}
	client := transport.NewStdio(tools.MCP(), in, out,
		transport.StdioOptions{MaxLine: r.config.Transport.MaxLineBytes}, log)

	err = transport.Run(ctx, log, r.config.Transport.ShutdownGrace,
		transport.Part{Name: "store", Stop: func(ctx context.Context) error { return closeStore(ctx, r.store, log) }},
		transport.Part{Name: "calls", Stop: tools.Drain},
		client.Part(),
	)
	done := tools.Counters()
	log.InfoContext(ctx, "Server shutdown complete", "total_requests", done.Requests, "total_errors", done.Errors,
		"uptime_seconds", done.Uptime.Seconds(), "error_rate", float64(done.Errors)/float64(max(1, done.Requests)))
	return err
}

// closeStore says so where a pool of connections is closed with it.
func closeStore(ctx context.Context, s memory.Store, log *slog.Logger) error {
	if _, ok := s.(memory.Pooled); !ok {
		return s.Close()
	}
	log.InfoContext(ctx, "closing_database_pool")
	err := s.Close()
	if err == nil {
		log.InfoContext(ctx, "database_pool_closed")
	}
	return err
}

// withMemory runs do on the rooms of one command, which it closes.
func (a *app) withMemory(cmd *cobra.Command, do func(context.Context, rooms) error) (err error) {
	c, warnings, err := a.settings(cmd)
	if err != nil {
		return err
	}
	if c.Log.Level == config.Defaults().Log.Level && !cmd.Flags().Changed("log-level") {
		c.Log.Level = "WARNING" // a person should see no more, unless they ask for it
	}
	log, file, err := a.log(c.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for _, w := range warnings {
		log.Warn("setting_doubtful", "detail", w)
	}
	r, err := open(cmd.Context(), c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.store.Close()) }()
	return do(cmd.Context(), r)
}

// settings reads the settings of a command.
func (a *app) settings(cmd *cobra.Command) (config.Config, []string, error) {
	c, warnings, err := config.Load(cmd.Flags(), a.environ, a.dir)
	if err != nil {
		return c, warnings, fmt.Errorf("settings: %w", err)
	}
	return c, warnings, nil
}

// log opens the log, in colors where it writes to a terminal.
func (a *app) log(c config.Log) (*slog.Logger, io.Closer, error) {
	if f, ok := a.err.(*os.File); ok && isTerminal(f) {
		enableColors(f)
	}
	return c.New(a.err)
}
