package cypher

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// appendString writes s between single quotes. Only the quote and the
// backslash are escaped: to the server every other byte stands for itself,
// and the escapes of Go and of JSON would stay in the text.
func appendString(dst []byte, s string) ([]byte, *ParamError) {
	if !utf8.ValidString(s) {
		return refuse(dst, "not valid UTF-8")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return refuse(dst, "holds a NUL")
	}
	dst = append(dst, '\'')
	if strings.IndexByte(s, '\'') < 0 && strings.IndexByte(s, '\\') < 0 {
		dst = append(dst, s...)
		return append(dst, '\''), nil
	}
	done := 0
	for i := range len(s) {
		if c := s[i]; c == '\'' || c == '\\' {
			dst = append(dst, s[done:i]...)
			dst = append(dst, '\\')
			done = i
		}
	}
	dst = append(dst, s[done:]...)
	return append(dst, '\''), nil
}

func appendFloat64(dst []byte, f float64) ([]byte, *ParamError) { return appendFloat(dst, f, 64) }

// appendFloat writes the shortest text that reads as f again, and always as
// a float: 1.0 and not 1, which would be an integer.
func appendFloat(dst []byte, f float64, bits int) ([]byte, *ParamError) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return refuse(dst, "not a finite number")
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'g', -1, bits)
	if bytes.IndexByte(dst[start:], '.') < 0 && bytes.IndexByte(dst[start:], 'e') < 0 {
		dst = append(dst, '.', '0')
	}
	return dst, nil
}

// pairs holds 00 to 99, one after the other.
const pairs = "00010203040506070809" + "10111213141516171819" + "20212223242526272829" + "30313233343536373839" +
	"40414243444546474849" + "50515253545556575859" + "60616263646566676869" + "70717273747576777879" +
	"80818283848586878889" + "90919293949596979899"

// appendFloat32 writes f so that it reads as the same float32 again. Vectors
// are most of what is sent, and their elements mostly lie between 0.0001 and
// 1: there, nine digits by plain arithmetic take a fifth of the time that the
// shortest text does.
//
// Nine digits suffice: they are off by at most 0.5e-8 of f, and to the middle
// between two floats it is at least 2.9e-8 of it. For the same reason the
// largest float below 0.1, 0.01 … does not round up to a tenth digit.
func appendFloat32(dst []byte, f float32) ([]byte, *ParamError) {
	var head string
	var scale float64
	abs := math.Abs(float64(f))
	switch {
	case !(abs < 1) || abs < 0.0001: // so that NaN is among them
		return appendFloat(dst, float64(f), 32)
	case abs >= 0.1:
		head, scale = "-0.", 1e9
	case abs >= 0.01:
		head, scale = "-0.0", 1e10
	case abs >= 0.001:
		head, scale = "-0.00", 1e11
	default:
		head, scale = "-0.000", 1e12
	}
	if f > 0 {
		head = head[1:]
	}
	dst = append(dst, head...)
	n := uint32(abs*scale + 0.5)
	a, b, c, d := n/1e6%100*2, n/1e4%100*2, n/100%100*2, n%100*2
	return append(dst, '0'+byte(n/1e8), pairs[a], pairs[a+1], pairs[b], pairs[b+1],
		pairs[c], pairs[c+1], pairs[d], pairs[d+1]), nil
}
