package falkor

import "math"

// Stats says how the client is doing.
type Stats struct {
	MaxConnections int `json:"max_connections"`
	// ActiveConnections are in use by a call; IdleConnections are open and
	// ready for one.
	ActiveConnections int `json:"active_connections"`
	IdleConnections   int `json:"idle_connections"`
	// WaitingCallers wait for a connection to become free.
	WaitingCallers int `json:"waiting_callers"`
	// TotalQueries counts calls, however often each was sent; TotalRetries
	// counts what was sent again.
	TotalQueries int64 `json:"total_queries"`
	TotalRetries int64 `json:"total_retries"`
	// UtilizationPercent is the part of MaxConnections that is in use, with
	// one decimal.
	UtilizationPercent float64 `json:"utilization_percent"`
	Initialized        bool    `json:"initialized"`
	Closed             bool    `json:"closed"`
}

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
	if p == nil || s.Closed {
		return s
	}
	s.ActiveConnections = p.active()
	s.WaitingCallers = int(p.waiting.Load())
	s.UtilizationPercent = utilization(s.ActiveConnections, s.MaxConnections)
	s.IdleConnections = int(p.servers.stats().IdleConns)
	return s
}

// utilization is the part of most that is active, in percent, with one
// decimal.
func utilization(active, most int) float64 {
	return math.Round(float64(active)/float64(most)*1000) / 10
}
