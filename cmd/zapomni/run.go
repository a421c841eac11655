package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"zapomni/config"
	"zapomni/transport"
)

// The exit statuses. A command that a signal interrupted gives 128 and its
// number, as shells do.
const (
	exitFine  = 0
	exitError = 1
	exitUsage = 2
)

// world is what the program sees of where it was started.
type world struct {
	in       io.Reader
	out, err io.Writer
	environ  []string // as os.Environ has it
	dir      string   // the working directory
	// program finds the path by which this program can be started again.
	program func() (string, error)
}

// variable returns the value of a variable of the environment.
func (w world) variable(name string) string {
	for _, e := range w.environ {
		is, value, _ := strings.Cut(e, "=")
		if is == name || runtime.GOOS == "windows" && strings.EqualFold(is, name) {
			return value
		}
	}
	return ""
}

// path is where a path from the command line leads to.
func (w world) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(w.dir, p)
}

// app is one run of the program.
type app struct {
	world
	began bool // a command took over: what goes wrong now is no mistake in the usage
}

// run runs the program in w and returns its exit status.
func run(ctx context.Context, w world, args []string) int {
	a := &app{world: w}
	root := a.root() //nolint:contextcheck // cobra hands ctx to the commands.
	root.SetArgs(args)
	root.SetIn(w.in)
	root.SetOut(w.out)
	root.SetErr(w.err)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitFine
	}
	var usage *usageError
	var stop *signalError
	switch {
	case errors.Is(err, errTold):
		return exitError
	case errors.As(context.Cause(ctx), &stop):
		a.complain(stop)
		return stop.status()
	case !a.began, errors.As(err, &usage):
		a.complain(fmt.Errorf("%w\nsee '%s --help'", err, command.CommandPath()))
		return exitUsage
	}
	a.complain(err)
	return exitError
}

// complain says to a person what went wrong. If it cannot, the status has to do.
func (a *app) complain(err error) { _, _ = fmt.Fprintf(a.err, "zapomni: %v\n", err) }

// errTold is the error of a command that has said already what went wrong.
var errTold = errors.New("the error has been told")

// usageError is a mistake in how the program was called.
type usageError struct{ error }

func (u *usageError) Unwrap() error { return u.error }

func misused(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// root makes the command line.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "zapomni",
		Short: "Long-term memory for AI assistants",
		Long: `Zapomni keeps memories for AI assistants and finds them again.

An assistant starts it by itself: 'zapomni install CLIENT' tells it how. Without
a command it serves whoever is at the other end of standard input.`,
		Example: `  zapomni install claude-desktop
  zapomni add "Anna moved to Lisbon in March." --tag people
  zapomni search where does Anna live`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Version:           versionOf(),
	}
	root.RunE = a.command(func(cmd *cobra.Command, _ []string) error {
		if isTerminal(a.in) && !cmd.Flags().Changed("transport") {
			return cmd.Help()
		}
		return a.serve(cmd)
	})
	root.SetVersionTemplate("zapomni {{.Version}}\n")
	config.Flags(root.PersistentFlags())
	config.ServeFlags(root.Flags())
	root.AddCommand(
		a.serveCommand(), a.addCommand(), a.searchCommand(), a.statsCommand(), a.workspacesCommand(),
		a.migrateCommand(), a.reembedCommand(), a.benchCommand(), a.installCommand(), a.uninstallCommand(), a.versionCommand(),
	)
	return root
}

// command is do as cobra runs it.
func (a *app) command(do func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		a.began = true
		return do(cmd, args)
	}
}

// protocolOut is where the protocol goes. The standard output is taken away
// from everyone else.
func (a *app) protocolOut() io.Writer {
	if a.out == io.Writer(os.Stdout) {
		return transport.ReserveStdout()
	}
	return a.out
}
