package embedded

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"zapomni/memory"
)

const (
	// fewMemories is how many are gone through to see which pass a filter, before
	// any code is looked at.
	fewMemories = 16_384
	// checkCost is how many memories are gone through in the time that it takes
	// to ask about one chunk.
	checkCost = 4
	// askMore is how many times as many chunks are asked about the next time.
	askMore = 4
)

// candidates returns chunks that pass f, among which the nearest are: so many,
// if there are as many.
//
// The filter comes after the codes, for as many of the best as it takes. If few
// memories lie in its times, or few pass it, those that do come first.
func (s *Store) candidates(ctx context.Context, set *codeSet, p probe, f memory.Filter, depth int) ([]int64, error) {
	if !narrows(f) {
		return set.best(p, depth), nil
	}
	few, memories, err := s.fewInTime(ctx, set, f)
	if err != nil {
		return nil, err
	}
	if !few {
		nums, enough, err := s.bestThatPass(ctx, set, p, f, depth, memories/checkCost)
		if err != nil || enough {
			return nums, err
		}
	}
	return s.allThatPass(ctx, set, p, f, depth)
}

// bestThatPass asks whether the best chunks pass f, and then about more, so many
// at most. The first time, it asks about so many that a filter which half of them
// pass is satisfied.
func (s *Store) bestThatPass(ctx context.Context, set *codeSet, p probe, f memory.Filter, depth, atMost int) (nums []int64, enough bool, err error) {
	passes := make(map[int64]bool) // of those that were asked about
	for most := 5 * depth / 2; most <= atMost; most *= askMore {
		best := set.best(p, most)
		var asked []int64
		for _, num := range best {
			if _, ok := passes[num]; !ok {
				asked = append(asked, num)
				passes[num] = false
			}
		}
		passed, err := s.pass(ctx, asked, f)
		if err != nil {
			return nil, false, err
		}
		for _, num := range passed {
			passes[num] = true
		}
		best = slices.DeleteFunc(best, func(num int64) bool { return !passes[num] })
		if len(best) >= depth {
			return best[:depth], true, nil
		}
	}
	return nil, false, nil
}

// inTime is the condition that a memory lies in the times of a filter, in a form
// in which SQLite enters the index on time. It takes the arguments that passes
// takes.
const inTime = `workspace = ?1 AND valid_from >= ifnull(?3, -9223372036854775808) AND valid_from < ifnull(?4, 9223372036854775807)`

const countInTime = `
SELECT (SELECT count(*) FROM (SELECT 1 FROM memory INDEXED BY memory_by_time WHERE ` + inTime + ` LIMIT ?2)), memories
FROM workspace WHERE num = ?1`

// fewInTime says whether few memories lie in the times of f, and how many there
// are at any time.
func (s *Store) fewInTime(ctx context.Context, set *codeSet, f memory.Filter) (few bool, memories int, err error) {
	times := conditions(f)
	var n int
	err = s.reading.row(ctx, countInTime, set.num, fewMemories+1, times[1], times[2]).Scan(&n, &memories)
	if errors.Is(err, sql.ErrNoRows) {
		err = errRecoded
	}
	return n <= fewMemories, memories, err
}

const selectAllThatPass = `
SELECT m.first, m.chunks FROM memory m INDEXED BY memory_by_time WHERE ` + inTime + " AND " + passes

// allThatPass returns the chunks of all memories that pass f: the most promising
// of them, if they are more than are wanted.
func (s *Store) allThatPass(ctx context.Context, set *codeSet, p probe, f memory.Filter, depth int) ([]int64, error) {
	var spots []spot
	var nums []int64
	err := s.reading.each(ctx, func(r scanner) error {
		var first, chunks int64
		err := r.Scan(&first, &chunks)
		for num := first; num < first+chunks; num++ {
			if at, ok := set.place(num); ok {
				spots, nums = append(spots, at), append(nums, num)
			}
		}
		return err
	}, selectAllThatPass, append([]any{set.num}, conditions(f)...)...)
	if err != nil || len(nums) <= depth {
		return nums, err
	}
	return set.choose(p, spots, depth), nil
}
