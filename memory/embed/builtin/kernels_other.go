//go:build !amd64 && !arm64

package builtin

// best returns the fastest kernels that this processor can run.
func best() *kernels { return portable() }
