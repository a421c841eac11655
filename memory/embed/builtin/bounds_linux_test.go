package builtin

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// fenced returns n zeros that end, or begin if early, where nobody may read or
// write: a kernel that goes beyond them ends the test.
func fenced[T any](t *testing.T, n int, early bool) []T {
	t.Helper()
	var zero T
	page, size := syscall.Getpagesize(), n*int(unsafe.Sizeof(zero))
	room := (size + page - 1) / page * page
	b, err := syscall.Mmap(-1, 0, room+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(b)) })
	require.NoError(t, syscall.Mprotect(b[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(b[page+room:], syscall.PROT_NONE))
	start := page
	if !early {
		start += room - size
	}
	return unsafe.Slice((*T)(unsafe.Pointer(&b[start])), n)
}

func TestKernelsStayWithinWhatTheyAreGiven(t *testing.T) {
	for _, k := range available() {
		for name, early := range map[string]bool{"from the first": true, "to the last": false} {
			t.Run(k.name+"/"+name, func(t *testing.T) {
				for _, shape := range [][2]int{{width, 3 * width}, {width, width}, {width, inner}, {inner, width}} {
					multiplyFenced(t, k, shape[0], shape[1], early)
				}
				for _, n := range []int{lane, 3 * lane, 4 * lane, 5 * lane, width, inner} {
					changeFenced(t, k, n, early)
				}
				for _, n := range []int{1, lane - 1, lane, lane + 1, 4*lane + 1, maxTokens} {
					attendFenced(t, k, n, early)
				}
			})
		}
	}
}

func multiplyFenced(t *testing.T, k *kernels, in, out int, early bool) {
	t.Helper()
	d := &dense{
		in: in, out: out, scales: fenced[float32](t, out, early), bias: fenced[float32](t, out, early),
		sums: fenced[int32](t, out, early), codes: fenced[int8](t, in*out, early),
	}
	for _, rows := range []int{rowGroup, 2 * rowGroup} {
		wide := fenced[int32](t, rows*out, early)
		k.multiply(wide, fenced[uint8](t, rows*in, early), rows, d)
		k.rescale(wide[:out], d, 1, 1)
		k.rescale(wide[len(wide)-out:], d, 1, 1)
	}
}

func changeFenced(t *testing.T, k *kernels, n int, early bool) {
	t.Helper()
	x, y := fenced[float32](t, n, early), fenced[float32](t, n, early)
	k.gelu(x)
	k.bounds(x)
	k.add(x, y)
	k.spread(x, 1)
	k.level(x, 1, 1, &layerNorm{weight: y, bias: y})
	k.scale(x, 1)
	k.powers(x, k.highest(x))
	if n%(4*lane) == 0 {
		k.narrow(fenced[uint8](t, n, early), x, 1, 1)
	}
}

// attendFenced uses the keys and values of n tokens.
func attendFenced(t *testing.T, k *kernels, n int, early bool) {
	t.Helper()
	padded := (n + lane - 1) / lane * lane
	shares := fenced[float32](t, padded, early)
	k.scores(shares, fenced[float32](t, headWidth, early), fenced[float32](t, headWidth*padded, early))
	const stride = 3 * width
	values := fenced[float32](t, (n-1)*stride+headWidth, early)
	k.blend(fenced[float32](t, headWidth, early), shares[:n], values, stride)
}
