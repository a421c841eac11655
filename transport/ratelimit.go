package transport

import (
	"math"
	"net/http"
	"net/netip"
	"sync"

	"golang.org/x/time/rate"
)

// mostStrangers bounds how many clients without sessions are remembered.
const mostStrangers = 10_000

// strangers are the limits of clients that have no sessions.
type strangers struct {
	rate float64 // requests a second; 0 for no limit

	mu sync.Mutex
	by map[string]*rate.Limiter
}

// limiter returns the limit of a client, nil for none.
func (s *strangers) limiter(client string) *rate.Limiter {
	if s.rate <= 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.by[client]
	if !ok {
		if s.by == nil || len(s.by) >= mostStrangers {
			s.by = make(map[string]*rate.Limiter) // to begin anew lets everyone in once more
		}
		l = newLimiter(s.rate)
		s.by[client] = l
	}
	return l
}

// newLimiter allows that many requests a second, and as many at once.
func newLimiter(perSecond float64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), int(math.Ceil(math.Max(1, perSecond))))
}

// allowed takes one from a limit, or says when to come back. There is always
// one where there is no limit.
func allowed(w http.ResponseWriter, limit *rate.Limiter) bool {
	if limit == nil || limit.Allow() {
		return true
	}
	next := limit.Reserve()
	wait := next.Delay()
	next.Cancel()
	retryAfter(w, wait)
	plain(w, http.StatusTooManyRequests, "Too many requests")
	return false
}

// payer is on whose account a session goes: its owner's, or that of the
// machine it comes from, which over IPv6 has a whole network of addresses.
func payer(owner *caller, address string) string {
	if owner.name != "" {
		return owner.name
	}
	if ip, err := netip.ParseAddr(address); err == nil && ip.Is6() && !ip.Is4In6() {
		return netip.PrefixFrom(ip.WithZone(""), 64).Masked().String()
	}
	return address
}
