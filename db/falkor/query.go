package falkor

import (
	"context"

	"zapomni/db/falkor/cypher"
	"zapomni/db/falkor/reply"
)

// Effect says what it means to send a statement twice.
type Effect uint8

// The effects. The zero value promises the least that is safe: nothing is
// written.
const (
	// Reads changes nothing. It is sent as GRAPH.RO_QUERY.
	Reads Effect = iota
	// Repeatable writes what it would not write a second time, such as a MERGE
	// on an id that was made here.
	Repeatable
	// Once writes again each time that it is sent. It is not sent again where
	// it may have been done.
	Once
)

// Statement is one query. Its text is fixed; what comes from outside is in
// Params.
type Statement struct {
	Graph  string
	Text   string
	Params []cypher.Param
	Effect Effect

	// primary keeps a read from the replicas, after one of them failed.
	primary bool
}

// Result is the answer to a Statement.
type Result struct {
	*reply.Result
	// Again says that an earlier attempt of the same call may have taken
	// effect, so that what this one found done may be its own work.
	Again bool
}

// querier is what all of FalkorDB passes through, so that retry and the faults
// of tests are a querier over a querier.
type querier interface {
	Query(ctx context.Context, s Statement) (Result, error)
}
