package falkortest

import "syscall"

// dieWithParent makes the system kill a child when the process that started
// it has ended, however that was.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
