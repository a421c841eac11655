package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoadNamesWhatIsWrong(t *testing.T) {
	for _, row := range []struct {
		name  string
		given given
		want  string // the whole message
	}{
		{"whole number", given{environ: []string{"DB_POOL_MAX_SIZE=abc"}}, `DB_POOL_MAX_SIZE: "abc" is not a whole number`},
		{"fraction", given{environ: []string{"MAX_CHUNK_SIZE=10.5"}}, `MAX_CHUNK_SIZE: "10.5" is not a whole number`},
		{"number", given{environ: []string{"MIN_SIMILARITY_THRESHOLD=NaN"}}, `MIN_SIMILARITY_THRESHOLD: "NaN" is not a number`},
		{"bool", given{environ: []string{"REDIS_ENABLED=maybe"}}, `REDIS_ENABLED: "maybe" is not true or false`},
		{"duration", given{environ: []string{"FALKORDB_POOL_TIMEOUT=soon"}}, `FALKORDB_POOL_TIMEOUT: "soon" is not a number of seconds or a duration like 1m30s`},
		{"derived name", given{environ: []string{"ZAPOMNI_DB_READERS=x"}}, `ZAPOMNI_DB_READERS: "x" is not a whole number`},
		{"name in another case", given{environ: []string{"max_chunk_size=x"}}, `MAX_CHUNK_SIZE: "x" is not a whole number`},
		{"dotenv", given{dotenv: "REDIS_PORT=x"}, `REDIS_PORT in .env: "x" is not a whole number`},
		{"room's message", given{environ: []string{"FALKORDB_POOL_MAX_SIZE=300"}}, `FALKORDB_POOL_MAX_SIZE: max_size must be <= 200, got 300`},
		{"deprecated name", given{environ: []string{"FALKORDB_POOL_SIZE=300"}}, `FALKORDB_POOL_SIZE: max_size must be <= 200, got 300`},
		{"second setting of a message", given{environ: []string{"DB_POOL_MIN_SIZE=30"}}, `DB_POOL_MIN_SIZE: max_size (20) must be >= min_size (30)`},
		{"setting that is missing", given{flags: []string{"--transport", "sse", "--host", "10.0.0.1", "--insecure-no-auth"}}, `ZAPOMNI_SSE_ALLOWED_HOSTS: allowed_hosts must be explicitly configured when binding to non-localhost address '10.0.0.1' with dns_rebinding_protection, for example ZAPOMNI_SSE_ALLOWED_HOSTS=memory.example.org,localhost`},
		{"address that others reach", given{flags: []string{"--transport", "http", "--host", "0.0.0.0"}}, `--host: host '0.0.0.0' can be reached by other machines, which needs a token: set ZAPOMNI_TOKEN or --token-file, or let everyone in with --insecure-no-auth`},
		{"secret address", given{environ: []string{"FALKORDB_URL=http://u:sesame@h"}}, `FALKORDB_URL: url must be like redis://user:password@host:port or rediss://...`},
		{"first of two settings of one name", given{environ: []string{"OLLAMA_BASE_URL=there", "OPENAI_BASE_URL=http://there", "EMBEDDING_PROVIDER=openai"}}, `OLLAMA_BASE_URL: ollama.base_url must start with http:// or https:// and name a host`},
		{"second of two settings of one name", given{environ: []string{"OLLAMA_EMBEDDING_TIMEOUT=5", "OPENAI_EMBEDDING_TIMEOUT=4", "EMBEDDING_PROVIDER=openai"}}, `OPENAI_EMBEDDING_TIMEOUT: openai.timeout must be between 5 and 300 seconds, got 4`},
		{"neighbour of a value that cannot be read", given{environ: []string{"DB_POOL_MAX_SIZE=abc", "DB_POOL_MIN_SIZE=30"}}, `DB_POOL_MAX_SIZE: "abc" is not a whole number`},
		{"kind of file", given{flags: []string{"--config", "missing.txt"}}, `--config: "missing.txt" does not end in .yaml, .yml, .toml, .json`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := row.given.load(t)
			require.EqualError(t, err, row.want)
		})
	}
}

func TestLoadNamesTheKeyInTheFile(t *testing.T) {
	for _, row := range []struct{ name, file, want string }{
		{"wrong type", "db: {readers: many}", `db.readers in ‹file›: "many" is not a whole number`},
		{"number for a text", "db: {falkor: {password: 1234}}", `db.falkor.password in ‹file›: is not a text: put it in quotes`},
		{"number in a list", "transport: {cors_origins: [1]}", `transport.cors_origins in ‹file›: "1" in the list is not a text: put it in quotes`},
		{"out of range", "memory: {search_limit: 101}", `memory.search_limit in ‹file›: search_limit must be between 1 and 100, got 101`},
		{"letters exchanged", "db: {snyc: full}", `db.snyc in ‹file›: no such setting; did you mean db.sync?`},
		{"nothing like it", "colour_of_the_sky: blue", `colour_of_the_sky in ‹file›: no such setting`},
		{"value for a group", "db: {falkor: 1}", `db.falkor in ‹file›: no such setting, but a group of settings`},
		{"group for a value", "db: {sync: {mode: full}}", `db.sync.mode in ‹file›: no such setting; db.sync is a setting, not a group`},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "c.yaml")
			write(t, path, row.file)
			_, _, err := given{flags: []string{"--config", path}}.load(t)
			require.EqualError(t, err, strings.ReplaceAll(row.want, "‹file›", path))
		})
	}
}

func TestLoadRefusesAFileItCannotRead(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "broken.yaml"), "db: [")
	write(t, filepath.Join(dir, "twice.yaml"), "log: {level: INFO}\nlog: {level: DEBUG}")
	for _, name := range []string{"missing.yaml", "broken.yaml", "twice.yaml"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			_, _, err := given{environ: []string{"ZAPOMNI_CONFIG=" + path}}.load(t)
			require.ErrorContains(t, err, "ZAPOMNI_CONFIG: read "+path)
		})
	}
}

func TestLoadReportsEverythingAtOnce(t *testing.T) {
	_, _, err := given{
		environ: []string{"DB_POOL_MAX_SIZE=abc", "FALKORDB_MAX_RETRIES=11", "CHUNK_OVERLAP=500", "MAX_CHUNK_SIZE=400"},
		dotenv:  "REDIS_PORT=0\nENABLE_CODE_INDEXING=perhaps",
		file:    "db: {snyc: full}\nlog: {level: loud}",
	}.load(t)
	require.Error(t, err)
	var causes []string
	for line := range strings.Lines(err.Error()) {
		cause, _, _ := strings.Cut(line, " ")
		causes = append(causes, strings.TrimSuffix(cause, ":"))
	}
	require.ElementsMatch(t, []string{
		"DB_POOL_MAX_SIZE", "FALKORDB_MAX_RETRIES", "CHUNK_OVERLAP",
		"REDIS_PORT", "ENABLE_CODE_INDEXING", "db.snyc", "log.level",
	}, causes)
}

func TestLoadGivesNoSettingsWithAnError(t *testing.T) {
	c, _, err := given{environ: []string{"DB_POOL_MAX_SIZE=abc"}}.load(t)
	require.Error(t, err)
	require.Equal(t, Config{}, c)
}

func TestLoadWarns(t *testing.T) {
	for _, row := range []struct {
		name  string
		given given
		want  []string
	}{
		{
			"overlap",
			given{environ: []string{"MAX_CHUNK_SIZE=100", "CHUNK_OVERLAP=51"}},
			[]string{"CHUNK_OVERLAP: chunk_overlap (51) is more than half of max_chunk_size (100)"},
		},
		{"dimensions", given{environ: []string{"VECTOR_DIMENSIONS=500"}}, []string{
			"VECTOR_DIMENSIONS: dimensions (500) is not asked of builtin, whose vectors have as many as its model makes",
		}},
		{"reserved", given{environ: []string{"TEMP_DIR=/t", "OLLAMA_LLM_MODEL=m"}}, []string{
			"set, but not used by this version: TEMP_DIR, OLLAMA_LLM_MODEL",
		}},
		{"index", given{environ: []string{"HNSW_EF_SEARCH=300"}}, []string{
			"HNSW_EF_SEARCH: hnsw_ef_search (300) should not exceed hnsw_ef_construction (200)",
		}},
		{"deprecated", given{environ: []string{"FALKORDB_POOL_SIZE=30"}}, []string{
			"FALKORDB_POOL_SIZE is deprecated: use DB_POOL_MAX_SIZE",
		}},
		{"deprecated beside its heir", given{environ: []string{"FALKORDB_POOL_SIZE=30", "FALKORDB_POOL_MAX_SIZE=31"}}, []string{
			"FALKORDB_POOL_SIZE is deprecated, and not read since FALKORDB_POOL_MAX_SIZE is set",
		}},
		{
			"relative path",
			given{environ: []string{"DATA_DIR=./data"}},
			[]string{`DATA_DIR: "./data" is relative, so it depends on the directory that the program is started in`},
		},
		{"relative path by flag", given{flags: []string{"--data-dir", "./data"}}, nil},
		{
			"lines that are no variables",
			given{dotenv: "sesame street\nLOG_LEVEL=ERROR\nsesame = 'open"},
			[]string{".env: line 1 is not NAME=value and is left out", ".env: line 3 is not NAME=value and is left out"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, warnings, err := row.given.load(t)
			require.NoError(t, err)
			require.Equal(t, row.want, warnings)
		})
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	c, warnings, err := given{environ: []string{
		"FALKORDB_PASSWORD=sesame", "FALKORDB_URL=redis://u:sesame@h:1",
		"OLLAMA_BASE_URL=http://u:sesame@h:1", "OPENAI_BASE_URL=http://sesame@h/v1?key=sesame",
		"OPENAI_API_KEY=sesame", "REDIS_PASSWORD=sesame",
	}}.load(t)
	require.NoError(t, err)
	require.Equal(t, "sesame", string(c.DB.Falkor.Password))

	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("settings_loaded", "config", c, "room", c.DB.Falkor, "detail", c.DB.Falkor.Password)
	slog.New(slog.NewTextHandler(&log, nil)).Info("settings_loaded", "config", c, "room", c.DB.Falkor, "detail", c.Embed)
	encoded, err := json.Marshal(c)
	require.NoError(t, err)
	for _, shown := range []string{
		fmt.Sprint(c), fmt.Sprintf("%+v %#v", c, c), fmt.Sprintf("%v %+v %#v", c.DB, c.DB, c.DB),
		fmt.Sprintf("%v %+v %#v", c.Embed, c.Embed, c.Embed),
		fmt.Sprintf("%s %q %x", c.DB.Falkor.Password, c.DB.Falkor.Password, c.DB.Falkor.Password),
		log.String(), string(encoded), strings.Join(warnings, " "), Reference(),
	} {
		require.NotContains(t, shown, "sesame")
		require.NotContains(t, shown, "736573616d65")
	}
	require.Contains(t, log.String(), "[redacted]")
}

// FuzzLoad holds that no text in a variable or in .env is too much: it is
// read, or refused under the name of what it came in.
func FuzzLoad(f *testing.F) {
	all := settings()
	for which, s := range all {
		f.Add(which, "abc", s.known+"='b")
	}
	f.Add(0, "1e308", "LOG_LEVEL=$HOME\n\"")
	f.Add(1, "~", ":\n=\n'\n")
	f.Add(9, "redis://%zz", "export DATA_DIR")
	f.Fuzz(func(t *testing.T, which int, value, dotenv string) {
		s := all[uint(which)%uint(len(all))]
		c, _, err := given{environ: []string{s.known + "=" + value}, dotenv: dotenv}.load(t)
		if err != nil {
			require.Contains(t, err.Error(), ": ")
			return
		}
		require.Empty(t, mistakes(&c, s.room))
	})
}
