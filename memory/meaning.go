package memory

import "context"

// Meaning keeps where chunks lie in meaning: the vectors that an embedding
// model makes of their texts. Those of different models are never compared: a
// workspace has vectors of one model at a time, and takes another's once it has
// none left. A workspace that does not exist answers like an empty one.
type Meaning interface {
	// Nearest finds the chunks whose vectors are nearest to that of q by cosine,
	// nearest first, at most k of them that pass its filter. It finds none if
	// the vectors of w are of another model, however long they are. It returns
	// ErrInvalid for a vector of another length than those of the same model, one
	// of zeros or of no number, or one with a number that is not finite.
	Nearest(ctx context.Context, w Workspace, q VectorQuery, k int) ([]Near, error)
	// Similar compares the chunks that refs name with q, whether they pass its
	// filter or not, and returns them in any order. Those that are gone or have
	// no vector of its model are left out. It refuses a vector as Nearest does;
	// one of another length, where there is a chunk to compare it with.
	Similar(ctx context.Context, w Workspace, q VectorQuery, refs []Ref) ([]Near, error)
	// Embedding says what vectors w has.
	Embedding(ctx context.Context, w Workspace) (Embedding, error)
	// Unembedded returns up to n of the chunks of w that have no vector, oldest
	// first, and where to go on: the cursor that after is in the next call. The
	// empty cursor starts at the first, and comes back after the last.
	Unembedded(ctx context.Context, w Workspace, after Cursor, n int) ([]Unembedded, Cursor, error)
	// Attach gives chunks of w the vectors that model made of them, all or none;
	// once it returns nil, they survive the death of the process. Chunks that
	// are gone or have a vector are left out, and of several vectors for one chunk
	// all but the first. It returns ErrConflict if w has vectors of another
	// model, however long, and ErrInvalid for vectors that Nearest would refuse.
	Attach(ctx context.Context, w Workspace, model string, vectors []Attachment) error
	// Detach forgets all vectors of w, so that those of another model can come
	// in their place.
	Detach(ctx context.Context, w Workspace) error
}

// Embedder turns texts into vectors of equal length, in the order given. It may
// be asked by many goroutines at once. Embed returns ErrInvalid where a text is
// at fault, which is never taken, and others would be.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
	// Model names what makes the vectors. Those of one name can be compared.
	Model() string
}

// Cached is an embedder that may remember vectors.
type Cached interface {
	// Cache returns what its cache has done, and whether there is one. It can be
	// called at any time.
	Cache() (CacheStats, bool)
	// Forget gives up what it keeps in memory and on disk. What it shares with
	// others stays until its time is over.
	Forget() error
}

// CacheStats counts in texts, since the start, but for what it says of now.
type CacheStats struct {
	Hits        uint64 `json:"memory_hits"`  // found in memory, or on their way for another caller
	BackendHits uint64 `json:"backend_hits"` // found on disk or in Redis
	Misses      uint64 `json:"misses"`       // embedded
	// BackendErrors are failures of that place, in calls.
	BackendErrors uint64 `json:"backend_errors"`
	Evictions     uint64 `json:"evictions"` // vectors in memory that made room for others
	Entries       int    `json:"entries"`   // vectors in memory now
	Bytes         int64  `json:"bytes"`     // of memory that they take now
}

// HitRate is the part that was found, 0 to 1. It is 0 while nothing was asked for.
func (s CacheStats) HitRate() float64 {
	found := s.Hits + s.BackendHits
	return float64(found) / max(1, float64(found+s.Misses))
}

// VectorQuery asks for chunks by where they lie in meaning.
type VectorQuery struct {
	Model  string // that made Vector
	Vector []float32
	Filter Filter
}

// Near is a chunk found by its vector.
type Near struct {
	Ref Ref
	// Similarity is the cosine: 1 for the same direction, 0 for none in common,
	// down to -1.
	Similarity float64
}

// Embedding describes the vectors of a workspace.
type Embedding struct {
	Model      string // that made them; empty while there are none
	Dimensions int    // numbers in each; 0 while there are none
	// Chunks is how many there are, Embedded how many of them have a vector.
	Chunks, Embedded int
}

// Unembedded is a chunk that waits for its vector.
type Unembedded struct {
	Ref  Ref
	Text string
}

// Attachment is a vector for a chunk.
type Attachment struct {
	Ref    Ref
	Vector []float32
}
