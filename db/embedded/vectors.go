package embedded

import (
	"encoding/binary"
	"fmt"
	"math"

	"zapomni/memory"
)

const bytesPerNumber = 4

var errCutShort = fmt.Errorf("%w: a vector is cut short", errDamaged)

// blobOf and vectorOf turn a vector into what the file holds, little-endian
// numbers one after another, and back. No vector is no bytes.
func blobOf(vector []float32) []byte {
	b := make([]byte, 0, bytesPerNumber*len(vector))
	for _, x := range vector {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func vectorOf(blob []byte) ([]float32, error) {
	if len(blob) == 0 {
		return nil, nil
	}
	if len(blob)%bytesPerNumber != 0 {
		return nil, errCutShort
	}
	vector := make([]float32, len(blob)/bytesPerNumber)
	for i := range vector {
		vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(blob[i*bytesPerNumber:]))
	}
	return vector, nil
}

// numberAt is the first number of blob.
func numberAt(blob []byte) float64 {
	return float64(math.Float32frombits(binary.LittleEndian.Uint32(blob)))
}

// checkVector refuses what has no direction.
func checkVector(vector []float32) error {
	zero := true
	for i, x := range vector {
		if f := float64(x); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%w: number %d of the vector is %v", memory.ErrInvalid, i, x)
		}
		zero = zero && x == 0
	}
	if zero {
		return fmt.Errorf("%w: the vector has no number but zero", memory.ErrInvalid)
	}
	return nil
}

func lengthError(got, kept int) error {
	return fmt.Errorf("%w: a vector of %d numbers among those of %d", memory.ErrInvalid, got, kept)
}

// addVectors makes the vectors of r.Chunks ready to be written.
func (r *record) addVectors() error {
	for i, c := range r.Chunks {
		if len(c.Vector) == 0 {
			continue
		}
		if r.vectors == nil {
			r.vectors, r.dimensions = make([][]byte, len(r.Chunks)), len(c.Vector)
		}
		err := checkVector(c.Vector)
		if err == nil && len(c.Vector) != r.dimensions {
			err = lengthError(len(c.Vector), r.dimensions)
		}
		if err != nil {
			return fmt.Errorf("chunk %d: %w", i, err)
		}
		r.vectors[i] = blobOf(c.Vector)
	}
	return nil
}

// fit makes sure that the vectors of r are of the same model, and as long, as
// those that its workspace holds beside those of old, which r replaces.
func (t *tx) fit(w int64, old place, r *record) error {
	if r.vectors == nil {
		return nil
	}
	kept, err := t.space(w)
	if err != nil || kept.vectors == 0 {
		return err
	}
	var going int64
	err = t.row("SELECT count(*) FROM chunk_vector WHERE num >= ? AND num < ?", old.first, old.first+old.chunks).Scan(&going)
	if err != nil || kept.vectors == going {
		return err
	}
	return kept.admits(r.Model, r.dimensions)
}

// putVectors writes the vectors of r, which is kept at p.
func (t *tx) putVectors(p place, r *record) error {
	var added []numbered
	for i, blob := range r.vectors {
		if blob != nil {
			added = append(added, numbered{p.first + int64(i), blob})
		}
	}
	if len(added) == 0 {
		return nil
	}
	return t.addVectorsOf(p.workspace, r.Model, r.dimensions, added)
}

// dropVectors forgets the vectors of the chunks of p, and that they wait for any.
func (t *tx) dropVectors(p place) error {
	end := p.first + p.chunks
	if err := t.exec("DELETE FROM chunk_waiting WHERE workspace = ? AND chunk >= ? AND chunk < ?", p.workspace, p.first, end); err != nil {
		return err
	}
	result, err := t.execResult("DELETE FROM chunk_vector WHERE num >= ? AND num < ?", p.first, end)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil || n == 0 {
		return err
	}
	now, err := t.countVectors(p.workspace, -n)
	if err != nil {
		return err
	}
	return t.dropCodes(now, p.first, end)
}
