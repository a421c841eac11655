package main

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// trim gives back the pages of the program that only its start has needed, a
// dozen megabytes: the system counts them as the process's own until then. What
// is needed again comes back from the file, which is in its cache.
func trim() {
	if !isFixed("/proc/self/exe") {
		return
	}
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer func() { _ = maps.Close() }() // nothing was written
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		// start-end permissions offset device inode path
		bounds, rest, _ := strings.Cut(lines.Text(), " ")
		if permissions, _, _ := strings.Cut(rest, " "); strings.Contains(permissions, "w") || !strings.HasSuffix(rest, " "+program) {
			continue
		}
		first, last, _ := strings.Cut(bounds, "-")
		start, err := strconv.ParseUint(first, 16, 64)
		if err != nil {
			return
		}
		end, err := strconv.ParseUint(last, 16, 64)
		if err != nil {
			return
		}
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, uintptr(start), uintptr(end-start), syscall.MADV_DONTNEED) // a kernel may refuse
	}
}

// isFixed tells whether a program runs where it was linked to. Otherwise some of
// its pages were changed when it was loaded, though none can be written to any
// more, and such a change would be lost.
func isFixed(path string) bool {
	const typeAt, executable = 16, 2 // of an ELF header
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }() // nothing was written
	head := make([]byte, typeAt+2)
	_, err = io.ReadFull(file, head)
	return err == nil && head[typeAt]|head[typeAt+1] == executable // in either order of bytes
}
