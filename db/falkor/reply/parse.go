package reply

import (
	"math"
	"slices"
)

// maxDepth bounds the nesting of values, so that no reply exhausts the stack.
const maxDepth = 128

// The fewest bytes that something can take in a reply.
const (
	minElement  = len(",1\r\n")
	minValue    = len("*2\r\n:1\r\n_\r\n")
	minRow      = len("*0\r\n")
	minColumn   = len("*2\r\n:1\r\n$0\r\n\r\n")
	minEntry    = len("$0\r\n\r\n") // of a map: key and value take turns
	minProperty = len("*3\r\n:0\r\n:1\r\n_\r\n")
)

// parser reads the reply to a query. Its functions return zero values after
// an error, and only loops have to look for one.
type parser struct {
	scanner
	doc *document
}

// reply reads all of it: header, rows and statistics, or statistics alone.
func (p *parser) reply(r *Result) {
	switch p.count(minElement) {
	case 1:
	case 3:
		p.columns(r)
		p.rows(r)
	default:
		p.fail("expected an array of one or three")
		return
	}
	p.stats(&r.Stats)
	if p.err == nil && p.pos != len(p.text) {
		p.fail("something after the end")
	}
}

func (p *parser) columns(r *Result) {
	n := p.count(minColumn)
	r.Columns = make([]string, n)
	for i := range r.Columns {
		p.array(2)
		p.number(':')
		start, end := p.bulk()
		if p.err != nil {
			return
		}
		r.Columns[i] = p.text[start:end]
	}
}

func (p *parser) rows(r *Result) {
	width := len(r.Columns)
	n := p.count(minRow + width*minValue)
	cells := p.reserve(n * width)
	for range n {
		p.array(int64(width))
		for range width {
			p.set(cells, p.value(0))
			cells++
		}
		if p.err != nil {
			return
		}
	}
	r.rows = n
}

// reserve makes room for n cells that stand together, and returns the first.
// No reply has more cells than a quarter of its bytes: what claims more is
// not going to keep its word.
func (p *parser) reserve(n int) int {
	first := len(p.doc.cells)
	if p.err != nil || n > len(p.text)/minElement-first {
		p.fail("more values than bytes")
		return first
	}
	p.doc.cells = slices.Grow(p.doc.cells, n)[:first+n]
	return first
}

func (p *parser) set(i int, c cell) {
	if p.err == nil {
		p.doc.cells[i] = c
	}
}

// value reads a value, which is an array of its type and itself.
func (p *parser) value(depth int) cell {
	rest := p.text[p.pos:]
	if p.err == nil && len(rest) >= 8 && rest[:5] == "*2\r\n:" && rest[6:8] == "\r\n" {
		p.pos += 8
		return p.typed(int64(rest[5])-'0', depth)
	}
	p.array(2)
	return p.typed(p.number(':'), depth)
}

// typed reads a value of type t, as the server numbers the types.
func (p *parser) typed(t int64, depth int) cell {
	if t < 1 || t > int64(KindDuration)+1 {
		p.fail("value of an unknown type")
		return cell{}
	}
	kind := Kind(t - 1)
	switch kind {
	case KindNull:
		p.null()
		return cell{}
	case KindString:
		start, end := p.bulk()
		return cell{uint64(start), uint32(end - start), kind}
	case KindInt, KindDateTime, KindDate, KindTime, KindDuration:
		return cell{num: uint64(p.number(':')), kind: kind}
	case KindBool:
		return cell{num: p.boolean(), kind: kind}
	case KindFloat:
		return cell{num: math.Float64bits(p.float64()), kind: kind}
	case KindPoint:
		p.array(2)
		return p.floats(2, kind)
	case KindVector:
		return p.floats(p.count(minElement), kind)
	}
	return p.composite(kind, depth+1)
}

func (p *parser) composite(kind Kind, depth int) cell {
	if depth > maxDepth {
		p.fail("nested too deep")
		return cell{}
	}
	switch kind {
	case KindList:
		n := p.count(minValue)
		first := p.reserve(n)
		for i := 0; i < n && p.err == nil; i++ {
			p.set(first+i, p.value(depth))
		}
		return cell{uint64(first), uint32(n), kind}
	case KindMap:
		return p.entries(depth)
	case KindNode:
		p.array(3)
		first := p.reserve(3)
		p.set(first, cell{num: uint64(p.number(':')), kind: KindInt})
		p.set(first+1, p.labels())
		p.set(first+2, p.properties(depth))
		return cell{uint64(first), 3, kind}
	case KindEdge:
		p.array(5)
		first := p.reserve(5)
		for i := range 4 {
			p.set(first+i, cell{num: uint64(p.number(':')), kind: KindInt})
		}
		p.set(first+4, p.properties(depth))
		return cell{uint64(first), 5, kind}
	}
	p.array(2) // a path
	first := p.reserve(2)
	p.set(first, p.value(depth))
	p.set(first+1, p.value(depth))
	return cell{uint64(first), 2, kind}
}

// entries reads a map, in which keys and values take turns.
func (p *parser) entries(depth int) cell {
	n := p.count(minEntry)
	if n%2 != 0 {
		p.fail("key without a value")
		return cell{}
	}
	first := p.reserve(n)
	for i := 0; i < n && p.err == nil; i += 2 {
		start, end := p.bulk()
		p.set(first+i, cell{uint64(start), uint32(end - start), KindString})
		p.set(first+i+1, p.value(depth))
	}
	return cell{uint64(first), uint32(n / 2), KindMap}
}

// labels reads the ids of the labels of a node.
func (p *parser) labels() cell {
	n := p.count(minElement)
	first := p.reserve(n)
	for i := 0; i < n && p.err == nil; i++ {
		p.set(first+i, cell{num: uint64(p.number(':')), kind: KindInt})
	}
	return cell{uint64(first), uint32(n), KindList}
}

// properties reads what a node or an edge holds: a map of ids to values.
func (p *parser) properties(depth int) cell {
	n := p.count(minProperty)
	first := p.reserve(2 * n)
	for i := 0; i < n && p.err == nil; i++ {
		p.array(3)
		p.set(first+2*i, cell{num: uint64(p.number(':')), kind: KindInt})
		p.set(first+2*i+1, p.typed(p.number(':'), depth))
	}
	return cell{uint64(first), uint32(n), KindMap}
}

// floats reads n elements of a vector.
func (p *parser) floats(n int, kind Kind) cell {
	first := len(p.doc.floats)
	p.doc.floats = slices.Grow(p.doc.floats, n)
	for i := 0; i < n && p.err == nil; i++ {
		p.doc.floats = append(p.doc.floats, p.float32())
	}
	return cell{uint64(first), uint32(n), kind}
}

func (p *parser) boolean() uint64 {
	at := p.pos
	start, end := p.bulk()
	switch p.text[start:end] {
	case "true":
		return 1
	case "false":
		return 0
	}
	p.pos = at
	p.fail("neither true nor false")
	return 0
}
