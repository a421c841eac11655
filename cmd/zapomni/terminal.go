package main

import (
	"os"

	"github.com/mattn/go-isatty"
)

// isTerminal tells whether a person is at the other end of a stream.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && (isatty.IsTerminal(f.Fd()) || isatty.IsCygwinTerminal(f.Fd()))
}

// colored tells whether what is printed may have colors: on a terminal that
// can, unless the user wants none.
func (a *app) colored() bool {
	f, ok := a.out.(*os.File)
	return ok && isTerminal(f) && a.variable("NO_COLOR") == "" && a.variable("TERM") != "dumb" && enableColors(f)
}

// style says how to print, by the codes of terminals. The zero value prints
// plainly.
type style struct{ mark, faint, number, reset string }

func (a *app) style() style {
	if !a.colored() {
		return style{}
	}
	return style{mark: "\x1b[1;4m", faint: "\x1b[2m", number: "\x1b[36m", reset: "\x1b[0m"}
}
