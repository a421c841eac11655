package memory

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// The values of Config.Fusion: how what words say of a memory and what its
// meaning says become one number.
const (
	// FusionWeighted adds what both are worth, each on a scale of its own.
	FusionWeighted = "weighted"
	// FusionRRF is reciprocal rank fusion: Cormack, Clarke and Büttcher, 2009.
	FusionRRF = "rrf"
	// FusionRSF adds the scores, each brought to 0 to 1 by the least and the
	// greatest of its kind.
	FusionRSF = "rsf"
	// FusionDBSF adds the scores, each brought to 0 to 1 by the mean of its kind
	// and three standard deviations to both sides.
	FusionDBSF = "dbsf"
)

// rrfK keeps the first few ranks of RRF from counting for everything.
const rrfK = 60

// fuse sets what each memory in view is worth by itself.
func (r *recall) fuse() {
	if r.alike.query.Vector == nil || r.fusion == FusionWeighted {
		expected := r.expectation()
		for _, m := range r.memories {
			m.said, m.meant = m.words, r.meaning(m)
			if m.cosine == unknown {
				m.meant = expected.of(m.words)
			}
		}
	} else {
		r.fuseLists()
	}
	for _, m := range r.memories {
		line := r.lineWorth(m)
		m.own = line.factor*(m.said+m.meant) + line.dated
	}
}

// fuseLists fuses the list of those that words found with the list of those
// that have a vector. What is in neither is worth nothing.
func (r *recall) fuseLists() {
	var byWords, byMeaning list
	for _, m := range r.memories {
		m.said, m.meant = 0, 0
		if m.words > 0 {
			byWords = append(byWords, scored{m, m.words})
		}
		if m.cosine > unknown {
			byMeaning = append(byMeaning, scored{m, m.cosine})
		}
	}
	level := map[string]func(list) []float64{FusionRRF: list.byRank, FusionRSF: list.byRange, FusionDBSF: list.bySpread}[r.fusion]
	// As much as two sides that agree are worth when they are added.
	for i, x := range level(byWords) {
		byWords[i].said = 2 * (1 - r.alpha) * x
	}
	for i, x := range level(byMeaning) {
		byMeaning[i].meant = 2 * r.alpha * x
	}
}

// list is one of the lists that are fused.
type list []scored

type scored struct {
	*found
	by float64
}

// byRank returns 1 for the first and less for those after it, by RRF. It sorts
// the list.
func (l list) byRank() []float64 {
	slices.SortFunc(l, func(a, b scored) int { return cmp.Or(cmp.Compare(b.by, a.by), cmp.Compare(a.id, b.id)) })
	levels := make([]float64, len(l))
	for i := range l {
		levels[i] = (rrfK + 1) / float64(rrfK+1+i)
	}
	return levels
}

// byRange brings the least to 0 and the greatest to 1; all to 1 if they are
// the same.
func (l list) byRange() []float64 {
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range l {
		low, high = min(low, s.by), max(high, s.by)
	}
	return l.between(low, high)
}

// bySpread brings what is three standard deviations below the mean to 0, and
// as far above it to 1.
func (l list) bySpread() []float64 {
	by, squares := make([]float64, len(l)), make([]float64, len(l))
	for i, s := range l {
		by[i] = s.by
	}
	mean := sum(by) / float64(max(1, len(l)))
	for i, s := range l {
		squares[i] = (s.by - mean) * (s.by - mean)
	}
	deviation := math.Sqrt(sum(squares) / float64(max(1, len(l))))
	return l.between(mean-3*deviation, mean+3*deviation)
}

func (l list) between(low, high float64) []float64 {
	levels := make([]float64, len(l))
	for i, s := range l {
		levels[i] = 1
		if high > low {
			levels[i] = min(max((s.by-low)/(high-low), 0), 1)
		}
	}
	return levels
}

func checkFusion(method string, alpha float64) []error {
	var errs []error
	switch method {
	case FusionWeighted, FusionRRF, FusionRSF, FusionDBSF:
	default:
		errs = append(errs, fmt.Errorf("fusion must be %s, %s, %s or %s, got %q", FusionWeighted, FusionRRF, FusionRSF, FusionDBSF, method))
	}
	if !(alpha >= 0 && alpha <= 1) { // so that NaN is refused
		errs = append(errs, fmt.Errorf("alpha must be in [0.0, 1.0], got %v", alpha))
	}
	return errs
}
