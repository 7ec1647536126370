// Package intake understands files as departments really send them (seed:
// 无条件归集): it looks at the content, never at the extension, opens archives,
// finds every table, and types every column over all of its rows. It stores
// nothing.
//
//	err := intake.Walk(ctx, src, intake.Options{}, func(m *intake.Member) error {
//		for _, t := range m.Tables { … t.Found.Read … }
//		return nil
//	})
//
// It parses bytes from outside and so runs in the sandboxed worker only.
package intake
