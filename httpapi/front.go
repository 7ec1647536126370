package httpapi

import (
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// front serves the built front end. A path that is no file gets index.html,
// whose router knows the page; files under assets/ carry a digest in their
// name and never change.
type front struct{ files fs.FS }

func newFront(files fs.FS) http.Handler { return &front{files} }

// types that mime.TypeByExtension may not know on a bare machine.
var frontTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".json": "application/json", ".woff2": "font/woff2",
	".png": "image/png", ".ico": "image/x-icon", ".webmanifest": "application/manifest+json", ".wasm": "application/wasm",
	".txt": "text/plain; charset=utf-8", ".map": "application/json",
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if f.files == nil || !fs.ValidPath(name) && name != "" {
		http.NotFound(w, r)
		return
	}
	if name == "" || !f.isFile(name) {
		if strings.HasPrefix(name, "assets/") || path.Ext(name) != "" && path.Ext(name) != ".html" {
			http.NotFound(w, r)
			return
		}
		name = "index.html"
	}
	if strings.HasPrefix(name, "assets/") {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		w.Header().Set("Cache-Control", "no-cache")
	}
	f.send(w, r, name)
}

func (f *front) isFile(name string) bool {
	info, err := fs.Stat(f.files, name)
	return err == nil && info.Mode().IsRegular()
}

// send sends the smallest form of a file that the client takes.
func (f *front) send(w http.ResponseWriter, r *http.Request, name string) {
	ext := path.Ext(name)
	ct := frontTypes[ext]
	if ct == "" {
		ct = mime.TypeByExtension(ext)
	}
	if ct == "" {
		ct = "application/octet-stream"
	}
	w.Header().Set("Content-Type", ct)
	w.Header().Add("Vary", "Accept-Encoding")
	for _, form := range []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if accepts(r, form.encoding) && f.isFile(name+form.suffix) {
			w.Header().Set("Content-Encoding", form.encoding)
			name += form.suffix
			break
		}
	}
	file, err := f.files.Open(name)
	if err != nil {
		w.Header().Del("Content-Encoding")
		status := http.StatusInternalServerError
		if errors.Is(err, fs.ErrNotExist) {
			status = http.StatusNotFound
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	defer func() { _ = file.Close() }() // read only
	if r.Method == http.MethodHead {
		return
	}
	_, _ = io.Copy(w, file) // the client went away: nothing to do
}
