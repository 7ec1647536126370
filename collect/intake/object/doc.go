// Package object describes files that are no tables: what they are, by their
// content and never by their name, and what can be searched in them: text,
// title, pages, size in pixels, duration, place and time of a photo. It answers
// the seed's 无条件归集: what cannot be a table is kept all the same and can be
// found.
//
//	o := object.Describe(ctx, src)
//	fmt.Println(o.MediaType, o.Pages, o.Text)
//
// It also knows files that only stand for others: Git LFS pointers, shortcuts,
// downloads that never finished.
package object
