package falkortest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// await waits until check finds nothing wrong any more. The test fails with
// what was wrong last if that takes too long.
func await(tb testing.TB, what string, check func() error) {
	tb.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("waited %s until %s: %v", patience, what, err)
		}
		time.Sleep(pollTime)
	}
}

// isInStep says whether a replica is connected to its master and has what
// that had.
func (s *Server) isInStep() error {
	return s.says([]string{"INFO", "replication"}, "master_link_status:up", "master_sync_in_progress:0")
}

// isServed says whether the master of a replica has heard from all of its
// replicas: until then it counts none that is just there for a WAIT.
func (s *Server) isServed() error {
	reply, err := s.Do("INFO", "replication")
	if err != nil {
		return err
	}
	info := fmt.Sprint(reply)
	if strings.Count(info, "state=") != strings.Count(info, "state=online") {
		return fmt.Errorf("%s still waits for a replica: %s", s.Addr(), info)
	}
	return nil
}

// says checks that the server's answer to a command has all of the texts.
func (s *Server) says(command []string, texts ...string) error {
	reply, err := s.Do(command...)
	if err != nil {
		return err
	}
	answer := fmt.Sprint(reply)
	for _, text := range texts {
		if !strings.Contains(answer, text) {
			return fmt.Errorf("%s says no %s: %s", s.Addr(), text, answer)
		}
	}
	return nil
}
