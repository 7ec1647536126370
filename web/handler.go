package web

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// all: because .keep begins with a dot and must match when nothing is built.
//
//go:embed all:dist
var dist embed.FS

const (
	index     = "index.html"
	nonceMark = "__NONCE__" // in index.html; antd's run-time styles carry it
	immutable = "public, max-age=31536000, immutable"
)

// notBuilt is the page of a binary that was built before the front end.
const notBuilt = `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>枢纽</title><body style="font:16px/1.7 system-ui,sans-serif;max-width:34rem;margin:18vh auto;padding:0 1.5rem;color:#1A2333">
<h1 style="font-size:22px">front end not built: make build</h1>
<p>页面尚未构建。接口照常可用；请运行 <code>make build</code> 后重新启动。</p>
<p>The API works. Run <code>make build</code> and start again to get the pages.</p></body></html>`

// Handler serves the embedded front end. It answers GET and HEAD only, sends
// the smallest form the client accepts (br, gzip, plain), and sets the content
// security policy of the pages.
func Handler() http.Handler {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the folder is embedded above; only a wrong constant gets here
	}
	return handler{files: sub}
}

type handler struct{ files fs.FS }

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" || name == index || strings.HasPrefix(path.Base(name), ".") || isPacked(name) {
		h.page(w, r)
		return
	}
	if h.file(w, r, name) {
		return
	}
	if strings.HasPrefix(name, "assets/") {
		// An asset of an older build: index.html in its place would be run as a script.
		http.NotFound(w, r)
		return
	}
	h.page(w, r)
}

// file answers the named file and reports whether there is one.
func (h handler) file(w http.ResponseWriter, r *http.Request, name string) bool {
	encoding, body := h.packed(name, r.Header.Get("Accept-Encoding"))
	if body == nil {
		return false
	}
	head := w.Header()
	head.Set("Content-Type", contentType(name))
	head.Set("X-Content-Type-Options", "nosniff")
	head.Add("Vary", "Accept-Encoding")
	if encoding != "" {
		head.Set("Content-Encoding", encoding)
	}
	if strings.HasPrefix(name, "assets/") {
		head.Set("Cache-Control", immutable)
	} else {
		head.Set("Cache-Control", "public, max-age=3600")
	}
	send(w, r, body)
	return true
}

// packed is the smallest stored form of the named file that accept allows; a
// nil body means there is no such file.
func (h handler) packed(name, accept string) (encoding string, body []byte) {
	plain, err := fs.ReadFile(h.files, name)
	if err != nil {
		return "", nil
	}
	for _, form := range []struct{ encoding, ext string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !accepts(accept, form.encoding) {
			continue
		}
		if b, err := fs.ReadFile(h.files, name+form.ext); err == nil && len(b) < len(plain) {
			return form.encoding, b
		}
	}
	return "", plain
}

// page answers index.html with a fresh nonce, or the page that says it is not built.
func (h handler) page(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY")
	head.Set("Referrer-Policy", "same-origin")
	body, err := fs.ReadFile(h.files, index)
	if err != nil {
		head.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
		if r.Method != http.MethodHead {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = fmt.Fprint(w, notBuilt) // an error means that the client has gone
		}
		return
	}
	nonce := newNonce()
	// Styles: antd writes <style nonce>; inline style attributes are the pages' own measures.
	head.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; style-src-attr 'unsafe-inline'; "+
		"img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	send(w, r, bytes.ReplaceAll(body, []byte(nonceMark), []byte(nonce)))
}

func send(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) //nolint:gosec // our own page; an error means that the client has gone
}

func newNonce() string {
	var b [16]byte
	rand.Read(b[:])
	return base64.RawStdEncoding.EncodeToString(b[:])
}

func isPacked(name string) bool {
	return strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz")
}

// accepts reports whether an Accept-Encoding header names encoding with a
// weight above 0. Source: RFC 9110, section 12.5.3.
func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		if !ok {
			return true
		}
		weight, err := strconv.ParseFloat(q, 64)
		return err == nil && weight > 0
	}
	return false
}

// contentType does not ask the machine's own table, which differs from site to site.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".woff":
		return "font/woff"
	case ".json", ".map":
		return "application/json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
