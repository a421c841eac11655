// Package reply reads what FalkorDB answers to a query that was sent with
// --compact, in RESP2 as well as in RESP3.
//
// It works on the raw bytes of a whole reply and makes three objects of it,
// however many rows there are: the result, the names of the columns, and one
// flat slice of cells. Strings are parts of the reply itself, and values are
// made when they are asked for, without taking memory.
//
// No bytes make it panic, and none make it take much more memory than they
// do themselves.
package reply

import (
	"math"
	"unsafe"
)

// Result is the answer to one query. It does not change, and goroutines may
// share it.
type Result struct {
	// Columns are the names of the columns. A query without RETURN has none.
	Columns []string
	Stats   Stats

	rows int
	// The cells of the rows come first, row by row, and then what they hold.
	document document
}

// document is what the cells of a result refer to. They know places in it,
// not pointers, so that the collector of garbage has nothing to look at.
type document struct {
	text   string
	cells  []cell
	floats []float32
}

// cell is one value. What num and n are depends on the kind, see Value.
type cell struct {
	num  uint64
	n    uint32
	kind Kind
}

// Parse reads a whole reply. It takes raw over: the result is made of its
// memory, and nobody may change it any more. A copy would be most of the work
// where replies are long.
//
// The error is a [*ServerError] if the server refused the query, and a
// [*FormatError] if the bytes are no such reply.
func Parse(raw []byte) (*Result, error) {
	if uint64(len(raw)) > math.MaxUint32 {
		return nil, &FormatError{Why: "longer than 4 GiB"}
	}
	r := &Result{}
	r.document.text = unsafe.String(unsafe.SliceData(raw), len(raw))
	p := parser{scanner: scanner{text: r.document.text}, doc: &r.document}
	p.reply(r)
	if p.err != nil {
		return nil, p.err
	}
	return r, nil
}

// Len returns how many rows there are.
func (r *Result) Len() int { return r.rows }

// Row returns row i, which is below Len.
func (r *Result) Row(i int) Row { return Row{result: r, index: i} }

// Row is one row of a result.
type Row struct {
	result *Result
	index  int
}

// Get returns the value in the column of that name, or null if there is none.
func (row Row) Get(column string) Value {
	for i, name := range row.result.Columns {
		if name == column {
			return row.At(i)
		}
	}
	return Value{}
}

// At returns the value in column i, or null if there is none. It is faster
// than Get.
func (row Row) At(i int) Value {
	width := len(row.result.Columns)
	if uint(i) >= uint(width) || uint(row.index) >= uint(row.result.rows) {
		return Value{}
	}
	d := &row.result.document
	return Value{d, d.cells[row.index*width+i]}
}
