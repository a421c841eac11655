package embedded

import (
	"fmt"
	"syscall"
)

// fileSystem names the file system of dir if its files live on another
// machine.
func fileSystem(dir string) (string, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return "", fmt.Errorf("statfs %s: %w", dir, err)
	}
	name := make([]byte, 0, len(fs.Fstypename))
	for _, c := range fs.Fstypename {
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	switch string(name) {
	case "nfs", "smbfs", "afpfs", "webdav", "macfuse", "osxfuse":
		return string(name), nil
	default:
		return "", nil
	}
}
