package main

import (
	"os"
	"syscall"
)

const understandCodes = 0x0004 // ENABLE_VIRTUAL_TERMINAL_PROCESSING

// enableColors makes a console understand codes for colors, and tells whether
// it does. Other terminals always do.
func enableColors(f *os.File) bool {
	console := syscall.Handle(f.Fd())
	var mode uint32
	if syscall.GetConsoleMode(console, &mode) != nil || mode&understandCodes != 0 {
		return true
	}
	set := syscall.NewLazyDLL("kernel32.dll").NewProc("SetConsoleMode")
	done, _, _ := set.Call(uintptr(console), uintptr(mode|understandCodes))
	return done != 0
}
