package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// diary is what parts did and when, since the start of the test.
type diary struct {
	start time.Time
	lines []string
}

func (d *diary) note(what string) {
	d.lines = append(d.lines, fmt.Sprintf("%s at %v", what, time.Since(d.start)))
}

// part runs until it is stopped, which takes the time given.
func (d *diary) part(name string, takes time.Duration) Part {
	stop := make(chan struct{})
	return Part{
		Name: name,
		Run: func(context.Context) error {
			<-stop
			d.note(name + " returned")
			return nil
		},
		Stop: func(ctx context.Context) error {
			defer close(stop)
			select {
			case <-time.After(takes):
				d.note(name + " stopped")
				return nil
			case <-ctx.Done():
				d.note(name + " cut off")
				return ctx.Err()
			}
		},
	}
}

// store only has to be closed.
func (d *diary) store() Part {
	return Part{Name: "store", Stop: func(ctx context.Context) error {
		d.note("store closed")
		return ctx.Err()
	}}
}

// obedient runs until its context ends.
func (d *diary) obedient(name string) Part {
	return Part{Name: name, Run: func(ctx context.Context) error {
		<-ctx.Done()
		d.note(name + " returned")
		return ctx.Err()
	}}
}

func after(ctx context.Context, d time.Duration) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	time.AfterFunc(d, func() { cancel(errors.New("told to")) })
	return ctx
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestRunStopsInTheOppositeOrderEachBeforeTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := diary{start: time.Now()}
		err := Run(after(t.Context(), time.Hour), discard(), 5*time.Second,
			d.store(), d.obedient("worker"), d.part("http", time.Second), d.part("ready", 2*time.Second))
		require.NoError(t, err)
		require.Equal(t, []string{
			"ready stopped at 1h0m2s", "ready returned at 1h0m2s",
			"http stopped at 1h0m3s", "http returned at 1h0m3s",
			"worker returned at 1h0m3s",
			"store closed at 1h0m3s",
		}, d.lines)
	})
}

func TestRunEndsWithTheFirstPartThatEnds(t *testing.T) {
	boom := errors.New("boom")
	for _, row := range []struct {
		name string
		run  func(context.Context) error
		want string
	}{
		{"regular end", func(context.Context) error { return nil }, ""},
		{"failure", func(context.Context) error { return boom }, "input: run: boom"},
		{"cancelled by itself", func(context.Context) error { return context.Canceled }, "input: run: context canceled"},
		{"panic", func(context.Context) error { panic("oh") }, "input: run: panic: oh"},
		{"failure after an hour", func(context.Context) error { time.Sleep(time.Hour); return boom }, "input: run: boom"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := diary{start: time.Now()}
				err := Run(t.Context(), discard(), time.Second,
					d.store(), d.part("http", 0), Part{Name: "input", Run: row.run})
				if row.want == "" {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, row.want)
				}
				require.Len(t, d.lines, 3, "every other part is stopped")
			})
		})
	}
}

func TestRunStopsTheRestWhenAStopFails(t *testing.T) {
	boom := errors.New("boom")
	for _, row := range []struct {
		name string
		stop func(context.Context) error
		want string
	}{
		{"error", func(context.Context) error { return boom }, "bad: stop: boom"},
		{"panic", func(context.Context) error { panic("oh") }, "bad: stop: panic: oh"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := diary{start: time.Now()}
				err := Run(after(t.Context(), time.Second), discard(), time.Second, d.store(), Part{Name: "bad", Stop: row.stop})
				require.ErrorContains(t, err, row.want)
				require.Equal(t, []string{"store closed at 1s"}, d.lines)
			})
		})
	}
}

func TestRunNamesThePartThatDoesNotEnd(t *testing.T) {
	for _, row := range []struct {
		name string
		deaf func(release chan struct{}) Part
	}{
		{"deaf Run", func(release chan struct{}) Part {
			return Part{Name: "deaf", Run: func(context.Context) error { <-release; return nil }}
		}},
		{"deaf Stop", func(release chan struct{}) Part {
			return Part{Name: "deaf", Stop: func(context.Context) error { <-release; return nil }}
		}},
		{"Stop without effect", func(release chan struct{}) Part {
			return Part{
				Name: "deaf",
				Run:  func(context.Context) error { <-release; return nil },
				Stop: func(context.Context) error { return nil },
			}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				d := diary{start: time.Now()}
				err := Run(after(t.Context(), time.Second), discard(), 5*time.Second, d.store(), d.part("http", time.Second), row.deaf(release))
				require.ErrorContains(t, err, "deaf: did not end within the grace period")
				require.Equal(t, []string{
					"http cut off at 6.1s", "http returned at 6.1s", "store closed at 6.1s",
				}, d.lines, "the others are told all the same")
			})
		})
	}
}

func TestRunBoundsWhatManyDeafPartsTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		deaf := Part{Name: "deaf", Stop: func(context.Context) error { <-release; return nil }}
		began := time.Now()
		require.Error(t, Run(after(t.Context(), time.Second), discard(), time.Second, deaf, deaf, deaf))
		require.Equal(t, 2*time.Second+3*lastMoment, time.Since(began))
	})
}

func TestRunStartsNothingWhenItIsOverBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		d := diary{start: time.Now()}
		require.NoError(t, Run(ctx, discard(), time.Second, d.store(), d.part("http", 0)))
		require.Equal(t, []string{"http stopped at 0s", "store closed at 0s"}, d.lines)
	})
}

func TestRunHandsOnTheValuesOfItsContext(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		got := make(chan any, 1)
		ctx := context.WithValue(t.Context(), key{}, "kept")
		p := Part{Name: "p", Run: func(ctx context.Context) error { got <- ctx.Value(key{}); return nil }}
		require.NoError(t, Run(ctx, discard(), time.Second, p))
		require.Equal(t, "kept", <-got)
	})
}

func TestRunLogsEachStepInOrderWithItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(slog.NewJSONHandler(&out, nil))
		d := diary{start: time.Now()}
		bad := Part{Name: "bad", Stop: func(context.Context) error { return errors.New("boom") }}
		require.Error(t, Run(after(t.Context(), time.Minute), log, 5*time.Second, bad, d.part("work", 0), d.part("http", 2*time.Second)))

		var steps []string
		for dec := json.NewDecoder(&out); dec.More(); {
			var e struct {
				Msg, Level, Part, Reason, Error string
				Duration                        time.Duration
			}
			require.NoError(t, dec.Decode(&e))
			steps = append(steps, fmt.Sprint(e.Level, " ", e.Msg, " ", e.Part, e.Reason, e.Error, " ", e.Duration))
		}
		require.Equal(t, []string{
			"INFO part_started work 0s",
			"INFO part_started http 0s",
			"INFO shutdown_started told to 0s",
			"INFO part_stopped http 2s",
			"INFO part_stopped work 0s",
			"ERROR part_stop_failed badstop: boom 0s",
			"INFO shutdown_complete  2s",
		}, steps)
	})
}

func ExampleRun() {
	stop := make(chan struct{})
	store := Part{Name: "store", Stop: func(context.Context) error {
		fmt.Println("store closed")
		return nil
	}}
	listener := Part{
		Name: "listener",
		Run:  func(context.Context) error { <-stop; return nil },
		Stop: func(context.Context) error {
			fmt.Println("listener stopped")
			close(stop)
			return nil
		},
	}
	input := Part{Name: "input", Run: func(context.Context) error {
		fmt.Println("input over")
		return nil
	}}
	log := slog.New(slog.DiscardHandler)
	fmt.Println(Run(context.Background(), log, time.Second, store, listener, input))
	// Output:
	// input over
	// listener stopped
	// store closed
	// <nil>
}
