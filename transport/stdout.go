package transport

import (
	"os"
	"os/signal"
	"syscall"
)

// ReserveStdout returns the real standard output for the protocol alone and
// points [os.Stdout] at standard error, so that a stray print cannot get
// between two messages. Call it first in main, before anything has kept
// os.Stdout for itself.
//
// Go ends a program by SIGPIPE when a write to descriptor 1 or 2 finds no
// reader. From here on such a write fails with EPIPE instead, which ends the
// stdio part with an error and lets the others stop in order.
func ReserveStdout() *os.File {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	reserved := os.Stdout
	os.Stdout = os.Stderr
	return reserved
}
