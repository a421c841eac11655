// Package dashboard serves the page that shows memory to people. All of the
// page is in the program: it loads nothing from elsewhere, and its policy lets
// no browser do so. It holds no data of its own and needs no token; what it
// shows it asks of /api/ and /health, with the token that the person gives it.
package dashboard

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var static embed.FS

// policy lets the page have its own scripts, styles and answers, and nothing
// else; no other page may frame it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// file is one file of the page.
type file struct {
	name, kind, tag string
	content         []byte
}

// Handler returns the handler of "/": the page, its scripts and its styles.
func Handler() http.Handler {
	files := load(static)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { serve(w, r, files) })
}

func serve(w http.ResponseWriter, r *http.Request, files map[string]file) {
	protect(w.Header())
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method not allowed", http.StatusMethodNotAllowed)
		return
	}
	f, ok := files[r.URL.Path]
	if !ok {
		http.Error(w, "Dashboard not found", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	// Always asked for again, and sent only when it has changed.
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.tag)
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.content))
}

// protect sets what every answer says of itself.
func protect(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// load reads the files of the page, by the path of their address.
func load(from fs.FS) map[string]file {
	files := make(map[string]file)
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		f := file{name: name, kind: kindOf(name), tag: `"` + hex.EncodeToString(sum[:12]) + `"`, content: content}
		files["/"+strings.TrimPrefix(name, "static/")] = f
		return nil
	})
	if err != nil {
		panic("dashboard: a file of the program cannot be read: " + err.Error())
	}
	files["/"] = files["/index.html"]
	return files
}

// kindOf does not ask the system, whose tables differ.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}
