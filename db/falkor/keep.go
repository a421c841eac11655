package falkor

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
	"zapomni/memory"
	"zapomni/memory/words"
)

// putMemory keeps a memory with its chunks in place of what was there. The
// name of the write, $put, tells a second sending of the same one, which does
// nothing. No row comes back from a graph that is not ready, or not for vectors
// of that length.
const putMemory = `
MATCH (s:Store {key: $key}) WHERE $dimension = 0 OR s.dimension = $dimension
MERGE (m:Memory {id: $id})
WITH s, m, m.put IS NULL AS new, (m.put IS NOT NULL AND m.put = $put) AS again
OPTIONAL MATCH (m)-[:HAS_CHUNK]->(c:Chunk)
WITH s, m, new, again, s.next AS first, CASE WHEN again THEN [] ELSE collect(c) END AS old,
	CASE WHEN again THEN 0 ELSE count(c.embedding) END AS old_vectors
FOREACH (c IN old | DELETE c)
FOREACH (x IN CASE WHEN again THEN [] ELSE [1] END |
	SET m.put = $put, m.place = coalesce(m.place, first), m.first = first, m.text = $text, m.bounds = $bounds, m.heads = $heads,
		m.source = $source, m.tags = $tags, m.metadata = $metadata, m.created_at = $created_at, m.valid_from = $valid_from
	SET s.next = first + $chunk_count + 1, s.chunks = s.chunks + $chunk_count - size(old), s.vectors = s.vectors + $vector_count - old_vectors,
		s.memories = s.memories + CASE WHEN new THEN 1 ELSE 0 END)
FOREACH (c IN CASE WHEN again THEN [] ELSE $chunks END |
	CREATE (m)-[:HAS_CHUNK {index: c.index}]->(:Chunk {num: first + c.index, index: c.index, text: c.text, tokens: c.tokens}))
FOREACH (c IN CASE WHEN again THEN [] ELSE $embedded END |
	CREATE (m)-[:HAS_CHUNK {index: c.index}]->(:Chunk {num: first + c.index, index: c.index, text: c.text, tokens: c.tokens,
		embedding: vecf32(c.embedding)}))
RETURN again`

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
	dimension, err := checkVectors(m)
	if err != nil {
		return err
	}
	params, err := s.paramsOf(m)
	if err != nil {
		return err
	}
	params = append(params, cypher.P("dimension", dimension))
	graph := s.graphOf(m.Workspace)
	return s.change(ctx, m.Workspace, func() (bool, error) {
		if dimension > 0 {
			if err := s.readyForVectors(ctx, graph, m.ID, dimension); err != nil {
				return false, err
			}
		}
		done, err := s.write(ctx, graph, putMemory, params...)
		if err == nil && done.Len() > 0 {
			return true, nil
		}
		if err != nil && !graphReplaced(err) {
			return false, err
		}
		s.dropped(graph)
		return false, nil
	})
}

// paramsOf makes the parameters of putMemory.
func (s *Store) paramsOf(m memory.Memory) ([]cypher.Param, error) {
	chunks, embedded := []cypher.Map{}, []cypher.Map{}
	next := 0
	for i, c := range m.Chunks {
		if c.Start < next || c.End < c.Start || c.End > len(m.Text) {
			return nil, fmt.Errorf("%w: chunk %d, %d to %d, is out of order or out of the text", memory.ErrInvalid, i, c.Start, c.End)
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
		}
	}
	var metadata any
	if m.Metadata != nil {
		metadata = stored(string(m.Metadata))
	}
	return []cypher.Param{
		cypher.P("key", storeKey), cypher.P("put", uuid.NewString()), cypher.P("id", string(m.ID)),
		cypher.P("text", stored(m.Text)), cypher.P("bounds", boundsOf(m.Chunks)), cypher.P("heads", heads(m)),
		cypher.P("source", stored(m.Source)), cypher.P("tags", storedAll(m.Tags)), cypher.P("metadata", metadata),
		cypher.P("created_at", m.CreatedAt), cypher.P("valid_from", m.ValidFrom),
		cypher.P("chunks", chunks), cypher.P("embedded", embedded),
		cypher.P("chunk_count", len(m.Chunks)), cypher.P("vector_count", len(embedded)),
	}, nil
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
MATCH (m:Memory {id: $id})
RETURN m.text AS text, m.bounds AS bounds, m.source AS source, m.tags AS tags, m.metadata AS metadata,
	m.created_at AS created_at, m.valid_from AS valid_from,
	[(m)-[:HAS_CHUNK]->(c:Chunk) WHERE c.embedding IS NOT NULL | [c.index, c.embedding]] AS vectors`

// Get reads a memory as it was put.
func (s *Store) Get(ctx context.Context, w memory.Workspace, id memory.ID) (memory.Memory, error) {
	found, err := s.read(ctx, s.graphOf(w), selectMemory, cypher.P("id", string(id)))
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
	for _, v := range row.Get("vectors").List() {
		pair := v.List()
		m.Chunks[pair[0].Int()].Vector = pair[1].Vector()
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

const deleteMemory = `
MATCH (s:Store {key: $key})
MATCH (m:Memory {id: $id})
OPTIONAL MATCH (m)-[:HAS_CHUNK]->(c:Chunk)
WITH s, m, collect(c) AS chunks, count(c.embedding) AS vectors
SET s.memories = s.memories - 1, s.chunks = s.chunks - size(chunks), s.vectors = s.vectors - vectors
FOREACH (c IN chunks | DELETE c)
DELETE m
RETURN size(chunks) AS chunks`

// Delete forgets a memory.
func (s *Store) Delete(ctx context.Context, w memory.Workspace, id memory.ID) error {
	if err := s.delete(ctx, w, id); err != nil {
		return fmt.Errorf("delete memory %s: %w", id, err)
	}
	return nil
}

func (s *Store) delete(ctx context.Context, w memory.Workspace, id memory.ID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.spaces.exists(ctx, s, w); err != nil {
		if errors.Is(err, memory.ErrNoWorkspace) {
			return memory.ErrNotFound
		}
		return err
	}
	done, err := s.write(ctx, s.graphOf(w), deleteMemory, cypher.P("key", storeKey), cypher.P("id", string(id)))
	if err != nil && graphReplaced(err) {
		return memory.ErrNotFound
	}
	if err != nil {
		return err
	}
	if done.Len() == 0 && !done.Again {
		return memory.ErrNotFound
	}
	return nil
}

// Clear forgets every memory of every workspace, and every workspace but the
// default one.
func (s *Store) Clear(ctx context.Context) error {
	if err := s.clear(ctx); err != nil {
		return fmt.Errorf("clear: %w", err)
	}
	return nil
}

func (s *Store) clear(ctx context.Context) error {
	all, err := s.Workspaces(ctx)
	if err != nil {
		return err
	}
	for _, info := range all {
		if info.ID == memory.DefaultWorkspace {
			continue
		}
		if err := s.DeleteWorkspace(ctx, info.ID); err != nil && !errors.Is(err, memory.ErrNoWorkspace) {
			return err
		}
	}
	if err := s.dropGraph(ctx, s.graph); err != nil {
		return err
	}
	return s.prepareDefault(ctx)
}
