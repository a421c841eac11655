package embedded

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOpenRefusesSynchronisedFolder(t *testing.T) {
	t.Parallel()
	c := configFor(filepath.Join(t.TempDir(), "Dropbox", "zapomni.db"))
	_, err := open(t, c)
	require.ErrorContains(t, err, "a synchronised folder (Dropbox)")
	require.NoFileExists(t, c.Path)
	c.AllowNetworkFS = true
	openAt(t, c)
}

func TestSynchronisedKnowsTheCommonFolders(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]bool{
		"/home/ann/OneDrive/x":                            true,
		"/home/ann/OneDrive - Example Ltd":                true,
		"/Users/ann/Library/CloudStorage/Box/x":           true,
		"/Users/ann/Library/Mobile Documents/com~apple/x": true,
		"/home/ann/dropbox-notes":                         false,
		"/home/ann/.local/share/zapomni":                  false,
		"/Users/ann/Library/Application Support/zapomni":  false,
	} {
		require.Equal(t, want, synchronised(dir) != "", dir)
	}
}

func TestSharedFolderLetsLocalDirectoriesThrough(t *testing.T) {
	t.Parallel()
	kind, err := sharedFolder(t.TempDir())
	require.NoError(t, err)
	require.Empty(t, kind)
}
