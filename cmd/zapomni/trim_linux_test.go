package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// ofFiles is how much of files this process holds in memory, in kB.
func ofFiles(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	found := regexp.MustCompile(`RssFile:\s*(\d+) kB`).FindSubmatch(status)
	require.NotNil(t, found, "%s", status)
	n, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	return n
}

func TestTrimGivesBackWhatTheStartNeeded(t *testing.T) {
	before := ofFiles(t)
	trim()
	require.Less(t, ofFiles(t), before*3/4)
}

func TestOnlyAProgramAtAFixedPlaceIsTrimmed(t *testing.T) {
	elf := func(kind byte) string {
		path := filepath.Join(t.TempDir(), "program")
		require.NoError(t, os.WriteFile(path, append([]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00"), kind, 0), 0o600))
		return path
	}
	require.True(t, isFixed(elf(2)))
	require.False(t, isFixed(elf(3)), "it can be loaded anywhere")
	require.False(t, isFixed(filepath.Join(t.TempDir(), "none")))
	require.True(t, isFixed("/proc/self/exe"))
}
