package intake

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"shuniu/collect/intake/tabular"
	"shuniu/fault"
)

// Inspect reads the whole of src and reports what is in it.
func Inspect(ctx context.Context, src *tabular.Source, opt Options) (*Report, error) {
	rep := &Report{File: src.Name, SizeBytes: src.Size, Tables: []TableReport{}}
	var err error
	if rep.SHA256, err = digest(src); err != nil {
		return nil, fmt.Errorf("read %s: %w", src.Name, err)
	}
	opt.Undigested = true
	archive := false
	rep.Format, err = Walk(ctx, src, opt, func(m *Member) error {
		for _, t := range m.Tables {
			rep.Tables = append(rep.Tables, t.Report)
		}
		if m.Path == "" {
			rep.Encoding, rep.Object, rep.Refused = m.Encoding, m.Object, m.Refused
			return nil
		}
		archive = true
		rep.Members = append(rep.Members, MemberReport{
			Member: m.Path, SHA256: m.SHA256, SizeBytes: m.SizeBytes, Format: m.Format, Encoding: m.Encoding,
			Tables: len(m.Tables), Object: m.Object, Refused: m.Refused, Ignored: m.Ignored,
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if archive {
		rep.Refused = whole(rep)
	} else if rep.Refused == nil && rep.Object == nil && len(rep.Tables) == 0 {
		rep.Refused = &tabular.Refusal{Kind: "empty", Message: "压缩包里没有任何文件。", Hint: "请检查压缩是否完成，重新打包后再提交。"}
	}
	return rep, nil
}

// whole is the fate of an archive: refused when nothing in it could be taken,
// with the reason of its first refused member.
func whole(rep *Report) *tabular.Refusal {
	var first *tabular.Refusal
	for _, m := range rep.Members {
		if m.Refused == nil && m.Ignored == "" {
			return nil
		}
		if first == nil {
			first = m.Refused
		}
	}
	if first == nil {
		return &tabular.Refusal{Kind: "empty", Message: "压缩包里没有可用的文件。", Hint: "请把数据文件放进压缩包后重新提交。"}
	}
	return first
}

// WriteCSV writes table n of src (from 1) to w: UTF-8, RFC 4180, LF line ends,
// a header line, then every row; absent values are empty. fault.NotFound when
// there is no such table.
func WriteCSV(ctx context.Context, src *tabular.Source, opt Options, n int, w io.Writer) error {
	done := errors.New("done")
	out := bufio.NewWriterSize(w, 256<<10)
	var refused *tabular.Refusal
	count := 0
	_, err := Walk(ctx, src, opt, func(m *Member) error {
		if m.Refused != nil && m.Path == "" {
			refused = m.Refused
		}
		for _, t := range m.Tables {
			if count++; count != n {
				continue
			}
			for i, h := range t.Found.Heads {
				csvCell(out, []byte(h.Name), i == 0, len(t.Found.Heads) == 1)
			}
			_ = out.WriteByte('\n') // a bufio.Writer keeps its error until Flush
			_, err := t.Found.Read(ctx, func(b *tabular.Batch) error {
				for i := range b.Rows {
					for c := range b.Columns {
						v, _ := b.Columns[c].At(i)
						csvCell(out, v, c == 0, len(b.Columns) == 1)
					}
					if err := out.WriteByte('\n'); err != nil {
						return err
					}
				}
				return nil
			}, func(tabular.Reject) error { return nil })
			if err != nil {
				return err
			}
			if err := out.Flush(); err != nil {
				return err
			}
			return done
		}
		return nil
	})
	switch {
	case errors.Is(err, done):
		return nil
	case err != nil:
		return err
	case refused != nil:
		return refused
	default:
		return fmt.Errorf("%s has %d tables, no table %d: %w", src.Name, count, n, fault.NotFound)
	}
}

// csvCell writes one value. A lone empty value of a one-column row is quoted,
// so that no reader takes its line for a blank one.
func csvCell(w *bufio.Writer, v []byte, first, only bool) {
	if !first {
		_ = w.WriteByte(',') // a bufio.Writer keeps its error until Flush
	}
	if plain := !strings.ContainsAny(string(v), ",\"\r\n"); plain && (!only || len(v) > 0) {
		_, _ = w.Write(v)
		return
	}
	_ = w.WriteByte('"')
	for _, c := range v {
		if c == '"' {
			_ = w.WriteByte('"')
		}
		_ = w.WriteByte(c)
	}
	_ = w.WriteByte('"')
}
