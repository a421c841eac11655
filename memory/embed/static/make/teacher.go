package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"zapomni/memory/embed/builtin"
)

// wide is the length of the encoder's vectors.
const wide = 384

// batch is how many texts are embedded, and kept, at a time.
const batch = 512

type record struct {
	Text   [sha256.Size]byte
	Vector [wide]float32
}

// teacher embeds texts with the built-in encoder, and keeps the vectors in a
// file, so that work that was interrupted goes on where it was.
type teacher struct {
	encoder *builtin.Embedder
	kept    *os.File
	known   map[[sha256.Size]byte][]float32
	// progress is told how far it is.
	progress io.Writer
}

func openTeacher(dir string, progress io.Writer) (*teacher, error) {
	f, err := os.OpenFile(filepath.Join(dir, "vectors.bin"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the vectors: %w", err)
	}
	t := &teacher{
		encoder: builtin.New(), kept: f, known: map[[sha256.Size]byte][]float32{}, progress: progress,
	}
	var whole int64
	for in := bufio.NewReaderSize(f, 1<<20); ; whole++ {
		var r record
		err := binary.Read(in, binary.LittleEndian, &r)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read the vectors: %w", err), t.close())
		}
		t.known[r.Text] = r.Vector[:]
	}
	// A record that was cut off is written anew.
	if _, err := f.Seek(whole*int64(binary.Size(record{})), io.SeekStart); err != nil {
		return nil, errors.Join(fmt.Errorf("read the vectors: %w", err), t.close())
	}
	return t, nil
}

func (t *teacher) close() error { return errors.Join(t.encoder.Close(), t.kept.Close()) }

// vectors returns what the encoder makes of texts.
func (t *teacher) vectors(ctx context.Context, texts []string) ([][]float32, error) {
	var missing []string
	for _, text := range texts {
		if _, ok := t.known[sha256.Sum256([]byte(text))]; !ok {
			missing = append(missing, text)
		}
	}
	for n := 0; n < len(missing); n += batch {
		if err := t.embed(ctx, missing[n:min(n+batch, len(missing))]); err != nil {
			return nil, err
		}
		if n%(100*batch) == 0 {
			if _, err := fmt.Fprintf(t.progress, "to embed: %d\n", len(missing)-n); err != nil {
				return nil, fmt.Errorf("tell how far it is: %w", err)
			}
		}
	}
	out := make([][]float32, len(texts))
	for i, text := range texts {
		out[i] = t.known[sha256.Sum256([]byte(text))]
	}
	return out, nil
}

func (t *teacher) embed(ctx context.Context, texts []string) error {
	vectors, err := t.encoder.Embed(ctx, texts)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(t.kept)
	for i, v := range vectors {
		r := record{Text: sha256.Sum256([]byte(texts[i])), Vector: [wide]float32(v)}
		t.known[r.Text] = v
		if err := binary.Write(w, binary.LittleEndian, &r); err != nil {
			return fmt.Errorf("keep the vectors: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("keep the vectors: %w", err)
	}
	return nil
}
