package falkor

import (
	"context"
	"fmt"
	"slices"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
	"zapomni/memory"
	"zapomni/memory/words"
)

// putMemory keeps a memory with its chunks in place of what was there, unless
// it is too late. No row comes back from a graph that is not ready, or whose
// terms are made in a newer way than ours.
const (
	putMemory = `
MATCH (s:Store {key: $key}) WHERE s.schema = $schema AND s.words <= $words` + replaceMemory + `
RETURN late`

	// putEmbedded does so with chunks that have vectors, of the space that they
	// belong to.
	putEmbedded = `
MATCH (s:Store {key: $key}) WHERE s.schema = $schema AND s.words <= $words AND s.space = $space AND s.model = $model` + replaceMemory + `
FOREACH (c IN CASE WHEN late THEN [] ELSE $embedded END |
	CREATE (m)-[:HAS_CHUNK {index: c.index}]->(:Chunk {num: first + c.index, ref: toString(first + c.index), index: c.index, text: c.text, tokens: c.tokens})
		-[:HAS_VECTOR]->(:Vector%d {num: first + c.index, embedding: vecf32(c.embedding)}))
RETURN late`

	replaceMemory = `
MERGE (m:Memory {id: $id})
WITH s, m, m.place IS NULL AS new, ` + tooLate + ` AS late` + itsParts + `
WITH s, m, new, late, s.next AS first, CASE WHEN late THEN [] ELSE marks END AS marks,
	CASE WHEN late THEN [] ELSE chunks END AS chunks, CASE WHEN late THEN [] ELSE vectors END AS vectors` + deleteParts + `
FOREACH (x IN CASE WHEN late THEN [] ELSE [1] END |
	SET m.put = $put, m.place = coalesce(m.place, first), m.first = first, m.text = $text, m.bounds = $bounds, m.heads = $heads,
		m.source = $source, m.tags = $tags, m.metadata = $metadata, m.created_at = $created_at, m.valid_from = $valid_from
	SET s.next = first + $chunk_count + 1, s.chunks = s.chunks + $chunk_count - size(chunks),
		s.vectors = s.vectors + $vector_count - CASE WHEN s.sweep IS NULL THEN size(vectors) ELSE 0 END,
		s.memories = s.memories + CASE WHEN new THEN 1 ELSE 0 END)
FOREACH (x IN CASE WHEN late OR $vector_count = $chunk_count THEN [] ELSE [1] END | CREATE (:Waiting {first: first}))
FOREACH (c IN CASE WHEN late THEN [] ELSE $chunks END |
	CREATE (m)-[:HAS_CHUNK {index: c.index}]->(:Chunk {num: first + c.index, ref: toString(first + c.index), index: c.index, text: c.text, tokens: c.tokens}))`

	// itsParts collects what goes with a memory: its mark of one that waits
	// for vectors, its chunks and their vectors.
	itsParts = `
OPTIONAL MATCH (w:Waiting {first: m.first})
OPTIONAL MATCH (m)-[:HAS_CHUNK]->(c:Chunk)
OPTIONAL MATCH (c)-[:HAS_VECTOR]->(v)
WITH s, m, new, late, collect(DISTINCT w) AS marks, collect(c) AS chunks, collect(v) AS vectors`

	deleteParts = `
FOREACH (w IN marks | DELETE w)
FOREACH (v IN vectors | DELETE v)
FOREACH (c IN chunks | DELETE c)`
)

// Put keeps m whole or not at all, in place of what was kept under its ID.
func (s *Store) Put(ctx context.Context, m memory.Memory) error {
	if err := s.put(ctx, m); err != nil {
		return fmt.Errorf("put memory %s: %w", m.ID, err)
	}
	return nil
}

func (s *Store) put(ctx context.Context, m memory.Memory) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	params, vectors, err := s.paramsOf(m)
	if err != nil {
		return err
	}
	dimension, err := checkVectors(vectors)
	if err != nil {
		return err
	}
	params = append(params, s.tickets.take()...)
	return s.change(ctx, m.Workspace, func() (bool, error) {
		if dimension == 0 {
			return s.tryPut(ctx, m, putMemory, params)
		}
		return s.tryPutEmbedded(ctx, m, kind{m.Model, dimension}, params)
	})
}

// tryPut reports whether the graph was ready for it.
func (s *Store) tryPut(ctx context.Context, m memory.Memory, text string, params []cypher.Param) (bool, error) {
	graph := s.graphOf(m.Workspace)
	done, err := s.write(ctx, graph, text, params...)
	if err != nil && mayCome(err) {
		s.doubts.add(graph, m.ID)
	}
	return err == nil && done.Len() > 0, unlessReplaced(err)
}

// tryPutEmbedded does so with vectors, in their space.
func (s *Store) tryPutEmbedded(ctx context.Context, m memory.Memory, k kind, params []cypher.Param) (bool, error) {
	graph := s.graphOf(m.Workspace)
	for range attempts {
		sp, err := s.readyForVectors(ctx, graph, m.ID, k)
		if err != nil || sp.number == 0 {
			return false, unlessReplaced(err)
		}
		done, err := s.tryPut(ctx, m, fmt.Sprintf(putEmbedded, sp.number),
			slices.Concat(params, []cypher.Param{cypher.P("space", sp.number), cypher.P("model", stored(k.model))}))
		if done || err != nil {
			return done, err
		}
		s.dropped(graph) // someone left the space meanwhile, or the graph is gone
	}
	return false, errRestless
}

// paramsOf makes the parameters of putMemory, but for its ticket, and lists the
// vectors.
func (s *Store) paramsOf(m memory.Memory) (params []cypher.Param, vectors [][]float32, err error) {
	chunks, embedded := []cypher.Map{}, []cypher.Map{}
	next := 0
	for i, c := range m.Chunks {
		if c.Start < next || c.End < c.Start || c.End > len(m.Text) {
			return nil, nil, fmt.Errorf("%w: chunk %d, %d to %d, is out of order or out of the text", memory.ErrInvalid, i, c.Start, c.End)
		}
		next = c.Start
		text := m.Text[c.Start:c.End]
		all := cypher.Map{
			cypher.P("index", i), cypher.P("text", stored(text)), cypher.P("tokens", tokens(s.analyzer.Terms(text))),
		}
		if c.Vector == nil {
			chunks = append(chunks, all)
		} else {
			embedded = append(embedded, append(all, cypher.P("embedding", c.Vector)))
			vectors = append(vectors, c.Vector)
		}
	}
	var metadata any
	if m.Metadata != nil {
		metadata = stored(string(m.Metadata))
	}
	return []cypher.Param{
		cypher.P("key", storeKey), cypher.P("schema", schema), cypher.P("words", words.Version), cypher.P("id", string(m.ID)),
		cypher.P("text", stored(m.Text)), cypher.P("bounds", boundsOf(m.Chunks)), cypher.P("heads", heads(m)),
		cypher.P("source", stored(m.Source)), cypher.P("tags", storedAll(m.Tags)), cypher.P("metadata", metadata),
		cypher.P("created_at", m.CreatedAt), cypher.P("valid_from", m.ValidFrom),
		cypher.P("chunks", chunks), cypher.P("embedded", embedded),
		cypher.P("chunk_count", len(m.Chunks)), cypher.P("vector_count", len(embedded)),
	}, vectors, nil
}

// heads are the tokens of the names that a memory is headed by.
func heads(m memory.Memory) []string {
	if len(m.Chunks) == 0 {
		return []string{}
	}
	names := words.Leads(m.Text[m.Chunks[0].Start:m.Chunks[0].End])
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = headToken(n)
	}
	return all
}

// headToken spells a name so that an index finds it: neither empty nor padded.
func headToken(n words.Name) string { return "_" + token(string(n)) }

const selectMemory = `
MATCH (s:Store {key: $key})
MATCH (m:Memory {id: $id}) WHERE m.place IS NOT NULL
RETURN m.text AS text, m.bounds AS bounds, m.source AS source, m.tags AS tags, m.metadata AS metadata,
	m.created_at AS created_at, m.valid_from AS valid_from,
	[(m)-[:HAS_CHUNK]->(c:Chunk)-[:HAS_VECTOR]->(v) | [c.index, v.embedding]] AS vectors, s.model AS model, s.sweep AS sweep`

// Get reads a memory as it was put.
func (s *Store) Get(ctx context.Context, w memory.Workspace, id memory.ID) (memory.Memory, error) {
	found, err := s.read(ctx, s.graphOf(w), selectMemory, cypher.P("key", storeKey), cypher.P("id", string(id)))
	if err == nil && found.Len() == 0 {
		err = memory.ErrNotFound
	}
	if err != nil {
		return memory.Memory{}, fmt.Errorf("get memory %s: %w", id, err)
	}
	row := found.Row(0)
	m := memory.Memory{
		ID: id, Workspace: w, Text: restored(row.Get("text").Text()), Source: restored(row.Get("source").Text()),
		Tags: textsOf(row.Get("tags")), CreatedAt: fromMicro(row.Get("created_at").Int()), ValidFrom: fromMicro(row.Get("valid_from").Int()),
	}
	if metadata := row.Get("metadata"); !metadata.IsNull() {
		m.Metadata = []byte(restored(metadata.Text()))
	}
	m.Chunks = chunksOf(row.Get("bounds"))
	if !row.Get("sweep").IsNull() {
		return m, nil // its vectors are of a space that was left
	}
	for _, v := range row.Get("vectors").List() {
		pair := v.List()
		m.Chunks[pair[0].Int()].Vector, m.Model = pair[1].Vector(), restored(row.Get("model").Text())
	}
	return m, nil
}

// boundsOf lists the starts and ends of chunks, and chunksOf reads them.
func boundsOf(chunks []memory.Chunk) []int64 {
	bounds := make([]int64, 0, 2*len(chunks))
	for _, c := range chunks {
		bounds = append(bounds, int64(c.Start), int64(c.End))
	}
	return bounds
}

func chunksOf(bounds reply.Value) []memory.Chunk {
	var chunks []memory.Chunk
	list := bounds.List()
	for i := 0; i+1 < len(list); i += 2 {
		chunks = append(chunks, memory.Chunk{Start: int(list[i].Int()), End: int(list[i+1].Int())})
	}
	return chunks
}

func textsOf(list reply.Value) []string {
	var all []string
	for _, v := range list.List() {
		all = append(all, restored(v.Text()))
	}
	return all
}
