// Package web holds the front end and serves it: the console's built files,
// embedded with their brotli and gzip forms, so that the hub is one binary and
// compresses nothing while it serves (seed: 全方位使用, in a browser).
//
//	mux.Handle("/", web.Handler())
//
// Files under /assets/ carry their digest in their name and are immutable;
// every other path that is no file answers index.html, because the page's own
// router knows it. A binary built before the front end answers one page that
// says so.
package web
