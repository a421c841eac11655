//go:build unix

package falkortest

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCrashIsReported(t *testing.T) {
	s := Start(t)
	s.finish(syscall.SIGSEGV)
	require.False(t, s.Running())
	require.ErrorContains(t, s.lives(), "crashed by signal: 11")
	require.Contains(t, s.log(), "thread-pool", "the stacks of its threads")
	require.NotContains(t, s.log(), "maxmemory_policy", "what tells nothing")
}

func TestLogOfAServerThatWasKilledHasNoReport(t *testing.T) {
	s := Start(t)
	s.Kill()
	require.ErrorContains(t, s.lives(), "Ready to accept connections")
}
