package bench

import (
	"fmt"
	"slices"
	"testing"
)

// falkorCallers is how many ask at the same time, on a pool of twenty.
var falkorCallers = []int{1, 10, 50, 200}

// BenchmarkFalkorReads compares our client with go-redis alone and with the
// server's own benchmark over as many connections. In each iteration each of
// them has a turn.
func BenchmarkFalkorReads(b *testing.B) {
	s, graph := falkorServer(b)
	client, plain, raw := ours(falkorClient(b, s, graph), graph), bare(b, s, graph), ceiling(s, graph)
	for _, w := range falkorWorks {
		for _, callers := range falkorCallers {
			b.Run(fmt.Sprintf("%s/callers=%d", w.name, callers), func(b *testing.B) {
				var t tally
				for b.Loop() {
					t.add("ceiling", raw(b, w, callers))
					t.add("ours", client(b, w, callers))
					t.add("bare", plain(b, w, callers))
				}
				t.compare(b, "ours", "ceiling")
				t.compare(b, "ours", "bare")
				b.ReportMetric(quantile(t.of("ours", func(o outcome) float64 { return o.rate }), 0.5), "queries/s")
				b.ReportMetric(quantile(t.of("ours", func(o outcome) float64 { return o.allocs }), 0.5), "allocs/query")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// tally is what each way did in all of its turns.
type tally map[string][]outcome

func (t *tally) add(way string, o outcome) {
	if *t == nil {
		*t = make(tally)
	}
	(*t)[way] = append((*t)[way], o)
}

func (t tally) of(way string, what func(outcome) float64) []float64 {
	var all []float64
	for _, o := range t[way] {
		all = append(all, what(o))
	}
	return all
}

// compare tells the throughput of one way as a part of another's, in two
// manners. The first is the median of the ratios within iterations, with the
// quartiles. The second is the ratio of the turns that went better than nine in
// ten: what else runs on the machine slows turns down and speeds none up.
func (t tally) compare(b *testing.B, one, other string) {
	b.Helper()
	rate := func(o outcome) float64 { return o.rate }
	mine, its := t.of(one, rate), t.of(other, rate)
	ratios := make([]float64, len(mine))
	for i := range ratios {
		ratios[i] = mine[i] / its[i]
	}
	unit := one + "/" + other
	b.ReportMetric(quantile(ratios, 0.5), unit)
	b.ReportMetric(quantile(ratios, 0.25), unit+"-q1")
	b.ReportMetric(quantile(ratios, 0.75), unit+"-q3")
	b.ReportMetric(quantile(mine, 0.9)/quantile(its, 0.9), unit+"-best")
}

// compareTail tells how long one way's slowest answer in a hundred takes, as a
// part of another's: the median, and that of the quietest turns.
func (t tally) compareTail(b *testing.B, one, other string) {
	b.Helper()
	p99 := func(o outcome) float64 { return millis(o.p99) }
	mine, its := t.of(one, p99), t.of(other, p99)
	unit := "p99-" + one + "/" + other
	b.ReportMetric(quantile(slices.Clone(mine), 0.5)/quantile(slices.Clone(its), 0.5), unit)
	b.ReportMetric(quantile(mine, 0.1)/quantile(its, 0.1), unit+"-best")
}
