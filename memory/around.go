package memory

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// asked is how many of the best memories are asked for their neighbors.
	asked = 40
	// reach is how many places away a neighbor is at most.
	reach = 2
	// pause is the silence after which another session of a conversation
	// begins.
	pause = time.Hour
	// sessionBest is how many lines of a session speak for all of it.
	sessionBest = 5
)

// lookAround lets the lines of a conversation speak for each other: what
// answers a question often has none of its words, and stands right after the
// line that has. Memories that are no lines of a conversation are left alone.
func (r *recall) lookAround(ctx context.Context) error {
	ids := make([]ID, 0, asked)
	for _, m := range r.ranked[:min(asked, len(r.ranked))] {
		if m.isLine() {
			ids = append(ids, m.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	neighbors, err := r.store.Around(ctx, r.workspace, ids, reach)
	if err != nil {
		return fmt.Errorf("around: %w", err)
	}
	refs := make([]Ref, len(neighbors))
	for i, n := range neighbors {
		refs[i] = n.First
	}
	if err := r.fetch(ctx, refs); err != nil {
		return err
	}
	r.rank()
	r.addNeighbors(neighbors)
	r.addSessions()
	return nil
}

// isLine reports whether m is a line of a conversation.
func (m *found) isLine() bool { return m.first().doc.Speaker != 0 }

func (m *found) when() time.Time { return m.first().passage.ValidFrom }

// lineWorth is how the form of a line of a conversation changes what it is
// worth.
type lineWorth struct {
	factor float64 // of what its text is worth
	dated  float64 // and what is added to that
}

func (r *recall) lineWorth(m *found) lineWorth {
	worth := lineWorth{factor: 1}
	if !m.isLine() || m.said+m.meant == 0 {
		return worth
	}
	if m.first().doc.Asks {
		worth.factor -= r.weigh.asking
	}
	if r.query.When && m.first().doc.Dated {
		worth.dated = r.weigh.dated
	}
	return worth
}

// saidBy changes the score of a line by who says it.
func (r *recall) saidBy(m *found, score float64) float64 {
	if m.isLine() && r.term(m.first().doc.Speaker) >= 0 {
		score *= 1 + r.weigh.speaker
	}
	return score
}

// addNeighbors adds to each line a part of what the lines around it are worth.
func (r *recall) addNeighbors(neighbors []Neighbor) {
	type step struct{ from, to ID }
	done := make(map[step]bool, 2*len(neighbors))
	pass := func(from, to ID, offset int) {
		f, t := r.memories[from], r.memories[to]
		if f == nil || t == nil || done[step{from, to}] || !f.isLine() || !t.isLine() || f.when().Sub(t.when()).Abs() > pause {
			return
		}
		done[step{from, to}] = true
		share := r.weigh.nextBut
		if offset == 1 || offset == -1 {
			share = r.weigh.adjacent
		}
		if offset > 0 && f.first().doc.Asks {
			share *= 1 + r.weigh.answer
		}
		t.near += share * f.score
		if t.beside == nil || f.score > t.beside.score {
			t.beside = f
		}
	}
	for _, n := range neighbors {
		pass(n.Of, n.Memory, n.Offset)
		pass(n.Memory, n.Of, -n.Offset)
	}
}

// addSessions adds to each line a part of what the best of its session are
// worth, with what their neighbors add.
func (r *recall) addSessions() {
	lines := make([]*found, 0, len(r.memories))
	for _, m := range r.memories {
		if m.isLine() {
			lines = append(lines, m)
		}
	}
	slices.SortFunc(lines, func(a, b *found) int { return a.when().Compare(b.when()) })
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && lines[n].when().Sub(lines[n-1].when()) < pause {
			n++
		}
		addSession(lines[:n], r.weigh.session)
		lines = lines[n:]
	}
}

func addSession(session []*found, share float64) {
	scores := make([]float64, len(session))
	for i, m := range session {
		scores[i] = m.score + m.near
	}
	slices.Sort(scores)
	var sum float64
	for _, s := range scores[max(0, len(scores)-sessionBest):] {
		sum += s
	}
	for _, m := range session {
		m.around = share * sum / sessionBest
	}
}
