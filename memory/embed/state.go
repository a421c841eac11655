package embed

import "zapomni/memory"

// State tells how an embedder does. It has no secrets, and no texts.
type State struct {
	Provider   string // Builtin, Ollama, OpenAI or None
	Model      string // as Embedder.Model has it; empty for None
	Dimensions int    // numbers in a vector, 0 until one was seen
	// Available tells whether the last request was answered. It is true until
	// there has been one, and false for None.
	Available bool
	// LastError is the kind of what was wrong with the last request, like
	// "timeout", "connection" or "model_missing"; empty if nothing was.
	LastError string
	// Breaker is "closed" while the server is asked, "open" while it counts as
	// down, and "half-open" when it is about to be tried again; empty where
	// there is no server.
	Breaker string
	// Cached tells whether there is a cache, which Cache is of.
	Cached bool
	Cache  memory.CacheStats
}

// Describe returns the state of an embedder that Open returned, nil included.
func Describe(e Embedder) State {
	if s, ok := e.(*service); ok {
		return s.State()
	}
	return State{Provider: None}
}

// State returns how s does.
func (s *service) State() State {
	state := State{Provider: s.provider, Model: s.Model(), Dimensions: s.size.known(), Available: !s.closed.Load()}
	if s.guard != nil {
		last := s.guard.lastClass()
		state.LastError, state.Available = string(last), state.Available && last == ""
		state.Breaker = s.guard.breaker.State().String()
	}
	if s.cache != nil {
		state.Cached, state.Cache = true, s.cache.state()
	}
	return state
}

// Cache returns what the cache of s did, and whether there is one.
func (s *service) Cache() (memory.CacheStats, bool) {
	state := s.State()
	return state.Cache, state.Cached
}

// Forget empties the cache, but for what is in Redis: others may need that.
func (s *service) Forget() error {
	if s.cache == nil {
		return nil
	}
	return s.cache.forget()
}
