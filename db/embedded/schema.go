package embedded

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"zapomni/memory/words"
)

// applicationID stands in the header of every file of ours: "zpmn".
const applicationID = 0x7a706d6e

// version says how a file is laid out: its tables, and the terms in its word
// index. SQLite's user_version holds both, so that one look at the header
// tells whether a file can be used.
type version struct {
	schema int // migrations applied
	terms  int // words.Version that the index was built under
}

// schemas is how many migrations there are.
const schemas = 3

// current is what this program reads and writes.
func current() version { return version{schema: schemas, terms: words.Version} }

const termsPerSchema = 1000

func versionOf(userVersion int) version {
	return version{schema: userVersion / termsPerSchema, terms: userVersion % termsPerSchema}
}

func (v version) userVersion() int { return v.schema*termsPerSchema + v.terms }

func (v version) String() string { return fmt.Sprintf("%d.%d", v.schema, v.terms) }

// newerThan says whether v has anything that other has not.
func (v version) newerThan(other version) bool {
	return v.schema > other.schema || v.terms > other.terms
}

// migrations lists the steps from an empty file to the current schema. A step
// that was released never changes; what comes later is a further step.
func migrations() []string {
	return []string{
		workspaceTables + memoryTables + wordTables() + headingTable + fmt.Sprintf(`
INSERT INTO workspace(id, name, description, created_at) VALUES (
	'default', 'Default Workspace', 'Default workspace for memories without explicit workspace',
	CAST(unixepoch('subsec') * 1000000 AS INTEGER));
PRAGMA application_id = %d;`, applicationID),
		vectorTable,
		codeTables,
	}
}

// codedSince is the first schema with codes. They are not made by its migration,
// as SQL takes no signs of numbers, but by codeAll after it.
const codedSince = 3

const workspaceTables = `
CREATE TABLE workspace (
	num INTEGER PRIMARY KEY AUTOINCREMENT,
	id TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	memories INTEGER NOT NULL DEFAULT 0,
	chunks INTEGER NOT NULL DEFAULT 0
) STRICT;
`

// The chunks of a memory are numbered without a gap: first, first+1, and so
// on. Times are microseconds since 1970 in UTC. chunk_text stands apart from
// chunk, so that filters read few pages.
const memoryTables = `
CREATE TABLE memory (
	num INTEGER PRIMARY KEY AUTOINCREMENT,
	id TEXT NOT NULL UNIQUE,
	workspace INTEGER NOT NULL REFERENCES workspace(num),
	created_at INTEGER NOT NULL,
	valid_from INTEGER NOT NULL,
	first INTEGER NOT NULL,
	chunks INTEGER NOT NULL,
	source TEXT NOT NULL,
	tags TEXT NOT NULL,
	head TEXT NOT NULL,
	metadata TEXT
) STRICT;
CREATE INDEX memory_by_time ON memory(workspace, valid_from, num);
CREATE INDEX memory_by_age ON memory(workspace, created_at);
CREATE TABLE chunk (
	num INTEGER PRIMARY KEY AUTOINCREMENT,
	memory INTEGER NOT NULL,
	start INTEGER NOT NULL,
	length INTEGER NOT NULL
) STRICT;
CREATE TABLE chunk_text (
	num INTEGER PRIMARY KEY,
	body TEXT NOT NULL
) STRICT;
`

// wordTables makes the word index, and the views of it that count and list.
// Its terms come ready made, so that the tokenizer only splits at blanks.
func wordTables() string {
	return fmt.Sprintf(`
CREATE VIRTUAL TABLE words USING fts5(
	terms, content='', contentless_delete=1, tokenize=%s);
CREATE VIRTUAL TABLE word_count USING fts5vocab(words, row);
CREATE VIRTUAL TABLE word_place USING fts5vocab(words, instance);
`, quote(`ascii tokenchars `+quote(punctuation())))
}

// punctuation is every printable ASCII character that the tokenizer would
// otherwise take for the end of a term.
func punctuation() string {
	var b strings.Builder
	for c := byte('!'); c <= '~'; c++ {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// headingTable lists the names that memories are headed by, with the first chunk
// of each.
const headingTable = `
CREATE TABLE heading (
	workspace INTEGER NOT NULL,
	name TEXT NOT NULL,
	chunk INTEGER NOT NULL,
	PRIMARY KEY (workspace, name, chunk)
) STRICT, WITHOUT ROWID;
CREATE INDEX heading_by_chunk ON heading(chunk);
`

// vectorTable stands apart from chunk as chunk_text does. A workspace counts its
// vectors and knows how long they are; if it has none, dimensions means nothing.
const vectorTable = `
CREATE TABLE chunk_vector (
	num INTEGER PRIMARY KEY,
	vector BLOB NOT NULL
) STRICT;
ALTER TABLE workspace ADD COLUMN vectors INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspace ADD COLUMN dimensions INTEGER NOT NULL DEFAULT 0;
`

// codeTables say which chunks wait for a vector, and keep the codes of the
// others: see DESIGN.md. What stands in workspace is described at space.
const codeTables = `
ALTER TABLE workspace ADD COLUMN model TEXT NOT NULL DEFAULT '';
ALTER TABLE workspace ADD COLUMN coding INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspace ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspace ADD COLUMN depth INTEGER NOT NULL DEFAULT 0;
ALTER TABLE workspace ADD COLUMN tested INTEGER NOT NULL DEFAULT 0;
CREATE TABLE chunk_waiting (
	workspace INTEGER NOT NULL,
	chunk INTEGER NOT NULL,
	PRIMARY KEY (workspace, chunk)
) STRICT, WITHOUT ROWID;
INSERT INTO chunk_waiting SELECT m.workspace, c.num FROM chunk c CROSS JOIN memory m ON m.num = c.memory
	WHERE NOT EXISTS (SELECT 1 FROM chunk_vector WHERE num = c.num);
CREATE TABLE code_mean (
	workspace INTEGER PRIMARY KEY,
	coding INTEGER NOT NULL,
	vectors INTEGER NOT NULL,
	mean BLOB NOT NULL
) STRICT;
CREATE TABLE code_block (
	workspace INTEGER NOT NULL,
	block INTEGER NOT NULL,
	change INTEGER NOT NULL,
	present INTEGER NOT NULL,
	codes BLOB NOT NULL,
	UNIQUE (workspace, block)
) STRICT;
CREATE INDEX code_block_by_change ON code_block(workspace, change);
`

// quote makes an SQL string of s.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// upgrade brings the file to the current version, in one transaction. The
// version is read again once the lock is held: another process may have been
// faster.
func (s *Store) upgrade(ctx context.Context) error {
	t, err := s.begin(ctx)
	if err != nil {
		return err
	}
	return t.end(s.climb(ctx, t))
}

// climb applies the missing migrations and, if the terms changed, builds the
// word index anew.
func (s *Store) climb(ctx context.Context, t *tx) error {
	from, err := headerVersion(ctx, s.conn)
	if err != nil || from == current() {
		return err
	}
	if from.newerThan(current()) {
		return newerError(s.path, from)
	}
	for _, step := range migrations()[from.schema:] {
		if _, err := s.conn.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("upgrade from version %v to %v: %w", from, current(), err)
		}
	}
	if from.schema > 0 && from.schema < codedSince {
		if err := t.codeAll(); err != nil {
			return fmt.Errorf("make codes of the vectors: %w", err)
		}
	}
	if from.schema > 0 && from.terms != current().terms {
		if err := s.rebuildWords(ctx, t); err != nil {
			return fmt.Errorf("build the word index: %w", err)
		}
	}
	if _, err := s.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", current().userVersion())); err != nil {
		return err
	}
	s.log.InfoContext(ctx, "store_upgraded", "path", s.path, "from", from.String(), "to", current().String())
	return nil
}

// querier is what a connection and a pool have in common.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func headerVersion(ctx context.Context, q querier) (version, error) {
	var v int
	if err := q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v); err != nil {
		return version{}, err
	}
	return versionOf(v), nil
}
