// Zapomni remembers for AI assistants. Started by one, it serves tools to keep
// and recall memories over the Model Context Protocol; started by a person, it
// keeps and recalls from the command line, and sets itself up in assistants.
//
// It promises that standard output carries nothing but what was asked for,
// that an error ends in one clear line on standard error and an exit status
// other than 0, and that a signal stops it in order.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx := untilSignal(context.Background())
	dir, _ := os.Getwd() // without one, relative paths fail where they are used
	os.Exit(run(ctx, world{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		environ: os.Environ(), dir: dir, program: thisProgram,
	}, os.Args[1:]))
}

// untilSignal returns a context that the first signal to stop ends, with the
// signal as its cause. The second one ends the program at once.
func untilSignal(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	// On Windows the second stands for a closed window or the end of a session.
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		cancel(&signalError{<-signals})
		os.Exit((&signalError{<-signals}).status())
	}()
	return ctx
}

// signalError is a signal that told the program to stop.
type signalError struct{ os.Signal }

func (s *signalError) Error() string { return "signal: " + s.String() }

// status is the exit status of a program that a signal ended.
func (s *signalError) status() int {
	if n, ok := s.Signal.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return exitError
}
