package embed

import "syscall"

// endWithParent has the system kill a child when the process that started it
// has ended, however that was.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
