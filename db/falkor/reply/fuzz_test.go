package reply

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever the bytes are, Parse answers, in bounded memory, and what it
// returns can be read.
func FuzzParse(f *testing.F) {
	for _, raw := range replies(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := Parse(raw)
		if err != nil {
			require.Nil(t, r)
			return
		}
		require.LessOrEqual(t, cap(r.document.cells), len(raw)/2+8)
		require.LessOrEqual(t, cap(r.document.floats), len(raw)/2+8)
		for i := range r.Len() {
			for j, name := range r.Columns {
				v := r.Row(i).At(j)
				_ = v.Any()
				_ = r.Row(i).Get(name).List()
			}
		}
	})
}

// A golden reply in which one byte is another is read or refused, and never
// more than that.
func FuzzParseOfMutatedReplies(f *testing.F) {
	all := replies(f)
	for name, raw := range all {
		f.Add(name, len(raw)/2, byte('9'))
		f.Add(name, len(raw)/3, byte('*'))
	}
	f.Fuzz(func(_ *testing.T, name string, at int, b byte) {
		raw := append([]byte(nil), all[name]...)
		if len(raw) == 0 {
			return
		}
		raw[uint(at)%uint(len(raw))] = b
		r, err := Parse(raw)
		if err == nil {
			rows(r)
		}
	})
}

// What a server writes of a float comes back: a float64 to 15 digits, and the
// elements of vectors exactly.
func FuzzFloats(f *testing.F) {
	for _, x := range []float64{0, 1, -0.1, 1e-5, 1e15, 1e16, 1e22, 1e300, math.Pi, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, x float64) {
		if math.IsNaN(x) {
			return
		}
		double := fmt.Sprintf("%.15g", x)
		v := only(t, fmt.Sprintf("*2\r\n:5\r\n$%d\r\n%s\r\n", len(double), double))
		require.Equal(t, double == "-0", math.Signbit(v.Float()) && v.Float() == 0)
		if x == math.Trunc(x) && math.Abs(x) < 1e15 {
			require.InDelta(t, x, v.Float(), 0)
		}
		if math.Abs(x) < 1e308 {
			require.Equal(t, double, fmt.Sprintf("%.15g", v.Float()))
		}
		single := float32(x)
		element := fmt.Sprintf("%.17g", single)
		for _, written := range []string{resp2(element), resp3(element)} {
			v = only(t, "*2\r\n:12\r\n*1\r\n"+written)
			require.Equal(t, math.Float32bits(single), math.Float32bits(v.Vector()[0]), element)
		}
	})
}
