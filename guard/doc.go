// Package guard decides who may do what (seed: 全覆盖安保). Every read of the
// brain and every write of the hub takes a Decision, and only this package
// makes one.
package guard
