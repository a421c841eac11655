package builtin

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reference is a text with what the Python package makes of it; see make/.
type reference struct {
	Text   string  `json:"text"`
	Tokens []int32 `json:"tokens"`
	Vector string  `json:"vector"`
}

func (r reference) floats(t *testing.T) []float32 {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(r.Vector)
	require.NoError(t, err)
	v := make([]float32, width)
	_, err = binary.Decode(b, binary.LittleEndian, v)
	require.NoError(t, err)
	return v
}

// references reads the file that ZAPOMNI_EMBED_REFERENCE names, or ours.
func references(t *testing.T) []reference {
	t.Helper()
	name := os.Getenv("ZAPOMNI_EMBED_REFERENCE")
	if name == "" {
		name = filepath.Join("testdata", "reference.jsonl")
	}
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	var rs []reference
	for d := json.NewDecoder(bufio.NewReader(f)); d.More(); {
		var r reference
		require.NoError(t, d.Decode(&r))
		rs = append(rs, r)
	}
	require.NotEmpty(t, rs)
	return rs
}

func cosine(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func TestTokensAreTheReferences(t *testing.T) {
	tok, _ := newTestTokenizer(t)
	for _, r := range references(t) {
		require.Equal(t, r.Tokens, tok.tokens(r.Text), "%.80q", r.Text)
	}
}

func TestVectorsAreNearTheReferences(t *testing.T) {
	rs := references(t)
	texts := make([]string, len(rs))
	for i, r := range rs {
		texts[i] = r.Text
	}
	vectors, err := New().Embed(t.Context(), texts)
	require.NoError(t, err)
	near := make([]float64, len(rs))
	for i, r := range rs {
		near[i] = cosine(r.floats(t), vectors[i])
		require.GreaterOrEqual(t, near[i], 0.99, "%.80q", r.Text)
	}
	slices.Sort(near)
	t.Logf("%d texts: least %.5f, one in a hundred below %.5f, median %.5f",
		len(near), near[0], near[len(near)/100], near[len(near)/2])
	require.GreaterOrEqual(t, near[len(near)/2], 0.995)
}

func digest(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:8])
}

func digestOf(t *testing.T, numbers any) string {
	t.Helper()
	b, err := binary.Append(nil, binary.LittleEndian, numbers)
	require.NoError(t, err)
	return digest(b)
}

// TestTokensOfTheRetrievalData compares the tokens of 1,000 of its texts with
// those of the reference. Both are kept as digests only.
func TestTokensOfTheRetrievalData(t *testing.T) {
	folder := os.Getenv("ZAPOMNI_RETRIEVAL_DATA")
	if folder == "" {
		t.Skip("ZAPOMNI_RETRIEVAL_DATA does not say where the data is")
	}
	sums, err := os.ReadFile(filepath.Join("testdata", "retrieval.sums"))
	require.NoError(t, err)
	want := map[string]string{}
	for line := range strings.Lines(string(sums)) {
		text, tokens, ok := strings.Cut(strings.TrimSpace(line), " ")
		require.True(t, ok)
		want[text] = tokens
	}
	files, err := filepath.Glob(filepath.Join(folder, "*", "*.jsonl.gz"))
	require.NoError(t, err)
	tok, _ := newTestTokenizer(t)
	for _, file := range files {
		for _, text := range textsIn(t, file) {
			key := digest([]byte(text))
			if tokens, ok := want[key]; ok {
				require.Equal(t, tokens, digestOf(t, tok.tokens(text)), "a text of %s", file)
				delete(want, key)
			}
		}
	}
	require.Empty(t, want, "texts that are not in the data")
}

func textsIn(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	var texts []string
	for d := json.NewDecoder(z); d.More(); {
		var doc struct {
			Text string `json:"text"`
		}
		require.NoError(t, d.Decode(&doc))
		texts = append(texts, doc.Text)
	}
	return texts
}
