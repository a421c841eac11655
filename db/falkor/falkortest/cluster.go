package falkortest

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// slots is how many parts the keys of a cluster fall into.
	slots = 16384
	// nodeTimeout is how long a node may be silent before the others hold it
	// for dead.
	nodeTimeout = 1500 * time.Millisecond
)

// Cluster is some masters that share the keys, each with its replicas.
type Cluster struct {
	// Servers has the first masters first, and then the replicas: that of the
	// first master, of the second and so on, then the next of the first.
	Servers []*Server

	tb testing.TB
}

// StartCluster starts masters, and for each of them as many replicas as are
// asked for, and returns when all of them know each other and every key has a
// place. It takes three masters for a failover: they have to agree on it.
func StartCluster(tb testing.TB, masters, replicas int, options ...Option) *Cluster {
	tb.Helper()
	c := &Cluster{tb: tb}
	for range masters * (1 + replicas) {
		c.Servers = append(c.Servers, Start(tb, append(slices.Clone(options), clusterNode())...))
	}
	for i, s := range c.Servers {
		c.must(s, "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
		if i < masters {
			c.must(s, "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(slots*i/masters), strconv.Itoa(slots*(i+1)/masters-1))
		}
		if i > 0 {
			c.must(c.Servers[0], "CLUSTER", "MEET", loopback, s.portNumber(0), s.portNumber(1))
		}
	}
	c.awaitAll("all nodes know each other", c.isMet)
	for i, replica := range c.Servers[masters:] {
		id, _ := c.must(c.Servers[i%masters], "CLUSTER", "MYID").(string)
		c.must(replica, "CLUSTER", "REPLICATE", id)
	}
	for _, replica := range c.Servers[masters:] {
		await(tb, "the replica has what its master has", replica.isInStep)
	}
	c.awaitAll("all nodes know all replicas", func(s *Server) error { return c.isWhole(s, masters, replicas) })
	for _, s := range c.Servers {
		// A node that is killed before it wrote this down may not start again.
		c.must(s, "CLUSTER", "SAVECONFIG")
	}
	return c
}

func (c *Cluster) must(s *Server, words ...string) any {
	c.tb.Helper()
	reply, err := s.Do(words...)
	require.NoError(c.tb, err, strings.Join(words[:2], " "))
	return reply
}

func (c *Cluster) awaitAll(what string, check func(*Server) error) {
	c.tb.Helper()
	for _, s := range c.Servers {
		await(c.tb, what, func() error { return check(s) })
	}
}

func (c *Cluster) isMet(s *Server) error {
	reply, err := s.Do("CLUSTER", "NODES")
	if err != nil {
		return err
	}
	nodes := fmt.Sprint(reply)
	if strings.Count(nodes, "\n") != len(c.Servers) || strings.Contains(nodes, "handshake") {
		return fmt.Errorf("%s knows\n%s", s.Addr(), nodes)
	}
	return nil
}

// isWhole says what a node does not know yet of the shards: their masters are
// known first, then the replicas of each.
func (c *Cluster) isWhole(s *Server, masters, replicas int) error {
	reply, err := s.Do("CLUSTER", "SHARDS")
	if err != nil {
		return err
	}
	shards, _ := reply.([]any)
	if len(shards) != masters {
		return fmt.Errorf("%s knows %d shards of %d", s.Addr(), len(shards), masters)
	}
	for _, shard := range shards {
		fields, _ := shard.([]any) // slots, their ranges, nodes, the list of them
		if len(fields) < 4 {
			return fmt.Errorf("%s describes a shard as %v", s.Addr(), shard)
		}
		if nodes, _ := fields[3].([]any); len(nodes) != 1+replicas {
			return fmt.Errorf("%s knows %d nodes of a shard that has %d", s.Addr(), len(nodes), 1+replicas)
		}
	}
	return s.says([]string{"CLUSTER", "INFO"}, "cluster_state:ok", fmt.Sprintf("cluster_slots_ok:%d", slots))
}

// Addrs returns where the nodes listen.
func (c *Cluster) Addrs() []string { return addrs(c.Servers) }

// Owner returns the master that has a key, as the first node alive sees it.
func (c *Cluster) Owner(key string) *Server {
	c.tb.Helper()
	owner, err := c.owner(key)
	require.NoError(c.tb, err)
	return owner
}

// AwaitFailover waits until another master than old has the key, and the nodes
// alive hold the cluster for whole. It returns that master.
func (c *Cluster) AwaitFailover(key string, old *Server) *Server {
	c.tb.Helper()
	var owner *Server
	await(c.tb, "another master has the key", func() error {
		var err error
		if owner, err = c.owner(key); err != nil {
			return err
		}
		if owner == old {
			return errors.New("it is still with the old one")
		}
		for _, s := range c.Servers {
			if !s.Running() {
				continue
			}
			if err := s.says([]string{"CLUSTER", "INFO"}, "cluster_state:ok"); err != nil {
				return err
			}
		}
		return owner.says([]string{"INFO", "replication"}, "role:master")
	})
	return owner
}

func (c *Cluster) owner(key string) (*Server, error) {
	for _, s := range c.Servers {
		if !s.Running() {
			continue
		}
		slot, err := s.Do("CLUSTER", "KEYSLOT", key)
		if err != nil {
			return nil, err
		}
		reply, err := s.Do("CLUSTER", "SLOTS")
		if err != nil {
			return nil, err
		}
		addr, err := ownerIn(reply, slot)
		if err != nil {
			return nil, err
		}
		return byAddr(c.Servers, addr)
	}
	return nil, errors.New("no node is alive")
}

// ownerIn finds a slot in the answer to CLUSTER SLOTS: a list of first slot,
// last slot, master, replicas.
func ownerIn(reply, slot any) (string, error) {
	ranges, _ := reply.([]any)
	n, _ := slot.(int64)
	for _, item := range ranges {
		r, _ := item.([]any)
		if len(r) < 3 {
			continue
		}
		first, _ := r[0].(int64)
		last, _ := r[1].(int64)
		master, _ := r[2].([]any)
		if first <= n && n <= last && len(master) >= 2 {
			return net.JoinHostPort(fmt.Sprint(master[0]), fmt.Sprint(master[1])), nil
		}
	}
	return "", fmt.Errorf("nobody has slot %v", slot)
}
