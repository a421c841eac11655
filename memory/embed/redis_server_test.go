package embed

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// redisServer is a real server, the one that comes with FalkorDB.
type redisServer struct {
	host   string
	port   int
	client *redis.Client // of the test's own
	stop   func()
}

// startRedis starts one that ends with the test. Where there is none the test
// is skipped, and fails if it is required.
func startRedis(t *testing.T, arguments ...string) *redisServer {
	t.Helper()
	home := os.Getenv("ZAPOMNI_FALKORDB_DIR")
	if home == "" {
		home = filepath.Join("..", "..", ".falkordb")
	}
	program, err := exec.LookPath(filepath.Join(home, "bin", "valkey-server"))
	if err != nil {
		if runtime.GOOS != "windows" && os.Getenv("ZAPOMNI_REQUIRE_FALKORDB") != "" {
			t.Fatal(err)
		}
		t.Skipf("no server for the cache, install one with tests/falkordb/setup.sh: %v", err)
	}
	for range 20 { // the port may be taken before the server has it
		if s := launchRedis(t, program, filepath.Join(home, "lib"), arguments); s != nil {
			return s
		}
	}
	t.Fatal("the server for the cache does not start")
	return nil
}

// launchRedis returns nil if the server does not come up.
func launchRedis(t *testing.T, program, libraries string, arguments []string) *redisServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it returns at once
	require.NoError(t, err)
	s := &redisServer{host: "127.0.0.1", port: l.Addr().(*net.TCPAddr).Port}
	require.NoError(t, l.Close())

	cmd := exec.CommandContext(t.Context(), program, append([]string{
		"--bind", s.host, "--port", strconv.Itoa(s.port), "--save", "", "--appendonly", "no", "--dir", t.TempDir(),
	}, arguments...)...)
	libraries, err = filepath.Abs(libraries)
	require.NoError(t, err)
	cmd.Env = []string{"LD_LIBRARY_PATH=" + libraries, "LC_ALL=C"}
	cmd.SysProcAttr = endWithParent()
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it is killed
		close(ended)
	}()
	s.stop = func() {
		_ = cmd.Process.Kill() // it may have ended
		<-ended
	}
	t.Cleanup(s.stop)
	s.client = redis.NewClient(&redis.Options{Addr: net.JoinHostPort(s.host, strconv.Itoa(s.port))})
	t.Cleanup(func() { s.client.Close() })
	for {
		reply, err := s.client.Ping(t.Context()).Result()
		if reply == "PONG" || err != nil && redis.HasErrorPrefix(err, "NOAUTH") {
			return s
		}
		select {
		case <-ended:
			return nil
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// config is that of a cache on s.
func (s *redisServer) config() RedisConfig {
	c := Defaults().Redis
	c.Enabled, c.Host, c.Port = true, s.host, s.port
	return c
}
