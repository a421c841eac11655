// Package sdk holds the server against the official clients of the protocol,
// which most programs are made with: the SDKs for TypeScript and Go, the
// Inspector, and the suite that says whether a server conforms.
package sdk

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/db/falkor/falkortest"
	"zapomni/tests/client"
	"zapomni/tests/npm"
)

func TestMain(m *testing.M) {
	os.Exit(npm.Main(func() int { return client.Main(m) }))
}

// result is what a tool answers, as the clients hand it on.
type result struct {
	IsError           bool
	Content           []struct{ Type, Text string }
	StructuredContent struct {
		ID      string `json:"memory_id"`
		Results []struct {
			ID   string `json:"memory_id"`
			Text string
		}
	}
}

// onEachStore runs do with settings for a server that keeps memories in each
// of the stores.
func onEachStore(t *testing.T, do func(t *testing.T, settings []string)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { do(t, nil) })
	t.Run("falkordb", func(t *testing.T) {
		s := falkortest.Shared(t)
		do(t, []string{"FALKORDB_URL=" + s.URL(), "GRAPH_NAME=" + s.Graph(t)})
	})
}

func TestOfficialSDK(t *testing.T) {
	packages := npm.Install(t)
	onEachStore(t, func(t *testing.T, settings []string) { speak(t, packages, settings) })
}

// speak runs the client against a server with these settings.
func speak(t *testing.T, packages npm.Packages, settings []string) {
	t.Helper()
	var seen struct {
		Server                                           struct{ Name, Version string }
		Instructions                                     string
		Tools                                            []struct{ Name string }
		Unknown                                          int
		Added, Found, Refused, FoundAgain, Deleted, Gone result
	}
	server := client.Command(t, t.TempDir(), settings)
	out := packages.Run(t, server.Env, "client.mjs", server.Path)
	require.NoError(t, json.Unmarshal([]byte(out), &seen), out)

	require.Equal(t, "zapomni-memory", seen.Server.Name)
	require.NotEmpty(t, seen.Server.Version)
	require.Contains(t, seen.Instructions, "search_memory")
	var names []string
	for _, tool := range seen.Tools {
		names = append(names, tool.Name)
	}
	require.Subset(t, names, []string{"add_memory", "search_memory", "get_stats", "delete_memory", "clear_all"})

	require.False(t, seen.Added.IsError)
	require.NotEmpty(t, seen.Added.StructuredContent.ID)
	for _, found := range []result{seen.Found, seen.FoundAgain} {
		require.False(t, found.IsError)
		require.Len(t, found.StructuredContent.Results, 1)
		require.Equal(t, seen.Added.StructuredContent.ID, found.StructuredContent.Results[0].ID)
		require.Contains(t, found.Content[0].Text, "Anna moved to Lisbon in March.")
	}
	require.True(t, seen.Refused.IsError)
	require.Equal(t, "Input validation error: 0 is less than the minimum of 1", seen.Refused.Content[0].Text)
	require.Equal(t, -32602, seen.Unknown)
	require.False(t, seen.Deleted.IsError)
	require.Equal(t, "No results found matching your query.", seen.Gone.Content[0].Text)
}

func TestTheLockNamesNoPlaceToLoadFrom(t *testing.T) { npm.LocksNoPlace(t) }
