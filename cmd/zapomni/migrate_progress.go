package main

import (
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"zapomni/db/transfer"
)

// tell is how often the log tells of a migration.
const tell = 5 * time.Second

// meter shows how far a migration is: to a person as a bar, to others by lines
// of the log.
type meter struct {
	log   *slog.Logger // nil for a person
	told  time.Time
	stop  chan struct{}
	shown sync.WaitGroup

	mu  sync.Mutex
	now transfer.Progress
}

// meter shows what is set until end is called.
func (a *app) meter(log *slog.Logger) *meter {
	m := &meter{log: log, stop: make(chan struct{})}
	if isTerminal(a.err) {
		m.log = nil
		m.draw(a.err)
	}
	return m
}

// set takes in how far it is.
func (m *meter) set(p transfer.Progress) {
	m.mu.Lock()
	before := m.now
	m.now = p
	m.mu.Unlock()
	if m.log != nil && (p.Stage != before.Stage || time.Since(m.told) >= tell) {
		m.told = time.Now()
		m.log.Info("migration_progress", "stage", string(p.Stage), "count", p.Done, "total", p.Total)
	}
}

// end leaves the terminal as it was.
func (m *meter) end() {
	close(m.stop)
	m.shown.Wait()
}

// draw shows a bar on out until end is called. That a terminal cannot be drawn
// on is no matter.
func (m *meter) draw(out io.Writer) {
	m.shown.Go(func() {
		tick := time.NewTicker(look)
		defer tick.Stop()
		var bar *progressbar.ProgressBar
		var stage transfer.Stage
		for {
			done := false
			select {
			case <-tick.C:
			case <-m.stop:
				done = true
			}
			m.mu.Lock()
			now := m.now
			m.mu.Unlock()
			if bar != nil && (done || now.Stage != stage) {
				_ = bar.Clear()
				bar = nil
			}
			if done {
				return
			}
			if bar == nil && now.Stage != "" {
				stage, bar = now.Stage, newBar(out, string(now.Stage), now.Total)
			}
			if bar != nil {
				_ = bar.Set(min(now.Done, now.Total))
				_ = bar.RenderBlank()
			}
		}
	})
}
