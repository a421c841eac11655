package cypher

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// vector returns floats such as embedders give.
func vector() []float32 {
	random := rand.New(rand.NewPCG(1, 2))
	v := make([]float32, 384)
	for i := range v {
		v[i] = float32(random.NormFloat64() * 0.05)
	}
	return v
}

func benchmark(b *testing.B, params ...Param) {
	var dst []byte
	var err error
	b.ReportAllocs()
	for b.Loop() {
		if dst, err = Append(dst[:0], "RETURN 1", params...); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(dst)))
}

func BenchmarkAppendLookup(b *testing.B) {
	benchmark(b, P("id", "0198c5a2-7f3e-7c41-9a55-0d6f1c2b3a49"), P("limit", 10))
}

func BenchmarkAppendText(b *testing.B) {
	benchmark(b, P("text", strings.Repeat("The quick brown fox jumps over the lazy dog. ", 10)))
}

func BenchmarkAppendTextWithQuotes(b *testing.B) {
	benchmark(b, P("text", strings.Repeat(`if c == '\\' || it isn't "über"`+"\n", 14)))
}

func BenchmarkAppendVector(b *testing.B) { benchmark(b, P("v", vector())) }

// A memory of five chunks, as it is kept.
func BenchmarkAppendMemory(b *testing.B) {
	chunks := make([]Map, 5)
	for i := range chunks {
		chunks[i] = Map{
			{"id", "0198c5a2-7f3e-7c41-9a55-0d6f1c2b3a49"},
			{"i", i},
			{"text", strings.Repeat("It isn't the dog's day. ", 17)},
			{"tokens", strings.Repeat("isnt dog day ", 17)},
			{"embedding", vector()},
		}
	}
	benchmark(b, P("id", "0198c5a2-7f3e-7c41-9a55-0d6f1c2b3a49"), P("chunks", chunks))
}
