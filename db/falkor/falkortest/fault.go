package falkortest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// Fault is what a Proxy does to a request.
type Fault uint8

const (
	// Pass does nothing to it.
	Pass Fault = iota
	// Delay sends the request on after a while.
	Delay
	// Reset resets the connection. The server never sees the request.
	Reset
	// CutAnswer sends the request on, and closes the connection in the middle
	// of the answer.
	CutAnswer
	// LoseAnswer sends the request on, and resets the connection when the
	// answer is there: the request has taken effect, and the client cannot
	// know. (Of a client that waits for each answer; in a pipeline an
	// earlier answer is enough.)
	LoseAnswer
	// Swallow keeps the connection open, and the request and all that follow
	// it on that connection are lost.
	Swallow
	// Refuse resets the connection, and refuses new ones for a while.
	Refuse

	faults = iota // how many there are
)

var faultNames = [faults]string{"pass", "delay", "reset", "cut answer", "lose answer", "swallow", "refuse"}

func (f Fault) String() string {
	if int(f) < len(faultNames) {
		return faultNames[f]
	}
	return fmt.Sprintf("fault %d", uint8(f))
}

// Schedule draws a fault for each request. The zero value passes everything.
type Schedule struct {
	// Seed decides the draws: the same one gives the same faults in the same
	// order. Which request meets which fault depends on how they arrive.
	Seed uint64
	// Odds are how likely each fault is. What they leave of 1 passes.
	Odds map[Fault]float64
	// Most is how many faults there are before everything passes; 0 is no
	// bound.
	Most int
	// Delay and Refuse are the longest that these two last; each draws its
	// own. Zero is no time at all.
	Delay, Refuse time.Duration
	// Only spares all requests but those of these commands, such as
	// GRAPH.QUERY. Empty means all. Behind TLS no command can be told.
	Only []string
}

// strike is one draw of a schedule.
type strike struct {
	fault Fault
	lasts time.Duration
}

// draws deals out the strikes of a schedule, and counts them.
type draws struct {
	mu       sync.Mutex
	schedule Schedule
	random   *rand.Rand
	next     []Fault // come before those of the schedule
	left     int     // of schedule.Most
	counts   [faults]int
}

func (d *draws) set(s Schedule) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.schedule, d.left = s, s.Most
	d.random = rand.New(rand.NewPCG(s.Seed, 0))
}

func (d *draws) add(next ...Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next = append(d.next, next...)
}

// draw decides what happens to a request. Each takes the same two numbers off
// the source, so that the order of the faults depends on nothing else.
func (d *draws) draw(words []string) strike {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.spares(words) {
		d.counts[Pass]++
		return strike{}
	}
	where, long := d.random.Float64(), d.random.Float64()
	s := strike{fault: d.pick(where)}
	switch s.fault {
	case Delay:
		s.lasts = time.Duration(long * float64(d.schedule.Delay))
	case Refuse:
		s.lasts = time.Duration(long * float64(d.schedule.Refuse))
	default:
	}
	d.counts[s.fault]++
	return s
}

func (d *draws) spares(words []string) bool {
	if len(d.schedule.Only) == 0 {
		return false
	}
	return len(words) == 0 || !slices.ContainsFunc(d.schedule.Only, func(name string) bool {
		return strings.EqualFold(name, words[0])
	})
}

func (d *draws) pick(where float64) Fault {
	if len(d.next) > 0 {
		f := d.next[0]
		d.next = d.next[1:]
		return f
	}
	if d.schedule.Most > 0 && d.left == 0 {
		return Pass
	}
	for f := Delay; f < faults; f++ {
		if where -= d.schedule.Odds[f]; where < 0 {
			d.left--
			return f
		}
	}
	return Pass
}

// count returns how many requests met each fault.
func (d *draws) count() map[Fault]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make(map[Fault]int)
	for f, n := range d.counts {
		if n > 0 {
			out[Fault(f)] = n
		}
	}
	return out
}
