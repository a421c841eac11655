package reply

import (
	"math"
	"time"
)

// Kind says what a value is.
type Kind uint8

// The kinds, in the order of the numbers by which the server calls them.
const (
	KindNull Kind = iota
	KindString
	KindInt
	KindBool
	KindFloat
	KindList
	KindEdge
	KindNode
	KindPath
	KindMap
	KindPoint
	KindVector
	KindDateTime
	KindDate
	KindTime
	KindDuration
)

func (k Kind) String() string {
	names := [...]string{
		"null", "string", "int", "bool", "float", "list", "edge", "node", "path", "map",
		"point", "vector", "datetime", "date", "time", "duration",
	}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// Value is one value of a result, of which it keeps the whole in memory. The
// zero Value is null. What asks for another kind than the value is of gets a
// zero: a query knows what it returns.
type Value struct {
	doc *document
	// Of a string the cell holds where it is in the text (num) and how long
	// it is (n); of a list, map, node, edge or path the first of its cells
	// and how many elements it has; of a vector or point the same of floats;
	// and of all others the bits of the value itself.
	cell
}

// Kind returns what v is.
func (v Value) Kind() Kind { return v.kind }

// IsNull says whether v is null.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Text returns a string: a part of the reply, all of which it keeps in
// memory. Whoever keeps it for long clones it.
func (v Value) Text() string {
	if v.kind != KindString {
		return ""
	}
	return v.doc.text[v.num : v.num+uint64(v.n)]
}

// Int returns an integer; of a time, the seconds that the server counts.
func (v Value) Int() int64 {
	switch v.kind {
	case KindInt, KindDateTime, KindDate, KindTime, KindDuration:
		return int64(v.num)
	}
	return 0
}

// Float returns a float or an integer as a float. The server gives no more
// than 15 digits of a float.
func (v Value) Float() float64 {
	switch v.kind {
	case KindFloat:
		return math.Float64frombits(v.num)
	case KindInt:
		return float64(int64(v.num))
	}
	return 0
}

// Bool says whether v is true.
func (v Value) Bool() bool { return v.kind == KindBool && v.num != 0 }

// Len returns the length of a list or vector, and of a map how many keys it
// has.
func (v Value) Len() int {
	switch v.kind {
	case KindList, KindMap, KindVector:
		return int(v.n)
	}
	return 0
}

// At returns element i of a list, or null if there is none.
func (v Value) At(i int) Value {
	if v.kind != KindList || uint(i) >= uint(v.n) {
		return Value{}
	}
	return v.child(i)
}

// List returns the elements of a list in a new slice, which Len and At do
// without.
func (v Value) List() []Value {
	if v.kind != KindList {
		return nil
	}
	list := make([]Value, v.n)
	for i := range list {
		list[i] = v.child(i)
	}
	return list
}

// Get returns what a map holds under key, or null.
func (v Value) Get(key string) Value {
	if v.kind != KindMap {
		return Value{}
	}
	for i := range int(v.n) {
		if k := v.child(2 * i); k.Text() == key && k.kind == KindString {
			return v.child(2*i + 1)
		}
	}
	return Value{}
}

// Vector returns the elements of a vector. They belong to the result, and are
// not to be changed.
func (v Value) Vector() []float32 {
	if v.kind != KindVector {
		return nil
	}
	end := v.num + uint64(v.n)
	return v.doc.floats[v.num:end:end]
}

// Time returns a point in time, in UTC. An integer counts microseconds since
// 1970, as times are kept, and a date, a datetime or a time of the day counts
// seconds; the day of the last is the first of 1900.
func (v Value) Time() time.Time {
	switch v.kind {
	case KindInt:
		return time.UnixMicro(int64(v.num)).UTC()
	case KindDateTime, KindDate, KindTime:
		return time.Unix(int64(v.num), 0).UTC()
	}
	return time.Time{}
}

// Duration returns a duration. Those beyond 292 years are cut to that.
func (v Value) Duration() time.Duration {
	if v.kind != KindDuration {
		return 0
	}
	const most = int64(math.MaxInt64 / time.Second)
	return time.Duration(min(max(int64(v.num), -most), most)) * time.Second
}

// Any returns v as plain Go: nil, string, int64, bool, float64, []any,
// map[string]any, []float32, time.Time, time.Duration, or a [Node], [Edge],
// [Path] or [Point].
func (v Value) Any() any {
	switch v.kind {
	case KindString:
		return v.Text()
	case KindInt:
		return v.Int()
	case KindBool:
		return v.Bool()
	case KindFloat:
		return v.Float()
	case KindList:
		list := make([]any, v.n)
		for i := range list {
			list[i] = v.child(i).Any()
		}
		return list
	case KindMap:
		m := make(map[string]any, v.n)
		for i := range int(v.n) {
			m[v.child(2*i).Text()] = v.child(2*i + 1).Any()
		}
		return m
	case KindVector:
		return v.Vector()
	case KindDateTime, KindDate, KindTime:
		return v.Time()
	case KindDuration:
		return v.Duration()
	}
	return v.anyOfGraph()
}

// child returns one of the cells that v refers to.
func (v Value) child(i int) Value { return Value{v.doc, v.doc.cells[v.num+uint64(i)]} }
