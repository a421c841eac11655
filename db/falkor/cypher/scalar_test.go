package cypher

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// requireExact requires that f is written so that the same float32 is read.
func requireExact(t *testing.T, f float32) {
	t.Helper()
	text, bad := appendFloat32(nil, f)
	require.Nil(t, bad)
	read, err := strconv.ParseFloat(string(text), 64) // as the server reads it
	require.NoError(t, err)
	require.Equal(t, math.Float32bits(f), math.Float32bits(float32(read)), "%s", text)
	require.Regexp(t, `[.e]`, string(text))
}

func TestFloat32sAreWrittenExactly(t *testing.T) {
	for _, limit := range []float32{0, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.5, 1, 10, 1 << 24, math.MaxFloat32} {
		for below, above, i := limit, limit, 0; i < 100; i++ {
			requireExact(t, below)
			requireExact(t, -above)
			below, above = math.Nextafter32(below, 0), math.Nextafter32(above, math.MaxFloat32)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		requireExact(t, float32(random.NormFloat64()*0.05))
	}
}

func FuzzFloat32sAreWrittenExactly(f *testing.F) {
	for _, x := range []float32{0, 0.1, -0.099999994, 1e-4, math.SmallestNonzeroFloat32, math.MaxFloat32} {
		f.Add(math.Float32bits(x))
	}
	f.Fuzz(func(t *testing.T, bits uint32) {
		x := math.Float32frombits(bits)
		if _, bad := appendFloat32(nil, x); bad != nil {
			require.True(t, math.IsNaN(float64(x)) || math.IsInf(float64(x), 0))
			return
		}
		requireExact(t, x)
	})
}

// What is between the quotes is what the server reads, and no quote is left
// that would end the string early.
func FuzzStringsAreQuoted(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, bad := appendString(nil, s)
		if bad != nil {
			require.True(t, !utf8.ValidString(s) || strings.Contains(s, "\x00"))
			return
		}
		require.Equal(t, "''", string(text[0])+string(text[len(text)-1]))
		inside := text[1 : len(text)-1]
		read := make([]byte, 0, len(inside))
		for i := 0; i < len(inside); i++ {
			switch inside[i] {
			case '\\':
				i++
				require.Contains(t, `'\`, string(inside[i]))
			case '\'':
				require.Fail(t, "a quote ends the string early")
			}
			read = append(read, inside[i])
		}
		require.Equal(t, s, string(read))
	})
}
