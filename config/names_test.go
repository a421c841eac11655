package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// promised lists the variables that users have in their files and scripts,
// with a value and what it makes of which setting.
var promised = []struct{ variable, value, key, shown string }{
	{"FALKORDB_HOST", "there", "db.falkor.host", "there"},
	{"FALKORDB_PORT", "6400", "db.falkor.port", "6400"},
	{"FALKORDB_PASSWORD", "sesame", "db.falkor.password", "[redacted]"},
	{"FALKORDB_URL", "redis://u:p@there:1", "db.falkor.url", "[redacted]"},
	{"GRAPH_NAME", "g", "db.falkor.graph", "g"},
	{"FALKORDB_CONNECTION_TIMEOUT", "20", "db.falkor.connection_timeout", "20s"},
	{"DB_POOL_MIN_SIZE", "6", "db.falkor.pool.min_size", "6"},
	{"FALKORDB_POOL_MIN_SIZE", "6", "db.falkor.pool.min_size", "6"},
	{"DB_POOL_MAX_SIZE", "21", "db.falkor.pool.max_size", "21"},
	{"FALKORDB_POOL_MAX_SIZE", "21", "db.falkor.pool.max_size", "21"},
	{"FALKORDB_POOL_SIZE", "21", "db.falkor.pool.max_size", "21"},
	{"DB_POOL_TIMEOUT", "11.0", "db.falkor.pool.timeout", "11s"},
	{"FALKORDB_POOL_TIMEOUT", "11.5", "db.falkor.pool.timeout", "11.5s"},
	{"DB_SOCKET_TIMEOUT", "31.0", "db.falkor.pool.socket_timeout", "31s"},
	{"FALKORDB_SOCKET_TIMEOUT", "31", "db.falkor.pool.socket_timeout", "31s"},
	{"DB_HEALTH_CHECK_INTERVAL", "31", "db.falkor.pool.health_check_interval", "31s"},
	{"FALKORDB_HEALTH_CHECK_INTERVAL", "31", "db.falkor.pool.health_check_interval", "31s"},
	{"DB_MAX_RETRIES", "4", "db.falkor.retry.max_retries", "4"},
	{"FALKORDB_MAX_RETRIES", "4", "db.falkor.retry.max_retries", "4"},
	{"DB_RETRY_INITIAL_DELAY", "0.2", "db.falkor.retry.initial_delay", "200ms"},
	{"FALKORDB_RETRY_INITIAL_DELAY", "0.2", "db.falkor.retry.initial_delay", "200ms"},
	{"DB_RETRY_MAX_DELAY", "3.0", "db.falkor.retry.max_delay", "3s"},
	{"FALKORDB_RETRY_MAX_DELAY", "3.0", "db.falkor.retry.max_delay", "3s"},
	{"HNSW_M", "17", "db.falkor.hnsw_m", "17"},
	{"HNSW_EF_CONSTRUCTION", "201", "db.falkor.hnsw_ef_construction", "201"},
	{"HNSW_EF_SEARCH", "101", "db.falkor.hnsw_ef_search", "101"},
	{"ZAPOMNI_EMBEDDING_PROVIDER", "none", "embed.provider", "none"},
	{"EMBEDDING_PROVIDER", "openai", "embed.provider", "openai"},
	{"OLLAMA_BASE_URL", "http://there:1/", "embed.ollama.base_url", "http://there:1"},
	{"OLLAMA_EMBEDDING_MODEL", "m", "embed.ollama.model", "m"},
	{"OLLAMA_EMBEDDING_TIMEOUT", "61", "embed.ollama.timeout", "1m1s"},
	{"OPENAI_BASE_URL", "http://there:1/v1", "embed.openai.base_url", "http://there:1/v1"},
	{"OPENAI_API_KEY", "sesame", "embed.openai.api_key", "[redacted]"},
	{"OPENAI_EMBEDDING_MODEL", "m", "embed.openai.model", "m"},
	{"OPENAI_EMBEDDING_TIMEOUT", "61", "embed.openai.timeout", "1m1s"},
	{"OLLAMA_LLM_MODEL", "m", "extract.model", "m"},
	{"OLLAMA_LLM_TIMEOUT", "121", "extract.timeout", "2m1s"},
	{"ENTITY_EXTRACTOR_WORKERS", "6", "extract.workers", "6"},
	{"VECTOR_DIMENSIONS", "384", "embed.dimensions", "384"},
	{"ENABLE_SEMANTIC_CACHE", "false", "embed.semantic_cache", "false"},
	{"REDIS_ENABLED", "yes", "embed.redis.enabled", "true"},
	{"REDIS_HOST", "there", "embed.redis.host", "there"},
	{"REDIS_PORT", "6379", "embed.redis.port", "6379"},
	{"REDIS_PASSWORD", "sesame", "embed.redis.password", "[redacted]"},
	{"REDIS_TTL_SECONDS", "3600", "embed.redis.ttl", "1h"},
	{"REDIS_MAX_MEMORY_MB", "512", "embed.redis.max_memory_mb", "512"},
	{"MAX_CHUNK_SIZE", "600", "memory.max_chunk_size", "600"},
	{"CHUNK_OVERLAP", "60", "memory.chunk_overlap", "60"},
	{"MAX_TEXT_LENGTH", "2000", "memory.max_text_length", "2000"},
	{"SEARCH_LIMIT_DEFAULT", "20", "memory.search_limit", "20"},
	{"MIN_SIMILARITY_THRESHOLD", "0.7", "memory.min_similarity", "0.7"},
	{"MAX_CONCURRENT_TASKS", "8", "server.max_concurrent_tasks", "8"},
	{"ENABLE_HYBRID_SEARCH", "0", "server.hybrid_search", "false"},
	{"ENABLE_KNOWLEDGE_GRAPH", "no", "server.knowledge_graph", "false"},
	{"ENABLE_CODE_INDEXING", "OFF", "server.code_indexing", "false"},
	{"ZAPOMNI_SSE_HOST", "localhost", "transport.host", "localhost"},
	{"SSE_HOST", "localhost", "transport.host", "localhost"},
	{"ZAPOMNI_SSE_PORT", "9000", "transport.port", "9000"},
	{"SSE_PORT", "9000", "transport.port", "9000"},
	{"ZAPOMNI_SSE_CORS_ORIGINS", "http://a, http://b", "transport.cors_origins", "http://a,http://b"},
	{"SSE_CORS_ORIGINS", "http://a", "transport.cors_origins", "http://a"},
	{"ZAPOMNI_SSE_HEARTBEAT_INTERVAL", "15", "transport.heartbeat_interval", "15s"},
	{"SSE_HEARTBEAT_INTERVAL", "15", "transport.heartbeat_interval", "15s"},
	{"ZAPOMNI_SSE_MAX_CONNECTION_LIFETIME", "90", "transport.max_connection_lifetime", "1m30s"},
	{"SSE_MAX_CONNECTION_LIFETIME", "90", "transport.max_connection_lifetime", "1m30s"},
	{"ZAPOMNI_SSE_ALLOWED_HOSTS", "a,b", "transport.allowed_hosts", "a,b"},
	{"ZAPOMNI_SSE_DNS_REBINDING_PROTECTION", "off", "transport.dns_rebinding_protection", "false"},
	{"ZAPOMNI_TOKEN", "anna:sesame-open-sesame", "transport.token", "[redacted]"},
	{"ZAPOMNI_INSECURE_NO_AUTH", "1", "transport.insecure_no_auth", "true"},
	{"ZAPOMNI_SHUTDOWN_GRACE", "9", "transport.shutdown_grace", "9s"},
	{"ZAPOMNI_DB_SYNC", "full", "db.sync", "full"},
	{"ZAPOMNI_DB_DRIVER", "embedded", "db.driver", "embedded"},
	{"LOG_LEVEL", "warn", "log.level", "warn"},
	{"LOG_FORMAT", "json", "log.format", "json"},
}

func TestLoadReadsEveryPromisedVariable(t *testing.T) {
	for _, p := range promised {
		for _, source := range []struct {
			name string
			given
		}{
			{"environment", given{environ: []string{p.variable + "=" + p.value}}},
			{"dotenv", given{dotenv: p.variable + "='" + p.value + "'"}},
		} {
			t.Run(p.variable+" in "+source.name, func(t *testing.T) {
				c, _, err := source.load(t)
				require.NoError(t, err)
				require.Contains(t, strings.Split(c.String()+" ", " "), p.key+"="+p.shown)
			})
		}
	}
}

func TestEverySettingIsUsable(t *testing.T) {
	kinds := []reflect.Kind{reflect.String, reflect.Int, reflect.Bool, reflect.Float64, reflect.Slice}
	for _, s := range settings() {
		t.Run(s.key, func(t *testing.T) {
			require.NotEmpty(t, s.usage)
			require.Equal(t, strings.ToLower(s.key), s.key)
			if s.typ != reflect.TypeFor[time.Duration]() {
				require.Contains(t, kinds, s.typ.Kind())
			}
			defaults := Defaults()
			v, err := convert(s.typ, s.shown(&defaults))
			require.NoError(t, err)
			s.set(&defaults, v)
			require.Equal(t, s.shown(&defaults), text(v), "the default, written and read again")
		})
	}
}

func TestNamesBelongToOneSetting(t *testing.T) {
	owners := map[string]string{}
	own := func(name, key string) {
		require.Empty(t, owners[name], "%s is of %s", name, key)
		owners[name] = key
	}
	for _, s := range settings() {
		own(s.key, s.key)
		for _, name := range slices.Concat(s.names, s.old) {
			own(name, s.key)
		}
		if s.flag != "" {
			own("--"+s.flag, s.key)
		}
	}
}

func TestMessagesCanNameEverySetting(t *testing.T) {
	for _, s := range settings() {
		parts := strings.Split(s.key, ".")
		called := func(name string) (keys []string) {
			for _, other := range settings() {
				if other.room == s.room && other.called(name) {
					keys = append(keys, other.key)
				}
			}
			return keys
		}
		short, long := parts[len(parts)-1], strings.Join(parts[max(0, len(parts)-2):], ".")
		if len(called(short)) > 1 {
			require.Equal(t, []string{s.key}, called(long))
		}
	}
}

func TestOwnNamesCountBeforeSharedOnes(t *testing.T) {
	for _, row := range []struct {
		name     string
		key      string
		promised []string
		want     []string
	}{
		{"none promised", "db.sync", nil, []string{"ZAPOMNI_DB_SYNC"}},
		{"shared", "log.level", []string{"LOG_LEVEL"}, []string{"ZAPOMNI_LOG_LEVEL", "LOG_LEVEL"}},
		{"own and shared", "db.data_dir", []string{"ZAPOMNI_DATA_DIR", "DATA_DIR"}, []string{"ZAPOMNI_DATA_DIR", "ZAPOMNI_DB_DATA_DIR", "DATA_DIR"}},
		{"the derived one", "db.sync", []string{"ZAPOMNI_DB_SYNC", "SYNC"}, []string{"ZAPOMNI_DB_SYNC", "SYNC"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			require.Equal(t, row.want, names(row.key, row.promised))
		})
	}
}
