package memory

import (
	"context"
	"fmt"

	"zapomni/memory/words"
)

// overheard returns the texts that stand for chunks of w when they are
// embedded. A line of a conversation means little alone ("Yes, in May!"), so
// the line before it goes ahead of it. All else stands for itself.
//
// The vector keeps what it was made of: it does not change when the line before
// is changed or forgotten.
func overheard(ctx context.Context, s Searcher, w Workspace, chunks []Unembedded) ([]string, error) {
	texts := make([]string, len(chunks))
	var lines []Ref
	for i, c := range chunks {
		texts[i] = c.Text
		if words.Speaker(c.Text) != "" {
			lines = append(lines, c.Ref)
		}
	}
	if len(lines) == 0 {
		return texts, nil
	}
	passages, err := s.Passages(ctx, w, lines)
	if err != nil {
		return nil, fmt.Errorf("passages: %w", err)
	}
	before, err := linesBefore(ctx, s, w, passages)
	if err != nil {
		return nil, err
	}
	for i, c := range chunks {
		if line := before[c.Ref]; line != "" {
			texts[i] = line + "\n" + c.Text
		}
	}
	return texts, nil
}

// linesBefore returns the line before each of lines that stands in a
// conversation.
func linesBefore(ctx context.Context, s Searcher, w Workspace, lines []Passage) (map[Ref]string, error) {
	firsts := make(map[ID]Passage, len(lines))
	ids := make([]ID, 0, len(lines))
	for _, p := range lines {
		if p.Index == 0 {
			firsts[p.Memory] = p
			ids = append(ids, p.Memory)
		}
	}
	neighbors, err := s.Around(ctx, w, ids, 2)
	if err != nil {
		return nil, fmt.Errorf("around: %w", err)
	}
	refs := make([]Ref, 0, len(neighbors))
	for _, n := range neighbors {
		if n.Offset < 0 {
			refs = append(refs, n.First)
		}
	}
	said, err := s.Passages(ctx, w, refs)
	if err != nil {
		return nil, fmt.Errorf("passages: %w", err)
	}
	by := make(map[Ref]Passage, len(said))
	for _, p := range said {
		by[p.Ref] = p
	}
	earlier := make(map[ID][2]Passage, len(ids)) // the one before, and the one before that
	for _, n := range neighbors {
		if n.Offset < 0 {
			two := earlier[n.Of]
			two[-n.Offset-1] = by[n.First]
			earlier[n.Of] = two
		}
	}
	before := make(map[Ref]string, len(ids))
	for id, two := range earlier {
		if line := firsts[id]; line.converses(two[0], two[1]) {
			before[line.Ref] = two[0].Text
		}
	}
	return before, nil
}

// converses reports whether p and the two before it are lines of a
// conversation: two take turns in them, with no long silence. A colon alone
// heads lists and notes as well.
func (p Passage) converses(before, second Passage) bool {
	a, b, c := words.Speaker(second.Text), words.Speaker(before.Text), words.Speaker(p.Text)
	if a == "" || b == "" || c == "" || a == b && b == c || a != b && b != c && a != c {
		return false
	}
	return p.ValidFrom.Sub(before.ValidFrom) <= pause && before.ValidFrom.Sub(second.ValidFrom) <= pause
}
