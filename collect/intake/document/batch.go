package document

import (
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"shuniu/collect/intake/tabular"
)

const (
	batchRows  = 8192     // rows of a batch
	batchBytes = 8 << 20  // bytes after which a batch goes out early
	cellBytes  = 64 << 20 // bytes of the largest value that is taken
	maxColumns = 4096     // columns of one table
	rejectText = 4 << 10  // bytes of a reject's decoded text
)

// A batcher gathers rows and emits them in batches.
type batcher struct {
	batch tabular.Batch
	emit  func(*tabular.Batch) error
	bytes int
	rows  int64
}

func newBatcher(columns int, emit func(*tabular.Batch) error) *batcher {
	return &batcher{batch: tabular.Batch{Columns: make([]tabular.Text, columns)}, emit: emit}
}

// add takes one row; cells may be shorter than the columns.
func (b *batcher) add(origin int64, cells []cell, data []byte) error {
	for i := range b.batch.Columns {
		if i >= len(cells) || !cells[i].set {
			b.batch.Columns[i].AppendNull()
			continue
		}
		v := data[cells[i].from:cells[i].to]
		b.batch.Columns[i].Append(v)
		b.bytes += len(v)
	}
	b.batch.Origin = append(b.batch.Origin, origin)
	b.batch.Rows++
	b.rows++
	if b.batch.Rows >= batchRows || b.bytes >= batchBytes {
		return b.flush()
	}
	return nil
}

func (b *batcher) flush() error {
	if b.batch.Rows == 0 {
		return nil
	}
	err := b.emit(&b.batch)
	for i := range b.batch.Columns {
		b.batch.Columns[i].Reset()
	}
	b.batch.Origin = b.batch.Origin[:0]
	b.batch.Rows, b.bytes = 0, 0
	return err
}

// A cell is a value of the row being built: data[from:to], when set.
type cell struct {
	from, to int
	set      bool
}

// A rowBuffer builds one row; its memory is used again.
type rowBuffer struct {
	cells []cell
	data  []byte
}

func newRowBuffer(columns int) *rowBuffer { return &rowBuffer{cells: make([]cell, columns)} }

func (r *rowBuffer) reset() {
	clear(r.cells)
	r.data = r.data[:0]
}

// set gives column i the value v; a column set twice keeps the last.
func (r *rowBuffer) set(i int, v []byte) {
	from := len(r.data)
	r.data = append(r.data, v...)
	r.cells[i] = cell{from, len(r.data), true}
}

// foldName makes a header text a column name: blanks and breaks folded.
func foldName(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	fields := strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\uFEFF'
	})
	s = strings.Join(fields, " ")
	for len(s) > 240 {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// finalNames folds names, fills the empty ones with column_N and tells equal
// ones apart with _2, _3.
func finalNames(heads []tabular.Head) {
	taken := make(map[string]bool, len(heads))
	for i := range heads {
		name := foldName(heads[i].Name)
		if name == "" {
			name = fmt.Sprintf("column_%d", i+1)
		}
		unique := name
		for n := 2; taken[unique]; n++ {
			unique = fmt.Sprintf("%s_%d", name, n)
		}
		taken[unique] = true
		heads[i].Name = unique
	}
}

// stem is a file's name without folders and extension.
func stem(name string) string {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	if ext := path.Ext(base); ext != "" && ext != base {
		base = strings.TrimSuffix(base, ext)
	}
	if base == "." || base == "/" {
		return "table"
	}
	return base
}

// clip cuts b to at most n bytes of valid UTF-8.
func clip(b []byte, n int) string {
	if len(b) > n {
		b = b[:n]
		for len(b) > 0 && !utf8.RuneStart(b[len(b)-1]) {
			b = b[:len(b)-1]
		}
		if len(b) > 0 && b[len(b)-1] >= utf8.RuneSelf {
			if r, size := utf8.DecodeLastRune(b); r == utf8.RuneError && size <= 1 {
				b = b[:len(b)-1]
			}
		}
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

func damaged(hint, format string, args ...any) *tabular.Refusal {
	return &tabular.Refusal{Kind: "damaged", Message: fmt.Sprintf(format, args...), Hint: hint}
}

func tooLarge(hint, format string, args ...any) *tabular.Refusal {
	return &tabular.Refusal{Kind: "too_large", Message: fmt.Sprintf(format, args...), Hint: hint}
}

func emptyFile() *tabular.Refusal {
	return &tabular.Refusal{Kind: "empty", Message: "文件是空的，没有任何内容。", Hint: "请确认导出是否完成，重新导出后再上传。"}
}

// sizeText says bytes as a person does.
func sizeText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d 字节", n)
}
