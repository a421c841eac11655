package reply

import (
	"errors"
	"math"
	"strconv"
)

// powers are the powers of ten that a float64 holds exactly.
var powers = [...]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// floatWord reads a float as it is written: a string, as RESP2 has it and
// RESP3 outside of vectors, or the float of RESP3.
func (s *scanner) floatWord() string {
	if word, ok := s.line(','); ok {
		return word
	}
	start, end := s.bulk()
	return s.text[start:end]
}

// float64 reads a float, of which the server writes 15 digits.
func (s *scanner) float64() float64 {
	at := s.pos
	word := s.floatWord()
	if mantissa, decimals, ok := plain(word); ok && mantissa < 1<<53 {
		// Both are exact, so that the quotient is rounded once, as it should.
		return signed(word, float64(mantissa)/powers[decimals])
	}
	return s.anyFloat(at, word)
}

// float32 reads an element of a vector: a float32 written with 17 digits. A
// quotient of rounded numbers is off by less than 1e-15 of it, and the next
// float32 is 5e-8 away.
func (s *scanner) float32() float32 {
	at := s.pos
	word := s.floatWord()
	if mantissa, decimals, ok := plain(word); ok {
		return float32(signed(word, float64(mantissa)/powers[decimals]))
	}
	return float32(s.anyFloat(at, word))
}

// plain reads a number that has no exponent: all its digits, and how many of
// them are decimals. It leaves the sign aside.
func plain(word string) (mantissa uint64, decimals int, ok bool) {
	i, point := 0, len(word)
	if word != "" && word[0] == '-' {
		i = 1
	}
	first := i
	for ; i < len(word); i++ {
		digit := word[i] - '0'
		switch {
		case digit <= 9 && mantissa < 1e18:
			mantissa = mantissa*10 + uint64(digit)
		case word[i] == '.' && point == len(word):
			point = i
		default:
			return 0, 0, false
		}
	}
	decimals = max(0, len(word)-point-1)
	return mantissa, decimals, point > first && point != len(word)-1 && decimals < len(powers)
}

// signed returns f with the sign that word has.
func signed(word string, f float64) float64 {
	if word[0] == '-' {
		return -f
	}
	return f
}

// anyFloat reads all other numbers: those with an exponent, and those that are
// none.
func (s *scanner) anyFloat(at int, word string) float64 {
	switch {
	case s.err != nil:
		return 0
	case word == "-nan": // as the C library of most servers writes it
		return math.NaN()
	}
	f, err := strconv.ParseFloat(word, 64)
	switch {
	case err == nil:
		return f
	case errors.Is(err, strconv.ErrRange):
		// The largest float is rounded up where it is written with 15 digits.
		return math.Copysign(math.MaxFloat64, f)
	}
	s.pos = at
	s.fail("not a float")
	return 0
}
