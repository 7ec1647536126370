// Package shuniu is the root of the module. It holds no code: its tests keep
// the rules of the house (which package may import which, what a package may
// be called, how long a file may be). Start reading at cmd/shuniu.
package shuniu
