package libraries

import "embed"

// Files are the shipped libraries, by file name.
//
//go:embed *.yaml
var Files embed.FS
