package main

import (
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
)

// look is how often progress is shown. What is done before is not shown at all.
const look = 100 * time.Millisecond

// bar shows a person how much of n is done of something, if one looks on. That
// a terminal cannot be drawn on is no matter.
func (a *app) bar(what string, n int) *progressbar.ProgressBar {
	if !isTerminal(a.err) {
		return newBar(io.Discard, what, n)
	}
	return newBar(a.err, what, n, progressbar.OptionThrottle(look))
}

func newBar(out io.Writer, what string, n int, more ...progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions(max(1, n), append(more,
		progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetDescription(what), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())...)
}

// progress shows a person how far a long text is: the bytes read, then that it
// is being stored, which is done at once and has no measure.
type progress struct {
	name    string
	size    int64 // in bytes; -1 if it is not known
	read    atomic.Int64
	storing atomic.Bool
	stop    chan struct{}
	shown   sync.WaitGroup
}

// progress shows how far t is until end is called, if a person looks on.
func (a *app) progress(t text) *progress {
	p := &progress{name: filepath.Base(t.name), size: t.size, stop: make(chan struct{})}
	if isTerminal(a.err) {
		p.show(a.err)
	}
	return p
}

// over returns r, whose bytes are counted.
func (p *progress) over(r io.Reader) io.Reader { return io.TeeReader(r, p) }

// Write counts the bytes.
func (p *progress) Write(b []byte) (int, error) {
	p.read.Add(int64(len(b)))
	return len(b), nil
}

// end leaves the terminal as it was.
func (p *progress) end() {
	close(p.stop)
	p.shown.Wait()
}

// show draws on out until end is called. That a terminal cannot be drawn on is
// no matter.
func (p *progress) show(out io.Writer) {
	p.shown.Go(func() {
		tick := time.NewTicker(look)
		defer tick.Stop()
		var bar *progressbar.ProgressBar
		storing := false
		for {
			select {
			case <-tick.C:
			case <-p.stop:
				if bar != nil {
					_ = bar.Clear()
				}
				return
			}
			if now := p.storing.Load(); bar == nil || now != storing {
				if bar != nil {
					_ = bar.Clear()
				}
				storing = now
				bar = p.bar(out, storing)
			}
			if !storing {
				_ = bar.Set64(p.read.Load())
			}
			_ = bar.RenderBlank()
		}
	})
}

func (p *progress) bar(out io.Writer, storing bool) *progressbar.ProgressBar {
	options := []progressbar.Option{
		progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(false),
		// It is drawn here alone, never by itself.
		progressbar.OptionSetSpinnerChangeInterval(0), progressbar.OptionSpinnerType(14),
	}
	if storing {
		return progressbar.NewOptions64(-1, append(options, progressbar.OptionSetDescription("storing "+p.name))...)
	}
	return progressbar.NewOptions64(p.size, append(options,
		progressbar.OptionSetDescription("reading "+p.name), progressbar.OptionShowBytes(true), progressbar.OptionShowCount())...)
}
