package falkor

import (
	"math"

	"zapomni/memory"
)

// Stats says how the client is doing.
type Stats = memory.PoolStats

// Stats can be called at any time, also before Init and after Close.
func (c *Client) Stats() Stats {
	s := Stats{
		MaxConnections: c.config.Pool.MaxSize,
		TotalQueries:   c.queries.Load(),
		TotalRetries:   c.retries.Load(),
		Initialized:    c.ready.Load() && !c.closing.Load(),
		Closed:         c.closed.Load(),
	}
	p := c.pool.Load()
	if p == nil || p.isDead() {
		return s
	}
	s.ActiveConnections = p.active()
	s.WaitingCallers = int(p.waiting.Load())
	s.UtilizationPercent = utilization(s.ActiveConnections, s.MaxConnections)
	s.IdleConnections = int(p.servers.stats().IdleConns) + p.lanes()
	return s
}

// utilization is the part of most that is active, in percent, with one
// decimal.
func utilization(active, most int) float64 {
	return math.Round(float64(active)/float64(most)*1000) / 10
}
