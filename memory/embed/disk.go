package embed

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"
)

const (
	diskMagic = "zpmnvec1"
	// diskHead is the magic, how many numbers a vector has, and how many sets
	// of slots follow.
	diskHead = len(diskMagic) + 4 + 4
	// slotHead is a checksum of the rest of the slot, the time it was written in
	// seconds since 1970, and the key. The numbers of the vector come after it.
	slotHead = 4 + 4 + sha256.Size
	// slotsInSet is how many places there are for a key.
	slotsInSet = 4
)

// diskKeeper keeps vectors in a file of limited size, for vectors of one length
// at a time: a longer or shorter one starts it anew. A new vector takes the
// place of the oldest of those few that its key shares a set with.
//
// Any number of processes may use the file, and none locks it: what several
// write at once, or what is cut short, fits no checksum and counts as missing.
// It holds no texts. The vector of one that was deleted stays until another
// takes its place, or forget empties the file.
type diskKeeper struct {
	path string
	most int64
	outcome

	mu     sync.Mutex
	file   *os.File // nil until it is needed
	closed bool
}

func newDiskKeeper(path string, most int64, log *slog.Logger) *diskKeeper {
	return &diskKeeper{path: path, most: most, outcome: outcome{log: log}}
}

// Close closes the file.
func (k *diskKeeper) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	if k.file == nil {
		return nil
	}
	return k.file.Close()
}

// Vectors reads the sets of keys.
func (k *diskKeeper) Vectors(ctx context.Context, keys []Key) (vectors [][]float32, err error) {
	defer func() { k.note(ctx, err) }()
	f, l, err := k.open()
	if err != nil {
		return nil, fmt.Errorf("read vectors from disk: %w", err)
	}
	vectors = make([][]float32, len(keys))
	for i := 0; i < len(keys) && l.sets > 0; i++ {
		set, err := l.read(f, keys[i])
		if err != nil {
			return nil, fmt.Errorf("read vectors from disk: %w", err)
		}
		for _, s := range set {
			if s.holds(keys[i]) {
				vectors[i], _ = unpack(s[slotHead:])
			}
		}
	}
	return vectors, nil
}

// Keep writes each vector into its set.
func (k *diskKeeper) Keep(ctx context.Context, vectors map[Key][]float32) (err error) {
	defer func() { k.note(ctx, err) }()
	f, l, err := k.open()
	for key, v := range vectors {
		want := layoutOf(len(v), k.most)
		if err != nil || want.sets == 0 {
			break
		}
		if l != want {
			l, err = want, want.start(f)
		}
		if err == nil {
			err = l.write(f, key, v)
		}
	}
	if err != nil {
		return fmt.Errorf("keep vectors on disk: %w", err)
	}
	return nil
}

// forget empties the file.
func (k *diskKeeper) forget() error {
	f, _, err := k.open()
	if err == nil {
		err = f.Truncate(0)
	}
	if err != nil {
		return fmt.Errorf("forget vectors on disk: %w", err)
	}
	return nil
}

// open opens the file, and makes it if there is none. The layout is read each
// time, as another process may have started the file anew.
func (k *diskKeeper) open() (*os.File, layout, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil, layout{}, os.ErrClosed
	}
	if k.file == nil {
		f, err := os.OpenFile(k.path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, layout{}, err
		}
		k.file = f
	}
	var head [diskHead]byte
	if _, err := k.file.ReadAt(head[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, layout{}, err
	}
	l := layoutOf(int(binary.LittleEndian.Uint32(head[len(diskMagic):])), k.most)
	if l.head() != head {
		return k.file, layout{}, nil
	}
	return k.file, l, nil
}

// layout is how a file is divided. The zero value has no sets: there is nothing
// in the file, or nothing of use.
type layout struct{ numbers, sets int }

// layoutOf fills so many bytes with slots for vectors of n numbers. It has no
// sets if there is no room for any.
func layoutOf(n int, most int64) layout {
	l := layout{numbers: n}
	l.sets = int((most - int64(diskHead)) / int64(l.set()))
	return l
}

// slot and set are how many bytes either takes.
func (l layout) slot() int { return slotHead + 4*l.numbers }
func (l layout) set() int  { return slotsInSet * l.slot() }

// start empties f, and divides it as l has it.
func (l layout) start(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	head := l.head()
	_, err := f.WriteAt(head[:], 0)
	return err
}

func (l layout) head() (b [diskHead]byte) {
	copy(b[:], diskMagic)
	binary.LittleEndian.PutUint32(b[len(diskMagic):], uint32(l.numbers))
	binary.LittleEndian.PutUint32(b[len(diskMagic)+4:], uint32(l.sets))
	return b
}

// offset is where the set of key begins.
func (l layout) offset(key Key) int64 {
	n := binary.LittleEndian.Uint64(key[:]) % uint64(l.sets)
	return int64(diskHead) + int64(n)*int64(l.set())
}

// read returns the slots of the set of key. Those beyond the end of f are empty.
func (l layout) read(f *os.File, key Key) (set [slotsInSet]slot, err error) {
	b := make([]byte, l.set())
	if _, err := f.ReadAt(b, l.offset(key)); err != nil && !errors.Is(err, io.EOF) {
		return set, err
	}
	for i := range set {
		set[i] = b[i*l.slot():][:l.slot()]
	}
	return set, nil
}

// write puts v in the place of what was there under key, else of the oldest
// vector in its set.
func (l layout) write(f *os.File, key Key, v []float32) error {
	set, err := l.read(f, key)
	if err != nil {
		return err
	}
	now := time.Now()
	at, oldest := 0, now
	for i, s := range set {
		if s.holds(key) {
			at = i
			break
		}
		if t := s.written(); t.Before(oldest) {
			at, oldest = i, t
		}
	}
	_, err = f.WriteAt(newSlot(key, v, now), l.offset(key)+int64(at*l.slot()))
	return err
}

// slot is a vector with what it goes by, as the file has it.
type slot []byte

func newSlot(key Key, v []float32, now time.Time) slot {
	s := make(slot, 4, slotHead+4*len(v))
	s = binary.LittleEndian.AppendUint32(s, uint32(now.Unix()))
	s = append(append(s, key[:]...), pack(v)...)
	binary.LittleEndian.PutUint32(s, s.checksum())
	return s
}

func (s slot) checksum() uint32 { return crc32.Checksum(s[4:], crc32.MakeTable(crc32.Castagnoli)) }

// isWhole tells whether s is as it was written.
func (s slot) isWhole() bool { return binary.LittleEndian.Uint32(s) == s.checksum() }

func (s slot) holds(key Key) bool { return Key(s[8:slotHead]) == key && s.isWhole() }

// written is the zero time for a slot that is empty or broken.
func (s slot) written() time.Time {
	if !s.isWhole() {
		return time.Time{}
	}
	return time.Unix(int64(binary.LittleEndian.Uint32(s[4:])), 0)
}
