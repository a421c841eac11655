package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zapomni/memory"
	"zapomni/memory/words"
)

// prefix stands before each term of a workspace in the word index, so that
// each workspace has lists and counts of its own.
func prefix(workspace int64) string { return strconv.FormatInt(workspace, 36) + ":" }

// addWords indexes a chunk under its terms, which have blanks between them.
func (t *tx) addWords(chunk, workspace int64, terms string) error {
	if terms != "" {
		p := prefix(workspace)
		terms = p + strings.ReplaceAll(terms, " ", " "+p)
	}
	return t.exec("INSERT INTO words(rowid, terms) VALUES (?, ?)", chunk, terms)
}

// index is what the word index knows of a workspace.
type index struct {
	workspace int64
	prefix    string
	chunks    int64
	state     int64 // the number of the last chunk put, in any workspace
}

// index returns sql.ErrNoRows for a workspace that does not exist.
func (s *Store) index(ctx context.Context, w memory.Workspace) (index, error) {
	var x index
	err := s.reading.row(ctx, `
SELECT num, chunks, ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'chunk'), 0) FROM workspace WHERE id = ?`,
		string(w)).Scan(&x.workspace, &x.chunks, &x.state)
	x.prefix = prefix(x.workspace)
	return x, err
}

// Matching finds the chunks of w that hold terms of q, by BM25 without
// regard to length. The word index is asked first and the filter afterwards,
// for as many chunks as it takes to have k.
func (s *Store) Matching(ctx context.Context, w memory.Workspace, q memory.TermQuery, k int) ([]memory.Ref, error) {
	var refs []memory.Ref
	err := s.read(ctx, func() error {
		x, err := s.index(ctx, w)
		if err != nil {
			return err
		}
		found, err := s.rank(ctx, x, q.Terms)
		if err != nil {
			return err
		}
		refs, err = s.choose(ctx, found, q.Filter, k)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, s.fault(ctx, "match", err)
	}
	return refs, nil
}

// list makes a JSON array of terms as they stand in the index.
func (x index) list(terms []string) string {
	all := make([]string, len(terms))
	for i, term := range terms {
		all[i] = x.prefix + term
	}
	return jsonOf(all)
}

// choose takes the k best that pass the filter.
func (s *Store) choose(ctx context.Context, r ranking, f memory.Filter, k int) ([]memory.Ref, error) {
	var refs []memory.Ref
	best := r.heap()
	for batch := max(2*k, 256); len(refs) < k && len(best) > 0; batch *= 2 {
		if !narrows(f) {
			batch = k
		}
		var nums []int64
		for range min(batch, len(best)) {
			nums = append(nums, best.pop())
		}
		passed, err := s.pass(ctx, nums, f)
		if err != nil {
			return nil, err
		}
		for _, num := range passed[:min(len(passed), k-len(refs))] {
			refs = append(refs, refOf(num))
		}
	}
	return refs, nil
}

// selectPassing keeps those of the chunks given whose memory passes a filter.
const selectPassing = `
SELECT c.num FROM json_each(?1) n
	CROSS JOIN chunk c ON c.num = n.value
	CROSS JOIN memory m ON m.num = c.memory
WHERE ` + passes

// pass returns those of nums that pass f, in the order given.
func (s *Store) pass(ctx context.Context, nums []int64, f memory.Filter) ([]int64, error) {
	if !narrows(f) {
		return nums, nil
	}
	// In the order of the file, so that each page is read once.
	asked := slices.Sorted(slices.Values(nums))
	passed := make(map[int64]bool)
	err := s.reading.each(ctx, func(r scanner) error {
		var num int64
		err := r.Scan(&num)
		passed[num] = true
		return err
	}, selectPassing, append([]any{jsonOf(asked)}, conditions(f)...)...)
	return slices.DeleteFunc(nums, func(num int64) bool { return !passed[num] }), err
}

// rebuildWords fills the word index and the headings from the texts, within t.
func (s *Store) rebuildWords(ctx context.Context, t *tx) error {
	const batch = 1000
	for _, query := range []string{"INSERT INTO words(words) VALUES ('delete-all')", "DELETE FROM heading"} {
		if err := t.exec(query); err != nil {
			return err
		}
	}
	type row struct {
		num, workspace int64
		length         int
		body           string
		first          bool // of its memory
	}
	last := int64(0)
	for done := 0; ; {
		var rows []row
		err := t.each(func(r scanner) error {
			var c row
			err := r.Scan(&c.num, &c.workspace, &c.length, &c.body, &c.first)
			rows = append(rows, c)
			return err
		}, `
SELECT c.num, m.workspace, c.length, t.body, c.num = m.first FROM chunk c
	CROSS JOIN chunk_text t ON t.num = c.num CROSS JOIN memory m ON m.num = c.memory
WHERE c.num > ? ORDER BY c.num LIMIT ?`, last, batch)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, c := range rows {
			if c.length > len(c.body) {
				return fmt.Errorf("%w: chunk %d is cut short", errDamaged, c.num)
			}
			text := c.body[:c.length]
			if err := t.addWords(c.num, c.workspace, s.terms(text)); err != nil {
				return err
			}
			if c.first {
				if err := t.addHeadings(c.num, c.workspace, words.Leads(text)); err != nil {
					return err
				}
			}
			last = c.num
		}
		done += len(rows)
		s.log.InfoContext(ctx, "word_index_growing", "path", s.path, "chunks", done)
	}
}

// terms returns the terms of a text with blanks between them.
func (s *Store) terms(text string) string { return strings.Join(s.analyzer.Terms(text), " ") }

// jsonOf makes JSON of strings or numbers.
func jsonOf[T cmp.Ordered](list []T) string {
	b, err := json.Marshal(list)
	if err != nil {
		panic("embedded: strings and numbers that are no JSON: " + err.Error())
	}
	return string(b)
}
