package embedded

import (
	"context"
	"errors"
	"slices"
	"sync"

	"zapomni/memory"
)

// The self-test asks for the testNearest nearest to each of the latest
// questions, testAsked at most, and to testKept of the vectors kept. It is due
// from testFrom vectors on, and again whenever there are twice as many.
const (
	testFrom    = 512
	testNearest = 10
	testAsked   = 16
	testKept    = 8
	// enough is how much of what a search of all vectors finds, Nearest is to
	// find as well.
	enough = 0.98
)

// testState is what the self-test of a workspace has to go by.
type testState struct {
	mu    sync.Mutex
	asked []askedVector // the latest
	next  int           // to be replaced
	// tried is how many vectors of triedOf there were at the last test, whatever
	// became of it.
	tried   int64
	triedOf codingID
}

// codingID names a coding: a workspace that is made anew has another number,
// and may count its codings as the one before it did.
type codingID struct{ workspace, coding int64 }

func (c *codeSet) id() codingID { return codingID{c.num, c.coding} }

// askedVector is a question, and the coding that answered it.
type askedVector struct {
	of     codingID
	vector []float32
}

// ask remembers a question.
func (t *testState) ask(a askedVector) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.asked) < testAsked {
		t.asked = append(t.asked, a)
		return
	}
	t.asked[t.next] = a
	t.next = (t.next + 1) % testAsked
}

// latest returns what was asked of a coding.
func (t *testState) latest(of codingID) []direction {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []direction
	for _, a := range t.asked {
		if a.of == of {
			all = append(all, directionOf(a.vector))
		}
	}
	return all
}

// due says whether there are so many vectors more than at the last test of the
// same coding that it has to be repeated. It says so once.
func (t *testState) due(set *codeSet) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.triedOf != set.id() {
		t.tried, t.triedOf = 0, set.id()
	}
	if set.vectors < max(testFrom, 2*set.tested, 2*t.tried) {
		return false
	}
	t.tried = set.vectors
	return true
}

// testQuestion asks for the nearest to d, but for the chunk whose vector it is.
type testQuestion struct {
	d   direction
	own int64 // 0 if it is nobody's
}

// noteQuestion remembers a question for the self-test, and has that done in the
// background if it is due.
func (s *Store) noteQuestion(w memory.Workspace, set *codeSet, vector []float32) {
	if set.vectors < testFrom {
		return
	}
	state := &s.codes.of(w).test
	state.ask(askedVector{set.id(), slices.Clone(vector)})
	if !s.testing.CompareAndSwap(false, true) {
		return
	}
	if !state.due(set) || !s.gate.enter() {
		s.testing.Store(false)
		return
	}
	go func() {
		defer s.gate.leave()
		defer s.testing.Store(false)
		err := s.selfTest(s.background, w)
		if errors.Is(err, errRecoded) {
			return // the new codes are tested when they are asked
		}
		if err != nil && s.background.Err() == nil {
			s.log.WarnContext(s.background, "nearest_not_tested", "path", s.path, "error", err)
		}
	}()
}

// selfTest compares what Nearest finds in w with what a search of all vectors
// finds, and makes Nearest compare more candidates in full until that is enough.
func (s *Store) selfTest(ctx context.Context, w memory.Workspace) error {
	set, err := s.codeSet(ctx, w)
	if err != nil || set.codes == 0 {
		return err
	}
	questions, err := s.testQuestions(ctx, set, s.codes.of(w).test.latest(set.id()))
	if err != nil {
		return err
	}
	truth, err := s.nearestOfAll(ctx, set, questions, testNearest)
	if err != nil {
		return err
	}
	depth, err := set.depthOf(ctx, questions, truth)
	if err != nil {
		return err
	}
	err = s.keepDepth(ctx, set, depth)
	if before := max(baseDepth, int(set.depth)); err == nil && depth > before {
		s.log.InfoContext(ctx, "nearest_deepened", "path", s.path, "from", before, "to", depth)
	}
	return err
}

// keepDepth keeps what was found of set for all processes, unless all codes were
// made anew meanwhile.
func (s *Store) keepDepth(ctx context.Context, set *codeSet, depth int) error {
	return s.write(ctx, func(t *tx) error {
		return t.exec("UPDATE workspace SET depth = ?, tested = ?, change = change + 1 WHERE num = ? AND coding = ?",
			depth, set.vectors, set.num, set.coding)
	})
}

// testQuestions are those that were asked, and vectors from all over the set.
func (s *Store) testQuestions(ctx context.Context, set *codeSet, asked []direction) ([]testQuestion, error) {
	var questions []testQuestion
	for _, d := range asked {
		questions = append(questions, testQuestion{d: d})
	}
	var nums []int64
	for i := range testKept {
		nums = append(nums, set.blocks[i*len(set.blocks)/testKept].chunk(0))
	}
	vectors, err := s.readVectors(ctx, set, slices.Compact(nums))
	for _, v := range vectors {
		numbers, err := vectorOf(v.vector)
		if err != nil {
			return nil, err
		}
		questions = append(questions, testQuestion{d: directionOf(numbers), own: v.num})
	}
	return questions, err
}

// nearestOfAll finds the k nearest to each question by looking at every vector
// of set. It reads a part of the file at a time, so that what others write can
// be moved out of the log meanwhile.
func (s *Store) nearestOfAll(ctx context.Context, set *codeSet, questions []testQuestion, k int) ([]nearest, error) {
	best := make([]nearest, len(questions))
	for i := range best {
		best[i].k = k
	}
	for part := range slices.Chunk(set.blocks, 16) {
		var nums []int64
		for _, b := range part {
			for place := range b.len() {
				nums = append(nums, b.chunk(place))
			}
		}
		vectors, err := s.readVectors(ctx, set, nums)
		if err != nil {
			return nil, err
		}
		for _, v := range vectors {
			numbers, err := vectorOf(v.vector)
			if err != nil {
				return nil, err
			}
			d := directionOf(numbers)
			for i, q := range questions {
				if q.own != v.num {
					best[i].offer(candidate{v.num, q.d.dot(d)})
				}
			}
		}
	}
	return best, nil
}

// depthOf is how many candidates it takes to find enough of the truth, the base
// or twice, four times as many, and so on.
func (c *codeSet) depthOf(ctx context.Context, questions []testQuestion, truth []nearest) (int, error) {
	depth := baseDepth
	for ; depth < c.codes; depth *= 2 {
		found, err := c.found(ctx, questions, truth, depth)
		if err != nil {
			return 0, err
		}
		if found >= enough {
			break
		}
	}
	return depth, nil
}

// found is the part of the truth that is among the candidates at some depth.
func (c *codeSet) found(ctx context.Context, questions []testQuestion, truth []nearest, depth int) (float64, error) {
	hits, all := 0, 0
	for i, q := range questions {
		// A deep search of many codes takes a while, and the store may be closing.
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		candidates := make(map[int64]bool)
		for _, num := range c.best(newProbe(q.d, c.mean), depth) {
			candidates[num] = true
		}
		for _, t := range truth[i].held {
			all++
			if candidates[t.num] {
				hits++
			}
		}
	}
	return float64(hits) / float64(max(all, 1)), nil
}
