package reply

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Stats is what a query did. Zero means that it did no such thing.
type Stats struct {
	LabelsAdded, LabelsRemoved                 int
	NodesCreated, NodesDeleted                 int
	PropertiesSet, PropertiesRemoved           int
	RelationshipsCreated, RelationshipsDeleted int
	IndicesCreated, IndicesDeleted             int

	Cached bool          // the server knew the text already, and its plan
	Time   time.Duration // how long it ran on the server, waiting aside
}

// stats reads the lines of the statistics, such as "Nodes created: 2". Those
// it does not know it leaves out.
func (p *parser) stats(s *Stats) {
	for n := p.count(minEntry); n > 0 && p.err == nil; n-- {
		at := p.pos
		start, end := p.bulk()
		name, value, _ := strings.Cut(p.text[start:end], ": ")
		if !s.put(name, value) {
			p.pos = at
			p.fail("not a number in the statistics")
		}
	}
}

// put says whether value may be the one of name.
func (s *Stats) put(name, value string) bool {
	number, _, _ := strings.Cut(value, " ")
	switch name {
	case "Query internal execution time":
		const most = math.MaxInt64 / float64(time.Millisecond)
		ms, err := strconv.ParseFloat(number, 64)
		if err != nil || !(ms >= 0 && ms < most) {
			return false
		}
		s.Time = time.Duration(ms * float64(time.Millisecond))
		return true
	case "Cached execution":
		s.Cached = number != "0"
		return true
	}
	counter := s.counter(name)
	if counter == nil {
		return true
	}
	n, err := strconv.Atoi(number)
	*counter = n
	return err == nil
}

// counter returns the counter that the server calls by that name, or nil.
func (s *Stats) counter(name string) *int {
	switch name {
	case "Labels added":
		return &s.LabelsAdded
	case "Labels removed":
		return &s.LabelsRemoved
	case "Nodes created":
		return &s.NodesCreated
	case "Nodes deleted":
		return &s.NodesDeleted
	case "Properties set":
		return &s.PropertiesSet
	case "Properties removed":
		return &s.PropertiesRemoved
	case "Relationships created":
		return &s.RelationshipsCreated
	case "Relationships deleted":
		return &s.RelationshipsDeleted
	case "Indices created":
		return &s.IndicesCreated
	case "Indices deleted":
		return &s.IndicesDeleted
	}
	return nil
}
