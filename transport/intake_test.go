package transport

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// taken reads lines from a connection as mcp-go would, without answering.
func taken(conn *StdioConn) chan string {
	lines := make(chan string, 100)
	go conn.in.pump()
	go func() {
		defer close(lines)
		for r := bufio.NewReader(conn.in); ; {
			text, err := r.ReadString('\n')
			if err != nil {
				return
			}
			lines <- text
		}
	}()
	return lines
}

func TestALineStaysAsItIsWhateverFollowsIt(t *testing.T) {
	first, third := call(1, "echo", strings.Repeat("first ", 2000)), call(3, "echo", strings.Repeat("third ", 2000))
	for _, row := range []struct{ name, second string }{
		{"a blank line", ""},
		{"a line that is refused", callWith("{\"text\":\"\xff\"}")},
		{"a line too long", call(2, "echo", strings.Repeat("x", 1<<15))},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				input := strings.NewReader(first + "\n" + row.second + "\n" + third + "\n")
				conn := NewStdio(nil, input, io.Discard, StdioOptions{MaxLine: 1 << 14}, discard())
				defer conn.halt()
				go conn.in.pump()
				read := make([]byte, len(first))
				n, err := conn.in.Read(read[:10])
				require.NoError(t, err)
				synctest.Wait() // the reader is ahead as far as it may be
				_, err = io.ReadFull(conn.in, read[n:])
				require.NoError(t, err)
				require.Equal(t, first, string(read))
			})
		})
	}
}

func TestACallWaitsUntilThereIsRoom(t *testing.T) {
	for _, row := range []struct {
		name    string
		options StdioOptions
	}{
		{"for one more request", StdioOptions{Queue: 1}},
		{"for its bytes", StdioOptions{MaxLine: 150}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in, input := io.Pipe()
				conn := NewStdio(nil, in, io.Discard, row.options, discard())
				lines := taken(conn)
				go func() {
					_, err := io.WriteString(input, call(1, "echo", "")+"\n"+ping+"\n"+call(2, "echo", "")+"\n")
					input.CloseWithError(err)
				}()
				synctest.Wait()
				require.Len(t, lines, 2, "a ping needs no room")
				conn.in.due.settle([]byte("1"))
				conn.in.due.settle([]byte(`"ping"`))
				synctest.Wait()
				require.Len(t, lines, 3)
				conn.in.due.settle([]byte("2"))
			})
		})
	}
}

func TestStopDropsACallThatWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, input := io.Pipe()
		conn := NewStdio(nil, in, io.Discard, StdioOptions{Queue: 1}, discard())
		lines := taken(conn)
		_, err := io.WriteString(input, call(1, "echo", "")+"\n"+call(2, "echo", "")+"\n")
		require.NoError(t, err)
		synctest.Wait()
		conn.halt()
		conn.in.due.settle([]byte("1"))
		require.NoError(t, input.Close())
		synctest.Wait()
		require.Len(t, lines, 1)
	})
}

func TestTheEndWaitsAsLongAsAnswersKeepComing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := NewStdio(nil, nil, io.Discard, StdioOptions{Drain: 3 * time.Second}, discard())
		ended := make(chan error, 1)
		go func() {
			for range 100 {
				time.Sleep(2 * time.Second)
				conn.in.due.settle([]byte("1"))
			}
			ended <- nil
		}()
		began := time.Now()
		require.NoError(t, conn.drain(func() { t.Error("cancelled") }, ended))
		require.Equal(t, 200*time.Second, time.Since(began))
	})
}

func TestTheEndGivesUpWhenNoAnswerComes(t *testing.T) {
	for _, row := range []struct {
		name string
		obey bool // the calls return when they are cancelled
		want error
		took time.Duration
	}{
		{"calls that obey", true, nil, 3 * time.Second},
		{"calls that do not", false, errStuck, 3*time.Second + unwindTime},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := NewStdio(nil, nil, io.Discard, StdioOptions{Drain: 3 * time.Second}, discard())
				ended := make(chan error, 1)
				began := time.Now()
				err := conn.drain(func() {
					if row.obey {
						ended <- errors.New("cancelled")
					}
				}, ended)
				require.ErrorIs(t, err, row.want)
				require.Equal(t, row.took, time.Since(began))
			})
		})
	}
}

func TestTheEndGivesUpAsSoonAsTheTimeSinceTheLastAnswerIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := NewStdio(nil, nil, io.Discard, StdioOptions{Drain: 3 * time.Second}, discard())
		ended := make(chan error, 1)
		began := time.Now()
		time.AfterFunc(2*time.Second, func() { conn.in.due.settle([]byte("1")) })
		require.NoError(t, conn.drain(func() { ended <- errors.New("cancelled") }, ended))
		require.Equal(t, 5*time.Second, time.Since(began))
	})
}

func TestOtherRequestsThanCallsWaitTooWhenThereAreTwiceAsMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		input := strings.NewReader(strings.Repeat(ping+"\n", 9) + `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
		conn := NewStdio(nil, input, io.Discard, StdioOptions{Queue: 2}, discard())
		lines := taken(conn)
		synctest.Wait()
		require.Len(t, lines, 4)
		for range 9 {
			conn.in.due.settle([]byte(`"ping"`))
			synctest.Wait()
		}
		require.Len(t, lines, 10)
	})
}

func TestLedgerCountsAnIDThatIsUsedTwice(t *testing.T) {
	l := newLedger()
	l.hand([]byte("1"), 10)
	l.hand([]byte("1"), 30)
	l.hand(nil, 50)
	for _, want := range [][2]int{{2, 40}, {1, 20}, {0, 0}, {0, 0}} {
		count, bytes := l.open()
		require.Equal(t, want, [2]int{count, bytes})
		l.settle([]byte("1"))
	}
}

func TestLedgerTakesAnAnswerWithoutIDForTheLatestMessage(t *testing.T) {
	l := newLedger()
	l.hand([]byte("1"), 10)
	l.hand([]byte("2"), 10)
	l.settle([]byte("null"))
	l.settle([]byte("1"))
	count, _ := l.open()
	require.Zero(t, count)
}
