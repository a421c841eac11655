package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgressShowsLongWork(t *testing.T) {
	for _, tc := range []struct {
		name string
		size int64
		want string
	}{
		{"of a known size", 10 << 20, "reading big.txt  10% "},
		{"of an unknown one", -1, "reading big.txt (1.0 MB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				p := &progress{name: "big.txt", size: tc.size, stop: make(chan struct{})}
				p.show(&out)
				_, err := io.Copy(io.Discard, p.over(strings.NewReader(strings.Repeat("a", 1<<20))))
				require.NoError(t, err)
				time.Sleep(look + look/2)
				p.storing.Store(true)
				time.Sleep(2 * look)
				p.end()
				require.Contains(t, out.String(), tc.want)
				require.Contains(t, out.String(), "storing big.txt")
				require.True(t, strings.HasSuffix(out.String(), "\r"), "the line is cleared")
			})
		})
	}
}

func TestProgressDoesNotShowShortWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := &progress{name: "small.txt", size: 1 << 20, stop: make(chan struct{})}
		p.show(&out)
		time.Sleep(look / 2)
		p.end()
		require.Empty(t, out.String())
	})
}
