package intake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"shuniu/collect/intake/delimited"
	"shuniu/collect/intake/document"
	"shuniu/collect/intake/object"
	"shuniu/collect/intake/reading"
	"shuniu/collect/intake/tabular"
	"shuniu/collect/intake/workbook"
)

// Options say how to read; the zero value means: find everything out.
type Options struct {
	tabular.Options
	// Members holds the decisions for single members of an archive; a member
	// without an entry is read by the Options above.
	Members map[string]tabular.Options `json:"members,omitempty"`
	// Preview is how many first rows of each table a report repeats.
	Preview int `json:"-"`
	// Scratch is a folder for what does not fit in memory.
	Scratch string `json:"-"`
	// Undigested spares the digest of the file itself: the caller knows it.
	Undigested bool `json:"-"`
	// Early, when set, is called for a table once its first EarlyRows rows are
	// known, with what they say so far (Tally and the counts of lines are still
	// zero). The sink it returns, if any, is given every row while the rest is
	// profiled, so that a reader of a table of one kind throughout needs no
	// second pass. m.Tables holds the tables before t only.
	Early func(m *Member, t *Table) (Sink, error) `json:"-"`
	// Companion gives the file of the same base name with another extension
	// (.dbf beside .shp), nil when there is none.
	Companion func(ext string) *tabular.Source `json:"-"`
}

// A Sink takes the rows of a table in order, while they are profiled. The batch
// is the reader's: it is good until Batch returns. An error ends the walk.
type Sink interface {
	Batch(b *tabular.Batch) error
	Reject(r tabular.Reject) error
}

// A Member is one file that is no archive: the given one, or one inside it.
type Member struct {
	Path      string // inside the archive; "" for the file itself
	SHA256    string // "" when Undigested says so
	SizeBytes int64
	Format    string
	Encoding  string
	Tables    []Table
	Object    *object.Object   // when it has no tables
	Refused   *tabular.Refusal // when it cannot be taken
	Ignored   string           // why it is no data
	Source    *tabular.Source  // its bytes, until the callback returns; nil when ignored or refused unread

	drops []func() error // what the finders spilled
}

// A Table is a table with what its columns hold, over all rows.
type Table struct {
	Found    tabular.Found
	Findings []reading.Finding // one per Found.Heads
	Tally    tabular.Tally
	Report   TableReport // N counts over the whole walk
}

// Walk reads src and calls fn for each member, in order. A member that cannot
// be taken is given with Refused and the walk goes on; when src itself is no
// archive, its refusal is given the same way. fn's error ends the walk.
func Walk(ctx context.Context, src *tabular.Source, opt Options, fn func(*Member) error) (format string, err error) {
	w := &walker{opt: opt, fn: fn, budget: &budget{left: maxInflated}}
	at := place{}
	err = w.file(ctx, src, at, opt.Companion)
	return w.format, w.refusedOr(at, src.Size, err)
}

// A place is where in nested archives the walk stands.
type place struct {
	path  string
	depth int
}

func (p place) member(name string) place {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if p.path != "" {
		name = p.path + "/" + name
	}
	return place{name, p.depth + 1}
}

type walker struct {
	opt    Options
	fn     func(*Member) error
	budget *budget
	tables int
	format string // of the outermost file
}

func (w *walker) ignore(at place, mode fs.FileMode, why string) error {
	if mode.IsDir() || why == "folder" {
		return nil
	}
	return w.fn(&Member{Path: at.path, Ignored: why})
}

func (w *walker) refuse(at place, size int64, r *tabular.Refusal) error {
	return w.fn(&Member{Path: at.path, SizeBytes: size, Refused: r, Format: "object"})
}

// refusedOr reports a refusal as the fate of the member and returns any other error.
func (w *walker) refusedOr(at place, size int64, err error) error {
	var r *tabular.Refusal
	if errors.As(err, &r) {
		return w.refuse(at, size, r)
	}
	return err
}

// enter notes the outermost file's format.
func (w *walker) enter(at place, format string) {
	if at.depth == 0 {
		w.format = format
	}
}

// file reads one file that is or is not an archive.
func (w *walker) file(ctx context.Context, src *tabular.Source, at place, companion func(string) *tabular.Source) (err error) {
	if src.Scratch == "" {
		src.Scratch = w.opt.Scratch
	}
	w.enter(at, "object")
	if src.Size == 0 {
		return &tabular.Refusal{Kind: "empty", Message: "文件是空的（0 字节）。", Hint: "请检查导出是否完成，重新导出后再提交。"}
	}
	if r := object.Pointer(src); r != nil {
		return r
	}
	b, err := head(src, headSize)
	if err != nil {
		return fmt.Errorf("read %s: %w", src.Name, err)
	}
	kind := container(src, b)
	if kind == "zip" || kind == "tar" || kind == "gz" || kind == "bz2" || kind == "zst" {
		w.enter(at, kind)
		if at.depth >= maxDepth {
			return tooLarge(fmt.Sprintf("压缩包嵌套超过 %d 层", maxDepth))
		}
		switch kind {
		case "zip":
			return w.zip(ctx, src, at)
		case "tar":
			return w.tar(ctx, src, at)
		default:
			return w.stream(ctx, src, at, kind)
		}
	}
	m := &Member{Path: at.path, SizeBytes: src.Size, Source: src}
	if at.depth > 0 || !w.opt.Undigested {
		if m.SHA256, err = digest(src); err != nil {
			return fmt.Errorf("read %s: %w", src.Name, err)
		}
	}
	opt := w.opt.Options
	if o, ok := w.opt.Members[at.path]; ok {
		opt = o
	}
	defer func() {
		for _, drop := range m.drops {
			err = errors.Join(err, drop())
		}
	}()
	found, err := w.find(ctx, m, kind, b, opt, companion)
	if err != nil {
		return err
	}
	for _, f := range found {
		t, err := w.profile(ctx, m, f, opt)
		if err != nil {
			return err
		}
		m.Tables = append(m.Tables, *t)
	}
	if len(m.Tables) == 0 && m.Object == nil {
		o := object.Describe(ctx, src)
		m.Object = &o
	}
	w.enter(at, m.Format)
	return w.fn(m)
}

// find dispatches to the reader of the format and sets m.Format and m.Encoding.
func (w *walker) find(ctx context.Context, m *Member, kind string, b []byte, opt tabular.Options, companion func(string) *tabular.Source) ([]tabular.Found, error) {
	src := m.Source
	m.Format = "object"
	var finder tabular.Finder
	switch kind {
	case "xlsx", "ods", "xls", "ole":
		finder = workbook.Find
	case "docx":
		finder = document.FindDOCX
	case "parquet":
		finder = document.FindParquet
	case "dbf":
		finder = document.FindDBF
	case "shp":
		finder = func(ctx context.Context, src *tabular.Source, opt tabular.Options) ([]tabular.Found, error) {
			return document.FindShapefile(ctx, src, opt, companion)
		}
	case "object":
		return nil, nil
	default:
		return w.text(ctx, m, b, opt)
	}
	found, err := finder(ctx, src, opt)
	if err != nil {
		return nil, err
	}
	m.Format = formatOf(kind, found)
	return found, nil
}

// formatOf names the format as the report does.
func formatOf(kind string, found []tabular.Found) string {
	if len(found) > 0 && found[0].Format != "" {
		return found[0].Format
	}
	if kind == "ole" || len(found) == 0 && kind == "docx" {
		return "object"
	}
	return kind
}

// text reads what is no known container: text in some encoding, or unknown bytes.
func (w *walker) text(ctx context.Context, m *Member, b []byte, opt tabular.Options) ([]tabular.Found, error) {
	src := m.Source
	begin, isText, err := beginning(src, b, opt.Encoding)
	if err != nil || !isText || controls(begin) {
		return nil, err
	}
	if strings.Trim(begin, " \t\r\n\ufeff\x00\u3000") == "" && src.Size <= headSize {
		return nil, &tabular.Refusal{Kind: "empty", Message: "文件里只有空白，没有任何内容。", Hint: "请检查导出是否完成，重新导出后再提交。"}
	}
	end, err := tail(src, 4096)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", src.Name, err)
	}
	kind := textKind(begin, end)
	finder, ok := map[string]tabular.Finder{
		"json": document.FindJSON, "geojson": document.FindGeoJSON, "xml": document.FindXML,
		"html": document.FindHTML, "sql": document.FindSQL,
	}[kind]
	if !ok {
		if kind == "mail" {
			return w.mhtml(ctx, m, opt)
		}
		return w.lines(ctx, m, opt)
	}
	text, name, doubt, drop, err := w.utf8(ctx, src, opt.Encoding)
	if err != nil {
		return nil, err
	}
	m.drops = append(m.drops, drop)
	found, err := finder(ctx, text, opt)
	if err != nil {
		return nil, err
	}
	m.Encoding = name
	for i := range found {
		if found[i].Encoding == "" {
			found[i].Encoding = name
		}
		if doubt != "" {
			found[i].Questions = append(found[i].Questions, doubt)
		}
	}
	m.Format = formatOf(kind, found)
	return found, nil
}

// controls tells bytes that happen to decode from text: text has next to no
// control characters.
func controls(s string) bool {
	n, odd := 0, 0
	for _, r := range s {
		n++
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f' && r != 0x1a || r >= 0x7f && r < 0xa0 {
			odd++
		}
	}
	return odd*50 > n
}

// lines reads text that is no tree: values between delimiters, or prose.
func (w *walker) lines(ctx context.Context, m *Member, opt tabular.Options) ([]tabular.Found, error) {
	found, err := delimited.Find(ctx, m.Source, opt)
	if err != nil {
		return nil, err
	}
	if len(found) > 0 {
		m.Format, m.Encoding = formatOf("csv", found), found[0].Encoding
	}
	return found, nil
}

// tail is the last n bytes, for a look at the end of ASCII structures.
func tail(src *tabular.Source, n int64) (string, error) {
	n = min(n, src.Size)
	b := make([]byte, n)
	k, err := src.ReadAt(b, src.Size-n)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return string(b[:k]), nil
}

func digest(src *tabular.Source) (string, error) {
	h := sha256.New()
	if _, err := io.CopyBuffer(h, io.NewSectionReader(src, 0, src.Size), make([]byte, 1<<20)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
