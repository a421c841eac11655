package falkor

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
	"zapomni/memory"
)

// documentedUser is the command for the user in docs/falkordb.md, in words.
func documentedUser(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("../../docs/falkordb.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "ACL SETUSER ")
	require.True(t, found)
	command, _, _ := strings.Cut(rest, "```")
	return append([]string{"ACL", "SETUSER"}, strings.Fields(strings.ReplaceAll(command, "PASSWORD", "pw"))...)
}

// asUser is a server's settings for that user.
func asUser(c Config) Config {
	c.User, c.Password = "zapomni", "pw"
	return c
}

// useAll does all that there is to do.
func useAll(t *testing.T, c Config) error {
	t.Helper()
	ctx := t.Context()
	if _, err := Identify(ctx, c, discard()); err != nil {
		return err
	}
	s, err := Open(ctx, c, discard())
	if err != nil {
		return err
	}
	defer func() { require.NoError(t, s.Close()) }()
	random := rand.New(rand.NewPCG(1, 9))
	m := piecesOf(4)
	m.Workspace = "w"
	query := memory.VectorQuery{Model: "m", Vector: randomVector(random, 3)}
	for _, do := range []func() error{
		func() error { return s.AddWorkspace(ctx, memory.WorkspaceInfo{ID: "w", CreatedAt: time.Now().UTC()}) },
		func() error { return s.Put(ctx, m) },
		func() error {
			chunks, _, err := s.Unembedded(ctx, "w", "", 9)
			if err != nil {
				return err
			}
			return s.Attach(ctx, "w", "m", vectorsFor(random, chunks, 3))
		},
		func() error { _, err := s.Nearest(ctx, "w", query, 3); return err },
		func() error { _, err := s.Matching(ctx, "w", memory.TermQuery{Terms: []string{"word"}}, 9); return err },
		func() error { _, err := s.Workspaces(ctx); return err },
		func() error { _, err := s.Counts(ctx, "w"); return err },
		func() error { _, err := s.Size(ctx); return err },
		func() error { return s.Detach(ctx, "w") },
		func() error { return s.Delete(ctx, "w", m.ID) },
		func() error { return s.DeleteWorkspace(ctx, "w") },
		func() error { return s.Clear(ctx) },
		func() error { return s.Ping(ctx) },
		func() error {
			return unless(s.asOne(ctx, s.graph, func(m *making) error {
				again := *m
				return errors.Join(m.finish(ctx), again.finish(ctx))
			}), errTaken)
		},
	} {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// denied is what a server has refused for want of rights.
func denied(t *testing.T, server *falkortest.Server) []any {
	t.Helper()
	all, _ := must(t, server, "ACL", "LOG").([]any)
	return all
}

func TestDocumentedUserCanDoAll(t *testing.T) {
	t.Parallel()
	server := falkortest.Start(t)
	must(t, server, documentedUser(t)...)
	c := Defaults()
	c.URL = Secret(server.URL())
	require.NoError(t, useAll(t, asUser(c)))
	require.Empty(t, denied(t, server))
	_, err := server.Do("GRAPH.QUERY", "other", "CREATE (:N)")
	require.NoError(t, err)
	client, _ := ready(t, asUser(c))
	_, err = client.Query(t.Context(), Statement{Graph: "other", Text: "MATCH (n) RETURN n.x"})
	require.ErrorContains(t, err, "NOPERM", "what is not zapomni's")
}

// Each right of the documented user is of use.
func TestDocumentedUserHasNoRightTooMany(t *testing.T) {
	t.Parallel()
	server := falkortest.Start(t)
	user := documentedUser(t)
	for i, right := range user {
		if !strings.ContainsAny(right[:1], "+~") {
			continue
		}
		must(t, server, "FLUSHALL")
		must(t, server, "ACL", "LOG", "RESET")
		must(t, server, "ACL", "DELUSER", "zapomni")
		must(t, server, slices.Delete(slices.Clone(user), i, i+1)...)
		c := Defaults()
		c.URL = Secret(server.URL())
		c.Pool.MinSize = 1
		_ = useAll(t, asUser(c)) // some it can do without
		require.NotEmpty(t, denied(t, server), "without %s", right)
	}
}

func TestDocumentedUserCanDoAllInACluster(t *testing.T) {
	t.Parallel()
	cluster := falkortest.StartCluster(t, 3, 1)
	for _, server := range cluster.Servers {
		must(t, server, append(documentedUser(t), "+cluster|slots", "+readonly", "+asking", "+wait")...)
	}
	c := clusterConfig(cluster.Addrs())
	c.ReadReplicas, c.WaitReplicas = true, 1
	require.NoError(t, useAll(t, asUser(c)))
	for _, server := range cluster.Servers {
		require.Empty(t, denied(t, server))
	}
}
