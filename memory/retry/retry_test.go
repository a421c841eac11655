package retry_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory/retry"
)

var errDown = errors.New("down")

func policy() retry.Policy {
	return retry.Policy{Retries: 3, Initial: 100 * time.Millisecond, Max: 2 * time.Second, Base: 2}
}

// failing is an attempt that notes when it was made and fails until the n-th.
func failing(until int, at *[]time.Duration) retry.Attempt {
	start := time.Now()
	return func(n int) (bool, error) {
		*at = append(*at, time.Since(start))
		if n >= until {
			return false, nil
		}
		return true, errDown
	}
}

func silent(int, time.Duration, error) {}

func TestAttemptsAreMadeAfterTheWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		attempts, err := policy().Do(t.Context(), nil, failing(9, &at), silent)
		require.ErrorIs(t, err, errDown)
		require.Equal(t, 4, attempts)
		require.Equal(t, []time.Duration{0, 100 * time.Millisecond, 300 * time.Millisecond, 700 * time.Millisecond}, at)
	})
}

func TestBoundGrowsUpToItsMaximum(t *testing.T) {
	for _, row := range []struct {
		name string
		base float64
		want []time.Duration
	}{
		{"doubling", 2, []time.Duration{100, 200, 400, 800, 1600, 2000, 2000}},
		{"constant", 1, []time.Duration{100, 100, 100, 100, 100, 100, 100}},
		{"tenfold", 10, []time.Duration{100, 1000, 2000, 2000, 2000, 2000, 2000}},
		{"beyond all numbers", math.Inf(1), []time.Duration{100, 2000, 2000, 2000, 2000, 2000, 2000}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := policy()
			p.Base = row.base
			for i, want := range row.want {
				require.Equal(t, want*time.Millisecond, p.Bound(i+1), "retry %d", i+1)
			}
		})
	}
	p := policy()
	require.Equal(t, p.Max, p.Bound(100_000))
}

func TestJitterStaysBetweenNothingAndTheBound(t *testing.T) {
	p := policy()
	p.Jitter = true
	var sum time.Duration
	seen := map[time.Duration]bool{}
	const draws = 2000
	for range draws {
		d := p.Delay(3)
		require.GreaterOrEqual(t, d, time.Duration(0))
		require.LessOrEqual(t, d, 400*time.Millisecond)
		seen[d] = true
		sum += d
	}
	require.Greater(t, len(seen), draws/2, "waits are not random")
	require.InDelta(t, 200, float64(sum/draws/time.Millisecond), 30, "waits are not spread over the whole range")
}

func TestSuccessEndsTheAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		attempts, err := policy().Do(t.Context(), nil, failing(3, &at), silent)
		require.NoError(t, err)
		require.Equal(t, 3, attempts)
		require.Len(t, at, 3)
	})
}

func TestWhatIsNotWorthItIsTriedOnce(t *testing.T) {
	attempts, err := policy().Do(t.Context(), nil, func(int) (bool, error) { return false, errDown }, silent)
	require.ErrorIs(t, err, errDown)
	require.Equal(t, 1, attempts)
}

func TestZeroPolicyTriesOnce(t *testing.T) {
	attempts, err := retry.Policy{}.Do(t.Context(), nil, func(int) (bool, error) { return true, errDown }, silent)
	require.ErrorIs(t, err, errDown)
	require.Equal(t, 1, attempts)
}

func TestBudgetAllowsMoreThanTheRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := policy()
		p.Budget = 10 * time.Second
		start := time.Now()
		attempts, err := p.Do(t.Context(), nil, func(int) (bool, error) { return true, errDown }, silent)
		require.ErrorIs(t, err, errDown)
		// 0.1+0.2+0.4+0.8+1.6 make 3.1 s, and three waits of 2 s fit after them.
		require.Equal(t, 9, attempts)
		require.Equal(t, 9100*time.Millisecond, time.Since(start))
	})
}

func TestNoticeTellsOfEachRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var numbers []int
		var delays []time.Duration
		var at []time.Duration
		_, err := policy().Do(t.Context(), nil, failing(9, &at), func(n int, delay time.Duration, err error) {
			require.ErrorIs(t, err, errDown)
			numbers, delays = append(numbers, n), append(delays, delay)
		})
		require.ErrorIs(t, err, errDown)
		require.Equal(t, []int{1, 2, 3}, numbers)
		require.Equal(t, []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond}, delays)
	})
}

func TestCancelledContextEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(150*time.Millisecond, cancel)
		var at []time.Duration
		start := time.Now()
		attempts, err := policy().Do(ctx, nil, failing(9, &at), silent)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, errDown)
		require.Equal(t, 2, attempts)
		require.Equal(t, 150*time.Millisecond, time.Since(start))
	})
}

func TestDeadlineBeforeTheNextAttemptEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer cancel()
		var at []time.Duration
		start := time.Now()
		attempts, err := policy().Do(ctx, nil, failing(9, &at), silent)
		require.ErrorIs(t, err, errDown)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 2, attempts)
		require.Equal(t, 100*time.Millisecond, time.Since(start))
	})
}

func TestStopEndsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		time.AfterFunc(50*time.Millisecond, func() { close(stop) })
		var at []time.Duration
		start := time.Now()
		attempts, err := policy().Do(t.Context(), stop, failing(9, &at), silent)
		require.ErrorIs(t, err, retry.ErrStopped)
		require.Equal(t, 1, attempts)
		require.Equal(t, 50*time.Millisecond, time.Since(start))
	})
}
