// Package charset decides in which encoding a text file is written, on the
// whole file, and decodes it without ever replacing a byte in silence (seed:
// 无条件归集). Go's own decoders put U+FFFD where a byte does not decode; here
// the place of such a byte is reported and its line can be kept aside.
//
//	r, err := charset.Detect(file, size)
//	d, err := charset.NewDecoder(r.Name)
//	text, n, ok := d.Append(nil, bytes, true) // ok false: bytes[n:] does not decode
//
// # How it decides
//
// A byte order mark wins; then UTF-16 and UTF-32 by their NUL bytes; then UTF-8
// by validity, over every byte of the file. What is left is scored: each
// encoding tells how probable the bytes are as text of the languages it is
// used for, from the frequency of characters and, for one-byte encodings, from
// the letters around them. Result.Doubt says in a sentence when two readings
// that differ are nearly as probable.
package charset
