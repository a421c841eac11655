//go:build !linux

package falkortest

import "syscall"

// dieWithParent asks for nothing: what a child does when its parent is killed
// cannot be said here. The cleanup of the test ends it.
func dieWithParent() *syscall.SysProcAttr { return nil }
