package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set when the program is linked: -ldflags '-X main.version=...'.
var version = "dev"

// versionOf is the one version of everything: the one that was linked in, or
// else what Go knows of the build.
func versionOf() string {
	info, ok := debug.ReadBuildInfo()
	if version != "dev" || !ok {
		return version
	}
	return builtAs(info)
}

func builtAs(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return version + "-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return version
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Say which version this is",
		Args:  cobra.NoArgs,
		RunE: a.command(func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(a.out, "zapomni", versionOf())
			return err
		}),
	}
}
