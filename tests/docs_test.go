package tests

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The list in pooling.md says of each box which test proves it.
func TestProofsInPoolingDocumentExist(t *testing.T) {
	page, err := os.ReadFile("../docs/pooling.md")
	require.NoError(t, err)
	named := regexp.MustCompile("`(Test[A-Za-z0-9_]+)`").FindAllSubmatch(page, -1)
	require.Greater(t, len(named), 30)
	source := testSources(t)
	for _, name := range named {
		require.Contains(t, source, "\nfunc "+string(name[1])+"(t *testing.T)")
	}
}

// testSources is the text of all tests.
func testSources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	}))
	return all.String()
}
