package document

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"shuniu/collect/intake/tabular"
)

// FindJSON finds the tables of a JSON document or of JSON lines. The source is
// UTF-8, with or without a byte order mark.
//
// An array of objects is a table, wherever it stands; an object whose keys are
// data (identifiers, dates) is a table with its keys in "_key"; objects inside
// a row become columns joined with "/", arrays of objects inside a row become
// child tables, other arrays stay JSON text. Values are the source's own text:
// numbers keep every digit, strings are unescaped, null is absent.
//
// The row number of a document's table counts its elements from 1; of JSON
// lines it is the line. Lines that are no JSON are rejected one by one; a
// document that is no JSON is refused as damaged with the byte.
func FindJSON(ctx context.Context, src *tabular.Source, opt tabular.Options) ([]tabular.Found, error) {
	lines, err := isJSONLines(ctx, src)
	if err != nil {
		return nil, err
	}
	d := &jsonDoc{src: src, lines: lines, root: &node{allText: true}}
	if err := d.survey(ctx); err != nil {
		return nil, d.refusal(err)
	}
	if isGeo(d.root) {
		d.geo = true
		d.shapeGeo()
	}
	d.layout = planTree(d.root, false)
	if d.geo {
		d.trimGeo()
	}
	return d.found(opt)
}

// A jsonDoc is one JSON text and what was learnt of it.
type jsonDoc struct {
	src     *tabular.Source
	lines   bool // one value a line
	rootC   byte // what values the lines hold: { or [
	careful bool // some line is no JSON: each is checked before it is read
	geo     bool
	root    *node
	layout  *layout
	invalid int64
	strange int64 // NaN and Infinity
	keep    func(n *node) bool
}

func (d *jsonDoc) survey(ctx context.Context) error {
	if d.lines {
		return d.surveyLines(ctx)
	}
	s := &jsonSurvey{r: newJSONReader(ctx, d.src, d.src.Size), keep: d.keep}
	c, ok := s.r.next()
	if !ok {
		if err := errors.Join(ctx.Err(), s.r.failed); err != nil {
			return err
		}
		return emptyFile()
	}
	for first := true; ; first = false {
		line := s.r.line
		if !first {
			// several values, one after the other: as if they stood in an array
			if d.root.arrays == 0 && d.root.objects == 1 {
				d.root.arrays, d.root.inArray = 1, 1
			}
			d.root.inArray++
		}
		if err := s.value(d.root); err != nil {
			return err
		}
		d.invalid, d.strange = s.r.invalid, s.r.strange
		next, ok := s.r.next()
		if !ok {
			return errors.Join(ctx.Err(), s.r.failed)
		}
		if c != '{' || next != '{' || s.r.line == line {
			return s.r.bad("文档已经结束，后面还有多余的内容")
		}
	}
}

func (d *jsonDoc) found(opt tabular.Options) ([]tabular.Found, error) {
	l := d.layout
	if l.wide {
		return nil, tooLarge("请改用每条记录字段一致的导出方式，或分成几个文件。", "JSON 里的字段超过 %d 个，不能作为一张表。", maxColumns)
	}
	format := "json"
	switch {
	case d.geo:
		format = "geojson"
	case d.lines:
		format = "ndjson"
	}
	out := make([]tabular.Found, 0, len(l.plans))
	for i, p := range l.plans {
		f := tabular.Found{
			Name: l.tableName(p, d.src.Name), Format: format, Place: tabular.Place{Path: l.pathOf(p)},
			Heads: p.heads, Confidence: 0.98, Area: tabular.Area{Path: l.pathOf(p)},
		}
		if p.header {
			f.HeaderRows = 1
		}
		if i == 0 {
			f.Notes = d.notes()
			if d.invalid > 0 {
				f.Questions = append(f.Questions, fmt.Sprintf("有 %d 处文字不是正确的 UTF-8，已用 � 代替，请确认文件的编码。", d.invalid))
			}
		}
		if i == 0 && d.strange > 0 {
			f.Questions = append(f.Questions, fmt.Sprintf("有 %d 个值写作 NaN 或 Infinity，不是标准的 JSON，已照原样保留。", d.strange))
		}
		if i == 0 && d.geo && topology(d.root) {
			f.Questions = append(f.Questions, "这是 TopoJSON：坐标存在共用的弧段里，表里只有属性和弧段编号；要在地图上使用，请另存为 GeoJSON。")
		}
		for _, dup := range p.dups {
			f.Questions = append(f.Questions, fmt.Sprintf("字段“%s”在同一个对象里出现了不止一次，后面的值放在带编号的列里，请确认取哪一个。", dup))
		}
		notes := int64(len(f.Notes))
		f.Read = func(ctx context.Context, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (tabular.Tally, error) {
			return d.read(ctx, p, notes, emit, reject)
		}
		out = append(out, f)
	}
	return chosen(out, opt), nil
}

// chosen keeps the tables a person asked for, in that order.
func chosen(found []tabular.Found, opt tabular.Options) []tabular.Found {
	var out []tabular.Found
	for _, a := range opt.Tables {
		for _, f := range found {
			if a.Path != "" && a.Path == f.Place.Path {
				f.Area = f.Area.Decided(a)
				out = append(out, f)
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	return found
}

// pathOf is a plan's place as a person writes it.
func (l *layout) pathOf(p *plan) string {
	if p.path == "" {
		return "/"
	}
	return p.path
}

// top reports whether a table is no child table.
func (p *plan) top() bool { return p.parent == nil || p.parent.hidden }

// tableName is the file's name for the main table, with the last part of the
// path for the others.
func (l *layout) tableName(p *plan, file string) string {
	name := stem(file)
	tops := 0
	for _, q := range l.plans {
		if q.top() {
			tops++
		}
	}
	if p.top() && tops == 1 {
		return name
	}
	path := strings.Trim(p.path, "/")
	if !p.top() && tops == 1 {
		top := p
		for !top.top() {
			top = top.parent
		}
		path = strings.Trim(strings.TrimPrefix(p.path, top.path), "/")
	}
	if path == "" {
		return name
	}
	return name + "/" + path
}

// notes are the values that stand outside every table.
func (d *jsonDoc) notes() []tabular.Note {
	var notes []tabular.Note
	for _, p := range d.layout.plans {
		if p.parent != nil && p.parent.hidden && len(p.parent.node.hollow) > 0 {
			keys := p.parent.node.hollow
			text := "没有记录的键: " + strings.Join(keys[:min(len(keys), maxHollow)], "、")
			if len(keys) > maxHollow {
				text += " 等"
			}
			notes = append(notes, tabular.Note{Kind: "note", Text: text, Place: d.layout.pathOf(p)})
		}
	}
	for _, n := range d.layout.leaves {
		path := nodePath(n)
		text := n.sample
		if n.opaque {
			raw := make([]byte, min(n.to-n.from, sampleBytes))
			if k, _ := d.src.ReadAt(raw, n.from); k < len(raw) {
				raw = raw[:k]
			}
			text = strings.Join(strings.Fields(clip(raw, sampleBytes)), " ")
			if n.to-n.from > sampleBytes {
				text += "…"
			}
		} else if n.scalars == 0 {
			continue
		}
		notes = append(notes, tabular.Note{Kind: noteKind(n.name), Text: strings.TrimPrefix(path, "/") + ": " + text, Place: path})
	}
	return notes
}

func nodePath(n *node) string {
	if n == nil || n.up == nil {
		return ""
	}
	return nodePath(n.up) + "/" + n.name
}

func noteKind(name string) string {
	switch strings.ToLower(name) {
	case "title", "标题":
		return "title"
	case "unit", "单位":
		return "unit"
	case "source", "来源", "数据来源":
		return "source"
	}
	return "note"
}

func (d *jsonDoc) read(ctx context.Context, p *plan, notes int64, emit func(*tabular.Batch) error, reject func(tabular.Reject) error) (tabular.Tally, error) {
	out := newBatcher(len(p.heads), emit)
	w := newJSONWalk(d.layout, p, out)
	if d.lines {
		return d.readLines(ctx, w, notes, reject)
	}
	w.r = newJSONReader(ctx, d.src, d.src.Size)
	stream := d.root.plan != nil && d.root.plan.kind == planObjects
	for {
		c, ok := w.r.next()
		if !ok {
			break
		}
		var err error
		if stream && c == '{' {
			w.states[d.root.id].ordinal++
			err = w.element(d.root)
		} else {
			err = w.value(d.root)
		}
		if err != nil {
			return tabular.Tally{}, d.refusal(err)
		}
	}
	if err := errors.Join(ctx.Err(), w.r.failed, out.flush()); err != nil {
		return tabular.Tally{}, err
	}
	t := tabular.Tally{Rows: out.rows, Notes: notes}
	if p.header {
		t.Header = 1
	}
	t.Physical = t.Rows + t.Notes + t.Header
	return t, nil
}

// refusal turns what a reader says into what a person is told.
func (d *jsonDoc) refusal(err error) error {
	var syntax *syntaxError
	switch {
	case errors.As(err, &syntax):
		return damaged("请重新导出，或用文本编辑器打开到该处改正后再上传。",
			"JSON 在第 %d 字节（第 %d 行）读不下去：%s。", syntax.offset+1, syntax.line, syntax.what)
	case errors.Is(err, errDepth):
		return tooLarge("请让导出程序改用普通的记录列表。", "JSON 嵌套超过 %d 层，不是数据文件应有的样子。", maxDepth)
	case errors.Is(err, errValue):
		return tooLarge("请把大段内容单独存成文件上传。", "JSON 里有一个值超过 %s。", sizeText(cellBytes))
	case errors.Is(err, errNodes):
		return tooLarge("请改用每条记录字段一致的导出方式。", "JSON 的结构过于庞杂：不同的字段位置超过 %d 个。", maxNodes)
	}
	return err
}
