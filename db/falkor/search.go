package falkor

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
	"zapomni/memory"
	"zapomni/memory/words"
)

// selectMatching adds up, for each chunk, what its terms are worth. The score
// that the full-text index itself gives is of no use: it rounds, and divides
// by how far apart the terms stand.
const selectMatching = `
UNWIND $terms AS term
CALL db.idx.fulltext.queryNodes('Chunk', term.token) YIELD node
WITH node, sum(term.worth) AS score
RETURN node.num AS num
ORDER BY score DESC, num DESC LIMIT $limit`

// passes holds for the memories that pass a filter. A condition that is null
// lets all pass. The tags are gone through from the memory's side: the other
// way round FalkorDB filters before it knows the memory, and nothing passes.
const passes = `
	($source IS NULL OR m.source = $source)
	AND ($from IS NULL OR m.valid_from >= $from)
	AND ($to IS NULL OR m.valid_from < $to)
	AND ($tags IS NULL OR any(tag IN m.tags WHERE tag IN $tags))`

// selectMatchingFiltered does the same with the chunks of the memories that
// pass a filter.
const selectMatchingFiltered = `
UNWIND $terms AS term
CALL db.idx.fulltext.queryNodes('Chunk', term.token) YIELD node
WITH node, sum(term.worth) AS score
MATCH (m:Memory)-[:HAS_CHUNK]->(node)
WHERE` + passes + `
RETURN node.num AS num
ORDER BY score DESC, num DESC LIMIT $limit`

// Matching finds the chunks of w that hold terms of q, best first by the sum
// of the terms' rarities.
func (s *Store) Matching(ctx context.Context, w memory.Workspace, q memory.TermQuery, k int) ([]memory.Ref, error) {
	refs, err := s.matching(ctx, w, q, k)
	if err != nil {
		return nil, fmt.Errorf("match: %w", err)
	}
	return refs, nil
}

func (s *Store) matching(ctx context.Context, w memory.Workspace, q memory.TermQuery, k int) ([]memory.Ref, error) {
	terms := slices.Compact(slices.Sorted(slices.Values(q.Terms)))
	x, counted, err := s.count(ctx, w, terms)
	if err != nil {
		return nil, err
	}
	var asked []cypher.Map
	for _, term := range terms {
		if n := counted[term]; n > 0 {
			asked = append(asked, cypher.Map{cypher.P("token", token(term)), cypher.P("worth", rarity(n, x.chunks))})
		}
	}
	if len(asked) == 0 || k <= 0 {
		return nil, ctx.Err()
	}
	text, params := selectMatching, []cypher.Param{cypher.P("terms", asked), cypher.P("limit", k)}
	if narrows(q.Filter) {
		text, params = selectMatchingFiltered, append(params, filterParams(q.Filter)...)
	}
	found, err := s.read(ctx, x.graph, text, params...)
	if err != nil {
		return nil, err
	}
	refs := make([]memory.Ref, found.Len())
	for i := range refs {
		refs[i] = refOf(found.Row(i).Get("num"))
	}
	return refs, nil
}

func narrows(f memory.Filter) bool {
	return len(f.Tags) > 0 || f.Source != "" || !f.From.IsZero() || !f.To.IsZero()
}

func filterParams(f memory.Filter) []cypher.Param {
	var source, from, to, tags any
	if f.Source != "" {
		source = stored(f.Source)
	}
	if !f.From.IsZero() {
		from = f.From
	}
	if !f.To.IsZero() {
		to = f.To
	}
	if len(f.Tags) > 0 {
		tags = storedAll(f.Tags)
	}
	return []cypher.Param{cypher.P("source", source), cypher.P("from", from), cypher.P("to", to), cypher.P("tags", tags)}
}

// refOf and numOf turn the number of a chunk into a Ref and back. Numbers are
// never given again. Chunks are found by their ref, a text: FalkorDB takes eight
// times as long to find a number.
func refOf(num reply.Value) memory.Ref { return memory.Ref(strconv.FormatInt(num.Int(), 10)) }

func numOf(ref memory.Ref) (num int64, ok bool) {
	num, err := strconv.ParseInt(string(ref), 10, 64)
	return num, err == nil && strconv.FormatInt(num, 10) == string(ref)
}

// validRefs lists refs, each once, without what cannot be one of ours.
func validRefs(refs []memory.Ref) []string {
	all := make([]string, 0, len(refs))
	for _, ref := range refs {
		if _, ok := numOf(ref); ok {
			all = append(all, string(ref))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

const selectPassages = `
MATCH (c:Chunk) WHERE c.ref IN $refs
MATCH (m:Memory)-[:HAS_CHUNK]->(c)
RETURN c.num AS num, c.index AS index, c.text AS text, m.id AS id, size(m.bounds) AS bounds, m.place AS place,
	m.created_at AS created_at, m.valid_from AS valid_from, m.tags AS tags, m.source AS source`

// Passages returns the chunks of w that refs name, but for those that are gone.
func (s *Store) Passages(ctx context.Context, w memory.Workspace, refs []memory.Ref) ([]memory.Passage, error) {
	asked := validRefs(refs)
	if len(asked) == 0 {
		return nil, ctx.Err()
	}
	found, err := s.findPassages(ctx, s.graphOf(w), asked)
	if err != nil {
		return nil, fmt.Errorf("passages: %w", err)
	}
	passages := make([]memory.Passage, found.Len())
	for i := range passages {
		row := found.Row(i)
		passages[i] = memory.Passage{
			Ref: refOf(row.Get("num")), Memory: memory.ID(row.Get("id").Text()), Index: int(row.Get("index").Int()),
			Chunks: int(row.Get("bounds").Int() / 2), Text: restored(row.Get("text").Text()), Order: row.Get("place").Int(),
			CreatedAt: fromMicro(row.Get("created_at").Int()), ValidFrom: fromMicro(row.Get("valid_from").Int()),
			Tags: textsOf(row.Get("tags")), Source: restored(row.Get("source").Text()),
		}
	}
	return passages, nil
}

// findPassages asks again if chunks are missed in a graph of an older schema,
// where they have no ref.
func (s *Store) findPassages(ctx context.Context, graph string, refs []string) (Result, error) {
	found, err := s.read(ctx, graph, selectPassages, cypher.P("refs", refs))
	if err != nil || found.Len() == len(refs) {
		return found, err
	}
	sp, err := s.spaceOf(ctx, graph)
	if err != nil || sp.schema == 0 || sp.schema == schema {
		return found, err
	}
	if err := s.grow(ctx, graph); err != nil {
		return found, err
	}
	return s.read(ctx, graph, selectPassages, cypher.P("refs", refs))
}

const selectHeaded = `
UNWIND $names AS name
MATCH (m:Memory) WHERE name IN m.heads
WITH name, collect(m.first) AS firsts WHERE size(firsts) <= $most
RETURN firsts AS firsts`

// Headed finds the first chunks of the memories of w that are headed by one of
// names, but for names that head more than most.
func (s *Store) Headed(ctx context.Context, w memory.Workspace, names []words.Name, most int) ([]memory.Ref, error) {
	if len(names) == 0 {
		return nil, ctx.Err()
	}
	asked := make([]string, len(names))
	for i, n := range names {
		asked[i] = headToken(n)
	}
	graph := s.graphOf(w)
	if err := s.growOnce(ctx, graph); err != nil {
		return nil, fmt.Errorf("headed: %w", err)
	}
	found, err := s.read(ctx, graph, selectHeaded, cypher.P("names", asked), cypher.P("most", most))
	if err != nil {
		return nil, fmt.Errorf("headed: %w", err)
	}
	var refs []memory.Ref
	for i := range found.Len() {
		for _, num := range found.Row(i).Get("firsts").List() {
			refs = append(refs, refOf(num))
		}
	}
	return refs, nil
}
