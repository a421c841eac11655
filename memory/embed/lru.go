package embed

import "container/list"

// entryBytes is what an entry of an lru costs beside its numbers.
const entryBytes = 192

// lru keeps the vectors that were used last, as many as have room.
type lru struct {
	most, used int64 // bytes
	evicted    uint64
	entries    map[Key]*list.Element
	order      *list.List // the one used last in front
}

type lruEntry struct {
	key    Key
	vector []float32
}

func newLRU(most int64) *lru {
	return &lru{most: most, entries: map[Key]*list.Element{}, order: list.New()}
}

// get returns the vector of k, or nil.
func (l *lru) get(k Key) []float32 {
	e, ok := l.entries[k]
	if !ok {
		return nil
	}
	l.order.MoveToFront(e)
	return e.Value.(lruEntry).vector
}

// put keeps a vector, which must not change any more, in place of the ones
// used longest ago.
func (l *lru) put(k Key, v []float32) {
	if _, ok := l.entries[k]; ok || size(v) > l.most {
		return
	}
	for l.used+size(v) > l.most {
		l.drop(l.order.Back())
		l.evicted++
	}
	l.entries[k] = l.order.PushFront(lruEntry{k, v})
	l.used += size(v)
}

func (l *lru) remove(k Key) {
	if e, ok := l.entries[k]; ok {
		l.drop(e)
	}
}

func (l *lru) drop(e *list.Element) {
	gone := l.order.Remove(e).(lruEntry)
	delete(l.entries, gone.key)
	l.used -= size(gone.vector)
}

func size(v []float32) int64 { return int64(4*len(v)) + entryBytes }
