package builtin

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"zapomni/memory/pace"
)

const (
	// lotTokens is how many tokens go through the encoder together: enough to
	// use each weight often, and few enough to stay near the processor.
	lotTokens = 128
	// mostEncoders bounds the memory of many processors: each encoder may come
	// to have 3 MB.
	mostEncoders = 8
)

// engine is what the first text has to wait for.
type engine struct {
	kernels   *kernels
	model     *model
	tokenizer *tokenizer
	// encoders are those at rest, unmade has one for each that was never needed.
	encoders chan *encoder
	unmade   chan struct{}
}

func newEngine(k *kernels) (*engine, error) {
	m, err := parse(asset)
	if err != nil {
		return nil, err
	}
	t, err := newTokenizer(m.vocab)
	if err != nil {
		return nil, err
	}
	most := min(runtime.GOMAXPROCS(0), mostEncoders)
	unmade := make(chan struct{}, most)
	for range most {
		unmade <- struct{}{}
	}
	return &engine{kernels: k, model: m, tokenizer: t, encoders: make(chan *encoder, most), unmade: unmade}, nil
}

// embed returns the vectors of texts, in their order.
func (g *engine) embed(ctx context.Context, texts []string) ([][]float32, error) {
	lots, err := g.lots(ctx, texts)
	if err != nil {
		return nil, err
	}
	made := make([][][]float32, len(lots))
	workers := cap(g.encoders)
	if pace.IsGentle(ctx) {
		workers = 1
	}
	errs := make([]error, min(len(lots), workers))
	var next atomic.Int64
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = g.work(ctx, lots, made, &next) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err // that of ctx, as all are
		}
	}
	vectors := make([][]float32, 0, len(texts))
	for _, vs := range made {
		vectors = append(vectors, vs...)
	}
	return vectors, nil
}

// lots packs texts that follow one another together.
func (g *engine) lots(ctx context.Context, texts []string) ([]lot, error) {
	var lots []lot
	for _, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		tokens := g.tokenizer.tokens(text)
		last := len(lots) - 1
		if last < 0 || len(lots[last].tokens)+len(tokens) > lotTokens {
			lots = append(lots, lot{})
			last++
		}
		l := &lots[last]
		l.tokens = append(l.tokens, tokens...)
		l.ends = append(l.ends, len(l.tokens))
	}
	return lots, nil
}

// work takes lots until there is none left.
func (g *engine) work(ctx context.Context, lots []lot, made [][][]float32, next *atomic.Int64) error {
	for {
		i := int(next.Add(1)) - 1
		if i >= len(lots) {
			return nil
		}
		var err error
		if made[i], err = g.encode(ctx, lots[i]); err != nil {
			return err
		}
	}
}

// encode borrows an encoder for one lot only, so that whoever waits for one
// gets it soon.
func (g *engine) encode(ctx context.Context, l lot) ([][]float32, error) {
	e, err := g.borrow(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { g.encoders <- e }()
	return e.encode(ctx, l)
}

// borrow makes an encoder only where none is at rest, as each keeps its memory.
func (g *engine) borrow(ctx context.Context) (*encoder, error) {
	select {
	case e := <-g.encoders:
		return e, nil
	default:
	}
	select {
	case e := <-g.encoders:
		return e, nil
	case <-g.unmade:
		return &encoder{kernels: g.kernels, model: g.model}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
