// Package locale holds what a person reads, by key, in Chinese and English.
// Texts live in zh.json and en.json with the same keys and the same named
// values; a test keeps them equal.
//
//	locale.Text(locale.Chinese, "collect.encrypted", map[string]any{"file": name})
package locale
