// Package libraries holds the resource libraries that Shuniu ships (seed:
// N resource libraries under 一数一源), one YAML file each: what a row is, its
// key, its fields with the standard that binds each, the headings under which
// departments send them, and which department's value wins.
//
// It is data. Package refine/library reads and checks the files and builds the
// tables.
package libraries
