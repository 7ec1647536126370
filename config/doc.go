// Package config reads how the hub is set up: a YAML file, overridden by
// environment variables SHUNIU_…, overridden by flags. A name nobody knows is
// an error that names the nearest known one.
package config
