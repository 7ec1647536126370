package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"shuniu/collect/intake/tabular"
)

// FindXML finds the tables of an XML document: each element that repeats in
// its parent is a table, inside another table a child table with "_parent".
// Attributes, texts and single elements become columns; names of nested ones
// are joined with "/", namespace prefixes are dropped. The source is UTF-8:
// an encoding that the document declares is not heeded.
//
// A workbook saved as XML (SpreadsheetML 2003) is read as the sheets it holds.
//
// Rows are counted from 1 in the order of the document, per table.
func FindXML(ctx context.Context, src *tabular.Source, opt tabular.Options) ([]tabular.Found, error) {
	d := &xmlDoc{src: src}
	if err := d.survey(ctx); err != nil {
		return nil, d.refusal(err)
	}
	if isSpreadsheet(d.root) {
		return findSpreadsheet(ctx, src, opt)
	}
	d.layout = planTree(d.root, true)
	if d.layout.wide {
		return nil, tooLarge("请改用每条记录字段一致的导出方式。", "XML 里的字段超过 %d 个，不能作为一张表。", maxColumns)
	}
	return chosen(d.found(), opt), nil
}

// An xmlDoc is one XML text and what was learnt of it.
type xmlDoc struct {
	src     *tabular.Source
	root    *node
	layout  *layout
	serial  int64
	nodes   int
	invalid int64
	unknown int64
	mixed   bool // some element has text between its parts
}

func (d *xmlDoc) survey(ctx context.Context) error {
	r := newXMLReader(ctx, d.src)
	if r.end == r.pos && r.failed == nil {
		return emptyFile()
	}
	kind, err := r.next()
	if err != nil {
		return err
	}
	if kind != xmlStart {
		return r.bad("没有根元素")
	}
	d.root = &node{name: string(r.name), allText: true}
	if _, err := d.element(r, d.root); err != nil {
		return err
	}
	if _, err := r.next(); err != nil { // only blanks and comments may follow
		return err
	}
	d.invalid, d.unknown = r.invalid, r.unknown
	return nil
}

func (d *xmlDoc) make(n *node, name []byte) (*node, error) {
	k, made := n.kid(name)
	if made {
		if d.nodes++; d.nodes > maxNodes {
			return nil, errNodes
		}
	}
	return k, nil
}

// element learns the element that just began; parts tells whether it has
// attributes or elements.
func (d *xmlDoc) element(r *xmlReader, n *node) (parts bool, err error) {
	n.objects++
	n.cursor = 0
	d.serial++
	serial := d.serial
	for _, a := range r.attrs {
		k, err := d.make(n, a.name)
		if err != nil {
			return false, err
		}
		k.scalars++
		sample(k, a.value)
		parts = true
	}
	text, elements, nested := false, false, false
	for {
		kind, err := r.next()
		if err != nil {
			return parts, err
		}
		switch kind {
		case xmlEnd:
			if text || !parts {
				n.scalars++
			}
			d.mixed = d.mixed || text && elements
			return parts, nil
		case xmlText:
			if len(bytes.TrimSpace(r.text)) > 0 {
				sample(n, bytes.TrimSpace(r.text))
				text = true
			}
		case xmlStart:
			k, err := d.make(n, r.name)
			if err != nil {
				return parts, err
			}
			if k.serial == serial {
				k.repeat, nested = true, true
			}
			k.serial = serial
			k.late = k.late || nested
			inner, err := d.element(r, k)
			if err != nil {
				return parts, err
			}
			parts, elements, nested = true, true, nested || inner
		default:
			return parts, r.bad("内容到这里突然结束")
		}
	}
}

func sample(n *node, v []byte) {
	if !n.sampled {
		n.sampled = true
		n.sample = clip(v, sampleBytes)
	}
}

func (d *xmlDoc) found() []tabular.Found {
	l := d.layout
	out := make([]tabular.Found, 0, len(l.plans))
	for i, p := range l.plans {
		f := tabular.Found{
			Name: l.tableName(p, d.src.Name), Format: "xml", Place: tabular.Place{Path: l.pathOf(p)},
			Heads: p.heads, Confidence: 0.97, Area: tabular.Area{Path: l.pathOf(p)},
		}
		if i == 0 {
			f.Notes = d.notes()
			f.Questions = d.questions()
		}
		notes := int64(len(f.Notes))
		f.Read = func(ctx context.Context, emit func(*tabular.Batch) error, _ func(tabular.Reject) error) (tabular.Tally, error) {
			return d.read(ctx, p, notes, emit)
		}
		out = append(out, f)
	}
	return out
}

func (d *xmlDoc) questions() []string {
	var q []string
	if d.invalid > 0 {
		q = append(q, fmt.Sprintf("有 %d 处文字不是正确的 UTF-8，已用 � 代替，请确认文件的编码。", d.invalid))
	}
	if d.unknown > 0 {
		q = append(q, fmt.Sprintf("有 %d 处 & 实体不认识，已照原样保留。", d.unknown))
	}
	if d.mixed {
		q = append(q, "有的元素既有文字又有下级元素，文字已合并在同名的列里，请核对。")
	}
	return q
}

func (d *xmlDoc) notes() []tabular.Note {
	var notes []tabular.Note
	for _, n := range d.layout.leaves {
		if n.scalars == 0 || n.sample == "" {
			continue
		}
		path := "/" + d.root.name + nodePath(n)
		notes = append(notes, tabular.Note{
			Kind: noteKind(strings.TrimPrefix(n.name, "@")), Place: path,
			Text: strings.ReplaceAll(strings.TrimPrefix(nodePath(n), "/"), "@", "") + ": " + n.sample,
		})
	}
	return notes
}

func (d *xmlDoc) read(ctx context.Context, p *plan, notes int64, emit func(*tabular.Batch) error) (tabular.Tally, error) {
	out := newBatcher(len(p.heads), emit)
	w := &xmlWalk{
		r: newXMLReader(ctx, d.src), plan: p, out: out, row: newRowBuffer(len(p.heads)),
		states: make([]nodeState, d.layout.nodes),
	}
	for n := p.node; n != nil; n = n.up {
		w.states[n.id].onPath = true
	}
	_, err := w.r.next()
	if err == nil {
		err = w.element(d.root)
	}
	if err = errors.Join(err, out.flush()); err != nil {
		return tabular.Tally{}, d.refusal(err)
	}
	return tabular.Tally{Physical: out.rows + notes, Rows: out.rows, Notes: notes}, nil
}

func (d *xmlDoc) refusal(err error) error {
	var syntax *syntaxError
	switch {
	case errors.As(err, &syntax):
		return damaged("请重新导出，或用文本编辑器打开到该处改正后再上传。",
			"XML 在第 %d 行（第 %d 字节）读不下去：%s。", syntax.line, syntax.offset+1, syntax.what)
	case errors.Is(err, errDepth):
		return tooLarge("请让导出程序改用普通的记录列表。", "XML 嵌套超过 %d 层，不是数据文件应有的样子。", maxDepth)
	case errors.Is(err, errValue):
		return tooLarge("请把大段内容单独存成文件上传。", "XML 里有一段内容超过 %s。", sizeText(cellBytes))
	case errors.Is(err, errNodes):
		return tooLarge("请改用每条记录字段一致的导出方式。", "XML 的结构过于庞杂：不同的字段位置超过 %d 个。", maxNodes)
	case errors.Is(err, errEntities):
		return damaged("请去掉文件开头 DOCTYPE 里的 <!ENTITY> 定义后再上传。", "XML 里定义了实体，可能被用来撑爆内存，因此不读。")
	}
	return err
}

// An xmlWalk reads the rows of one plan.
type xmlWalk struct {
	r      *xmlReader
	plan   *plan
	states []nodeState
	row    *rowBuffer
	out    *batcher
	key    []byte
	hasKey bool
	text   []byte
}

func (w *xmlWalk) kid(n *node, name []byte) *node {
	st := &w.states[n.id]
	if st.cursor < len(n.kids) && n.kids[st.cursor].name == string(name) {
		st.cursor++
		return n.kids[st.cursor-1]
	}
	if n.index != nil {
		return n.index[string(name)]
	}
	for i, k := range n.kids {
		if k.name == string(name) {
			st.cursor = i + 1
			return k
		}
	}
	return nil
}

// element takes the element that just began, on the way to the target.
func (w *xmlWalk) element(n *node) error {
	st := &w.states[n.id]
	if !st.onPath {
		return w.r.skip()
	}
	if n == w.plan.node {
		st.ordinal++
		w.begin()
		if err := w.collect(n); err != nil {
			return err
		}
		return w.out.add(st.ordinal, w.row.cells, w.row.data)
	}
	var key *node
	if n.plan != nil {
		st.ordinal++
		if w.plan.parent != nil && w.plan.parent.node == n {
			key, w.hasKey = w.plan.key, false
		}
	}
	st.cursor = 0
	if key != nil {
		for _, a := range w.r.attrs {
			if string(a.name) == key.name {
				w.key, w.hasKey = append(w.key[:0], a.value...), true
			}
		}
	}
	for {
		kind, err := w.r.next()
		if err != nil {
			return err
		}
		switch kind {
		case xmlEnd:
			return nil
		case xmlEnded:
			return w.r.bad("内容到这里突然结束")
		case xmlStart:
			switch k := w.kid(n, w.r.name); k {
			case nil:
				err = w.r.skip()
			case key:
				err = w.keep()
			default:
				err = w.element(k)
			}
			if err != nil {
				return err
			}
		case xmlText:
		}
	}
}

// keep takes the text of the parent's key element.
func (w *xmlWalk) keep() error {
	w.key = w.key[:0]
	for {
		kind, err := w.r.next()
		switch {
		case err != nil:
			return err
		case kind == xmlEnd:
			w.key, w.hasKey = append([]byte(nil), trimText(w.key)...), true
			return nil
		case kind == xmlText:
			w.key = append(w.key, w.r.text...)
		case kind == xmlStart:
			if err := w.r.skip(); err != nil {
				return err
			}
		}
	}
}

func (w *xmlWalk) begin() {
	w.row.reset()
	if p := w.plan.parent; p != nil {
		w.row.set(0, strconv.AppendInt(nil, w.states[p.node.id].ordinal, 10))
		if w.plan.key != nil && w.hasKey {
			w.row.set(1, w.key)
		}
	}
}

// collect puts the element that just began, and its single parts, into the row.
func (w *xmlWalk) collect(n *node) error {
	w.states[n.id].cursor = 0
	parts := len(w.r.attrs) > 0
	for _, a := range w.r.attrs {
		if k := w.kid(n, a.name); k != nil && k.column > 0 {
			w.row.set(k.column-1, a.value)
		}
	}
	from := len(w.text)
	for {
		kind, err := w.r.next()
		if err != nil {
			return err
		}
		switch kind {
		case xmlText:
			w.text = append(w.text, w.r.text...)
		case xmlStart:
			parts = true
			k := w.kid(n, w.r.name)
			if k == nil || k.plan != nil {
				err = w.r.skip()
			} else {
				err = w.collect(k)
			}
			if err != nil {
				return err
			}
		case xmlEnd:
			v := w.text[from:]
			if n.column > 0 && (!parts || len(bytes.TrimSpace(v)) > 0) {
				w.row.set(n.column-1, trimText(v))
			}
			w.text = w.text[:from]
			return nil
		case xmlEnded:
			return w.r.bad("内容到这里突然结束")
		}
	}
}

// trimText drops the blanks that only lay out the text: those around a value
// that stands on lines of its own.
func trimText(v []byte) []byte {
	if bytes.ContainsAny(v, "\r\n") {
		return bytes.TrimSpace(v)
	}
	return v
}
