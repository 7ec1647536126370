package matters

import "embed"

// Files are the shipped types, one folder each: type.yaml and cases.yaml.
//
//go:embed */*.yaml
var Files embed.FS
