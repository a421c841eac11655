package memory

import (
	"context"
	"time"

	"zapomni/memory/words"
)

// Keeper keeps memories and forgets them.
type Keeper interface {
	// Put keeps m whole or not at all; once it returns nil, m survives the
	// death of the process. Putting the same ID again replaces it. It returns
	// ErrNoWorkspace if m.Workspace does not exist, ErrInvalid if chunks are out
	// of order or out of the text or have a vector that Nearest would refuse, and
	// ErrConflict if the vectors are of another model than those of the other
	// memories of the workspace, or if the ID belongs to a memory of another
	// workspace, unless the store keeps each workspace for itself.
	Put(ctx context.Context, m Memory) error
	// Get returns ErrNotFound if w holds no such memory.
	Get(ctx context.Context, w Workspace, id ID) (Memory, error)
	// Delete forgets a memory and its chunks. It returns ErrNotFound if w
	// holds no such memory.
	Delete(ctx context.Context, w Workspace, id ID) error
	// Clear forgets every memory of every workspace, and every workspace but
	// the default one.
	Clear(ctx context.Context) error
}

// Searcher gives candidates and facts. It does not rank for the reader: that
// is done once, in Recall, for every store. A workspace that does not exist
// answers like an empty one.
type Searcher interface {
	// Matching finds chunks that hold any of the terms of q, best first by a
	// plain BM25 or something near it, at most k of them.
	Matching(ctx context.Context, w Workspace, q TermQuery, k int) ([]Ref, error)
	// Frequencies counts the chunks of w, and those that hold each term, in
	// the order given. The counts may lag behind the latest writes.
	Frequencies(ctx context.Context, w Workspace, terms []string) (Frequencies, error)
	// Headed finds the first chunks of the memories of w that are headed by
	// one of names, as words.Leads finds them. A name that heads more than most
	// memories tells none of them apart, and finds none.
	Headed(ctx context.Context, w Workspace, names []words.Name, most int) ([]Ref, error)
	// Passages returns the chunks of w that refs name, in any order. Those
	// that are gone are left out.
	Passages(ctx context.Context, w Workspace, refs []Ref) ([]Passage, error)
	// Around returns, for each of ids, the memories up to n places before and
	// after it in the order of ValidFrom, then of recording. Unknown ids are
	// left out.
	Around(ctx context.Context, w Workspace, ids []ID, n int) ([]Neighbor, error)
}

// TermQuery asks for chunks by their terms, as words.Analyzer makes them.
type TermQuery struct {
	Terms  []string
	Filter Filter
}

// Ref names a chunk within a store. It names the same chunk until the memory
// is replaced or deleted, and nothing afterwards: it is never used again.
type Ref string

// Frequencies says how common terms are among the chunks of a workspace.
type Frequencies struct {
	Chunks int
	With   []int
}

// Passage is a chunk with what ranking needs to know of its memory.
type Passage struct {
	Ref    Ref
	Memory ID
	Index  int // of the chunk, from 0
	Chunks int // of the memory
	Text   string
	// Order places the memory among the others of its workspace with the same
	// ValidFrom: recorded earlier means smaller.
	Order     int64
	CreatedAt time.Time
	ValidFrom time.Time
	Tags      []string
	Source    string
}

// Neighbor is a memory found near another one in time.
type Neighbor struct {
	Of ID
	// Offset is negative before and positive after; -1 and 1 are adjacent.
	Offset int
	Memory ID
	First  Ref // its first chunk
}

// Lister goes through what is kept.
type Lister interface {
	// List returns up to n of the memories of w, in the order in which they
	// were first recorded, and where to go on: the cursor that after is in the
	// next call. The empty cursor starts at the first, and comes back after the
	// last. Memories that are put or deleted meanwhile may be left out or not.
	List(ctx context.Context, w Workspace, after Cursor, n int) ([]ID, Cursor, error)
}

// Cursor is a place in a list of memories, as one store understands it.
type Cursor string

// Workspaces keeps the list of workspaces. The default one always exists.
type Workspaces interface {
	// AddWorkspace returns ErrConflict if the ID is taken.
	AddWorkspace(ctx context.Context, info WorkspaceInfo) error
	// Workspace returns ErrNoWorkspace if there is none of this name.
	Workspace(ctx context.Context, w Workspace) (WorkspaceInfo, error)
	// Workspaces lists all, the default one first, then by age.
	Workspaces(ctx context.Context) ([]WorkspaceInfo, error)
	// DeleteWorkspace forgets w and all it holds, at once or not at all. It
	// returns ErrNoWorkspace if there is none of this name, and ErrInvalid for
	// the default one.
	DeleteWorkspace(ctx context.Context, w Workspace) error
	// Counts returns zeros for a workspace that does not exist.
	Counts(ctx context.Context, w Workspace) (Counts, error)
}

// Store is what a backend offers. Its methods may be called from many
// goroutines, and honour the context they are given: a call whose context is
// done before it takes effect has no effect.
type Store interface {
	Keeper
	Lister
	Searcher
	Meaning
	Workspaces
	// Size is the room the store takes, in bytes.
	Size(ctx context.Context) (int64, error)
	Ping(ctx context.Context) error
	// Close waits for calls under way. Calls after it return ErrUnavailable.
	Close() error
}

// Pooled is a store that reaches its server over a pool of connections.
type Pooled interface {
	// Pool can be called at any time, also once the store is closed.
	Pool() PoolStats
}

// PoolStats describes a pool of connections and what went over it.
type PoolStats struct {
	MaxConnections int `json:"max_connections"`
	// ActiveConnections are in use by a call; IdleConnections are open and
	// ready for one.
	ActiveConnections int `json:"active_connections"`
	IdleConnections   int `json:"idle_connections"`
	// WaitingCallers wait for a connection to become free.
	WaitingCallers int `json:"waiting_callers"`
	// TotalQueries counts calls, however often each was sent; TotalRetries
	// counts what was sent again.
	TotalQueries int64 `json:"total_queries"`
	TotalRetries int64 `json:"total_retries"`
	// UtilizationPercent is the part of MaxConnections that is in use, with
	// one decimal.
	UtilizationPercent float64 `json:"utilization_percent"`
	Initialized        bool    `json:"initialized"`
	Closed             bool    `json:"closed"`
}
