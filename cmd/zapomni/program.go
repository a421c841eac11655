package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// thisProgram returns an absolute path by which this program can be started
// again, now and after an update.
func thisProgram() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	return lasting(path, os.Args[0])
}

var errPassing = errors.New("this program was built by 'go run' and will be gone soon: build it with 'go build -o zapomni ./cmd/zapomni', put it where it can stay, and run that")

// lasting chooses between the file that runs and the name it was called by:
// that may be a link which outlives the version it leads to.
func lasting(path, called string) (string, error) {
	if passing(path) {
		return "", errPassing
	}
	name, err := exec.LookPath(called)
	if err != nil {
		return path, nil //nolint:nilerr // the file itself is as good.
	}
	if name, err = filepath.Abs(name); err != nil || !sameFile(name, path) {
		return path, nil //nolint:nilerr // as above.
	}
	return name, nil
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// passing tells whether Go built the program at path for a single run: in its
// directory for builds, or in its cache.
func passing(path string) bool {
	dirs := strings.Split(filepath.ToSlash(filepath.Dir(path)), "/")
	for _, d := range dirs {
		if number, ok := strings.CutPrefix(d, "go-build"); ok && strings.Trim(number, "0123456789") == "" {
			return true
		}
	}
	hash, cached := strings.CutSuffix(dirs[len(dirs)-1], "-d")
	return cached && len(hash) == 64 && strings.Trim(hash, "0123456789abcdef") == ""
}
