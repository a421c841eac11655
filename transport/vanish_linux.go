package transport

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// noticeVanished lets the connections of a listener end when what was sent over
// them finds no taker for vanishTime. Otherwise a machine that has gone without
// a word is given up by the kernel after a quarter of an hour.
func noticeVanished(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(vanishTime.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
