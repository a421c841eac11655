package falkor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"zapomni/memory"
	"zapomni/memory/retry"
)

// Init connects, looks whether the server is one that this program can work
// with, and makes the client ready. Once it has returned nil, calling it again
// does nothing. After an error it may be called again.
func (c *Client) Init(ctx context.Context) error {
	c.initializing.Lock()
	defer c.initializing.Unlock()
	switch {
	case c.closing.Load():
		return errNoReopen
	case c.ready.Load():
		c.log.DebugContext(ctx, "already_initialized")
		return nil
	}
	routeRedisLog(c.log)
	p := newPool(open(c.options), c.config.Pool)
	c.pool.Store(p)
	if err := c.begin(ctx, p); err != nil {
		c.pool.Store(nil)
		_ = p.close() // the error before it is the one to tell
		c.log.ErrorContext(ctx, "init_failed", "error", say(err))
		return &Error{text: "Failed to initialize FalkorDB client: " + say(err), kind: memory.ErrUnavailable, cause: err}
	}
	c.ready.Store(true)
	c.log.InfoContext(ctx, "connection_pool_initialized",
		"pool_max_size", c.config.Pool.MaxSize, "pool_timeout", c.config.Pool.Timeout.Seconds(),
		"socket_timeout", c.config.Pool.SocketTimeout.Seconds(), "timeout", c.config.Pool.Timeout.Seconds())
	go c.keep(context.WithoutCancel(ctx), p)
	return nil
}

// begin does the work of Init on a new pool.
func (c *Client) begin(ctx context.Context, p *pool) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	p.tend(ctx, c.config.Pool)
	c.checkRows(ctx)
	if c.onInit == nil {
		return nil
	}
	return c.onInit(ctx, c)
}

// connect waits for the first answer, at most as long as the settings say.
func (c *Client) connect(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, c.config.ConnectionTimeout)
	defer cancel()
	policy := retry.Policy{}
	if c.config.Wait {
		policy = c.config.Retry.policy()
		policy.Budget = c.config.ConnectionTimeout
	}
	_, err := policy.Do(limited, c.stop, func(int) (bool, error) {
		err := c.meet(limited)
		return unreached(err), err
	}, func(_ int, delay time.Duration, err error) {
		c.log.WarnContext(ctx, "waiting_for_server", "delay", delay.Seconds(), "error", say(err))
	})
	attempt, ok := errors.AsType[*attemptError](err)
	if ok && attempt.class == callerEnded && ended(ctx) == nil {
		return fmt.Errorf("no answer within %s: %w", c.config.ConnectionTimeout, context.DeadlineExceeded)
	}
	return err
}

// unreached tells whether err is of a kind that time may heal.
func unreached(err error) bool {
	attempt, ok := errors.AsType[*attemptError](err)
	return ok && attempt.again(Repeatable)
}

// meet asks what the server is, and for a first answer.
func (c *Client) meet(ctx context.Context) error {
	if err := c.checkModule(ctx); err != nil {
		return err
	}
	first := Statement{Graph: c.config.Graph, Text: "RETURN 1", Effect: Repeatable}
	if c.looks {
		first.Effect = Reads
	}
	_, err := c.Query(ctx, first)
	if c.looks && err != nil && noGraph(err) {
		return nil
	}
	return noModule(err)
}

// The module's version is one number: 41603 for 4.16.3.
const oldestModule = 41600

const install = "start one with: docker run -p 6379:6379 falkordb/falkordb:v4.16.3"

// checkModule refuses a server that is no FalkorDB, or one too old.
func (c *Client) checkModule(ctx context.Context) error {
	modules, err := c.Do(ctx, Reads, "MODULE", "LIST")
	if err != nil {
		if strings.Contains(err.Error(), "NOPERM") {
			return nil // the first query tells
		}
		return err
	}
	version, ok := moduleVersion(modules, "graph")
	switch {
	case !ok:
		return errNoModule
	case version < oldestModule:
		return fmt.Errorf("the server's FalkorDB is %s, and this program needs %s or newer: %s",
			spelled(version), spelled(oldestModule), install)
	}
	return nil
}

var errNoModule = errors.New("the server is a Redis or Valkey without the FalkorDB module: " + install)

// noModule replaces the error of a server that does not know GRAPH.QUERY.
func noModule(err error) error {
	if attempt, ok := errors.AsType[*attemptError](err); ok && attempt.class == "no module" {
		return errNoModule
	}
	return err
}

// mostRows is how many rows an answer may have to have. FalkorDB's image lets so
// many through.
const mostRows = 10_000

// checkRows warns of a server that cuts answers short, which it does without a
// word.
func (c *Client) checkRows(ctx context.Context) {
	answer, err := c.Do(ctx, Reads, "GRAPH.CONFIG", "GET", "RESULTSET_SIZE")
	pair, ok := answer.([]any)
	if err != nil || !ok || len(pair) != 2 {
		return // who may not ask is not told
	}
	if most, ok := pair[1].(int64); ok && pair[0] == "RESULTSET_SIZE" && most >= 0 && most < mostRows {
		c.log.WarnContext(ctx, "setting_doubtful", "max", most,
			"detail", fmt.Sprintf("RESULTSET_SIZE of the server cuts answers short: what is found may be missing below %d", mostRows))
	}
}

func spelled(version int64) string {
	return fmt.Sprintf("%d.%d.%d", version/10000, version/100%100, version%100)
}

// moduleVersion finds a module in the answer to MODULE LIST, whose entries are
// maps in RESP3 and lists in RESP2.
func moduleVersion(answer any, name string) (version int64, found bool) {
	modules, _ := answer.([]any)
	for _, m := range modules {
		fields, ok := m.(map[any]any)
		if !ok {
			fields = paired(m)
		}
		if fields["name"] == name {
			version, _ = fields["ver"].(int64)
			return version, true
		}
	}
	return 0, false
}

// paired makes a map of a list of keys and values.
func paired(list any) map[any]any {
	values, _ := list.([]any)
	fields := make(map[any]any, len(values)/2)
	for i := 0; i+1 < len(values); i += 2 {
		if key, ok := values[i].(string); ok {
			fields[key] = values[i+1]
		}
	}
	return fields
}
