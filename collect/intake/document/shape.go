package document

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"shuniu/collect/intake/charset"
	"shuniu/collect/intake/tabular"
)

// Companions gives the file beside a Shapefile that has the same name and the
// extension (".dbf", ".prj", ".cpg"), or nil.
type Companions = func(ext string) *tabular.Source

const geometryColumn = "geometry"

// FindShapefile finds the features of a Shapefile (.shp): the columns of its
// .dbf and the geometry as GeoJSON text in "geometry", in the file's own
// coordinates. The reference system of the .prj, the kind of the geometries
// and their bounds stand in the notes. Without a .dbf there is the geometry
// alone, and a question says so. The row number is the record's, from 1.
func FindShapefile(ctx context.Context, src *tabular.Source, opt tabular.Options, beside Companions) ([]tabular.Found, error) {
	s := &shapeFile{src: src}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	f := tabular.Found{
		Name: stem(src.Name), Format: "shp", Place: tabular.Place{Path: "/"}, Confidence: 0.99, Area: tabular.Area{Path: "/"},
		Notes: []tabular.Note{{Kind: "note", Text: s.about(), Place: ".shp"}},
	}
	if s.kind > 10 {
		f.Questions = append(f.Questions, "图形带有高程（Z）或量测（M）值，这里只保留了平面坐标。")
	}
	if beside == nil {
		beside = func(string) *tabular.Source { return nil }
	}
	if prj := beside(".prj"); prj != nil {
		if text := smallText(prj); text != "" {
			f.Notes = append(f.Notes, tabular.Note{Kind: "note", Text: "坐标系: " + text, Place: ".prj"})
		}
	} else {
		f.Questions = append(f.Questions, "没有 .prj 文件，不知道坐标系，请补充。")
	}
	if dbf := beside(".dbf"); dbf != nil {
		declared := opt.Encoding
		if cpg := beside(".cpg"); cpg != nil && declared == "" {
			declared = codePageName(smallText(cpg))
		}
		d, err := openDBF(ctx, dbf, declared)
		if err != nil {
			return nil, err
		}
		s.dbf = d
		f.Heads, f.Encoding = d.heads(), d.encoding
		f.Questions = append(f.Questions, d.questions...)
		if d.count != s.count {
			f.Questions = append(f.Questions, fmt.Sprintf(".shp 有 %d 个图形，.dbf 有 %d 条记录，两者对不上，请核对。", s.count, d.count))
		}
	} else {
		f.Questions = append(f.Questions, "没有同名的 .dbf 文件，只有图形，没有属性。请把 .shp、.shx、.dbf、.prj 一起上传。")
	}
	f.Heads = append(f.Heads, tabular.Head{Name: geometryColumn, Raw: geometryColumn})
	finalNames(f.Heads)
	notes := int64(len(f.Notes))
	f.Read = func(ctx context.Context, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (tabular.Tally, error) {
		return s.read(ctx, notes, emit, reject)
	}
	return []tabular.Found{f}, nil
}

func smallText(src *tabular.Source) string {
	b := make([]byte, min(src.Size, 4096))
	n, _ := src.ReadAt(b, 0)
	return strings.TrimSpace(clip(b[:n], 4096))
}

// codePageName turns what .cpg files say into a name of package charset.
func codePageName(text string) string {
	name := strings.ToLower(strings.TrimSpace(text))
	name = strings.TrimPrefix(strings.TrimPrefix(name, "ansi "), "oem ")
	switch name {
	case "65001", "utf8":
		return "utf-8"
	case "936", "54936":
		return "gb18030"
	case "950":
		return "big5"
	case "932":
		return "shift_jis"
	case "949":
		return "euc-kr"
	case "1250", "1251", "1252", "1253", "1254", "1255", "1256", "1257":
		return "windows-" + name
	}
	if _, err := charset.NewDecoder(name); err != nil {
		return ""
	}
	return name
}

// A shapeFile is an opened .shp file.
type shapeFile struct {
	src   *tabular.Source
	kind  uint32
	box   [4]float64
	count int64
	dbf   *dbfFile
}

const shapeHint = "请把 .shp、.shx、.dbf、.prj 等同名文件一起重新导出后上传。"

func (s *shapeFile) open(ctx context.Context) error {
	if s.src.Size == 0 {
		return emptyFile()
	}
	head := make([]byte, 100)
	if n, err := s.src.ReadAt(head, 0); n < 100 {
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s: %w", s.src.Name, err)
		}
		return damaged(shapeHint, "Shapefile 文件头不完整。")
	}
	if binary.BigEndian.Uint32(head) != 9994 {
		return damaged(shapeHint, "这不是 Shapefile：文件开头的标记不对。")
	}
	s.kind = binary.LittleEndian.Uint32(head[32:])
	for i := range s.box {
		s.box[i] = math.Float64frombits(binary.LittleEndian.Uint64(head[36+8*i:]))
	}
	if size := int64(binary.BigEndian.Uint32(head[24:])) * 2; size > s.src.Size {
		return damaged(shapeHint, "Shapefile 不完整：应有 %d 字节，实际 %d 字节。", size, s.src.Size)
	}
	return s.each(ctx, func(int64, []byte) error { s.count++; return nil })
}

var shapeKinds = map[uint32]string{
	0: "空", 1: "Point", 3: "PolyLine", 5: "Polygon", 8: "MultiPoint", 11: "PointZ", 13: "PolyLineZ", 15: "PolygonZ",
	18: "MultiPointZ", 21: "PointM", 23: "PolyLineM", 25: "PolygonM", 28: "MultiPointM", 31: "MultiPatch",
}

func (s *shapeFile) about() string {
	return fmt.Sprintf("图形类型: %s；范围: %s,%s,%s,%s", shapeKinds[s.kind], number(s.box[0]), number(s.box[1]), number(s.box[2]), number(s.box[3]))
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// each hands every record's content to see, with its number from 1.
func (s *shapeFile) each(ctx context.Context, see func(number int64, content []byte) error) error {
	br := bufio.NewReaderSize(io.NewSectionReader(s.src, 100, s.src.Size-100), blockBytes)
	var head [8]byte
	var content []byte
	left := s.src.Size - 100
	for number := int64(1); left >= 8; number++ {
		if number&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := io.ReadFull(br, head[:]); err != nil {
			return fmt.Errorf("read %s: %w", s.src.Name, err)
		}
		left -= 8
		size := int64(binary.BigEndian.Uint32(head[4:])) * 2
		if size < 4 || size > left || size > cellBytes {
			return damaged(shapeHint, "Shapefile 的第 %d 个图形长度不对，文件已损坏。", number)
		}
		left -= size
		if int64(cap(content)) < size {
			content = make([]byte, size)
		}
		content = content[:size]
		if _, err := io.ReadFull(br, content); err != nil {
			return fmt.Errorf("read %s: %w", s.src.Name, err)
		}
		if err := see(number, content); err != nil {
			return err
		}
	}
	return nil
}

func (s *shapeFile) read(ctx context.Context, notes int64, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (tabular.Tally, error) {
	columns := 1
	if s.dbf != nil {
		columns += len(s.dbf.fields)
	}
	out := newBatcher(columns, emit)
	row := newRowBuffer(columns)
	t := tabular.Tally{Notes: notes}
	rec := []byte(nil)
	one := func(number int64, content []byte) error {
		t.Physical++
		row.reset()
		if s.dbf != nil && number <= s.dbf.count {
			if rec == nil {
				rec = make([]byte, s.dbf.record)
			}
			if n, err := s.dbf.src.ReadAt(rec, s.dbf.begin+(number-1)*int64(s.dbf.record)); n < len(rec) {
				return fmt.Errorf("read %s: %w", s.dbf.src.Name, err)
			}
			if why := recordFault(rec); why != "" {
				t.Rejected++
				return s.dbf.refuse(reject, number, rec, why)
			}
			s.dbf.fill(row, rec)
		}
		from := len(row.data)
		data, ok := appendShape(row.data, content)
		row.data = data
		switch {
		case !ok && content != nil:
			t.Rejected++
			if reject == nil {
				return nil
			}
			return reject(tabular.Reject{Line: number, Reason: "图形数据已损坏", Text: fmt.Sprintf("第 %d 个图形，%d 字节", number, len(content)), Raw: bytes.Clone(content)})
		case len(data) > from:
			row.cells[columns-1] = cell{from, len(data), true}
		}
		return out.add(number, row.cells, row.data)
	}
	err := s.each(ctx, one)
	if s.dbf != nil { // records without geometry
		for n := s.count + 1; err == nil && n <= s.dbf.count; n++ {
			err = one(n, nil)
		}
	}
	if err = errors.Join(err, out.flush()); err != nil {
		return t, err
	}
	t.Rows = out.rows
	t.Physical += notes
	return t, nil
}

// appendShape writes a record's geometry as GeoJSON; nothing for a null shape.
// Source: ESRI Shapefile Technical Description, July 1998.
func appendShape(out, b []byte) ([]byte, bool) {
	if len(b) < 4 {
		return out, false
	}
	kind := binary.LittleEndian.Uint32(b)
	b = b[4:]
	switch kind {
	case 0:
		return out, true
	case 1, 11, 21:
		if len(b) < 16 {
			return out, false
		}
		out = append(out, `{"type":"Point","coordinates":`...)
		return append(appendPoint(out, b), '}'), true
	case 8, 18, 28:
		if len(b) < 36 {
			return out, false
		}
		n := int64(binary.LittleEndian.Uint32(b[32:]))
		if int64(len(b)) < 36+16*n {
			return out, false
		}
		out = append(out, `{"type":"MultiPoint","coordinates":`...)
		return append(appendPoints(out, b[36:36+16*n]), '}'), true
	case 3, 13, 23, 5, 15, 25:
		parts, ok := shapeParts(b)
		if !ok {
			return out, false
		}
		if kind%10 == 3 {
			return appendLines(out, parts), true
		}
		return appendPolygons(out, parts), true
	}
	return out, false
}

// shapeParts cuts the points of a polyline or polygon into its parts.
func shapeParts(b []byte) ([][]byte, bool) {
	if len(b) < 40 {
		return nil, false
	}
	n, points := int64(binary.LittleEndian.Uint32(b[32:])), int64(binary.LittleEndian.Uint32(b[36:]))
	if n < 1 || int64(len(b)) < 40+4*n+16*points {
		return nil, false
	}
	coords := b[40+4*n : 40+4*n+16*points]
	parts := make([][]byte, n)
	for i := range n {
		from, to := int64(binary.LittleEndian.Uint32(b[40+4*i:])), points
		if i+1 < n {
			to = int64(binary.LittleEndian.Uint32(b[44+4*i:]))
		}
		if from > to || to > points {
			return nil, false
		}
		parts[i] = coords[16*from : 16*to]
	}
	return parts, true
}

func pointAt(b []byte) (x, y float64) {
	return math.Float64frombits(binary.LittleEndian.Uint64(b)), math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))
}

func appendPoint(out, b []byte) []byte {
	x, y := pointAt(b)
	out = append(out, '[')
	out = appendCoordinate(out, x)
	out = append(out, ',')
	out = appendCoordinate(out, y)
	return append(out, ']')
}

func appendCoordinate(out []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(out, "null"...)
	}
	return strconv.AppendFloat(out, v, 'f', -1, 64)
}

func appendPoints(out, b []byte) []byte {
	out = append(out, '[')
	for i := 0; i+16 <= len(b); i += 16 {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendPoint(out, b[i:])
	}
	return append(out, ']')
}

func appendLines(out []byte, parts [][]byte) []byte {
	if len(parts) == 1 {
		out = append(out, `{"type":"LineString","coordinates":`...)
		return append(appendPoints(out, parts[0]), '}')
	}
	out = append(out, `{"type":"MultiLineString","coordinates":[`...)
	for i, p := range parts {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendPoints(out, p)
	}
	return append(out, "]}"...)
}

// appendPolygons gathers rings into polygons: a clockwise ring is an outline,
// the others are holes of the outline they lie in.
func appendPolygons(out []byte, rings [][]byte) []byte {
	var polygons [][][]byte
	var holes [][]byte
	for _, r := range rings {
		if ringArea(r) <= 0 {
			polygons = append(polygons, [][]byte{r})
		} else {
			holes = append(holes, r)
		}
	}
	work := 0
	for _, p := range polygons {
		work += len(p[0]) / 16
	}
	search := len(polygons) > 1 && work*len(holes) < 100_000_000 // else holes go to the last outline
	for _, h := range holes {
		at := len(polygons) - 1
		if search && len(h) >= 16 {
			x, y := pointAt(h)
			for i, p := range polygons {
				if inside(p[0], x, y) {
					at = i
					break
				}
			}
		}
		if at < 0 { // no outline at all: the writer turned the rings round
			polygons = append(polygons, [][]byte{h})
			continue
		}
		polygons[at] = append(polygons[at], h)
	}
	if len(polygons) == 1 {
		out = append(out, `{"type":"Polygon","coordinates":`...)
		return append(appendRings(out, polygons[0]), '}')
	}
	out = append(out, `{"type":"MultiPolygon","coordinates":[`...)
	for i, p := range polygons {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendRings(out, p)
	}
	return append(out, "]}"...)
}

func appendRings(out []byte, rings [][]byte) []byte {
	out = append(out, '[')
	for i, r := range rings {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendPoints(out, r)
	}
	return append(out, ']')
}

// ringArea is twice the signed area: negative when clockwise.
func ringArea(b []byte) float64 {
	sum := 0.0
	for i := 0; i+32 <= len(b); i += 16 {
		x1, y1 := pointAt(b[i:])
		x2, y2 := pointAt(b[i+16:])
		sum += x1*y2 - x2*y1
	}
	return sum
}

// inside reports whether the point lies in the ring, by counting crossings.
func inside(ring []byte, x, y float64) bool {
	in := false
	for i := 0; i+32 <= len(ring); i += 16 {
		x1, y1 := pointAt(ring[i:])
		x2, y2 := pointAt(ring[i+16:])
		if (y1 > y) != (y2 > y) && x < (x2-x1)*(y-y1)/(y2-y1)+x1 {
			in = !in
		}
	}
	return in
}

func appendFloat(out []byte, bits uint64) []byte {
	return strconv.AppendFloat(out, math.Float64frombits(bits), 'f', -1, 64)
}
