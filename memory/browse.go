package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// The kinds of Card.
const (
	KindNote     = "note"     // a short text
	KindLine     = "line"     // a line of a conversation, headed by who says it
	KindDocument = "document" // a text of several chunks
	KindCode     = "code"     // a piece of a source tree
)

// codeSource is the source of what was read off a source tree.
const codeSource = "code_indexer"

// How much of a memory its card shows.
const (
	titleLength = 90 // characters
	mostTags    = 12
	labelLength = 60     // characters, of a tag or source
	namedIn     = 16_384 // bytes of a text that are read for names
	speakerIn   = 256    // bytes of a text that are read for a speaker
	browsePage  = 1000   // IDs that are asked for at a time
	fetchers    = 4      // memories that are fetched at a time
)

// Card is a memory as a list shows it.
type Card struct {
	ID ID
	// Title is the first line of the text, cut where it is long.
	Title     string
	Kind      string   // one of the Kind constants
	Tags      []string // the first twelve, each cut where it is long
	Source    string
	CreatedAt time.Time
	ValidFrom time.Time
	Chunks    int
}

// Browse shows the memories of a workspace page by page, in the order in which
// they were recorded: up to n of them, and where to go on. The empty cursor
// starts at the first, and comes back after the last. A workspace that does not
// exist is like an empty one.
func (p *Processor) Browse(ctx context.Context, w Workspace, after Cursor, n int) ([]Card, Cursor, error) {
	w = w.orDefault()
	ids, next, err := p.store.List(ctx, w, after, n)
	if err != nil {
		return nil, "", fmt.Errorf("browse workspace %s: %w", w, err)
	}
	cards, err := look(ctx, p.store, w, ids, p.card)
	if err != nil {
		return nil, "", fmt.Errorf("browse workspace %s: %w", w, err)
	}
	return cards, next, nil
}

// Latest shows the memories that were recorded last, the newest first: up to n
// of them, without the skip newest. all is how many the workspace holds.
func (p *Processor) Latest(ctx context.Context, w Workspace, skip, n int) (cards []Card, all int, err error) {
	w = w.orDefault()
	ids, err := p.allIDs(ctx, w)
	if err != nil {
		return nil, 0, fmt.Errorf("latest of workspace %s: %w", w, err)
	}
	all = len(ids)
	end := max(0, all-max(0, skip))
	some := ids[max(0, end-max(0, n)):end]
	slices.Reverse(some)
	if cards, err = look(ctx, p.store, w, some, p.card); err != nil {
		return nil, 0, fmt.Errorf("latest of workspace %s: %w", w, err)
	}
	return cards, all, nil
}

// allIDs lists all memories of a workspace, in the order of recording.
func (p *Processor) allIDs(ctx context.Context, w Workspace) ([]ID, error) {
	var all []ID
	for after := Cursor(""); ; {
		ids, next, err := p.store.List(ctx, w, after, browsePage)
		if err != nil {
			return nil, err
		}
		all = append(all, ids...)
		if next == "" {
			return all, nil
		}
		after = next
	}
}

// look fetches memories and keeps what show makes of each, in the order of ids.
// Those that are gone meanwhile are left out.
func look[T any](ctx context.Context, from Keeper, w Workspace, ids []ID, show func(Memory) T) ([]T, error) {
	shown := make([]*T, len(ids))
	faults := make([]error, fetchers)
	var running sync.WaitGroup
	for f := range fetchers {
		running.Go(func() {
			for i := f; i < len(ids) && faults[f] == nil; i += fetchers {
				m, err := from.Get(ctx, w, ids[i])
				switch {
				case err == nil:
					shown[i] = new(show(m))
				case !errors.Is(err, ErrNotFound):
					faults[f] = err
				}
			}
		})
	}
	running.Wait()
	var all []T
	for _, one := range shown {
		if one != nil {
			all = append(all, *one)
		}
	}
	return all, errors.Join(faults...)
}

// card keeps nothing of m alive but what it shows.
func (p *Processor) card(m Memory) Card {
	c := Card{
		ID: m.ID, Title: titleFor(m.Text), Kind: p.kind(m), Source: shortened(m.Source, labelLength),
		CreatedAt: m.CreatedAt, ValidFrom: m.ValidFrom, Chunks: len(m.Chunks),
	}
	for _, tag := range m.Tags[:min(mostTags, len(m.Tags))] {
		c.Tags = append(c.Tags, shortened(tag, labelLength))
	}
	return c
}

func (p *Processor) kind(m Memory) string {
	switch {
	case m.Source == codeSource:
		return KindCode
	case p.analyzer.Doc(beginning(m.Text, speakerIn)).Speaker != 0:
		return KindLine
	case len(m.Chunks) > 1:
		return KindDocument
	}
	return KindNote
}

// titleFor returns the first line that says something, without the marks that
// make it a heading.
func titleFor(text string) string {
	for line := range strings.Lines(beginning(text, namedIn)) {
		line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "#"))
		if line != "" {
			return shortened(strings.Join(strings.Fields(line), " "), titleLength)
		}
	}
	return ""
}

// shortened cuts s at n characters, with an ellipsis for what is left out.
func shortened(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return strings.Clone(s)
	}
	at := 0
	for range n - 1 {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return strings.TrimRight(s[:at], " ") + "…"
}

// beginning returns the first n bytes of text, or somewhat fewer: whole
// characters only.
func beginning(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
