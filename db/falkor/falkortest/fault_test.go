package falkortest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var chaos = Schedule{
	Seed: 7,
	Odds: map[Fault]float64{
		Delay: 0.1, Reset: 0.05, CutAnswer: 0.05, LoseAnswer: 0.05, Swallow: 0.02, Refuse: 0.03,
	},
	Delay: time.Second, Refuse: time.Minute,
}

// deal draws n times.
func deal(s Schedule, n int) ([]strike, map[Fault]int) {
	var d draws
	d.set(s)
	out := make([]strike, n)
	for i := range out {
		out[i] = d.draw([]string{"PING"})
	}
	return out, d.count()
}

func TestScheduleOfOneSeedIsAlwaysTheSame(t *testing.T) {
	first, _ := deal(chaos, 1000)
	second, _ := deal(chaos, 1000)
	require.Equal(t, first, second)
}

func TestScheduleOfAnotherSeedIsAnother(t *testing.T) {
	other := chaos
	other.Seed++
	first, _ := deal(chaos, 1000)
	second, _ := deal(other, 1000)
	require.NotEqual(t, first, second)
}

func TestScheduleKeepsToItsOdds(t *testing.T) {
	const n = 20_000
	strikes, counts := deal(chaos, n)
	passed := 1.0
	for f, odds := range chaos.Odds {
		require.InEpsilon(t, odds*n, counts[f], 0.15, f.String())
		passed -= odds
	}
	require.InEpsilon(t, passed*n, counts[Pass], 0.05)
	for _, s := range strikes {
		switch s.fault {
		case Delay:
			require.Less(t, s.lasts, chaos.Delay)
		case Refuse:
			require.Less(t, s.lasts, chaos.Refuse)
		default:
			require.Zero(t, s.lasts)
		}
	}
}

func TestScheduleEndsAfterItsMost(t *testing.T) {
	bounded := chaos
	bounded.Most = 10
	strikes, counts := deal(bounded, 1000)
	require.Equal(t, 990, counts[Pass])
	require.Equal(t, Pass, strikes[999].fault)
}

func TestScheduleOfZeroPasses(t *testing.T) {
	_, counts := deal(Schedule{}, 100)
	require.Equal(t, map[Fault]int{Pass: 100}, counts)
}

func TestFaultsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for f := range Fault(faults) {
		require.NotEmpty(t, f.String())
		require.False(t, seen[f.String()], f.String())
		seen[f.String()] = true
	}
	require.Equal(t, "fault 99", Fault(99).String())
}
