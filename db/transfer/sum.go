package transfer

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"math"
	"time"

	"zapomni/memory"
)

// Sum is a hash over everything that a memory was told: two memories that say
// the same have the same one, and no others do.
type Sum [sha256.Size]byte

// Print tells memories apart, and the vectors that were made of them.
type Print struct {
	Sum Sum
	// Model made the vectors, whose hash Vectors is; empty if not all of the
	// chunks have one.
	Model   string
	Vectors Sum
}

// PrintOf returns the print of m.
func PrintOf(m memory.Memory) Print {
	p := Print{Sum: SumOf(m)}
	for _, c := range m.Chunks {
		if len(c.Vector) == 0 {
			return p
		}
	}
	p.Model, p.Vectors = m.Model, vectorsOf(m)
	return p
}

// Same reports whether two memories are the same. Vectors that one of them has
// yet to get, or has from another model, are no difference: a store that is in
// use gets them at any time.
func (p Print) Same(as Print) bool {
	none := Sum{}
	return p.Sum == as.Sum && (p.Vectors == as.Vectors || p.Vectors == none || as.Vectors == none || p.Model != as.Model)
}

// SumOf returns the sum of m, whatever its vectors. Times count to the
// microsecond, and an empty list or metadata as none: so they are kept.
func SumOf(m memory.Memory) Sum {
	d := digest{sha256.New()}
	d.text(string(m.ID))
	d.text(string(m.Workspace))
	d.text(m.Text)
	d.text(string(m.Metadata))
	d.number(int64(len(m.Tags)))
	for _, tag := range m.Tags {
		d.text(tag)
	}
	d.text(m.Source)
	d.time(m.CreatedAt)
	d.time(m.ValidFrom)
	d.number(int64(len(m.Chunks)))
	for _, c := range m.Chunks {
		d.number(int64(c.Start))
		d.number(int64(c.End))
	}
	return Sum(d.Sum(nil))
}

func vectorsOf(m memory.Memory) Sum {
	d := digest{sha256.New()}
	for _, c := range m.Chunks {
		d.number(int64(len(c.Vector)))
		for _, x := range c.Vector {
			d.number(int64(math.Float32bits(x + 0))) // there is one zero, without a sign
		}
	}
	return Sum(d.Sum(nil))
}

// digest takes in fields so that none can be mistaken for a part of another.
type digest struct{ hash.Hash }

func (d digest) text(s string) {
	d.number(int64(len(s)))
	_, _ = io.WriteString(d.Hash, s) // a hash never fails
}

func (d digest) number(n int64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	_, _ = d.Write(b[:])
}

func (d digest) time(t time.Time) { d.number(t.UnixMicro()) }
