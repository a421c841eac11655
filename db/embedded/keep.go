package embedded

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"zapomni/memory"
	"zapomni/memory/words"
)

// Put keeps m whole or not at all, in place of what was kept under its ID.
func (s *Store) Put(ctx context.Context, m memory.Memory) error {
	if err := s.put(ctx, m); err != nil {
		return s.fault(ctx, fmt.Sprintf("put memory %s", m.ID), err)
	}
	return nil
}

func (s *Store) put(ctx context.Context, m memory.Memory) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// All that takes time is done before the transaction.
	r, err := s.newRecord(m)
	if err != nil {
		return err
	}
	return s.write(ctx, func(t *tx) error { return t.put(r) })
}

// Get reads a memory as it was put.
func (s *Store) Get(ctx context.Context, w memory.Workspace, id memory.ID) (memory.Memory, error) {
	var m memory.Memory
	err := s.read(ctx, func() (err error) {
		m, err = s.get(ctx, w, id)
		return err
	})
	if err != nil {
		return memory.Memory{}, s.fault(ctx, fmt.Sprintf("get memory %s", id), err)
	}
	return m, nil
}

// selectMemory gives a row for each chunk, one row if there is none. What is
// large and the memory's own stands in the first row only.
const selectMemory = `
SELECT m.source, m.tags, m.created_at, m.valid_from, m.chunks,
	iif(c.num > m.first, NULL, m.metadata), iif(c.num > m.first, '', m.head),
	ifnull(c.start, 0), ifnull(c.length, 0), ifnull(t.body, ''), v.vector,
	iif(v.num IS NULL, '', (SELECT model FROM workspace WHERE num = m.workspace))
FROM workspace w CROSS JOIN memory m ON m.workspace = w.num
	LEFT JOIN chunk c ON c.num >= m.first AND c.num < m.first + m.chunks
	LEFT JOIN chunk_text t ON t.num = c.num
	LEFT JOIN chunk_vector v ON v.num = c.num
WHERE w.id = ? AND m.id = ? ORDER BY c.num`

func (s *Store) get(ctx context.Context, w memory.Workspace, id memory.ID) (memory.Memory, error) {
	m := memory.Memory{ID: id, Workspace: w}
	var text strings.Builder
	var chunks, rows int
	err := s.reading.each(ctx, func(r scanner) error {
		var created, valid int64
		var tags, head, body string
		var metadata []byte
		var vector sql.RawBytes
		var c memory.Chunk
		var model string // of vector
		err := r.Scan(&m.Source, &tags, &created, &valid, &chunks, &metadata, &head, &c.Start, &c.End, &body, &vector, &model)
		if err != nil {
			return err
		}
		m.Model = cmp.Or(m.Model, model)
		if rows++; rows == 1 {
			m.Metadata, m.Tags = metadata, splitTags(tags)
			m.CreatedAt, m.ValidFrom = fromMicro(created), fromMicro(valid)
			text.WriteString(head)
		}
		if chunks > 0 {
			c.End += c.Start
			if c.Vector, err = vectorOf(vector); err != nil {
				return err
			}
			m.Chunks = append(m.Chunks, c)
			text.WriteString(body[min(max(text.Len()-c.Start, 0), len(body)):])
		}
		return nil
	}, selectMemory, string(w), string(id))
	switch {
	case err != nil:
		return m, err
	case rows == 0:
		return m, memory.ErrNotFound
	case len(m.Chunks) != chunks:
		return m, fmt.Errorf("%w: %d of %d chunks are missing", errDamaged, chunks-len(m.Chunks), chunks)
	}
	m.Text = text.String()
	return m, nil
}

// Delete forgets a memory.
func (s *Store) Delete(ctx context.Context, w memory.Workspace, id memory.ID) error {
	err := s.write(ctx, func(t *tx) error {
		old, err := t.find(id)
		if err != nil {
			return err
		}
		place, err := t.workspace(w)
		if err != nil && !errors.Is(err, memory.ErrNoWorkspace) {
			return err
		}
		if old.num == 0 || old.workspace != place {
			return memory.ErrNotFound
		}
		if err := t.exec("DELETE FROM memory WHERE num = ?", old.num); err != nil {
			return err
		}
		if err := t.dropChunks(old); err != nil {
			return err
		}
		return t.count(place, -1, -old.chunks)
	})
	return s.fault(ctx, fmt.Sprintf("delete memory %s", id), err)
}

// Clear forgets everything but the default workspace.
func (s *Store) Clear(ctx context.Context) error {
	err := s.write(ctx, func(t *tx) error {
		for _, query := range []string{
			"INSERT INTO words(words) VALUES ('delete-all')",
			"DELETE FROM heading", "DELETE FROM chunk_text", "DELETE FROM chunk", "DELETE FROM memory",
			"DELETE FROM chunk_vector", "DELETE FROM chunk_waiting", "DELETE FROM code_block", "DELETE FROM code_mean",
			"DELETE FROM workspace WHERE id <> '" + string(memory.DefaultWorkspace) + "'",
			"UPDATE workspace SET memories = 0, chunks = 0, vectors = 0, " + nextCoding,
		} {
			if err := t.exec(query); err != nil {
				return err
			}
		}
		return nil
	})
	return s.fault(ctx, "clear", err)
}

// record is a memory made ready to be written.
type record struct {
	memory.Memory

	head  string   // of Text, before the first chunk
	body  []string // of each chunk: its text, and what lies between it and the next
	terms []string // of each chunk, each one term after another with blanks between
	leads []words.Name

	vectors    [][]byte // of each chunk, nil if it has none; nil if none has one
	dimensions int      // how many numbers each vector has
}

func (s *Store) newRecord(m memory.Memory) (*record, error) {
	r := &record{Memory: m, head: m.Text}
	for i, c := range m.Chunks {
		next := len(m.Text)
		if i+1 < len(m.Chunks) {
			next = m.Chunks[i+1].Start
		}
		if c.Start < 0 || c.End < c.Start || c.End > len(m.Text) || next < c.Start || next > len(m.Text) {
			return nil, fmt.Errorf("%w: chunk %d, %d to %d, is out of order or out of the text", memory.ErrInvalid, i, c.Start, c.End)
		}
		if i == 0 {
			r.head = m.Text[:c.Start]
			r.leads = words.Leads(m.Text[c.Start:c.End])
		}
		r.body = append(r.body, m.Text[c.Start:max(c.End, next)])
		r.terms = append(r.terms, s.terms(m.Text[c.Start:c.End]))
	}
	return r, r.addVectors()
}

// place is where a memory is kept.
type place struct {
	num, workspace int64
	first, chunks  int64
}

// find returns the zero place if there is no such memory in any workspace.
func (t *tx) find(id memory.ID) (place, error) {
	var p place
	err := t.row("SELECT num, workspace, first, chunks FROM memory WHERE id = ?", string(id)).
		Scan(&p.num, &p.workspace, &p.first, &p.chunks)
	if errors.Is(err, sql.ErrNoRows) {
		return place{}, nil
	}
	return p, err
}

func (t *tx) put(r *record) error {
	w, err := t.workspace(r.Workspace)
	if err != nil {
		return err
	}
	old, err := t.find(r.ID)
	if err != nil {
		return err
	}
	if old.num != 0 && old.workspace != w {
		return fmt.Errorf("%w: in another workspace", memory.ErrConflict)
	}
	if err := t.fit(w, old, r); err != nil {
		return err
	}
	t.weight += len(r.Text)
	if err := t.dropChunks(old); err != nil {
		return err
	}
	now := place{num: old.num, workspace: w, chunks: int64(len(r.Chunks))}
	if now.first, err = t.nextChunk(); err != nil {
		return err
	}
	if now.num, err = t.putMemory(now, r); err != nil {
		return err
	}
	if err := t.addChunks(now, r); err != nil {
		return err
	}
	if err := t.putVectors(now, r); err != nil {
		return err
	}
	added := int64(1)
	if old.num != 0 {
		added = 0
	}
	return t.count(w, added, now.chunks-old.chunks)
}

// The two statements that write a row of memory take the same arguments. They
// are two, as an upsert makes SQLite prepare for taking back a part of the
// transaction, for which FTS5 writes out all it has gathered in it so far.
const (
	insertMemory = `
INSERT INTO memory(created_at, valid_from, first, chunks, source, tags, head, metadata, workspace, id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	updateMemory = `
UPDATE memory SET created_at = ?, valid_from = ?, first = ?, chunks = ?, source = ?, tags = ?, head = ?, metadata = ?
WHERE workspace = ? AND id = ?`
)

// putMemory writes the row of a memory and returns its number, which stays
// the same when a memory is replaced.
func (t *tx) putMemory(p place, r *record) (num int64, err error) {
	var metadata any
	if len(r.Metadata) > 0 {
		metadata = string(r.Metadata)
	}
	query := insertMemory
	if p.num != 0 {
		query = updateMemory
	}
	result, err := t.execResult(query, r.CreatedAt.UnixMicro(), r.ValidFrom.UnixMicro(), p.first, p.chunks,
		r.Source, joinTags(r.Tags), r.head, metadata, p.workspace, string(r.ID))
	if err != nil || p.num != 0 {
		return p.num, err
	}
	return result.LastInsertId()
}

// nextChunk is the number that the next chunk gets. Numbers of chunks that
// are gone are never given again.
func (t *tx) nextChunk() (num int64, err error) {
	err = t.row("SELECT ifnull(max(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'chunk'").Scan(&num)
	return num, err
}

func (t *tx) addChunks(p place, r *record) error {
	for i, c := range r.Chunks {
		num := p.first + int64(i)
		err := t.exec("INSERT INTO chunk(num, memory, start, length) VALUES (?, ?, ?, ?)", num, p.num, c.Start, c.End-c.Start)
		if err != nil {
			return err
		}
		if err := t.exec("INSERT INTO chunk_text(num, body) VALUES (?, ?)", num, r.body[i]); err != nil {
			return err
		}
		if err := t.addWords(num, p.workspace, r.terms[i]); err != nil {
			return err
		}
		if r.vectors == nil || r.vectors[i] == nil {
			if err := t.exec("INSERT INTO chunk_waiting(workspace, chunk) VALUES (?, ?)", p.workspace, num); err != nil {
				return err
			}
		}
	}
	return t.addHeadings(p.first, p.workspace, r.leads)
}

func (t *tx) dropChunks(p place) error {
	if p.chunks == 0 {
		return nil
	}
	for _, query := range []string{
		"DELETE FROM words WHERE rowid >= ? AND rowid < ?",
		"DELETE FROM heading WHERE chunk >= ? AND chunk < ?",
		"DELETE FROM chunk_text WHERE num >= ? AND num < ?",
		"DELETE FROM chunk WHERE num >= ? AND num < ?",
	} {
		if err := t.exec(query, p.first, p.first+p.chunks); err != nil {
			return err
		}
	}
	return t.dropVectors(p)
}

// joinTags makes one string of tags, each a JSON string between line feeds,
// which JSON strings never hold: so a tag can be looked for as it stands.
func joinTags(tags []string) string {
	var b strings.Builder
	for _, tag := range tags {
		if b.Len() == 0 {
			b.WriteByte('\n')
		}
		b.WriteString(tagString(tag))
		b.WriteByte('\n')
	}
	return b.String()
}

func tagString(tag string) string {
	b, err := json.Marshal(tag)
	if err != nil {
		panic("embedded: a string that is no JSON: " + err.Error())
	}
	return string(b)
}

func splitTags(joined string) []string {
	if joined == "" {
		return nil
	}
	lines := strings.Split(strings.Trim(joined, "\n"), "\n")
	for i, line := range lines {
		var tag string
		if json.Unmarshal([]byte(line), &tag) == nil {
			lines[i] = tag
		}
	}
	return lines
}

func fromMicro(t int64) time.Time { return time.UnixMicro(t).UTC() }
