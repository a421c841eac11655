package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/tests/client"
)

// site is the program, serving over HTTP.
type site struct {
	*client.Process

	port   string
	client *http.Client
	scheme string
}

// freePort returns a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// visit starts the program over HTTP and waits until it serves.
func visit(t *testing.T, env []string, args ...string) *site {
	t.Helper()
	s := &site{port: freePort(t), client: http.DefaultClient, scheme: "http"}
	if strings.Contains(strings.Join(args, " "), "--tls-cert") {
		s.scheme = "https"
		s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // its own certificate.
	}
	s.Process = client.Run(t, client.Command(t, t.TempDir(), env, append(args, "--port", s.port)...))
	s.await(t)
	return s
}

func (s *site) await(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		status, _, err := s.get(t.Context(), "/health/live", "")
		return err == nil && status == http.StatusOK
	}, time.Minute, 10*time.Millisecond)
}

func (s *site) get(ctx context.Context, path, token string) (status int, body string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.scheme+"://127.0.0.1:"+s.port+path, nil)
	if err != nil {
		return 0, "", err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(content), err
}

func (s *site) signal(t *testing.T, signal os.Signal) {
	t.Helper()
	require.NoError(t, s.Cmd.Process.Signal(signal))
}

func TestHTTPServesWithAndWithoutTheNameOfTheCommand(t *testing.T) {
	needSignals(t)
	for _, args := range [][]string{
		{"serve", "--transport", "http"},
		{"serve", "--transport=sse", "--host", "127.0.0.1"},
		{"--transport", "sse", "--host", "localhost", "--cors-origins", "https://app.example.org"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			s := visit(t, nil, args...)
			status, body, err := s.get(t.Context(), "/health", "")
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, status)
			require.Contains(t, body, `"status":"healthy"`)
			s.signal(t, syscall.SIGTERM)
			require.Zero(t, ended(t, s.Process), s.Stderr.String())
			require.Contains(t, s.LastWords(), "Server shutdown complete")
		})
	}
}

func TestHTTPServerOutlivesItsInput(t *testing.T) {
	needSignals(t)
	s := visit(t, nil, "serve", "--transport", "http")
	require.NoError(t, s.EndInput()) // a service has none from the start
	s.await(t)
	s.signal(t, os.Interrupt)
	require.Zero(t, ended(t, s.Process))
	require.Contains(t, s.Stderr.String(), `"reason":"signal: interrupt"`)
}

func TestHTTPSecondSignalEndsItAtOnce(t *testing.T) {
	needSignals(t)
	s := visit(t, []string{"ZAPOMNI_SHUTDOWN_GRACE=60"}, "serve", "--transport", "http")
	// A request without an end holds the ordered stop up.
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", "127.0.0.1:"+s.port)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n{")
	require.NoError(t, err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 100 Continue\r\n", line, "it has begun to read")
	s.signal(t, syscall.SIGTERM)
	require.Eventually(t, func() bool {
		_, _, err := s.get(t.Context(), "/health/live", "")
		return err != nil
	}, time.Minute, time.Millisecond)
	s.signal(t, syscall.SIGTERM)
	require.Equal(t, 128+int(syscall.SIGTERM), ended(t, s.Process))
}

func TestHTTPPortInUseEndsWithOneLine(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	p := client.Run(t, client.Command(t, t.TempDir(), nil, "serve", "--transport", "http", "--port", port))
	require.Equal(t, 1, ended(t, p))
	require.Contains(t, p.LastWords(), "listen on 127.0.0.1:"+port)
	require.Contains(t, p.LastWords(), `"level":"error"`)
}

func TestHTTPFileThatIsNoUseEndsWithOneLine(t *testing.T) {
	cert, key := certificate(t)
	bad := filepath.Join(t.TempDir(), "useless")
	require.NoError(t, os.WriteFile(bad, []byte("# nothing of use\n"), 0o600))
	for name, args := range map[string][]string{
		"certificate":                {"--tls-cert", bad, "--tls-key", key},
		"key of another certificate": {"--tls-cert", cert, "--tls-key", second(certificate(t))},
		"no token file":              {"--token-file", bad + ".txt"},
		"empty token file":           {"--token-file", bad},
	} {
		t.Run(name, func(t *testing.T) {
			p := client.Run(t, client.Command(t, t.TempDir(), nil, append([]string{"serve", "--transport", "http", "--port", freePort(t)}, args...)...))
			require.Equal(t, 1, ended(t, p))
			require.Contains(t, p.LastWords(), filepath.Base(args[1]))
			require.Contains(t, p.LastWords(), `"level":"error"`)
		})
	}
}

func second(_, s string) string { return s }

func TestHTTPReadsTokensAgainOnSIGHUP(t *testing.T) {
	needSignals(t)
	path, log := filepath.Join(t.TempDir(), "tokens"), filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("anna:the-first-secret-of-anna\n"), 0o600))
	s := visit(t, []string{"ZAPOMNI_SSE_ALLOWED_HOSTS=127.0.0.1", "LOG_FILE=" + log}, "serve", "--transport", "http", "--host", "0.0.0.0", "--token-file", path)
	status, _, err := s.get(t.Context(), "/metrics", "the-first-secret-of-anna")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, os.WriteFile(path, []byte("anna:the-second-secret-of-anna\n"), 0o600))
	s.signal(t, syscall.SIGHUP)
	require.Eventually(t, func() bool {
		status, _, err := s.get(t.Context(), "/metrics", "the-second-secret-of-anna")
		return err == nil && status == http.StatusOK
	}, time.Minute, 10*time.Millisecond)
	status, _, err = s.get(t.Context(), "/metrics", "the-first-secret-of-anna")
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status)

	require.NoError(t, os.Remove(path))
	s.signal(t, syscall.SIGHUP)
	logged := func() string {
		content, err := os.ReadFile(log)
		require.NoError(t, err)
		return string(content)
	}
	require.Eventually(t, func() bool { return strings.Contains(logged(), "reload_failed") }, time.Minute, 10*time.Millisecond)
	status, _, err = s.get(t.Context(), "/metrics", "the-second-secret-of-anna")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status, "the old ones hold")
	s.signal(t, syscall.SIGTERM)
	require.Zero(t, ended(t, s.Process))
	require.NotContains(t, s.Stderr.String()+logged(), "secret-of-anna")
}

// certificate writes a certificate of its own for 127.0.0.1.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "zapomni"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, kind string, content []byte) string {
		var b bytes.Buffer
		require.NoError(t, pem.Encode(&b, &pem.Block{Type: kind, Bytes: content}))
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
		return path
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", secret)
}

func TestHTTPServesOverTLS(t *testing.T) {
	needSignals(t)
	cert, key := certificate(t)
	s := visit(t, nil, "serve", "--transport", "http", "--tls-cert", cert, "--tls-key", key)
	status, body, err := s.get(t.Context(), "/health", "")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "healthy")
	s.signal(t, syscall.SIGTERM)
	require.Zero(t, ended(t, s.Process))
}
