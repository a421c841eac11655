//go:build !linux

package embed

import "syscall"

// endWithParent does nothing: only Linux can see to it.
func endWithParent() *syscall.SysProcAttr { return nil }
