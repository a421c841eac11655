package falkortest

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Proxy stands in front of a server and does to requests what it is told to.
// It passes everything until then.
type Proxy struct {
	tb              testing.TB
	network, target string
	addr            string
	draws           draws
	closing         chan struct{}
	running         sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	refusers int          // how many want connections to be refused
	listener net.Listener // nil while connections are refused
	links    map[*link]struct{}
}

// NewProxy starts a proxy on a free port of the loopback interface. target is
// host:port or unix:/path. It closes with the test.
func NewProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	p := &Proxy{
		tb: tb, network: "tcp", target: target,
		closing: make(chan struct{}), links: make(map[*link]struct{}),
	}
	if path, ok := strings.CutPrefix(target, "unix:"); ok {
		p.network, p.target = "unix", path
	}
	p.draws.set(Schedule{})
	l, err := net.Listen("tcp", loopback+":0") //nolint:noctx // it returns at once
	require.NoError(tb, err)
	p.addr, p.listener = l.Addr().String(), l
	p.running.Go(func() { p.serve(l) })
	tb.Cleanup(p.Close)
	return p
}

// Addr returns where the proxy listens, as host:port.
func (p *Proxy) Addr() string { return p.addr }

// Set puts a schedule in place of the one before.
func (p *Proxy) Set(s Schedule) { p.draws.set(s) }

// Next says what happens to the next requests that the schedule does not
// spare, one after the other, before it goes on. A Delay or Refuse among them
// lasts as the schedule says.
func (p *Proxy) Next(faults ...Fault) { p.draws.add(faults...) }

// Counts returns how many requests met each fault; Pass is among them.
func (p *Proxy) Counts() map[Fault]int { return p.draws.count() }

// Faults returns how many requests did not pass.
func (p *Proxy) Faults() int {
	n := 0
	for f, count := range p.Counts() {
		if f != Pass {
			n += count
		}
	}
	return n
}

// Connections returns how many connections of clients are open.
func (p *Proxy) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

// Disconnect resets all connections of clients, as a server does that crashes.
func (p *Proxy) Disconnect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.reset()
	}
}

// Refuse refuses new connections until it is taken back; those that are there
// stay.
func (p *Proxy) Refuse() (accept func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusers++
	p.unlisten()
	return sync.OnceFunc(p.accept)
}

func (p *Proxy) accept() {
	for deadline := time.Now().Add(patience); ; {
		p.mu.Lock()
		p.refusers--
		var err error
		if p.refusers == 0 && !p.closed {
			if err = p.relisten(); err != nil {
				p.refusers++
			}
		}
		p.mu.Unlock()
		if err == nil {
			return
		}
		// Another process may have the port for a moment.
		if time.Now().After(deadline) {
			p.tb.Errorf("listen again: %v", err)
			return
		}
		p.sleep(pollTime)
	}
}

// Close resets all connections, and returns when nothing of the proxy runs any
// more. It may be called again.
func (p *Proxy) Close() {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.closing)
		p.unlisten()
		for l := range p.links {
			l.reset()
		}
	}
	p.mu.Unlock()
	p.running.Wait()
}

// relisten needs the lock.
func (p *Proxy) relisten() error {
	l, err := net.Listen("tcp", p.addr) //nolint:noctx // it returns at once
	if err != nil {
		return err
	}
	p.listener = l
	p.running.Go(func() { p.serve(l) })
	return nil
}

// unlisten needs the lock.
func (p *Proxy) unlisten() {
	if p.listener != nil {
		_ = p.listener.Close() // there is nobody to tell
		p.listener = nil
	}
}

func (p *Proxy) serve(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.carry(client) })
	}
}

// carry connects a client with the server for as long as both want.
func (p *Proxy) carry(client net.Conn) {
	l := &link{client: client}
	if !p.add(l) {
		l.reset()
		return
	}
	defer p.remove(l)
	defer l.reset()
	server, err := net.DialTimeout(p.network, p.target, answerTime) //nolint:noctx // it has a time limit
	if err != nil {
		return
	}
	l.setServer(server)
	answers := make(chan struct{})
	go func() {
		defer close(answers)
		l.answers()
	}()
	p.requests(l)
	l.reset()
	<-answers
}

func (p *Proxy) add(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.links[l] = struct{}{}
	}
	return !p.closed
}

func (p *Proxy) remove(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}

// requests does to each request of a client what is drawn for it.
func (p *Proxy) requests(l *link) {
	for r := bufio.NewReaderSize(l.client, 1<<16); ; {
		words, raw, err := readRequest(r)
		if err != nil {
			return
		}
		switch s := p.draws.draw(words); s.fault {
		case Delay:
			p.sleep(s.lasts)
		case Reset:
			return
		case Refuse:
			p.refuseFor(s.lasts)
			return
		case Swallow:
			l.mode.Store(uint32(Swallow))
			_, _ = r.WriteTo(io.Discard) // until the client gives up
			return
		case CutAnswer, LoseAnswer:
			l.mode.Store(uint32(s.fault))
		case Pass:
		}
		if _, err := l.server.Write(raw); err != nil {
			return
		}
	}
}

func (p *Proxy) refuseFor(d time.Duration) {
	accept := p.Refuse()
	p.running.Go(func() {
		p.sleep(d)
		accept()
	})
}

// sleep waits, but no longer than the proxy is open.
func (p *Proxy) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.closing:
	}
}

// link is a connection of a client, and one to the server for it.
type link struct {
	client net.Conn
	mode   atomic.Uint32 // the Fault that the answers meet

	mu     sync.Mutex
	broken bool
	server net.Conn
}

func (l *link) setServer(server net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.server = server
	if l.broken {
		_ = server.Close()
	}
}

// reset closes both sides at once, without a word of farewell.
func (l *link) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		return
	}
	l.broken = true
	if tcp, ok := l.client.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = l.client.Close()
	if l.server != nil {
		_ = l.server.Close()
	}
}

// answers carries what the server says to the client, or some of it. It closes
// the client's side when it is done.
func (l *link) answers() {
	for buf := make([]byte, 1<<16); ; {
		n, err := l.server.Read(buf)
		switch mode := Fault(l.mode.Load()); {
		case mode == Swallow:
			n = 0
		case mode == LoseAnswer && n > 0:
			l.reset()
			return
		case mode == CutAnswer && n > 0:
			// What is on its way is to arrive, so this is no reset.
			_, _ = l.client.Write(buf[:n/2])
			_ = l.client.Close()
			return
		}
		if n > 0 {
			_, err = l.client.Write(buf[:n])
		}
		if err != nil {
			_ = l.client.Close()
			return
		}
	}
}
