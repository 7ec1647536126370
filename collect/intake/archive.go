package intake

import (
	"archive/tar"
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zip"
	"github.com/klauspost/compress/zstd"

	"shuniu/collect/intake/charset"
	"shuniu/collect/intake/object"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
)

// Limits of archives. What goes beyond is refused, with nothing half taken.
const (
	maxDepth    = 4         // archives inside archives
	maxMembers  = 5_000     // of one archive; one with more is kept whole: 20,000 take half an hour to land
	inMemory    = 32 << 20  // a larger member spills into the scratch folder
	ratioFrom   = 128 << 20 // inflated bytes from which the ratio counts
	ratioLimit  = 300       // inflated : stored
	maxInflated = 64 << 30  // of one walk, bytes
)

func tooLarge(what string) *tabular.Refusal {
	return &tabular.Refusal{
		Kind:    "too_large",
		Message: "解压后的内容大得不合常理（" + what + "），疑似压缩炸弹，已停止解压。",
		Hint:    "请核对文件来源；如确为正常数据，请解压后直接提交其中的文件。",
	}
}

func damagedArchive() *tabular.Refusal {
	return &tabular.Refusal{
		Kind:    "damaged",
		Message: "压缩包不完整或已损坏，读不到其中的全部文件。",
		Hint:    "请从原处重新下载或重新压缩后再提交。",
	}
}

// cutArchive is damagedArchive of one that simply ends, after n inflated bytes.
func cutArchive(n int64) *tabular.Refusal {
	return &tabular.Refusal{
		Kind:    "damaged",
		Message: fmt.Sprintf("压缩包在中途断开：解压到第 %d 字节就没有了，多半是没有传完或没有下载完。", n),
		Hint:    "请从原处重新下载或重新传一次，核对文件大小后再提交。",
	}
}

// An office document is a ZIP too: a damaged one is called by its own name, for
// nobody who sends a workbook knows of a 压缩包 in it.
var officeKinds = []struct {
	name  string
	exts  []string
	marks []string // parts' names, as they stand in the file
}{
	{"Excel", []string{".xlsx", ".xlsm", ".xltx", ".xlsb"}, []string{"xl/workbook", "xl/worksheets/", "xl/_rels/", "xl/styles", "xl/theme/"}},
	{"WPS 表格", []string{".et", ".ett"}, nil},
	{"ODS 表格", []string{".ods", ".ots"}, []string{"opendocument.spreadsheet"}},
	{"Word", []string{".docx", ".docm", ".dotx"}, []string{"word/document", "word/_rels/", "word/styles", "word/theme/"}},
	{"WPS 文字", []string{".wps", ".wpt"}, nil},
	{"ODT 文档", []string{".odt"}, []string{"opendocument.text"}},
	{"PowerPoint", []string{".pptx", ".pptm"}, []string{"ppt/presentation", "ppt/slides/", "ppt/_rels/"}},
	{"WPS 演示", []string{".dps"}, nil},
}

// damagedOffice is the refusal of an office document that cannot be opened as
// one, by its extension, else by the parts its bytes name; nil when src is none.
func damagedOffice(src *tabular.Source) *tabular.Refusal {
	lower := strings.ToLower(src.Name)
	b, err := head(src, headSize)
	if err != nil {
		return nil //nolint:nilerr // what cannot be read is told elsewhere
	}
	what := ""
	for _, k := range officeKinds {
		if slices.ContainsFunc(k.exts, func(e string) bool { return strings.HasSuffix(lower, e) }) {
			what = k.name
			break
		}
		if what == "" && slices.ContainsFunc(k.marks, func(m string) bool { return bytes.Contains(b, []byte(m)) }) {
			what = k.name // unless an extension says otherwise
		}
	}
	if what == "" {
		return nil
	}
	return &tabular.Refusal{
		Kind:    "damaged",
		Message: "这个 " + what + " 文件已损坏或不完整，打不开。",
		Hint:    "请先在电脑上打开确认；能打开的话另存一份再提交，打不开就向来源单位重新索取。",
	}
}

// A budget bounds what one walk may inflate.
type budget struct{ left int64 }

// inflate reads r, the inflated form of stored bytes, into a Source. The
// returned close removes what was spilled.
func (w *walker) inflate(ctx context.Context, name string, r io.Reader, stored int64) (*tabular.Source, func() error, error) {
	var (
		mem   bytes.Buffer
		spill *os.File
		n     int64
		out   io.Writer = &mem
		buf             = make([]byte, 256<<10)
	)
	drop := func() error {
		if spill == nil {
			return nil
		}
		return errors.Join(spill.Close(), os.Remove(spill.Name()))
	}
	for {
		k, err := r.Read(buf)
		n += int64(k)
		w.budget.left -= int64(k)
		switch {
		case ctx.Err() != nil:
			return nil, nil, errors.Join(ctx.Err(), drop())
		case w.budget.left < 0:
			return nil, nil, errors.Join(tooLarge("总量超过 64 GB"), drop())
		case n > ratioFrom && stored > 0 && n/stored > ratioLimit:
			return nil, nil, errors.Join(tooLarge(fmt.Sprintf("膨胀超过 %d 倍", ratioLimit)), drop())
		}
		if spill == nil && n > inMemory && w.opt.Scratch != "" {
			f, err := os.CreateTemp(w.opt.Scratch, "member-*")
			if err != nil {
				return nil, nil, fmt.Errorf("spill %s: %w", name, err)
			}
			spill, out = f, f
			if _, err := f.Write(mem.Bytes()); err != nil {
				return nil, nil, errors.Join(fmt.Errorf("spill %s: %w", name, err), drop())
			}
			mem = bytes.Buffer{}
		}
		if spill == nil && n > 1<<30 {
			return nil, nil, errors.Join(tooLarge("单个文件超过 1 GB 且没有暂存目录"), drop())
		}
		if _, werr := out.Write(buf[:k]); werr != nil {
			return nil, nil, errors.Join(fmt.Errorf("spill %s: %w", name, werr), drop())
		}
		if errors.Is(err, io.EOF) {
			break
		}
		switch {
		case errors.Is(err, fault.Invalid): // text that does not decode
			return nil, nil, errors.Join(err, drop())
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, nil, errors.Join(cutArchive(n), drop())
		case err != nil:
			return nil, nil, errors.Join(damagedArchive(), drop())
		}
	}
	src := &tabular.Source{Name: name, Size: n, ReaderAt: bytes.NewReader(mem.Bytes()), Scratch: w.opt.Scratch}
	if spill != nil {
		src.ReaderAt = spill
	}
	return src, drop, nil
}

// hollowOffice reports whether an archive named as an office document has parts
// of one, and lost its list of parts.
func hollowOffice(name string, r *zip.Reader) bool {
	lower := strings.ToLower(name)
	for _, k := range officeKinds {
		if slices.ContainsFunc(k.exts, func(e string) bool { return strings.HasSuffix(lower, e) }) {
			return len(r.File) == 0 || slices.ContainsFunc(r.File, func(f *zip.File) bool {
				n := strings.ToLower(f.Name)
				return strings.HasPrefix(n, "xl/") || strings.HasPrefix(n, "word/") || strings.HasPrefix(n, "ppt/") || n == "content.xml" || strings.HasPrefix(n, "meta-inf/")
			})
		}
	}
	return false
}

// zip walks the members of a ZIP archive.
func (w *walker) zip(ctx context.Context, src *tabular.Source, at place) error {
	r, err := zip.NewReader(src, src.Size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		if office := damagedOffice(src); office != nil {
			return office
		}
		return damagedArchive()
	}
	if hollowOffice(src.Name, r) {
		return damagedOffice(src)
	}
	if len(r.File) > maxMembers {
		return w.keepWhole(ctx, src, at, "zip", len(r.File))
	}
	names := zipNames(r.File)
	sets := shapefileSets(names)
	for i, f := range r.File {
		m := at.member(names[i])
		if why := ignored(names[i], f.Mode()); why != "" {
			if err := w.ignore(m, f.Mode(), why); err != nil {
				return err
			}
			continue
		}
		if sets.companion[i] {
			continue // read with its .shp
		}
		if f.Flags&1 != 0 {
			if err := w.refuse(m, int64(f.UncompressedSize64), encryptedArchive()); err != nil {
				return err
			}
			continue
		}
		open := func(k int) (*tabular.Source, func() error, error) {
			return w.zipMember(ctx, r.File[k], names[k])
		}
		var companion func(ext string) *tabular.Source
		var extra []func() error
		if files, ok := sets.of[i]; ok {
			companion = func(ext string) *tabular.Source {
				k, ok := files[ext]
				if !ok {
					return nil
				}
				s, drop, err := open(k)
				if err != nil {
					return nil
				}
				extra = append(extra, drop)
				return s
			}
		}
		inner, drop, err := open(i)
		if err == nil {
			err = w.file(ctx, inner, m, companion)
			for _, d := range append(extra, drop) {
				err = errors.Join(err, d())
			}
		}
		if err := w.refusedOr(m, int64(f.UncompressedSize64), err); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) zipMember(ctx context.Context, f *zip.File, name string) (*tabular.Source, func() error, error) {
	rc, err := f.Open()
	if err != nil {
		return nil, nil, damagedArchive()
	}
	src, drop, err := w.inflate(ctx, name, rc, max(int64(f.CompressedSize64), 1))
	return src, drop, errors.Join(err, rc.Close())
}

func encryptedArchive() *tabular.Refusal {
	return &tabular.Refusal{Kind: "encrypted", Message: "压缩包设有密码，无法读取其中的文件。", Hint: "请解除密码后重新压缩，或直接提交其中的文件。"}
}

// zipNames decodes the members' names: UTF-8 where flagged or valid, else
// the encoding that all names together speak for (mostly GBK).
func zipNames(files []*zip.File) []string {
	var raw []byte
	for _, f := range files {
		if f.NonUTF8 && !utf8.ValidString(f.Name) {
			raw = append(append(raw, f.Name...), '\n')
		}
	}
	decode := func(s string) string { return decodeName("gb18030", s) }
	if len(raw) > 0 {
		if res, err := charset.Detect(bytes.NewReader(raw), int64(len(raw))); err == nil && res.Name != "" {
			decode = func(s string) string { return decodeName(res.Name, s) }
		}
	}
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Name
		if !utf8.ValidString(f.Name) {
			names[i] = decode(f.Name)
		}
		names[i] = strings.ReplaceAll(names[i], "\\", "/")
	}
	return names
}

// decodeName reads a member's name; what does not decode is shown as such.
func decodeName(encoding, name string) string {
	if out, ok := decodeAll(encoding, []byte(name)); ok {
		return out
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}

// shapefileSets groups the parts of shapefiles by index.
type shapefiles struct {
	of        map[int]map[string]int // .shp -> extension -> index
	companion map[int]bool
}

func shapefileSets(names []string) shapefiles {
	s := shapefiles{of: map[int]map[string]int{}, companion: map[int]bool{}}
	base := func(n string) (string, string) {
		lower := strings.ToLower(n)
		for _, ext := range []string{".shp.xml", ".shp", ".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qpj", ".qix"} {
			if b, ok := strings.CutSuffix(lower, ext); ok {
				return b, ext
			}
		}
		return "", ""
	}
	shp := map[string]int{}
	for i, n := range names {
		if b, ext := base(n); ext == ".shp" {
			shp[b] = i
			s.of[i] = map[string]int{}
		}
	}
	for i, n := range names {
		b, ext := base(n)
		at, ok := shp[b]
		if !ok || ext == ".shp" || ext == "" {
			continue
		}
		s.of[at][ext] = i
		s.companion[i] = true
	}
	return s
}

// tar walks the members of a TAR archive.
func (w *walker) tar(ctx context.Context, src *tabular.Source, at place) error {
	if n := tarMembers(src); n > maxMembers {
		return w.keepWhole(ctx, src, at, "tar", n)
	}
	r := tar.NewReader(io.NewSectionReader(src, 0, src.Size))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return damagedArchive()
		}
		name := h.Name
		if !utf8.ValidString(name) {
			name = decodeName("gb18030", name)
		}
		m := at.member(name)
		if why := ignored(name, h.FileInfo().Mode()); why != "" {
			if err := w.ignore(m, h.FileInfo().Mode(), why); err != nil {
				return err
			}
			continue
		}
		inner, drop, err := w.inflate(ctx, name, r, max(h.Size, 1))
		if err == nil {
			err = errors.Join(w.file(ctx, inner, m, nil), drop())
		}
		if err := w.refusedOr(m, h.Size, err); err != nil {
			return err
		}
	}
}

// tarMembers counts the members of an archive by their headers.
func tarMembers(src *tabular.Source) int {
	r := tar.NewReader(io.NewSectionReader(src, 0, src.Size))
	n := 0
	for {
		if _, err := r.Next(); err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return n // its end, or damage that the walk will tell
		}
		n++
	}
}

// keepWhole keeps an archive of very many files as it is: no department sends
// one table in thousands of files, and a dataset for each would help nobody.
func (w *walker) keepWhole(ctx context.Context, src *tabular.Source, at place, format string, members int) error {
	m := &Member{Path: at.path, SizeBytes: src.Size, Source: src, Format: format}
	var err error
	if m.SHA256, err = digest(src); err != nil {
		return fmt.Errorf("read %s: %w", src.Name, err)
	}
	o := object.Describe(ctx, src)
	o.Doubt = fmt.Sprintf("压缩包内有 %d 个文件，超过一次归集的上限 %d 个，已原样保存。需要其中的数据时，请解压后按类分批提交。", members, maxMembers)
	m.Object = &o
	return w.fn(m)
}

// stream walks the one file inside a gzip, bzip2 or zstd stream.
func (w *walker) stream(ctx context.Context, src *tabular.Source, at place, format string) error {
	var (
		r    io.Reader
		name = path.Base(strings.ReplaceAll(src.Name, "\\", "/"))
		in   = io.NewSectionReader(src, 0, src.Size)
	)
	switch format {
	case "gz":
		z, err := gzip.NewReader(in)
		if err != nil {
			return damagedArchive()
		}
		if z.Name != "" && utf8.ValidString(z.Name) {
			name = path.Base(z.Name)
		} else {
			name = trimAny(name, ".gz", ".tgz")
		}
		r = z
	case "bz2":
		r, name = bzip2.NewReader(in), trimAny(name, ".bz2", ".tbz2")
	case "zst":
		z, err := zstd.NewReader(in, zstd.WithDecoderMaxMemory(256<<20), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return damagedArchive()
		}
		defer z.Close()
		r, name = z, trimAny(name, ".zst", ".zstd")
	}
	inner, drop, err := w.inflate(ctx, name, r, max(src.Size, 1))
	if err != nil {
		return err
	}
	return errors.Join(w.file(ctx, inner, at.member(name), nil), drop())
}

func trimAny(name string, suffixes ...string) string {
	for _, s := range suffixes {
		if len(name) > len(s) && strings.EqualFold(name[len(name)-len(s):], s) {
			return name[:len(name)-len(s)]
		}
	}
	return name
}

// ignored says why a member is no data; "" when it is to be read.
func ignored(name string, mode fs.FileMode) string {
	base := path.Base(name)
	switch {
	case mode.IsDir() || strings.HasSuffix(name, "/"):
		return "folder"
	case mode&fs.ModeSymlink != 0:
		return "link"
	case !mode.IsRegular():
		return "special file"
	case strings.HasPrefix(name, "__MACOSX/"), strings.Contains(name, "/__MACOSX/"), strings.HasPrefix(base, "._"),
		base == ".DS_Store", strings.EqualFold(base, "Thumbs.db"), strings.EqualFold(base, "desktop.ini"):
		return "system file"
	}
	return ""
}
