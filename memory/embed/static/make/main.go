// Command make writes table.bin, the asset that the static embedder carries: a
// vector for each token of the built-in encoder, fitted so that their sums
// point where the encoder's vectors of texts point. It is run by hand; see
// README.md. The same packages make the same bytes, and every checksum is
// pinned.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"zapomni/memory/embed/builtin"
)

const (
	words = 30522
	width = 256

	assetSum = "c629e02ce7eaecc57e919742c9fdae6966af4ae8d33e8db122b0ecf1667af5b9"
)

func main() {
	work := flag.String("work", "", "a directory for downloads and vectors, kept; otherwise a temporary one")
	out := flag.String("out", "table.bin", "where the asset goes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *work, *out)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, work, out string) error {
	if work == "" {
		dir, err := os.MkdirTemp("", "static-make-")
		if err != nil {
			return fmt.Errorf("make a directory to work in: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		work = dir
	}
	texts, weights, err := collect(ctx, work)
	if err != nil {
		return err
	}
	vectors, err := teach(ctx, work, texts, weights)
	if err != nil {
		return err
	}
	asset := build(vectors)
	if err := checked("the asset", asset, assetSum); err != nil {
		return err
	}
	if err := os.WriteFile(out, asset, 0o644); err != nil {
		return fmt.Errorf("write the asset: %w", err)
	}
	fmt.Printf("%s: %d bytes from %d texts\n", out, len(asset), len(texts))
	return nil
}

// collect returns the tokens as texts, in their order, then all other texts,
// each once, and what each counts.
func collect(ctx context.Context, work string) (texts []string, weights []float32, err error) {
	tokenizer, err := builtin.NewTokenizer()
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{"": true}
	for _, token := range tokenizer.Vocabulary() {
		if rest, ok := strings.CutPrefix(token, "##"); ok && rest != "" {
			token = rest
		}
		seen[token] = true
		texts, weights = append(texts, token), append(weights, 1)
	}
	for _, s := range sources() {
		more, err := s.read(ctx, work)
		if err != nil {
			return nil, nil, err
		}
		for _, text := range more {
			if !seen[text] {
				seen[text] = true
				texts, weights = append(texts, text), append(weights, s.weight)
			}
		}
	}
	return texts, weights, nil
}
