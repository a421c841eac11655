package builtin

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestParseUsesCodesWhereTheyLie(t *testing.T) {
	m, err := parse(asset)
	require.NoError(t, err)
	first := uintptr(unsafe.Pointer(unsafe.StringData(asset)))
	for _, codes := range [][]int8{m.wordCodes, m.layers[0].qkv.codes, m.layers[layers-1].down.codes} {
		at := uintptr(unsafe.Pointer(&codes[0]))
		require.True(t, first < at && at < first+uintptr(len(asset)))
	}
}

func TestParseKnowsTheSumsOfTheCodes(t *testing.T) {
	m, err := parse(asset)
	require.NoError(t, err)
	for i := range m.layers {
		d := &m.layers[i].qkv
		ones := make([]uint8, rowGroup*d.in)
		for j := range ones {
			ones[j] = 1
		}
		out := make([]int32, rowGroup*d.out)
		multiplyPortable(out, ones, rowGroup, d)
		require.Equal(t, d.sums, out[:d.out], "layer %d", i)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]string{
		"nothing":             "",
		"another file":        strings.Repeat("x", len(asset)),
		"a part":              asset[:len(asset)-1],
		"the head only":       asset[:assetAlignment],
		"more than the model": asset + strings.Repeat("\x00", assetAlignment),
		"a huge vocabulary":   assetMagic + strings.Repeat("\xff", 8) + asset[16:],
	}
	for name, b := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parse(b)
			require.ErrorContains(t, err, "read the built-in model")
		})
	}
}
