package embedded

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// fileSystem names the file system of dir if its files live on another
// machine.
func fileSystem(dir string) (string, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return "", fmt.Errorf("statfs %s: %w", dir, err)
	}
	magic := uint32(fs.Type) // its width depends on the platform
	if magic != fuseMagic {
		return networkMagic(magic), nil
	}
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", nil // without it a FUSE file system counts as local, as most are.
	}
	defer func() { _ = mounts.Close() }() // only read
	return networkMount(mounts, dir), nil
}

const fuseMagic = 0x65735546

// networkMagic knows the numbers of statfs(2) that stand for network file
// systems.
func networkMagic(magic uint32) string {
	switch magic {
	case 0x6969:
		return "NFS"
	case 0x517b, 0xfe534d42, 0xff534d42:
		return "an SMB share"
	case 0x01021997:
		return "a 9P share"
	case 0x5346414f, 0x6b414653:
		return "AFS"
	case 0x00c36400:
		return "Ceph"
	case 0x0bd00bd0:
		return "Lustre"
	case 0x73757245:
		return "Coda"
	case 0x564c:
		return "NCP"
	default:
		return ""
	}
}

// networkMount looks up the mount that dir lies on, in the form of
// /proc/self/mountinfo, and names its type if that is a FUSE file system with
// files on other machines.
func networkMount(mounts io.Reader, dir string) string {
	var best, kind string
	for lines := bufio.NewScanner(mounts); lines.Scan(); {
		left, right, _ := strings.Cut(lines.Text(), " - ")
		fields, types := strings.Fields(left), strings.Fields(right)
		if len(fields) < 5 || len(types) == 0 {
			continue
		}
		point := strings.ReplaceAll(fields[4], `\040`, " ")
		under := dir == point || strings.HasPrefix(dir, strings.TrimSuffix(point, "/")+"/")
		if under && len(point) >= len(best) {
			best, kind = point, types[0]
		}
	}
	switch kind {
	case "fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.davfs", "fuse.davfs2", "fuse.glusterfs",
		"fuse.gvfsd-fuse", "fuse.google-drive-ocamlfuse", "fuse.onedriver", "fuse.curlftpfs", "fuse.ceph", "fuse.ceph-fuse",
		"fuse.juicefs", "fuse.mount-s3", "fuse.blobfuse", "fuse.blobfuse2", "fuse.dropbox":
		return kind
	default:
		return ""
	}
}
