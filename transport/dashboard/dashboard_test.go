package dashboard_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/transport/dashboard"
)

func answer(t *testing.T, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	dashboard.Handler().ServeHTTP(w, r)
	return w
}

func TestThePageIsAtTheRoot(t *testing.T) {
	for _, path := range []string{"/", "/index.html"} {
		r := answer(t, http.MethodGet, path)
		require.Equal(t, http.StatusOK, r.Code)
		require.Equal(t, "text/html; charset=utf-8", r.Header().Get("Content-Type"))
		require.Contains(t, r.Body.String(), "<title>Zapomni Knowledge Graph Dashboard</title>")
	}
}

func TestFilesHaveTheirKind(t *testing.T) {
	for path, kind := range map[string]string{
		"/assets/style.css": "text/css; charset=utf-8",
		"/assets/app.js":    "text/javascript; charset=utf-8",
		"/assets/layout.js": "text/javascript; charset=utf-8",
		"/assets/icon.svg":  "image/svg+xml",
	} {
		r := answer(t, http.MethodGet, path)
		require.Equal(t, http.StatusOK, r.Code, path)
		require.Equal(t, kind, r.Header().Get("Content-Type"), path)
	}
}

func TestEveryAnswerIsProtected(t *testing.T) {
	for _, tt := range []struct{ name, method, path string }{
		{"page", http.MethodGet, "/"},
		{"script", http.MethodGet, "/assets/app.js"},
		{"nothing", http.MethodGet, "/nothing"},
		{"other method", http.MethodPost, "/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := answer(t, tt.method, tt.path).Header()
			policy := h.Get("Content-Security-Policy")
			require.Contains(t, policy, "default-src 'none'")
			require.Contains(t, policy, "script-src 'self'")
			require.Contains(t, policy, "frame-ancestors 'none'")
			require.NotContains(t, policy, "unsafe")
			require.NotContains(t, policy, "*")
			require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
			require.Equal(t, "DENY", h.Get("X-Frame-Options"))
			require.Equal(t, "no-referrer", h.Get("Referrer-Policy"))
			require.Empty(t, h.Get("Access-Control-Allow-Origin"))
		})
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	for _, path := range []string{"/nothing", "/assets", "/assets/", "/static/index.html", "/assets/../dashboard.go", "//etc/passwd"} {
		r := answer(t, http.MethodGet, path)
		require.Equal(t, http.StatusNotFound, r.Code, path)
		require.Equal(t, "Dashboard not found\n", r.Body.String())
	}
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	r := answer(t, http.MethodPost, "/")
	require.Equal(t, http.StatusMethodNotAllowed, r.Code)
	require.Equal(t, "GET, HEAD", r.Header().Get("Allow"))
	head := answer(t, http.MethodHead, "/")
	require.Equal(t, http.StatusOK, head.Code)
	require.Empty(t, head.Body.String())
}

func TestWhatHasNotChangedIsNotSentAgain(t *testing.T) {
	first := answer(t, http.MethodGet, "/assets/app.js")
	require.Equal(t, "no-cache", first.Header().Get("Cache-Control"))
	tag := first.Header().Get("ETag")
	require.NotEmpty(t, tag)
	again := answer(t, http.MethodGet, "/assets/app.js", "If-None-Match", tag)
	require.Equal(t, http.StatusNotModified, again.Code)
	require.Empty(t, again.Body.String())
	other := answer(t, http.MethodGet, "/assets/style.css", "If-None-Match", tag)
	require.Equal(t, http.StatusOK, other.Code)
}

// The policy would keep these from working, without a word to who wrote them.
func TestThePageHasNothingThatThePolicyForbids(t *testing.T) {
	page, err := os.ReadFile("static/index.html")
	require.NoError(t, err)
	for _, forbidden := range []string{"<style", " style=", "javascript:", "http:", "https:", "//"} {
		require.NotContains(t, string(page), forbidden)
	}
	require.NotRegexp(t, `(?i)\son[a-z]+=`, string(page))
	require.Equal(t, strings.Count(string(page), "<script"), strings.Count(string(page), `<script type="module" src="/assets/`))
}

func TestEveryFileThatIsNamedIsThere(t *testing.T) {
	entries, err := os.ReadDir("static/assets")
	require.NoError(t, err)
	names := []string{"../index.html"}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	named := regexp.MustCompile(`(?:from '\./|/assets/)([a-z-]+\.[a-z]+)`)
	seen := 0
	for _, name := range names {
		content, err := os.ReadFile("static/assets/" + name)
		require.NoError(t, err)
		require.NotContains(t, string(content), "innerHTML", name)
		for _, m := range named.FindAllStringSubmatch(string(content), -1) {
			require.Equal(t, http.StatusOK, answer(t, http.MethodGet, "/assets/"+m[1]).Code, "%s names %s", name, m[1])
			seen++
		}
	}
	require.Greater(t, seen, 10)
}
