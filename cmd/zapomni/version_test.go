package main

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBuiltAsIsWhatGoKnows(t *testing.T) {
	revision := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}}
	for _, tc := range []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{"a release", debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: revision}, "v1.2.3"},
		{"a revision", debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: revision}, "dev-0123456789ab"},
		{"nothing", debug.BuildInfo{}, "dev"},
	} {
		t.Run(tc.name, func(t *testing.T) { require.Equal(t, tc.want, builtAs(&tc.info)) })
	}
}
