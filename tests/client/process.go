package client

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long anything may take that the server is asked for. It is
// there to end a test that hangs, not to measure.
const patience = 2 * time.Minute

var (
	// ErrEnded means that the server ended before it answered.
	ErrEnded = errors.New("the server has ended")
	// ErrSlow means that the server did not do in time what it was asked for.
	ErrSlow = errors.New("the server takes too long")
)

// Process is a running program and the other ends of its streams. What it
// prints waits until Line is called.
type Process struct {
	Cmd    *exec.Cmd
	Stderr *bytes.Buffer // read it when the process has ended

	sending sync.Mutex
	in      io.WriteCloser
	lines   chan []byte // closed when the output has ended
}

// Command prepares the program to be run on a data directory, with env added
// to the environment and args behind its name. It sees none of the settings of
// whoever runs the tests.
func Command(tb testing.TB, dataDir string, env []string, args ...string) *exec.Cmd {
	tb.Helper()
	home := tb.TempDir()
	cmd := exec.Command(Program(tb), args...) //nolint:noctx // it ends by Kill or CloseInput
	cmd.Dir = home
	cmd.Env = []string{
		"ZAPOMNI_DATA_DIR=" + dataDir, "HOME=" + home, "USERPROFILE=" + home,
		"APPDATA=" + filepath.Join(home, "Roaming"), "LOCALAPPDATA=" + filepath.Join(home, "Local"),
	}
	for _, name := range []string{"PATH", "SystemRoot", "TEMP", "TMP", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	return cmd
}

// Run starts what Command prepared. It is killed when the test ends.
func Run(tb testing.TB, cmd *exec.Cmd) *Process {
	tb.Helper()
	p := &Process{Cmd: cmd, Stderr: new(bytes.Buffer), lines: make(chan []byte)}
	cmd.Stderr = p.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(tb, err)
	out, err := cmd.StdoutPipe()
	require.NoError(tb, err)
	require.NoError(tb, cmd.Start())
	p.in = in
	go p.read(out)
	tb.Cleanup(p.Kill)
	return p
}

func (p *Process) read(out io.Reader) {
	defer close(p.lines)
	for r := bufio.NewReaderSize(out, 1<<16); ; {
		line, err := r.ReadBytes('\n')
		if len(line) > 0 {
			p.lines <- line
		}
		if err != nil {
			return
		}
	}
}

// Send writes to the input of the process, as it stands.
func (p *Process) Send(text string) error {
	p.sending.Lock()
	defer p.sending.Unlock()
	if _, err := io.WriteString(p.in, text); err != nil {
		return fmt.Errorf("%w: %w", ErrEnded, err)
	}
	return nil
}

// Line returns the next line of the output, with the line feed behind it if
// there is one. It returns ErrEnded behind the last one.
func (p *Process) Line() ([]byte, error) {
	select {
	case line, ok := <-p.lines:
		if !ok {
			return nil, ErrEnded
		}
		return line, nil
	case <-time.After(patience):
		return nil, ErrSlow
	}
}

// Rest returns the lines up to the end of the output.
func (p *Process) Rest() ([]string, error) {
	var rest []string
	for {
		line, err := p.Line()
		if errors.Is(err, ErrEnded) {
			return rest, nil
		}
		if err != nil {
			return rest, err
		}
		rest = append(rest, string(line))
	}
}

// EndInput ends the input, as a client does that goes.
func (p *Process) EndInput() error { return p.in.Close() }

// Wait waits for the process to end and returns its exit status: -1 if a
// signal ended it. The rest of its output is lost.
func (p *Process) Wait() (int, error) {
	// The pipe has to be read to its end before Cmd.Wait closes it.
	if _, err := p.Rest(); err != nil {
		return 0, err
	}
	ended := make(chan struct{})
	go func() {
		_ = p.Cmd.Wait() // the status tells
		close(ended)
	}()
	select {
	case <-ended:
		return p.Cmd.ProcessState.ExitCode(), nil
	case <-time.After(patience):
		return 0, ErrSlow
	}
}

// LastWords returns the last line that an ended process wrote to its standard
// error.
func (p *Process) LastWords() string {
	lines := strings.Split(strings.TrimRight(p.Stderr.String(), "\n"), "\n")
	return lines[len(lines)-1]
}

// Kill ends the process at once, as a crash would.
func (p *Process) Kill() {
	if p.Cmd.ProcessState != nil {
		return
	}
	_ = p.Cmd.Process.Kill()
	_, _ = p.Wait() // nothing is asked of it any more
}
