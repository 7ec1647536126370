package document

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"shuniu/collect/intake/tabular"
)

const (
	sniffBytes = 1 << 20
	sniffLines = 20
)

// isJSONLines reports whether the text holds one JSON value a line: the first
// line is a whole object or array and so are at least half of those that follow.
func isJSONLines(ctx context.Context, src *tabular.Source) (bool, error) {
	head := make([]byte, min(src.Size, sniffBytes))
	n, err := src.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read %s: %w", src.Name, err)
	}
	head = bytes.TrimPrefix(head[:n], []byte("\xEF\xBB\xBF"))
	if len(bytes.TrimSpace(head)) == 0 && int64(n) == src.Size {
		return false, emptyFile()
	}
	r := &jsonReader{check: ctx.Err}
	good, all := 0, 0
	for all < sniffLines && len(head) > 0 {
		line, rest, whole := bytes.Cut(head, []byte("\n"))
		head = rest
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if !whole && int64(n) < src.Size {
			break // cut by the sample's end
		}
		all++
		if lineValid(r, line, 1) == nil && (line[0] == '{' || line[0] == '[') {
			good++
		} else if good == 0 && all == 1 && line[0] != '{' {
			return false, nil // a document that begins with a bracket of its own line
		} else if good == 0 && all == 2 {
			return false, nil
		}
	}
	return good >= 1 && all >= 2 && good*2 >= all, nil
}

// lineValid checks that line is one JSON value and nothing else.
func lineValid(r *jsonReader, line []byte, number int64) error {
	r.over(line, number)
	if err := r.skip(); err != nil {
		return err
	}
	if _, ok := r.next(); ok {
		return r.bad("后面还有多余的内容")
	}
	return nil
}

// eachLine hands every line to see, without its line end; long tells that only
// the first part of an overlong line is given. The bytes are good until see
// returns.
func eachLine(ctx context.Context, src *tabular.Source, see func(number int64, line []byte, long bool) error) error {
	br := bufio.NewReaderSize(io.NewSectionReader(src, 0, src.Size), blockBytes)
	var joined []byte
	for number := int64(1); ; number++ {
		if number&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line, err := br.ReadSlice('\n')
		long := false
		if errors.Is(err, bufio.ErrBufferFull) {
			joined = append(joined[:0], line...)
			for errors.Is(err, bufio.ErrBufferFull) {
				line, err = br.ReadSlice('\n')
				if long = long || len(joined)+len(line) > cellBytes; !long {
					joined = append(joined, line...)
				}
			}
			line = joined
		}
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return fmt.Errorf("read %s: %w", src.Name, err)
		}
		if len(line) == 0 && ended {
			return nil
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\xEF\xBB\xBF"))
		}
		if err := see(number, bytes.TrimRight(line, "\r\n"), long); err != nil {
			return err
		}
		if ended {
			return nil
		}
	}
}

// lineFault tells why a line is not taken, "" when it is, and whether it looks
// like the beginning of one that would be. The grammar is only
// checked once lines are known to be at fault.
func (d *jsonDoc) lineFault(r *jsonReader, number int64, line []byte, long bool) (why string, broken bool) {
	if long {
		d.careful = true
		return "这一行超过 " + sizeText(cellBytes), false
	}
	var err error
	if d.careful {
		err = lineValid(r, line, number)
	}
	var syntax *syntaxError
	switch {
	case err == nil:
	case errors.As(err, &syntax):
		return fmt.Sprintf("第 %d 字节处不是正确的 JSON：%s", syntax.offset+1, syntax.what), true
	case errors.Is(err, errDepth):
		return fmt.Sprintf("嵌套超过 %d 层", maxDepth), false
	default:
		return "有一个值过大", false
	}
	c := bytes.TrimLeft(line, " \t")[0]
	if d.rootC == 0 {
		d.rootC = c
	}
	if c != d.rootC || c != '{' && c != '[' {
		return "这一行与其他各行不是同一种值", false
	}
	return "", false
}

// surveyLines learns the shape of the lines. At the first line that is no JSON
// it begins again, checking each line before it is looked at, so that the bad
// ones leave nothing behind.
func (d *jsonDoc) surveyLines(ctx context.Context) error {
	s := &jsonSurvey{r: &jsonReader{check: ctx.Err}, keep: d.keep}
	d.root.arrays = 1
	err := eachLine(ctx, d.src, func(number int64, line []byte, long bool) error {
		if len(bytes.TrimSpace(line)) == 0 {
			return nil
		}
		if why, _ := d.lineFault(s.r, number, line, long); why != "" {
			return nil
		}
		s.r.over(line, number)
		if err := s.element(d.root, false); err != nil {
			return err
		}
		if _, more := s.r.next(); more {
			return s.r.bad("后面还有多余的内容")
		}
		return nil
	})
	if err != nil && !d.careful && ctx.Err() == nil {
		d.careful, d.rootC = true, 0
		d.root = &node{allText: true}
		return d.surveyLines(ctx)
	}
	d.invalid, d.strange = s.r.invalid, s.r.strange
	if d.careful { // each line is looked at twice
		d.invalid, d.strange = d.invalid/2, d.strange/2
	}
	return err
}

func (d *jsonDoc) readLines(ctx context.Context, w *jsonWalk, notes int64, reject func(tabular.Reject) error) (tabular.Tally, error) {
	w.r = &jsonReader{check: ctx.Err}
	t := tabular.Tally{Notes: notes}
	child := w.plan.node != d.root
	err := eachLine(ctx, d.src, func(number int64, line []byte, long bool) error {
		t.Physical++
		if len(bytes.TrimSpace(line)) == 0 {
			t.Blank++
			return nil
		}
		if why, broken := d.lineFault(w.r, number, line, long); why != "" {
			t.Rejected++
			if child || reject == nil {
				return nil // told once, with the table of the lines themselves
			}
			return reject(tabular.Reject{Line: number, Reason: why, Text: clip(line, rejectText), Raw: bytes.Clone(line), Broken: broken})
		}
		w.r.over(line, number)
		return w.lineValue(d.root, number)
	})
	if err = errors.Join(err, w.out.flush()); err != nil {
		return tabular.Tally{}, d.refusal(err)
	}
	t.Rows = w.out.rows
	switch {
	case child:
		t = tabular.Tally{Physical: t.Rows, Rows: t.Rows}
	case d.root.mapped: // a line holds several rows
		t.Physical = t.Rows + t.Rejected + t.Blank + t.Notes
	}
	return t, nil
}
