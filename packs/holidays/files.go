package holidays

import _ "embed"

// Arrangements is the shipped file, one block for each year.
//
//go:embed arrangements.txt
var Arrangements string
