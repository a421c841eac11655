package embedded

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"zapomni/memory"
)

// refOf and numOf turn the number of a chunk into a Ref and back. Numbers are
// never given again.
func refOf(num int64) memory.Ref { return memory.Ref(strconv.FormatInt(num, 10)) }

func numOf(ref memory.Ref) (num int64, ok bool) {
	num, err := strconv.ParseInt(string(ref), 10, 64)
	return num, err == nil && refOf(num) == ref
}

const selectPassages = `
SELECT c.num, c.num - m.first, c.length, m.id, m.num, m.chunks, m.created_at, m.valid_from, m.tags, m.source, t.body
FROM json_each(?) n
	CROSS JOIN chunk c ON c.num = n.value
	CROSS JOIN memory m ON m.num = c.memory
	CROSS JOIN chunk_text t ON t.num = c.num
WHERE m.workspace = (SELECT num FROM workspace WHERE id = ?)`

// Passages returns the chunks of w that refs name, but for those that are gone.
func (s *Store) Passages(ctx context.Context, w memory.Workspace, refs []memory.Ref) ([]memory.Passage, error) {
	nums := make([]int64, 0, len(refs))
	for _, ref := range refs {
		if num, ok := numOf(ref); ok {
			nums = append(nums, num)
		}
	}
	slices.Sort(nums)
	nums = slices.Compact(nums)
	passages := make([]memory.Passage, 0, len(nums))
	err := s.read(ctx, func() error {
		return s.reading.each(ctx, func(r scanner) error {
			p, err := scanPassage(r)
			passages = append(passages, p)
			return err
		}, selectPassages, jsonOf(nums), string(w))
	})
	if err != nil {
		return nil, s.fault(ctx, "passages", err)
	}
	return passages, nil
}

func scanPassage(r scanner) (memory.Passage, error) {
	var p memory.Passage
	var num, created, valid int64
	var length int
	var tags string
	err := r.Scan(&num, &p.Index, &length, (*string)(&p.Memory), &p.Order, &p.Chunks, &created, &valid, &tags, &p.Source, &p.Text)
	if err != nil {
		return p, err
	}
	if length > len(p.Text) {
		return p, fmt.Errorf("%w: chunk %d is cut short", errDamaged, num)
	}
	p.Ref, p.Text, p.Tags = refOf(num), p.Text[:length], splitTags(tags)
	p.CreatedAt, p.ValidFrom = fromMicro(created), fromMicro(valid)
	return p, nil
}

// selectAround walks the index on time from each memory, at most n steps
// either way: among those of the same time first, as there may be many. It
// may go too far by as many.
const selectAround = `
SELECT a.id, b.valid_from > a.valid_from OR b.valid_from = a.valid_from AND b.num > a.num,
	b.valid_from, b.num, b.id, b.first, b.chunks
FROM (SELECT num FROM workspace WHERE id = ?1) w CROSS JOIN json_each(?2) i
	CROSS JOIN memory a ON a.id = i.value AND a.workspace = w.num
	CROSS JOIN memory b ON b.num IN (
		SELECT num FROM (SELECT num FROM memory WHERE workspace = w.num AND valid_from = a.valid_from AND num < a.num
			ORDER BY num DESC LIMIT ?3)
		UNION ALL
		SELECT num FROM (SELECT num FROM memory WHERE workspace = w.num AND valid_from < a.valid_from
			ORDER BY valid_from DESC, num DESC LIMIT ?3)
		UNION ALL
		SELECT num FROM (SELECT num FROM memory WHERE workspace = w.num AND valid_from = a.valid_from AND num > a.num
			ORDER BY num LIMIT ?3)
		UNION ALL
		SELECT num FROM (SELECT num FROM memory WHERE workspace = w.num AND valid_from > a.valid_from
			ORDER BY valid_from, num LIMIT ?3))`

// neighbor is a memory near another, and where it stands in time.
type neighbor struct {
	memory.Neighbor

	after      bool
	valid, num int64
}

// Around returns the memories up to n places before and after each of ids.
func (s *Store) Around(ctx context.Context, w memory.Workspace, ids []memory.ID, n int) ([]memory.Neighbor, error) {
	if n <= 0 || len(ids) == 0 {
		return nil, s.fault(ctx, "around", ctx.Err())
	}
	unique := slices.Compact(slices.Sorted(slices.Values(ids)))
	var found []neighbor
	err := s.read(ctx, func() error {
		return s.reading.each(ctx, func(r scanner) error {
			var b neighbor
			var first, chunks int64
			err := r.Scan((*string)(&b.Of), &b.after, &b.valid, &b.num, (*string)(&b.Memory), &first, &chunks)
			if chunks > 0 {
				b.First = refOf(first)
			}
			found = append(found, b)
			return err
		}, selectAround, string(w), jsonOf(unique), n)
	})
	if err != nil {
		return nil, s.fault(ctx, "around", err)
	}
	return inPlace(found, n), nil
}

// inPlace counts the places from each memory to its neighbors, and keeps those
// up to n places away.
func inPlace(found []neighbor, n int) []memory.Neighbor {
	slices.SortFunc(found, func(a, b neighbor) int {
		return cmp.Or(cmp.Compare(a.Of, b.Of), cmp.Compare(a.valid, b.valid), cmp.Compare(a.num, b.num))
	})
	all := make([]memory.Neighbor, 0, len(found))
	for start := 0; start < len(found); {
		of, before, end := found[start].Of, 0, start
		for ; end < len(found) && found[end].Of == of; end++ {
			if !found[end].after {
				before++
			}
		}
		for i, b := range found[start:end] {
			b.Offset = i - before
			if b.after {
				b.Offset++
			}
			if -n <= b.Offset && b.Offset <= n {
				all = append(all, b.Neighbor)
			}
		}
		start = end
	}
	return all
}
