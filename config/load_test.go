package config

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"zapomni/db"
)

// A given is everything that Load reads.
type given struct {
	flags   []string
	environ []string
	dotenv  string
	file    string // of the platform's configuration file, in YAML
}

// load reads g on a Linux machine with a home of its own.
func (g given) load(t testing.TB) (Config, []string, error) {
	t.Helper()
	home, dir := t.TempDir(), t.TempDir()
	if g.dotenv != "" {
		write(t, filepath.Join(dir, ".env"), g.dotenv)
	}
	if g.file != "" {
		write(t, filepath.Join(home, ".config", "zapomni", "config.yaml"), g.file)
	}
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	Flags(fs)
	ServeFlags(fs)
	require.NoError(t, fs.Parse(g.flags))
	return load(fs, machine{goos: "linux", dir: dir, env: variables(append([]string{"HOME=" + home}, g.environ...))})
}

func write(t testing.TB, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestLoadOfNothingGivesDefaults(t *testing.T) {
	c, warnings, err := given{}.load(t)
	require.NoError(t, err)
	require.Empty(t, warnings)
	want := Defaults()
	want.DB.DataDir, want.DB.Embedded.Path = c.DB.DataDir, c.DB.Embedded.Path
	require.Equal(t, want, c)
}

func TestLoadTakesTheNearestSource(t *testing.T) {
	// From the nearest source to the furthest.
	sources := []struct {
		name, level string
		give        func(*given)
	}{
		{"flag", "DEBUG", func(g *given) { g.flags = []string{"--log-level", "DEBUG"} }},
		{"environment", "ERROR", func(g *given) { g.environ = []string{"LOG_LEVEL=ERROR"} }},
		{"dotenv", "WARNING", func(g *given) { g.dotenv = "LOG_LEVEL=WARNING" }},
		{"file", "CRITICAL", func(g *given) { g.file = "log: {level: CRITICAL}" }},
	}
	for set := range 1 << len(sources) {
		var g given
		want, name := "INFO", "default"
		for i, s := range slices.Backward(sources) {
			if set&(1<<i) != 0 {
				s.give(&g)
				want, name = s.level, s.name+" over "+name
			}
		}
		t.Run(name, func(t *testing.T) {
			c, _, err := g.load(t)
			require.NoError(t, err)
			require.Equal(t, want, c.Log.Level)
		})
	}
}

func TestLoadTakesTheFirstNameThatIsSet(t *testing.T) {
	for _, s := range settings() {
		if s.typ.Kind().String() != "int" || len(s.names) < 2 {
			continue
		}
		t.Run(s.key, func(t *testing.T) {
			defaults := Defaults()
			value := int(s.field(&defaults).Int())
			var environ []string
			for _, name := range slices.Backward(s.names) {
				value++
				environ = append(environ, fmt.Sprintf("%s=%d", name, value))
				c, _, err := given{environ: environ}.load(t)
				require.NoError(t, err)
				require.Equal(t, value, int(s.field(&c).Int()), name)
			}
		})
	}
}

func TestLoadReadsNamesInAnyCase(t *testing.T) {
	c, _, err := given{environ: []string{"max_chunk_size=300", "Log_Level=error"}}.load(t)
	require.NoError(t, err)
	require.Equal(t, 300, c.Memory.ChunkSize)
	require.Equal(t, "error", c.Log.Level)
}

func TestLoadPrefersTheUpperCaseName(t *testing.T) {
	for _, environ := range [][]string{
		{"log_level=error", "LOG_LEVEL=debug"},
		{"LOG_LEVEL=debug", "log_level=error"},
	} {
		c, _, err := given{environ: environ}.load(t)
		require.NoError(t, err)
		require.Equal(t, "debug", c.Log.Level)
	}
}

func TestLoadTakesEmptyVariablesForUnset(t *testing.T) {
	c, warnings, err := given{
		environ: []string{"MAX_CHUNK_SIZE=", "FALKORDB_HOST=", "LOG_LEVEL="},
		dotenv:  "CHUNK_OVERLAP=\nLOG_LEVEL=ERROR",
	}.load(t)
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, 512, c.Memory.ChunkSize)
	require.Equal(t, 50, c.Memory.ChunkOverlap)
	require.Equal(t, "ERROR", c.Log.Level)
	require.Equal(t, db.Embedded, c.DB.Chosen())
}

func TestLoadReadsTypedValuesFromTheFile(t *testing.T) {
	const yaml = `
db:
  sync: full
  busy_timeout: 2.5
  allow_network_fs: yes
  falkor: {pool: {timeout: 3, max_size: 7}, retry: {exponential_base: 3}}
memory: {min_similarity: 0.25}
transport:
  cors_origins: [https://a.example, https://b.example]
  shutdown_grace: 1m
`
	c, _, err := given{file: yaml}.load(t)
	require.NoError(t, err)
	require.Equal(t, "full", c.DB.Embedded.Sync)
	require.Equal(t, 2500*time.Millisecond, c.DB.Embedded.BusyTimeout)
	require.True(t, c.DB.Embedded.AllowNetworkFS)
	require.Equal(t, 3*time.Second, c.DB.Falkor.Pool.Timeout)
	require.Equal(t, 7, c.DB.Falkor.Pool.MaxSize)
	require.InDelta(t, 3.0, c.DB.Falkor.Retry.ExponentialBase, 0)
	require.InDelta(t, 0.25, c.Memory.MinSimilarity, 0)
	require.Equal(t, []string{"https://a.example", "https://b.example"}, c.Transport.HTTP.CORSOrigins)
	require.Equal(t, time.Minute, c.Transport.ShutdownGrace)
}

func TestLoadReadsKeysWithDots(t *testing.T) {
	c, _, err := given{file: "db.sync: full\nlog.level: DEBUG", environ: []string{"LOG_LEVEL=ERROR"}}.load(t)
	require.NoError(t, err)
	require.Equal(t, "full", c.DB.Embedded.Sync)
	require.Equal(t, "ERROR", c.Log.Level, "a variable counts before the file")
}

func TestLoadReadsTheFileThatIsNamed(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.toml"), "[log]\nlevel = 'ERROR'\n[db]\nreaders = 2\n")
	write(t, filepath.Join(dir, "b.json"), `{"log": {"level": "WARNING"}, "db": {"readers": 3}}`)
	toml, json := filepath.Join(dir, "a.toml"), filepath.Join(dir, "b.json")
	for _, row := range []struct {
		name    string
		given   given
		level   string
		readers int
	}{
		{"flag", given{flags: []string{"--config", toml}}, "ERROR", 2},
		{"flag before variable", given{flags: []string{"--config", json}, environ: []string{"ZAPOMNI_CONFIG=" + toml}}, "WARNING", 3},
		{"variable", given{environ: []string{"ZAPOMNI_CONFIG=" + json}}, "WARNING", 3},
		{"variable in .env", given{dotenv: "ZAPOMNI_CONFIG='" + toml + "'"}, "ERROR", 2},
		{"instead of the platform's", given{flags: []string{"--config", toml}, file: "nonsense: 1"}, "ERROR", 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, _, err := row.given.load(t)
			require.NoError(t, err)
			require.Equal(t, row.level, c.Log.Level)
			require.Equal(t, row.readers, c.DB.Embedded.Readers)
		})
	}
}

func TestLoadChoosesTheDriver(t *testing.T) {
	for _, row := range []struct {
		name    string
		environ []string
		want    string
	}{
		{"nothing set", nil, db.Embedded},
		{"another FalkorDB setting", []string{"FALKORDB_PORT=6400"}, db.Embedded},
		{"host set to its default", []string{"FALKORDB_HOST=localhost"}, db.FalkorDB},
		{"URL", []string{"FALKORDB_URL=redis://there:6379"}, db.FalkorDB},
		{"driver before host", []string{"FALKORDB_HOST=there", "ZAPOMNI_DB_DRIVER=embedded"}, db.Embedded},
		{"driver without host", []string{"ZAPOMNI_DB_DRIVER=falkordb"}, db.FalkorDB},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, _, err := given{environ: row.environ}.load(t)
			require.NoError(t, err)
			require.Equal(t, row.want, c.DB.Chosen())
		})
	}
}

func TestLoadNeedsNoFlags(t *testing.T) {
	home := t.TempDir()
	environ := []string{"HOME=" + home, "USERPROFILE=" + home, "LOG_LEVEL=ERROR"}
	c, _, err := Load(nil, environ, t.TempDir())
	require.NoError(t, err)
	require.Equal(t, "ERROR", c.Log.Level)
	require.True(t, strings.HasPrefix(c.DB.Embedded.Path, home))
}

func BenchmarkLoad(b *testing.B) {
	home, dir := b.TempDir(), b.TempDir()
	write(b, filepath.Join(home, ".config", "zapomni", "config.yaml"), "log: {level: ERROR}\ndb: {sync: full}")
	write(b, filepath.Join(dir, ".env"), "MAX_CHUNK_SIZE=300\nSOMETHING=else\n")
	environ := append(os.Environ(), "HOME="+home)
	for b.Loop() {
		fs := pflag.NewFlagSet("bench", pflag.ContinueOnError)
		Flags(fs)
		ServeFlags(fs)
		if _, _, err := Load(fs, environ, dir); err != nil {
			b.Fatal(err)
		}
	}
}
