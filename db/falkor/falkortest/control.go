package falkortest

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// Kill ends the server at once, as a crash does (kill -9).
func (s *Server) Kill() {
	s.tb.Helper()
	s.finish(syscall.SIGKILL)
}

// Stop lets the server shut down, and waits for that. A frozen one goes on
// first.
func (s *Server) Stop() {
	s.tb.Helper()
	if s.Running() {
		s.signal(resumeSignal)
	}
	s.finish(syscall.SIGTERM)
}

// Restart stops the server if it runs, starts it on the same data and the same
// ports, and returns when it answers.
func (s *Server) Restart() {
	s.tb.Helper()
	s.Stop()
	for deadline := time.Now().Add(patience); ; time.Sleep(pollTime) {
		err := s.start()
		if err == nil {
			return
		}
		// Another process may use the port for a moment.
		if !errors.Is(err, errPortTaken) || time.Now().After(deadline) {
			s.tb.Errorf("restart the server: %v", err)
			return
		}
	}
}

// Pause freezes the server: it accepts connections, and answers nothing.
func (s *Server) Pause() {
	s.tb.Helper()
	s.signal(pauseSignal)
}

// Resume lets a frozen server go on.
func (s *Server) Resume() {
	s.tb.Helper()
	s.signal(resumeSignal)
}

// Running tells whether the process is there, frozen or not.
func (s *Server) Running() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running()
}

func (s *Server) running() bool {
	if s.cmd == nil {
		return false
	}
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

func (s *Server) signal(sig syscall.Signal) {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.launch.program == "":
		s.tb.Error(errNotOurs)
	case !s.running():
		s.tb.Error(errEnded)
	default:
		if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
			s.tb.Errorf("signal the server: %v", err)
		}
	}
}

// finish sends sig and waits for the end, if there is anything to end.
func (s *Server) finish(sig syscall.Signal) {
	s.tb.Helper()
	s.mu.Lock()
	ended := s.ended
	runs := s.running()
	s.mu.Unlock()
	if s.launch.program != "" && !runs {
		return
	}
	s.signal(sig)
	if ended == nil {
		return
	}
	select {
	case <-ended:
	case <-time.After(patience):
		s.tb.Errorf("the server does not end:\n%s", s.log())
	}
}

// end is the cleanup: it kills the server, and shows its last words if the
// test has failed.
func (s *Server) end() {
	if s.tb.Failed() {
		s.tb.Logf("the server at %s printed at last:\n%s", s.Addr(), s.log())
	}
	s.finish(syscall.SIGKILL)
}
