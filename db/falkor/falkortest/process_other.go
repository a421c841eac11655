//go:build !unix

package falkortest

import "syscall"

// There is no server where there are no such signals, and so nobody to send
// them to.
const (
	pauseSignal  = syscall.Signal(-1)
	resumeSignal = syscall.Signal(-1)
)

func inOwnGroup() *syscall.SysProcAttr { return nil }
