package embedded

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNetworkMagicTellsNetworkFromLocal(t *testing.T) {
	t.Parallel()
	for magic, want := range map[uint32]string{
		0x6969: "NFS", 0xff534d42: "an SMB share", 0xfe534d42: "an SMB share", 0x01021997: "a 9P share",
		0xef53: "", 0x01021994: "", 0x794c7630: "", 0x9123683e: "", 0x58465342: "",
	} {
		require.Equal(t, want, networkMagic(magic), "%#x", magic)
	}
}

func TestNetworkMountTakesTheNearestMount(t *testing.T) {
	t.Parallel()
	const mounts = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:50 / /mnt/far rw,nosuid shared:2 - fuse.sshfs ann@host:/ rw,user_id=0
41 22 0:51 / /mnt/far\040away rw - fuse.rclone remote: rw
42 40 0:52 / /mnt/far/near rw master:3 - fuse.gocryptfs /x rw
broken line
`
	for dir, want := range map[string]string{
		"/home/ann":       "",
		"/mnt/far":        "fuse.sshfs",
		"/mnt/far/a/b":    "fuse.sshfs",
		"/mnt/farther":    "",
		"/mnt/far away/x": "fuse.rclone",
		"/mnt/far/near/x": "",
	} {
		require.Equal(t, want, networkMount(strings.NewReader(mounts), dir), dir)
	}
}
