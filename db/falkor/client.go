package falkor

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// Client sends queries to FalkorDB over a pool of connections. Goroutines may
// share it. It is opened by Init, and closed by Close for good.
type Client struct {
	config  Config
	options *redis.UniversalOptions
	wires   *wires
	log     *slog.Logger
	// onInit makes the connected client ready for use, before Init returns.
	// Nil means that it is.
	onInit func(ctx context.Context, c *Client) error
	// looks is for who only looks: Init makes no graph where there is none, as
	// FalkorDB does for all that is not sent as a read.
	looks bool

	initializing sync.Mutex
	pool         atomic.Pointer[pool] // nil before Init, and after one that failed
	ready        atomic.Bool
	closing      atomic.Bool   // no call may begin
	closed       atomic.Bool   // none is under way
	stop         chan struct{} // closed with closing
	over         chan struct{} // closed with closed
	drained      chan struct{} // told when the last call ends while closing

	calls   atomic.Int64 // under way
	queries atomic.Int64
	retries atomic.Int64
	limit   atomic.Int64 // see sender
	alarm   alarm
}

// NewClient checks c, reads the files of its certificates, and touches no
// network.
func NewClient(c Config, log *slog.Logger) (*Client, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	ws := newWires()
	options, err := c.options(ws)
	if err != nil {
		return nil, err
	}
	host, port := c.place()
	log = log.With("host", host, "port", port, "graph", c.Graph, "pool_max", c.Pool.MaxSize)
	log.Info("client_configured")
	return &Client{
		config:  c,
		options: options,
		wires:   ws,
		log:     log,
		stop:    make(chan struct{}),
		over:    make(chan struct{}),
		drained: make(chan struct{}, 1),
		alarm:   alarm{log: log},
	}, nil
}

// place says in logs where FalkorDB is.
func (c Config) place() (host string, port int) {
	if len(c.Addresses) > 0 {
		return strings.Join(c.Addresses, ","), 0
	}
	e, err := c.endpoint()
	if err != nil {
		return "", 0 // c would not have been valid
	}
	return e.host, e.port
}

// Query sends s and returns its answer. What was not answered is sent again,
// as far as its effect allows. It returns as soon as ctx ends; a statement that
// was sent by then may still take effect.
//
// The error is an *Error or an *OutcomeUnknownError.
func (c *Client) Query(ctx context.Context, s Statement) (Result, error) {
	p, err := c.enter(ctx)
	if err != nil {
		return Result{}, err
	}
	defer c.leave()
	ctx, span := c.traced(ctx, verbOf(s.Effect), s.Graph)
	r := c.retrying(c.sender(p))
	result, err := r.Query(ctx, s)
	end(span, err)
	return result, err
}

// Do sends any other command, as Query sends a statement, and returns its
// answer as go-redis reads it: nil, a string, an int64, a float64, a bool, an
// []any or a map[any]any. In a cluster it goes to the server that holds the
// graph among its arguments, or the default one if there is none.
func (c *Client) Do(ctx context.Context, effect Effect, args ...any) (any, error) {
	p, err := c.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	r, s := c.retrying(nil), c.sender(p)
	to := routeOf(effect, c.config.Graph, args)
	name, _ := args[0].(string)
	ctx, span := c.traced(ctx, name, c.config.Graph)
	var answer any
	_, err = r.run(ctx, effect, name, func(n int) (err error) {
		to.primary = n > 1
		answer, err = s.Do(ctx, to, args)
		return err
	})
	end(span, err)
	return answer, err
}

func (c *Client) sender(p *pool) *sender {
	return &sender{
		pool:         p,
		wires:        c.wires,
		socket:       c.config.Pool.SocketTimeout,
		limit:        &c.limit,
		waitReplicas: c.config.WaitReplicas,
		waitTime:     c.config.WaitReplicaTimeout,
	}
}

func (c *Client) retrying(next querier) *retrying {
	return &retrying{next: next, policy: c.config.Retry.policy(), log: c.log, retries: &c.retries, stop: c.stop}
}

// enter begins a call. Without an error, leave ends it.
func (c *Client) enter(ctx context.Context) (*pool, error) {
	c.calls.Add(1)
	p := c.pool.Load()
	var err error
	switch {
	case c.closing.Load():
		err = errClosed
	case p == nil:
		err = errNotInitialized
	case ctx.Err() != nil:
		err = &Error{text: "Query ended by its caller: " + ctx.Err().Error(), cause: ctx.Err()}
	}
	if err != nil {
		c.leave()
		return nil, err
	}
	c.alarm.check(ctx, p.active(), c.config.Pool.MaxSize)
	c.queries.Add(1)
	return p, nil
}

func (c *Client) leave() {
	if c.calls.Add(-1) == 0 && c.closing.Load() {
		select {
		case c.drained <- struct{}{}:
		default:
		}
	}
}
