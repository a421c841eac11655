package static

import (
	"math"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestParseUsesCodesWhereTheyLie(t *testing.T) {
	table, err := parse(asset)
	require.NoError(t, err)
	first := uintptr(unsafe.Pointer(unsafe.StringData(asset)))
	at := uintptr(unsafe.Pointer(&table.codes[0]))
	require.True(t, first < at && at+uintptr(len(table.codes)) == first+uintptr(len(asset)))
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]string{
		"nothing":             "",
		"another file":        strings.Repeat("x", len(asset)),
		"a part":              asset[:len(asset)-1],
		"more than the table": asset + "\x00",
	}
	for name, b := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parse(b)
			require.ErrorContains(t, err, "read the static table")
		})
	}
}

func TestTableHasAUsableVectorForEachToken(t *testing.T) {
	table, err := parse(asset)
	require.NoError(t, err)
	for token := range int32(vocabulary) {
		scale := float64(table.scales[token])
		require.True(t, scale > 0 && !math.IsInf(scale, 0), "token %d", token)
		v := table.sum([]int32{token})
		require.InDelta(t, 1, cosine(v, v), 1e-6, "token %d", token)
	}
}

func TestSumThatComesToNothingIsAnUnknownWord(t *testing.T) {
	table := table{scales: make([]float32, vocabulary), codes: make([]int8, vocabulary*width)}
	for _, token := range []int{1, 2, unknown} {
		table.scales[token] = 0.5
	}
	table.codes[1*width], table.codes[2*width], table.codes[unknown*width+7] = 100, -100, 1
	require.InDelta(t, 1, table.sum([]int32{1, 2})[7], 1e-6)
	require.InDelta(t, 1, table.sum([]int32{1})[0], 1e-6)
}
