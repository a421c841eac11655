package transport

import (
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestMachineThatVanishesIsGivenUp(t *testing.T) {
	c := httpDefaults()
	c.Port = 0
	web, err := NewHTTP(chatty(), c, HTTPOptions{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(web.giveUp)
	require.NoError(t, web.Listen(t.Context()))
	t.Cleanup(func() { _ = web.listen.Close() })
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", web.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	taken, err := web.listen.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	raw, err := taken.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	var within int
	require.NoError(t, raw.Control(func(fd uintptr) { within, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) }))
	require.NoError(t, err)
	require.Equal(t, int(vanishTime.Milliseconds()), within)
}
