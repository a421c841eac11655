package main

import (
	"context"
	"errors"
	"os"

	"zapomni/memory/embed/builtin"
)

const (
	// common is how often a token has to be, among all, to count half.
	common = 0.01
	// sampled is one of how many vectors says which directions are kept.
	sampled = 4
)

// teach returns a vector for each token. The first texts are the tokens; their
// own vectors are where the fit begins.
func teach(ctx context.Context, work string, texts []string, weights []float32) (_ []float32, err error) {
	t, err := openTeacher(work, os.Stderr)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	vectors, err := t.vectors(ctx, texts)
	if err != nil {
		return nil, err
	}
	tokenizer, err := builtin.NewTokenizer()
	if err != nil {
		return nil, err
	}
	var sample [][]float32
	for i := 0; i < len(vectors); i += sampled {
		sample = append(sample, vectors[i])
	}
	axes := principal(sample)
	x := &examples{}
	for i, v := range vectors {
		x.add(tokenizer.Tokens(texts[i]), weights[i])
		x.targets = append(x.targets, project(v, axes)...)
	}
	start := make([]float32, words*width)
	addTimes(start, x.targets[:len(start)], 0.5)
	fitted := fit(x, start)
	weigh(fitted, x)
	return fitted, nil
}

// weigh makes the vectors of common tokens shorter, since they tell texts
// apart less than the fit takes them to.
func weigh(vectors []float32, x *examples) {
	counts, all := make([]float64, words), float64(words)
	for i, t := range x.tokens {
		counts[t] += float64(x.counts[i])
		all += float64(x.counts[i])
	}
	for t, n := range counts {
		share := (n + 1) / all
		weight := float32(common / (common + share))
		for i := range width {
			vectors[t*width+i] *= weight
		}
	}
}
