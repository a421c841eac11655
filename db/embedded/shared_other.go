//go:build !linux && !darwin && !windows

package embedded

// fileSystem knows nothing of this platform's network file systems.
func fileSystem(string) (string, error) { return "", nil }
