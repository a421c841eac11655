// Package memory is the subject of the program: texts that are kept and found
// again. It declares what it needs from outside (see store.go) and imports
// nothing of ours but its own leaves, so it can be read and tested with no
// database, protocol or network in sight.
//
// A memory that Add or Update acknowledged is kept; Recall finds it at once.
package memory

import (
	"time"

	"github.com/google/uuid"
)

// ID names a memory: a UUID in its canonical lower-case form.
type ID string

// NewID makes an ID that sorts by the time it was made (UUID version 7).
func NewID() ID { return ID(uuid.Must(uuid.NewV7()).String()) }

// ParseID reads a UUID in any of its usual spellings.
func ParseID(s string) (ID, error) {
	u, err := uuid.Parse(s)
	if err != nil {
		return "", &FieldError{Field: "memory_id", Why: "memory_id is not a UUID"}
	}
	return ID(u.String()), nil
}

// Workspace names what keeps memories apart.
type Workspace string

// Memory is one text that was kept.
type Memory struct {
	ID        ID
	Workspace Workspace
	// Text is what was given, without blanks around it. Valid UTF-8.
	Text string
	// Metadata is what was given, as a JSON object; nil when none was.
	Metadata []byte
	// Tags and Source are read off Metadata.
	Tags   []string
	Source string
	// CreatedAt is when the memory was first recorded, ValidFrom the time it
	// speaks of: metadata's timestamp, or CreatedAt. Both UTC, in microseconds.
	CreatedAt time.Time
	ValidFrom time.Time
	// Chunks cover Text in order. A store keeps their bounds, not their texts.
	Chunks []Chunk
	// Model made the vectors of Chunks; empty if none has one.
	Model string
}

// Chunk is a piece of a memory: Text[Start:End] of the memory it belongs to.
type Chunk struct {
	Start, End int // bytes
	// Vector says where the chunk lies in meaning; nil until it was embedded.
	// All of a workspace have the same length.
	Vector []float32
}

// WorkspaceInfo describes a workspace.
type WorkspaceInfo struct {
	ID          Workspace
	Name        string
	Description string
	CreatedAt   time.Time // UTC
}

// Counts says how much a workspace holds.
type Counts struct {
	Memories int
	Chunks   int
	// Oldest and Newest are the first and last CreatedAt; zero when empty.
	Oldest, Newest time.Time
}

// Stats describes a workspace and the store it is in.
type Stats struct {
	Counts
	// Bytes is the size of the whole store, of all workspaces together.
	Bytes int64
	// Embedding says what vectors there are, and Lag how far they are behind.
	Embedding Embedding
	Lag       Lag
	// Pool describes the connections to the store's server; nil where there is
	// none.
	Pool *PoolStats
	// Cache describes the cache of vectors; nil where there is none.
	Cache *CacheStats
}

// Filter narrows a recall. The zero value lets everything through.
type Filter struct {
	Tags   []string // any of them
	Source string   // equal to it
	// From and To bound ValidFrom: From <= t < To. Zero means unbounded.
	From, To time.Time
}

// Question is what Recall answers.
type Question struct {
	Workspace Workspace
	Text      string
	Limit     int // hits at most, 1 to 100
	Filter    Filter
	Mode      Mode
}

// Mode says by what Recall looks for memories.
type Mode string

// The modes of a Question. The zero value is ByBoth.
const (
	ByBoth    Mode = "hybrid"
	ByWords   Mode = "words"
	ByMeaning Mode = "meaning"
)

// Answer is what Recall found.
type Answer struct {
	Hits []Hit // best first
	// Lacks says in a few words why meaning had no part in it, or not its full
	// part; empty if it had, or was not asked for. Partly is true if that is so
	// for some memories only.
	Lacks  string
	Partly bool
}

// Hit is a memory found, shown by its best chunk.
type Hit struct {
	Memory ID
	// Chunk is the index of the chunk shown, Chunks how many the memory has.
	Chunk, Chunks int
	Text          string  // of the chunk shown
	Score         float64 // 0 to 1, higher is better
	// Others counts further chunks of the same memory that matched.
	Others int
	// Alike counts further memories that say the same, and are not shown.
	Alike     int
	Tags      []string
	Source    string
	CreatedAt time.Time
	ValidFrom time.Time
	// Reasons says why it matched, strongest first.
	Reasons []Reason
}

// Reason is one cause of a match.
type Reason struct {
	Kind string // one of the Because constants
	What string // the words, name or memory that caused it; may be empty
	// Worth is what it added to the score, before that was brought to 0 to 1: what
	// all are worth together, by one more than that.
	Worth float64
}

// The kinds of Reason.
const (
	BecauseWords    = "words"    // words of the question stand in it
	BecausePhrase   = "phrase"   // the question stands in it as it is
	BecauseName     = "name"     // it is headed by a name in the question
	BecauseLink     = "link"     // a hit names it
	BecauseNeighbor = "neighbor" // it was said next to a hit
	BecauseMeaning  = "meaning"  // it means much the same; What is the cosine, or that it is expected of what has no vector yet
	BecauseDate     = "date"     // it tells a time, and the question asks when
	BecauseSession  = "session"  // there are hits in the same conversation
)
