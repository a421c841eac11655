package falkor

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"zapomni/db/falkor/cypher"
	"zapomni/memory"
)

// tickets number the writes of memories by one process, each once, however
// often it is sent. A server may come to a write long after its caller has
// given it up, and carried out a newer one of the same memory meanwhile: by
// their tickets it is told that it is too late.
type tickets struct {
	process string
	last    atomic.Int64
}

// take returns the parameters of tooLate.
func (t *tickets) take() []cypher.Param {
	return []cypher.Param{
		cypher.P("process", t.process+":"),
		cypher.P("put", fmt.Sprintf("%s:%020d", t.process, t.last.Add(1))),
	}
}

// tooLate holds if the memory m was written by this very write, or by a later
// one of the same process.
const tooLate = `coalesce(m.put STARTS WITH $process AND m.put >= $put, false)`

// doubts remembers the memories of which a write was given up and may still be
// carried out, the last of them. The zero value knows of none.
type doubts struct {
	mu  sync.Mutex
	ids []doubt
}

type doubt struct {
	graph string
	id    memory.ID
}

// mostDoubts is how many are remembered.
const mostDoubts = 1000

func (d *doubts) add(graph string, id memory.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.Contains(d.ids, doubt{graph, id}) {
		return
	}
	if len(d.ids) >= mostDoubts {
		d.ids = slices.Delete(d.ids, 0, 1)
	}
	d.ids = append(d.ids, doubt{graph, id})
}

func (d *doubts) has(graph string, id memory.ID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Contains(d.ids, doubt{graph, id})
}

// mayCome tells whether a write that failed so may still be carried out, or has
// been: the server did not refuse it, or only when it was sent again.
func mayCome(err error) bool {
	_, refused := serverText(err)
	failed, ok := errors.AsType[*Error](err)
	return !refused || ok && failed.Again
}
