package falkor

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/reply"
	"zapomni/memory"
)

// script is a querier that fails with each of its errors in turn, and then
// answers. It notes when it was asked, and what.
type script struct {
	errs  []error
	start time.Time
	at    []time.Duration
	asked []Statement
}

func (s *script) Query(_ context.Context, q Statement) (Result, error) {
	n := len(s.at)
	s.at = append(s.at, time.Since(s.start))
	s.asked = append(s.asked, q)
	if n < len(s.errs) {
		return Result{}, s.errs[n]
	}
	return Result{Result: &reply.Result{}}, nil
}

// trial is a retrying querier over a script.
type trial struct {
	*retrying
	*script
	*events
}

// over makes a trial with the default delays and no jitter.
func over(t *testing.T, errs ...error) trial {
	t.Helper()
	log, e := logged(t)
	c := retryDefaults()
	c.Jitter = false
	s := &script{errs: errs, start: time.Now()}
	r := &retrying{next: s, policy: c.policy(), log: log, retries: new(atomic.Int64), stop: make(chan struct{})}
	return trial{r, s, e}
}

func (r trial) ask(ctx context.Context, e Effect) (Result, error) {
	return r.retrying.Query(ctx, Statement{Graph: "g", Text: "RETURN $p", Effect: e})
}

var errLoading = says("LOADING Valkey is loading the dataset in memory")

// often is the same error, more often than there are attempts.
func often(err error) []error { return slices.Repeat([]error{err}, 9) }

func TestRetriesComeAfterTheConfiguredDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := over(t, often(errLoading)...)
		_, err := r.ask(t.Context(), Once)
		require.EqualError(t, err, "Query failed after 4 attempts: LOADING Valkey is loading the dataset in memory")
		require.ErrorIs(t, err, memory.ErrUnavailable)
		require.ErrorIs(t, err, errLoading)
		require.Equal(t, []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond}, r.at)
		require.Equal(t, int64(3), r.retries.Load())
	})
}

func TestRetriesAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := over(t, often(errLoading)...)
		_, err := r.ask(t.Context(), Reads)
		require.Error(t, err)
		text := errLoading.Error()
		require.Equal(t, []map[string]any{
			{"level": "WARN", "attempt": 1.0, "max_retries": 3.0, "delay": 0.1, "error": text},
			{"level": "WARN", "attempt": 2.0, "max_retries": 3.0, "delay": 0.2, "error": text},
			{"level": "WARN", "attempt": 3.0, "max_retries": 3.0, "delay": 0.4, "error": text},
		}, r.named("query_retry"))
		require.Equal(t, []map[string]any{{"level": "ERROR", "attempts": 4.0, "error": text}}, r.named("query_failed_after_retries"))
	})
}

func TestNoRetriesMeansOneAttempt(t *testing.T) {
	r := over(t, io.EOF, io.EOF)
	r.policy.Retries = 0
	_, err := r.ask(t.Context(), Reads)
	require.EqualError(t, err, "Query failed after 1 attempts: EOF")
	require.Len(t, r.at, 1)
}

func TestWhatHealsIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := over(t, errLoading, io.EOF)
		result, err := r.ask(t.Context(), Reads)
		require.NoError(t, err)
		require.NotNil(t, result.Result)
		require.Len(t, r.at, 3)
	})
}

func TestEffectDecidesWhetherALostAnswerIsAskedForAgain(t *testing.T) {
	for _, row := range []struct {
		name     string
		effect   Effect
		attempts int
	}{
		{"reads", Reads, 2},
		{"repeatable", Repeatable, 2},
		{"once", Once, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := over(t, io.EOF)
				_, err := r.ask(t.Context(), row.effect)
				require.Equal(t, row.effect == Once, err != nil)
				require.Len(t, r.at, row.attempts)
			})
		})
	}
}

func TestAgainSaysThatAnEarlierAttemptMayHaveRun(t *testing.T) {
	for _, row := range []struct {
		name string
		errs []error
		want bool
	}{
		{"first attempt", nil, false},
		{"after a lost answer", []error{io.EOF}, true},
		{"after one that never ran", []error{errLoading}, false},
		{"after both", []error{io.EOF, errLoading}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				result, err := over(t, row.errs...).ask(t.Context(), Repeatable)
				require.NoError(t, err)
				require.Equal(t, row.want, result.Again)
			})
		})
	}
}

func TestRefusalAfterALostAnswerSaysAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		violation := says("unique constraint violation on node of type Memory")
		for _, row := range []struct {
			errs []error
			want bool
		}{{[]error{violation}, false}, {[]error{io.EOF, violation}, true}} {
			_, err := over(t, row.errs...).ask(t.Context(), Repeatable)
			var refused *Error
			require.ErrorAs(t, err, &refused)
			require.Equal(t, row.want, refused.Again)
			require.ErrorIs(t, err, violation)
		}
	})
}

func TestUnknownOutcomeOfAWriteThatCountsOnce(t *testing.T) {
	r := over(t, io.EOF)
	_, err := r.ask(t.Context(), Once)
	var unknown *OutcomeUnknownError
	require.ErrorAs(t, err, &unknown)
	require.EqualError(t, err, "Query failed: it may have taken effect: EOF")
	require.ErrorIs(t, err, memory.ErrUnavailable)
	require.ErrorIs(t, err, io.EOF)
}

func TestRefusedQueryIsLoggedWithoutItsParameters(t *testing.T) {
	r := over(t, says("errMsg: Invalid input errCtx: CYPHER p='sesame' errCtxOffset: 9"))
	_, err := r.retrying.Query(t.Context(), Statement{Text: "RETRUN " + strings.Repeat("é", 200)})
	require.EqualError(t, err, "Query failed: errMsg: Invalid input")
	require.NotErrorIs(t, err, memory.ErrUnavailable)
	require.Len(t, r.at, 1)
	require.Equal(t, []map[string]any{{
		"level": "ERROR", "error": "errMsg: Invalid input", "query": "RETRUN " + strings.Repeat("é", 93),
	}}, r.named("query_error"))
	require.NotContains(t, r.text(), "sesame")
}

func TestExpectedRefusalsAreForDebugging(t *testing.T) {
	r := over(t, says("ERR Invalid graph operation on empty key"))
	_, err := r.ask(t.Context(), Reads)
	require.Error(t, err)
	require.Equal(t, "DEBUG", r.named("query_error")[0]["level"])
}

func TestCallersEndIsNoFailureOfTheQuery(t *testing.T) {
	r := over(t, &attemptError{fault{callerEnded, true, none, nil}, context.Canceled})
	_, err := r.ask(t.Context(), Reads)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, memory.ErrUnavailable)
	require.Len(t, r.at, 1)
	require.Empty(t, r.names())
}

// go-redis answers for a while with the error of a dial that another caller
// left.
func TestEndOfAnotherCallerIsNotOurs(t *testing.T) {
	r := over(t, &dialError{op("dial", context.Canceled)})
	r.policy.Retries = 0
	_, err := r.ask(t.Context(), Reads)
	require.ErrorContains(t, err, "Query failed after 1 attempts")
	require.ErrorIs(t, err, memory.ErrUnavailable)
}

func TestCallerMayLeaveDuringTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(150*time.Millisecond, cancel)
		r := over(t, often(errLoading)...)
		_, err := r.ask(ctx, Once)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, memory.ErrUnavailable)
		require.Equal(t, 150*time.Millisecond, time.Since(r.start))
		require.Len(t, r.at, 2)
	})
}

func TestClosingEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := over(t, often(errLoading)...)
		stop := make(chan struct{})
		r.stop = stop
		time.AfterFunc(50*time.Millisecond, func() { close(stop) })
		_, err := r.ask(t.Context(), Reads)
		require.EqualError(t, err, "Client has been closed.")
		require.ErrorIs(t, err, memory.ErrUnavailable)
		require.Equal(t, 50*time.Millisecond, time.Since(r.start))
	})
}

func TestRetriedReadsKeepToTheMaster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := over(t, io.EOF)
		_, err := r.ask(t.Context(), Reads)
		require.NoError(t, err)
		require.False(t, r.asked[0].primary)
		require.True(t, r.asked[1].primary)
	})
}
