package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"zapomni/memory/words"
)

// Limits of a question.
const (
	MaxQueryLength = 1000 // characters
	MaxLimit       = 100  // hits
)

// Recall answers a question: the memories that match best, best first, each
// shown by its best chunk. A workspace that does not exist answers like an
// empty one. The same question over the same memories gives the same answer,
// whatever the store: stores give candidates, the ranking is done here.
func (p *Processor) Recall(ctx context.Context, q Question) (Answer, error) {
	if err := q.check(); err != nil {
		return Answer{}, err
	}
	defer p.backlog.called()()
	r := p.recall(q)
	hits, err := r.find(ctx, q.Limit)
	if err == nil && len(hits) < q.Limit && r.leftSome() {
		r = p.broader(q, r)
		hits, err = r.find(ctx, q.Limit)
	}
	if err != nil {
		return Answer{}, fmt.Errorf("recall: %w", err)
	}
	return Answer{Hits: hits, Lacks: r.alike.lacks, Partly: r.alike.partly}, nil
}

// broader is how many times as much another look brings into view. There is one
// where hits are left to be wished for: when many chunks in view were of one
// memory, or of memories that say the same.
const broader = 4

// broader returns the look after than.
func (p *Processor) broader(q Question, than *recall) *recall {
	r := p.recall(q)
	r.breadth = broader
	r.alike.asked = than.alike.asked
	if than.alike.query.Vector == nil {
		r.embedder, r.alike.lacks, r.alike.partly = nil, than.alike.lacks, than.alike.partly
	}
	return r
}

// leftSome reports whether a broader look would bring in more that is worth a
// hit.
func (r *recall) leftSome() bool {
	if r.more {
		return true
	}
	c := r.chunks[r.farthest]
	return c != nil && slices.Contains(r.ranked, r.memories[c.passage.Memory])
}

func (q Question) check() error {
	if at := invalidUTF8(q.Text); at >= 0 {
		return &FieldError{Field: "query", Why: fmt.Sprintf("query is not valid UTF-8 at byte %d", at)}
	}
	switch {
	case strings.TrimSpace(q.Text) == "":
		return &FieldError{Field: "query", Why: "query cannot be empty or contain only whitespace"}
	case utf8.RuneCountInString(q.Text) > MaxQueryLength:
		return &FieldError{Field: "query", Why: fmt.Sprintf("query exceeds %d characters", MaxQueryLength)}
	case q.Limit < 1 || q.Limit > MaxLimit:
		return &FieldError{Field: "limit", Why: fmt.Sprintf("limit must be between 1 and %d, got %d", MaxLimit, q.Limit)}
	}
	switch q.Mode {
	case "", ByBoth, ByWords, ByMeaning:
	default:
		return &FieldError{Field: "mode", Why: fmt.Sprintf("mode must be %s, %s or %s, got %q", ByBoth, ByWords, ByMeaning, q.Mode)}
	}
	return q.Workspace.checkReserved()
}

// recall is one question under way.
type recall struct {
	store     Store
	embedder  Embedder
	docs      *docCache
	weigh     weights
	fusion    string
	alpha     float64
	least     float64 // cosine of what shares no word with the question
	workspace Workspace
	filter    Filter
	mode      Mode
	text      string
	breadth   int // by which the first look is broader than usual

	more     bool // there are more chunks that hold a word of the question
	farthest Ref  // of those brought in by meaning, if there may be more
	alike    likeness
	lag      func() Lag
	query    words.Query
	terms    []term  // of query.Terms
	total    float64 // worth of all terms
	average  float64 // length of the first candidates, in words
	chunks   map[Ref]*candidate
	memories map[ID]*found
	ranked   []*found // best first
}

// candidate is a chunk that came into view.
type candidate struct {
	passage *Passage
	doc     *words.Doc
	match   *match // nil until its memory is scored
}

// found is a memory that came into view, with what speaks for it.
type found struct {
	id     ID
	chunks []*candidate // those that came into view, in the order of the text
	best   *candidate   // of chunks
	scored bool         // what follows up to second is that of all chunks
	sum    match        // of their words
	words  float64      // what its words are worth
	cosine float64      // of the chunk nearest in meaning; unknown if none has a vector
	second float64      // of the next one
	said   float64      // of own, what is because of its words,
	meant  float64      // and of its meaning, both before it is looked at as a line
	own    float64      // what its own text is worth
	link   float64      // what is added because a hit names it,
	by     *found       // and the hit that does
	near   float64      // what is added because of what was said around it,
	beside *found       // and the one that adds most
	around float64      // what is added because of its session
	score  float64      // all together, as of the last ranking
}

// first returns the chunk that tells best what kind of memory it is.
func (m *found) first() *candidate { return m.chunks[0] }

func (p *Processor) recall(q Question) *recall {
	return &recall{
		store: p.store, embedder: p.embedder, docs: p.docs, weigh: p.weights,
		fusion: p.config.Fusion, alpha: p.config.Alpha, least: 2*p.config.MinSimilarity - 1,
		workspace: q.Workspace.orDefault(), filter: q.Filter, mode: q.Mode, text: q.Text, breadth: 1,
		lag: p.Lag, alike: likeness{cosines: make(map[Ref]float64)},
		query: p.analyzer.Query(q.Text), chunks: make(map[Ref]*candidate), memories: make(map[ID]*found),
	}
}

// find goes from the question to the hits.
func (r *recall) find(ctx context.Context, limit int) ([]Hit, error) {
	for _, step := range []func(context.Context) error{r.look, r.followNames, r.lookAround} {
		if err := step(ctx); err != nil {
			return nil, err
		}
		r.rank()
	}
	return r.hits(limit), nil
}

// look brings in the first candidates, by words and by meaning at once.
func (r *recall) look(ctx context.Context) error {
	var byMeaning []Ref
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		byMeaning, failed = r.lookByMeaning(ctx)
	}()
	byWords, err := r.lookByWords(ctx)
	<-done
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	return r.fetch(ctx, append(byWords, byMeaning...))
}

// fetch brings chunks into view, and scores the memories they belong to.
func (r *recall) fetch(ctx context.Context, refs []Ref) error {
	missing := make([]Ref, 0, len(refs))
	for _, ref := range refs {
		if r.chunks[ref] != nil {
			continue
		}
		if d, ok := r.docs.get(ref); ok {
			r.admit(d)
			continue
		}
		missing = append(missing, ref)
	}
	if len(missing) > 0 {
		passages, err := r.store.Passages(ctx, r.workspace, missing)
		if err != nil {
			return fmt.Errorf("passages: %w", err)
		}
		for i := range passages {
			r.admit(r.docs.put(&passages[i]))
		}
	}
	if r.average == 0 {
		r.measure()
	}
	if err := r.compare(ctx); err != nil {
		return err
	}
	for _, m := range r.memories {
		if !m.scored {
			r.score(m)
		}
	}
	r.fuse()
	return nil
}

func (r *recall) admit(d cachedDoc) {
	if !r.filter.admits(d.passage) {
		return
	}
	c := &candidate{passage: d.passage, doc: d.doc}
	r.chunks[d.passage.Ref] = c
	m := r.memories[d.passage.Memory]
	if m == nil {
		m = &found{id: d.passage.Memory}
		r.memories[m.id] = m
	}
	at, _ := slices.BinarySearchFunc(m.chunks, d.passage.Index, func(c *candidate, index int) int { return cmp.Compare(c.passage.Index, index) })
	m.chunks = slices.Insert(m.chunks, at, c)
	m.scored = false
}

// admits reports whether a passage is let through.
func (f Filter) admits(p *Passage) bool {
	switch {
	case f.Source != "" && f.Source != p.Source,
		!f.From.IsZero() && p.ValidFrom.Before(f.From),
		!f.To.IsZero() && !p.ValidFrom.Before(f.To):
		return false
	}
	return len(f.Tags) == 0 || slices.ContainsFunc(f.Tags, func(tag string) bool { return slices.Contains(p.Tags, tag) })
}

// Meaning alone finds something for every question. What it finds is left out
// up to a score that may be an accident, and where others are so much better.
const (
	accident = 0.01
	trifle   = 0.05 // of the best score
)

// rank puts what was found in order. Equals are ordered by age, the newest
// first.
func (r *recall) rank() {
	r.ranked = r.ranked[:0]
	best := 0.0
	for _, m := range r.memories {
		m.score = r.saidBy(m, m.own+m.link+m.near+m.around)
		best = max(best, m.score)
	}
	least := max(accident, trifle*best)
	for _, m := range r.memories {
		if m.score > 0 && (m.words > 0 || m.link > 0 || m.near > 0 || m.cosine >= r.least && m.score >= least) {
			r.ranked = append(r.ranked, m)
		}
	}
	slices.SortFunc(r.ranked, func(a, b *found) int {
		p, q := a.best.passage, b.best.passage
		return cmp.Or(cmp.Compare(b.score, a.score), q.ValidFrom.Compare(p.ValidFrom), cmp.Compare(q.Order, p.Order), cmp.Compare(a.id, b.id))
	})
}
