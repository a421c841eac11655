package embedded

import (
	"path/filepath"
	"strings"
)

// sharedFolder names what makes dir a place that several machines may write
// to, a network file system or a synchronised folder; "" if nothing does.
// There, the locks and the shared memory that SQLite relies on do not work,
// or files are replaced behind its back.
func sharedFolder(dir string) (string, error) {
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	if name := synchronised(resolved); name != "" {
		return name, nil
	}
	return fileSystem(resolved)
}

// synchronised recognises the folders of the common services by their names.
func synchronised(dir string) string {
	for part := range strings.SplitSeq(filepath.ToSlash(dir), "/") {
		switch {
		case part == "Dropbox" || strings.HasPrefix(part, "Dropbox ("),
			part == "OneDrive" || strings.HasPrefix(part, "OneDrive - "),
			part == "Google Drive", part == "My Drive", part == "GoogleDrive" || strings.HasPrefix(part, "GoogleDrive-"),
			part == "iCloud Drive", part == "iCloudDrive", part == "Mobile Documents", part == "CloudStorage",
			part == "Nextcloud", part == "ownCloud", part == "pCloudDrive":
			return "a synchronised folder (" + part + ")"
		}
	}
	return ""
}
