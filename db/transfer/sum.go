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

// Sum is a hash over everything that a memory holds: two memories that a store
// would give back alike have the same one, and no others do.
type Sum [sha256.Size]byte

// SumOf returns the sum of m. Times count to the microsecond, and an empty
// list or metadata as none: so they are kept.
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
	d.text(m.Model)
	d.number(int64(len(m.Chunks)))
	for _, c := range m.Chunks {
		d.number(int64(c.Start))
		d.number(int64(c.End))
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
