package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/otel/trace"

	"zapomni/config"
	"zapomni/db"
	"zapomni/db/traced"
	"zapomni/memory"
	"zapomni/memory/embed"
	"zapomni/server"
	"zapomni/transport"
	"zapomni/transport/dashboard"
	"zapomni/transport/tracing"
)

// rooms are the parts of the program that every command needs.
type rooms struct {
	config   config.Config
	store    memory.Store
	embedder embed.Embedder // nil if there is none
	memory   *memory.Processor
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
	if c.Tracing.Enabled {
		store = traced.Store(store, c.DB.System())
	}
	r := rooms{config: c, store: store, memory: memory.New(store, c.Memory)}
	if !c.Server.HybridSearch {
		return r, nil
	}
	r.embedder, err = embed.Open(c.Embed, vectorFile(c.DB), log)
	if err != nil {
		return rooms{}, errors.Join(err, store.Close())
	}
	if r.embedder != nil {
		r.memory.WithMeaning(r.reader(), log)
	}
	return r, nil
}

// vectorFile is where vectors are kept that were made once, beside the store if
// that is a file.
func vectorFile(c db.Config) string {
	if c.Chosen() != db.Embedded {
		return ""
	}
	return c.Embedded.Path + "-vectors"
}

// reader is the embedder as memory asks it.
func (r rooms) reader() memory.Embedder {
	if r.config.Tracing.Enabled {
		return embed.Traced(r.embedder)
	}
	return r.embedder
}

// close gives back what open took.
func (r rooms) close() error { return errors.Join(r.closeEmbedder(), r.store.Close()) }

func (r rooms) closeEmbedder() error {
	if r.embedder == nil {
		return nil
	}
	return r.embedder.Close()
}

// serve serves clients until they are done or ctx is: the one at the other end
// of in and out, or those that come over HTTP. It returns when everything has
// stopped: no more is taken in, what was asked is answered, and the store is
// closed.
func (r rooms) serve(ctx context.Context, in io.Reader, out io.Writer, log *slog.Logger) error {
	traces, err := tracing.Open(ctx, r.config.Tracing, versionOf(), log)
	if err != nil {
		return errors.Join(err, r.close())
	}
	options := r.options(traces.Tracer())
	var metrics *transport.Metrics
	var web *transport.HTTP
	if r.config.Transport.OverHTTP() {
		metrics = transport.NewMetrics()
		options.Called, options.Traffic = metrics.ToolCalled, func() server.Traffic { return traffic(web) }
	}
	tools, err := server.New(r.memory, options, log)
	if err != nil {
		return errors.Join(err, r.close(), traces.Stop(ctx))
	}
	parts := []transport.Part{
		{Name: "store", Stop: func(ctx context.Context) error { return closeStore(ctx, r.store, log) }},
		{Name: "embedder", Stop: func(context.Context) error { return r.closeEmbedder() }},
		{Name: "vectors", Run: r.memory.EmbedWaiting},
	}
	calls := transport.Part{Name: "calls", Stop: tools.Drain}
	if r.config.Transport.OverHTTP() {
		web, err = r.listen(ctx, tools, metrics, options.Tracer, log)
		if err != nil {
			return errors.Join(err, r.close(), traces.Stop(ctx))
		}
		defer onReload(ctx, web, log)()
		parts = append(parts, web.Part(), calls, web.Door())
	} else {
		client := transport.NewStdio(tools.MCP(), in, out, transport.StdioOptions{MaxLine: r.config.Transport.MaxLineBytes}, log)
		parts = append(parts, calls, client.Part())
	}
	if traces != nil {
		parts = slices.Insert(parts, 0, transport.Part{Name: "traces", Stop: traces.Stop})
	}
	trim()
	err = transport.Run(ctx, log, r.config.Transport.Grace(), parts...)
	log.InfoContext(ctx, "Shutting down MCP server...")
	done := tools.Counters()
	log.InfoContext(ctx, "Server shutdown complete", "total_requests", done.Requests, "total_errors", done.Errors,
		"uptime_seconds", done.Uptime.Seconds(), "error_rate", server.ErrorRate(done))
	return err
}

// options describes the server, whoever comes to it.
func (r rooms) options(tracer trace.Tracer) server.Options {
	return server.Options{
		Version:        versionOf(),
		SearchLimit:    r.config.Memory.SearchLimit,
		MaxTextLength:  r.config.Memory.MaxTextLength,
		MaxResultBytes: r.config.Server.MaxResultBytes,
		Tracer:         tracer,
	}
}

// listen opens the port for clients that come over HTTP.
func (r rooms) listen(ctx context.Context, tools *server.Server, metrics *transport.Metrics, tracer trace.Tracer, log *slog.Logger) (*transport.HTTP, error) {
	probe := server.NewProbe(r.store, r.config.DB.Chosen())
	measure(metrics, tools, probe, r.store)    //nolint:contextcheck // who reads them has none.
	web, err := transport.NewHTTP(tools.MCP(), //nolint:contextcheck // its calls outlive the word to stop.
		r.config.Transport.HTTP, transport.HTTPOptions{
			Name: r.config.Transport.Type, Version: versionOf(), Metrics: metrics, Tracer: tracer,
			Health:   func(ctx context.Context) (map[string]any, error) { return r.health(ctx, tools, probe) },
			Handlers: map[string]http.Handler{"/api/": server.API(r.memory, log)},
			Public:   map[string]http.Handler{"/": dashboard.Handler()},
		}, log)
	if err != nil {
		return nil, err
	}
	return web, web.Listen(ctx)
}

// health is that of the server, and how embedding goes.
func (r rooms) health(ctx context.Context, tools *server.Server, probe *server.Probe) (map[string]any, error) {
	facts, err := tools.Health(ctx, probe)
	state, lag := embed.Describe(r.embedder), r.memory.Lag()
	facts["embedder"] = map[string]any{
		"provider": state.Provider, "model": state.Model, "dimensions": state.Dimensions, "available": state.Available && !lag.Failing,
		"last_error": state.LastError, "breaker": state.Breaker, "queue_lag_seconds": seconds(lag),
	}
	if state.Cached {
		facts["embedding_cache"] = state.Cache
	}
	return facts, err
}

// traffic counts the clients that come over HTTP.
func traffic(web *transport.HTTP) server.Traffic {
	c := web.Sessions()
	return server.Traffic{
		Active: c.Present, Peak: c.Peak, Created: c.Created, Closed: c.Closed, Requests: c.Requests, Errors: c.Errors,
	}
}

// seconds is how long the oldest chunk has waited for its vector.
func seconds(lag memory.Lag) float64 {
	if lag.Since.IsZero() {
		return 0
	}
	return time.Since(lag.Since).Seconds()
}

// measure lets the metrics read what the server and its store know.
func measure(m *transport.Metrics, tools *server.Server, probe *server.Probe, store memory.Store) {
	m.Gauge("zapomni_calls_in_flight", "Calls of tools under way.", func() float64 { return float64(tools.Counters().InFlight) })
	m.Gauge("zapomni_store_bytes", "Size of the store, NaN while it cannot tell.", func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		size, err := store.Size(ctx)
		if err != nil {
			return math.NaN()
		}
		return float64(size)
	})
	if _, ok := probe.Pool(); !ok {
		return
	}
	of := func(read func(memory.PoolStats) float64) func() float64 {
		return func() float64 {
			stats, _ := probe.Pool()
			return read(stats)
		}
	}
	m.Gauge("zapomni_pool_max_connections", "Most connections to the database.", of(func(p memory.PoolStats) float64 { return float64(p.MaxConnections) }))
	m.Gauge("zapomni_pool_active_connections", "Connections in use.", of(func(p memory.PoolStats) float64 { return float64(p.ActiveConnections) }))
	m.Gauge("zapomni_pool_idle_connections", "Connections that are ready.", of(func(p memory.PoolStats) float64 { return float64(p.IdleConnections) }))
	m.Gauge("zapomni_pool_waiting_callers", "Calls that wait for a connection.", of(func(p memory.PoolStats) float64 { return float64(p.WaitingCallers) }))
	m.Counter("zapomni_store_queries_total", "Calls to the database.", of(func(p memory.PoolStats) float64 { return float64(p.TotalQueries) }))
	m.Counter("zapomni_store_retries_total", "Calls to the database that were sent again.", of(func(p memory.PoolStats) float64 { return float64(p.TotalRetries) }))
}

// onReload reads tokens and certificates anew on SIGHUP, until the function
// returned is called.
func onReload(ctx context.Context, web *transport.HTTP, log *slog.Logger) (stop func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		for range hangup {
			if err := web.Reload(); err != nil {
				log.ErrorContext(ctx, "reload_failed", "error", err)
				continue
			}
			log.InfoContext(ctx, "reloaded")
		}
	}()
	return func() {
		signal.Stop(hangup)
		close(hangup)
	}
}

// closeStore says so, in the words of both who read logs, where a pool of
// connections is closed with it.
func closeStore(ctx context.Context, s memory.Store, log *slog.Logger) error {
	pooled, ok := s.(memory.Pooled)
	if !ok {
		return s.Close()
	}
	stats := pooled.Pool()
	log.InfoContext(ctx, "Closing database pool", "total_queries", stats.TotalQueries, "total_retries", stats.TotalRetries)
	log.InfoContext(ctx, "closing_database_pool")
	log.InfoContext(ctx, "Closing FalkorDB connection pool...")
	err := s.Close()
	if err == nil {
		log.InfoContext(ctx, "FalkorDB connection pool closed")
		log.InfoContext(ctx, "database_pool_closed")
	}
	return err
}

// withMemory runs do on the rooms of one command, which it closes.
func (a *app) withMemory(cmd *cobra.Command, do func(context.Context, rooms) error) error {
	return a.withLog(cmd, true, func(ctx context.Context, c config.Config, log *slog.Logger) (err error) {
		r, err := open(ctx, c, log)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, r.close()) }()
		return do(ctx, r)
	})
}

// withLog runs do with the settings and the log of one command. A quiet log
// says no more than a person should see, unless they ask for it.
func (a *app) withLog(cmd *cobra.Command, quiet bool, do func(context.Context, config.Config, *slog.Logger) error) (err error) {
	c, warnings, err := a.settings(cmd)
	if err != nil {
		return err
	}
	if quiet && c.Log.Level == config.Defaults().Log.Level && !cmd.Flags().Changed("log-level") {
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
