package embed

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVectorReadsBothForms(t *testing.T) {
	want := vector{0.5, -0.25, 3e-8}
	for name, raw := range map[string]string{
		"numbers": `[0.5, -0.25, 3e-8]`,
		"base64":  `"` + base64.StdEncoding.EncodeToString(pack(want)) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			var got vector
			require.NoError(t, json.Unmarshal([]byte(raw), &got))
			require.Equal(t, want, got)
		})
	}
}

func TestVectorRefuses(t *testing.T) {
	for name, raw := range map[string]string{
		"a number too large for 32 bits": `[1e39]`,
		"texts":                          `["a"]`,
		"an object":                      `{}`,
		"no base64":                      `"%"`,
		"a part of a number":             `"` + base64.StdEncoding.EncodeToString([]byte("abc")) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			var got vector
			require.Error(t, json.Unmarshal([]byte(raw), &got))
		})
	}
}

func TestFinishRefuses(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, row := range []struct {
		name    string
		vectors []vector
		want    class
	}{
		{"too few", []vector{{1}}, malformed},
		{"too many", []vector{{1}, {1}, {1}}, malformed},
		{"ragged", []vector{{1, 1}, {1}}, malformed},
		{"empty", []vector{{}, {}}, badText},
		{"missing", []vector{{1}, nil}, badText},
		{"zeros", []vector{{1, 1}, {0, 0}}, badText},
		{"not a number", []vector{{1, 1}, {1, nan}}, badText},
		{"infinite", []vector{{1, inf}, {1, 1}}, badText},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := finish(row.vectors, 2)
			require.ErrorIs(t, err, ErrRefused)
			require.Equal(t, row.want, classOf(err))
		})
	}
}

func TestFinishGivesEachTheLengthOne(t *testing.T) {
	got, err := finish([]vector{{3, 4}, {1e-30, 0}, {math.MaxFloat32, math.MaxFloat32}}, 3)
	require.NoError(t, err)
	half := float32(math.Sqrt(0.5))
	require.Equal(t, [][]float32{{0.6, 0.8}, {1, 0}, {half, half}}, got)
}

func TestDimensionIsTheFirst(t *testing.T) {
	var d dimension
	require.Zero(t, d.known())
	require.True(t, d.settle(3))
	require.True(t, d.settle(3))
	require.False(t, d.settle(4))
	require.Equal(t, 3, d.known())
}

// FuzzVector holds that no answer of a server is too much: it is refused, or
// packed and unpacked to the same numbers.
func FuzzVector(f *testing.F) {
	for _, s := range []string{"[1,2]", "[null]", `"AAAA"`, "[[1]]", "null", `"`, "[1e39]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var v vector
		if json.Unmarshal(raw, &v) != nil {
			return
		}
		back, err := unpack(pack(v))
		require.NoError(t, err)
		require.Len(t, back, len(v))
		for i := range v {
			require.Equal(t, math.Float32bits(v[i]), math.Float32bits(back[i]))
		}
	})
}
