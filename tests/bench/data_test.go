// Package bench measures what the program promises in figures, on the built
// program and on fixed data. A benchmark runs once for each size it is asked
// for; compare two runs with benchstat, and never trust one.
package bench

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/db/embedded"
	"zapomni/memory"
	"zapomni/tests/client"
)

// writer makes texts like those that assistants are told: a few sentences of
// words as unequal in number as a language's are, with names in them. The same
// seed makes the same texts.
type writer struct {
	rand  *rand.Rand
	zipf  *rand.Zipf
	words []string
}

// vocabulary is how many words there are.
const vocabulary = 40_000

func newWriter(seed uint64) *writer {
	w := &writer{rand: rand.New(rand.NewPCG(7, 7)), words: make([]string, vocabulary)}
	for i := range w.words {
		w.words[i] = w.word()
	}
	w.rand = rand.New(rand.NewPCG(seed, 1))
	w.zipf = rand.NewZipf(w.rand, 1.1, 8, vocabulary-1)
	return w
}

func (w *writer) word() string {
	const consonants, vowels = "bcdfghjklmnprstvz", "aeiou"
	var b strings.Builder
	for range 2 + w.rand.IntN(3) {
		b.WriteByte(consonants[w.rand.IntN(len(consonants))])
		b.WriteByte(vowels[w.rand.IntN(len(vowels))])
	}
	return b.String()
}

func (w *writer) sentence(words int) string {
	s := make([]string, words)
	for i := range s {
		s[i] = w.words[w.zipf.Uint64()]
		if i > 0 && w.rand.IntN(12) == 0 {
			s[i] = strings.ToUpper(s[i][:1]) + s[i][1:]
		}
		if w.rand.IntN(3) == 0 {
			s[i] = []string{"the", "of", "and", "to", "in", "was", "for", "with"}[w.rand.IntN(8)]
		}
	}
	return strings.ToUpper(s[0][:1]) + strings.Join(s, " ")[1:] + "."
}

// text is 30 to 90 words long, about 300 characters on average.
func (w *writer) text() string {
	var s []string
	for range 3 + w.rand.IntN(4) {
		s = append(s, w.sentence(10+w.rand.IntN(6)))
	}
	return strings.Join(s, " ")
}

// question asks for a text by four of its words, as common as they come.
func (w *writer) question(text string) string {
	all := strings.Fields(strings.NewReplacer(".", "").Replace(strings.ToLower(text)))
	all = slices.DeleteFunc(all, func(word string) bool { return len(word) < 4 })
	picked := make([]string, 4)
	for i := range picked {
		picked[i] = all[w.rand.IntN(len(all))]
	}
	return fmt.Sprintf("What did we say about the %s and %s when %s was in %s?", picked[0], picked[1], picked[2], picked[3])
}

// stores keeps the stores of each size, as filling one takes long.
var stores struct {
	sync.Mutex
	dirs map[int]string
}

// filled returns a data directory with a store of n memories. Every caller
// gets a copy.
func filled(b *testing.B, n int) string {
	b.Helper()
	stores.Lock()
	defer stores.Unlock()
	if stores.dirs == nil {
		stores.dirs = make(map[int]string)
	}
	if stores.dirs[n] == "" {
		dir, err := os.MkdirTemp("", "zapomni-bench-*") //nolint:usetesting // it serves the benchmarks after this one too
		require.NoError(b, err)
		fill(b, dir, n)
		stores.dirs[n] = dir
	}
	dir := b.TempDir()
	raw, err := os.ReadFile(filepath.Join(stores.dirs[n], "zapomni.db"))
	require.NoError(b, err)
	require.NoError(b, os.WriteFile(filepath.Join(dir, "zapomni.db"), raw, 0o600))
	return dir
}

func fill(b *testing.B, dir string, n int) {
	b.Helper()
	config := embedded.Defaults()
	config.Path = filepath.Join(dir, "zapomni.db")
	store, err := embedded.Open(b.Context(), config, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	defer func() { require.NoError(b, store.Close()) }()
	p := memory.New(store, memory.Defaults())
	texts := make(chan string)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for text := range texts {
				if _, err := p.Add(b.Context(), memory.Draft{Text: text}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	w := newWriter(1)
	for range n {
		texts <- w.text()
	}
	close(texts)
	group.Wait()
}

func TestMain(m *testing.M) {
	code := client.Main(m)
	for _, dir := range stores.dirs {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}
