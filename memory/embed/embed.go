// Package embed makes vectors of texts, so that texts of one meaning can be
// found by it.
//
// Open gives the embedder that the settings ask for: the model that the
// program carries, or one behind Ollama or an OpenAI-compatible server. Around
// one behind a server stand a guard, which tries again what may succeed and
// fails fast while the server is down, and a batcher, which asks for the texts
// of many callers at once. A cache embeds each text once, whoever asks for it.
//
// Vectors have length 1, those of a call are equally long and in the order of
// its texts. Two of them can be compared if the embedders that made them have
// one Model. A text goes only to the server that was set; errors, logs and
// states hold neither texts nor passwords.
package embed

import "context"

// Embedder makes vectors of texts. It may be used by several goroutines at
// once.
type Embedder interface {
	// Embed returns a vector of length 1 for each of texts, in their order, all
	// equally long; it is all or none. An error is ErrUnavailable if the same
	// call may succeed later, and ErrRefused if something has to change first:
	// one text where it is a *TextError, else the settings or the server. Where
	// ctx ended, the error is its own, with ErrUnavailable if time ran out.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
	// Model names exactly what makes the vectors. It has no secrets, and does
	// not change.
	Model() string
	// Close ends what is under way and gives back connections and memory. Embed
	// then returns ErrUnavailable.
	Close() error
}
