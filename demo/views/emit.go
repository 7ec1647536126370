package views

import (
	"fmt"
	"hash/fnv"
	"path"
	"path/filepath"

	"shuniu/demo/city"
)

// A view is one table of a department, in one or more files.
type view struct {
	department string
	table      string // name inside the file, where the format has one
	title      string
	layout     layout
	columns    []column
	files      []issue
	dirt       []dose
	rows       func(e *emitter) error
}

// An issue is one delivery of a view.
type issue struct {
	name     string // without extension
	asOf     city.Day
	daysLate int
	renamed  map[string]string // columns that have another name here: schema drift
}

// A ref is an entity that a row speaks of.
type ref struct {
	role   string
	entity string // P person, F firm, O organisation, D dwelling, H household and a number
}

func person(p *city.Person) ref { return ref{"本人", "P" + utoa(uint64(p.ID))} }
func firm(f *city.Firm) ref     { return ref{"主体", "F" + itoa(f.ID)} }

// A line is a row on its way to a file.
type line struct {
	values []string
	refs   []ref
	was    []past // earlier values of fields
}

// A past is what a field held until a day.
type past struct {
	column int
	value  string
	until  city.Day
}

// An emitter spoils the rows of a view and writes them with their truth.
type emitter struct {
	city  *city.City
	view  *view
	salt  uint64
	dir   string
	truth *truth
	doses []poured

	out     []*output // by issue
	n       uint64    // rows of the view so far
	touched []Dirt    // what fell on the columns of the row
	keys    [16]string
	remark  string // of the row before
	buf     []string
	home    city.Dwelling // the last one asked for
	stop    func() error  // asked now and then: not nil ends the work
}

// An output is the file that an issue is being written to.
type output struct {
	sheet sheet
	name  string // below dir
	part  int
	rows  int
}

// views draw from kinds above those of the city.
const viewKind = 1 << 7

func newEmitter(c *city.City, v *view, dir string, t *truth) *emitter {
	h := fnv.New64a()
	_, _ = h.Write([]byte(v.department + "/" + v.files[0].name)) // a hash does not fail
	e := &emitter{city: c, view: v, salt: h.Sum64(), dir: dir, truth: t, out: make([]*output, len(v.files)), touched: make([]Dirt, len(v.columns)), buf: make([]string, len(v.columns))}
	for i := range e.out {
		e.out[i] = &output{}
	}
	for _, d := range v.dirt {
		e.doses = append(e.doses, pour(v, d)...)
	}
	return e
}

func (e *emitter) roll(row, field uint64) city.Chance {
	return city.Roll(e.city.Seed()^e.salt, viewKind, row, field)
}

// open makes the next file of an issue.
func (e *emitter) open(i int) error {
	o, is, v := e.out[i], &e.view.files[i], e.view
	o.part++
	o.rows = 0
	base := is.name + "（" + Synthetic + "）"
	if o.part > 1 {
		base += "_" + itoa(o.part)
	}
	o.name = path.Join(v.department, base+v.layout.ext)
	d := &delivery{title: v.title, sender: departmentName(v.department), columns: v.columns, table: v.table}
	if len(is.renamed) > 0 {
		d.columns = append([]column(nil), v.columns...)
		for k, c := range d.columns {
			if to := is.renamed[c.name]; to != "" {
				d.columns[k].name = to
				e.truth.dirt(v.department, o.name, 0, c.name, "schema_drift", c.name, to)
			}
		}
	}
	for _, c := range d.columns {
		e.truth.field(v.department, o.name, v.layout.field(c), kindNames[c.kind])
	}
	var err error
	o.sheet, err = create(filepath.Join(e.dir, filepath.FromSlash(o.name)), v.layout, d)
	return err
}

// shut ends the file of an issue.
func (e *emitter) shut(i int) error {
	o := e.out[i]
	if o.sheet == nil {
		return nil
	}
	is := &e.view.files[i]
	if err := o.sheet.close(); err != nil {
		return fmt.Errorf("end %s: %w", o.name, err)
	}
	o.sheet = nil
	e.truth.file(e.view.department, o.name, e.view.layout.format, e.view.layout.encoding, o.rows, is.asOf, is.daysLate)
	return nil
}

// run writes the whole view.
func (e *emitter) run() error {
	for i := range e.view.files {
		if err := e.open(i); err != nil {
			return err
		}
	}
	if err := e.view.rows(e); err != nil {
		return fmt.Errorf("%s: %w", e.view.title, err)
	}
	for i := range e.view.files {
		if err := e.shut(i); err != nil {
			return err
		}
	}
	return e.truth.close()
}

// put writes a row to issue i, spoiled as the doses of the view say. values and
// refs are not kept.
func (e *emitter) put(i int, l *line) error {
	e.n++
	row := e.n
	v := e.view
	if row%4096 == 0 && e.stop != nil {
		if err := e.stop(); err != nil {
			return err
		}
	}
	if len(l.values) != len(v.columns) {
		return fmt.Errorf("a row of %d values for %d columns", len(l.values), len(v.columns))
	}
	truth := l.values
	buf := append(e.buf[:0], truth...)
	e.buf = buf
	clear(e.touched)
	if p := e.gone(i); p != nil {
		e.truth.dirt(v.department, e.out[i].name, 0, v.layout.field(v.columns[p.column]), string(deleted), truth[p.column], "")
		return nil
	}
	var delayed *poured // it comes with the next delivery
	for k := range e.doses {
		if p := &e.doses[k]; p.kind == late && i+1 < len(v.files) && p.hit(e.roll(row, p.salt)) {
			delayed = p
			i++
			break
		}
	}
	o := e.out[i]
	if o.sheet == nil || v.layout.maxRows > 0 && o.rows >= v.layout.maxRows {
		if err := e.shut(i); err != nil {
			return err
		}
		if err := e.open(i); err != nil {
			return err
		}
	}
	if delayed != nil {
		e.truth.dirt(v.department, o.name, o.rows+1, v.layout.field(v.columns[delayed.column]), string(late), v.files[i-1].name, v.files[i].name)
	}
	// What the department has not heard of yet.
	for k, w := range l.was {
		r := e.roll(row, 0x57A1E+uint64(k))
		if w.value == "" || w.value == buf[w.column] || e.touched[w.column] != "" || v.files[i].asOf >= w.until && r.N(5) > 0 {
			continue
		}
		e.truth.dirt(v.department, o.name, o.rows+1, v.layout.field(v.columns[w.column]), string(stale), buf[w.column], w.value)
		buf[w.column], e.touched[w.column] = w.value, stale
	}
	twin, test := false, false
	for k := range e.doses {
		p := &e.doses[k]
		r := e.roll(row, p.salt)
		if p.kind == late || p.kind == deleted || !p.hit(r) {
			continue
		}
		switch p.kind {
		case duplicate:
			twin = true
			continue
		case testData:
			test = true
			continue
		default:
		}
		e.spoil(p, r.Next(), buf, o)
	}
	if err := e.write(o, buf, l.refs); err != nil {
		return err
	}
	first := o.rows
	e.keep(buf, truth)
	if twin {
		if err := e.twin(i, buf, truth, first, l.refs); err != nil {
			return err
		}
	}
	if test {
		return e.fake(o)
	}
	return nil
}

// gone returns the dose by which the row is missing from the last delivery.
func (e *emitter) gone(i int) *poured {
	if i == 0 || i < len(e.view.files)-1 {
		return nil
	}
	for k := range e.doses {
		if p := &e.doses[k]; p.kind == deleted && p.hit(e.roll(e.n, p.salt)) {
			return p
		}
	}
	return nil
}

// write puts the row into the file and its entities into the truth.
func (e *emitter) write(o *output, values []string, refs []ref) error {
	o.rows++
	for _, r := range refs {
		e.truth.entity(e.view.department, o.name, o.rows, r)
	}
	if err := o.sheet.row(values); err != nil {
		return fmt.Errorf("write %s row %d: %w", o.name, o.rows, err)
	}
	return nil
}

// keep remembers what later rows may copy.
func (e *emitter) keep(written, truth []string) {
	for k, c := range e.view.columns {
		switch c.kind {
		case key:
			e.keys[e.n%uint64(len(e.keys))] = truth[k]
		case note:
			e.remark = written[k]
		default:
		}
	}
}

// twin writes the row again, under another key and as another clerk would.
func (e *emitter) twin(i int, values, truth []string, first int, refs []ref) error {
	o := e.out[i]
	if e.view.layout.maxRows > 0 && o.rows >= e.view.layout.maxRows {
		return nil // it would lie in another file
	}
	again := append([]string(nil), values...)
	for k, c := range e.view.columns {
		r := e.roll(e.n, 0x711+uint64(k))
		switch {
		case c.kind == key:
			again[k] = values[k] + "B"
		case c.kind == name && r.N(3) == 0:
			again[k] = variant(r.Next(), values[k])
		case c.kind == address && r.N(2) == 0:
			again[k] = rewrite(r.Next(), values[k])
		case c.kind == phone && r.N(4) == 0:
			again[k] = ""
		}
		if again[k] == truth[k] || c.kind == key {
			continue
		}
		fell := e.touched[k] // copied with the row
		if again[k] != values[k] {
			fell = duplicate
		}
		e.truth.dirt(e.view.department, o.name, o.rows+1, e.view.layout.field(c), string(fell), truth[k], again[k])
	}
	if err := e.write(o, again, refs); err != nil {
		return err
	}
	for _, r := range refs {
		e.truth.duplicate(e.view.department, o.name, o.rows, first, r.entity)
	}
	return nil
}

// fake writes a row that somebody typed to try the system.
func (e *emitter) fake(o *output) error {
	if e.view.layout.maxRows > 0 && o.rows >= e.view.layout.maxRows {
		return nil
	}
	values := make([]string, len(e.view.columns))
	for k, c := range e.view.columns {
		switch c.kind {
		case key:
			values[k] = "T" + utoa(e.n)
		case name:
			values[k] = "测试"
		case firmName:
			values[k] = "测试企业123"
		case citizen:
			values[k] = "111111111111111111"
		case phone:
			values[k] = "15411111111"
		case address:
			values[k] = "测试地址"
		case number, money:
			values[k] = "1"
		case day, birth:
			values[k] = "20240101"
			if e.view.layout.format != "dbf" {
				values[k] = "2024-01-01"
			}
		case note, text:
			values[k] = "测试"
		default:
		}
	}
	e.truth.dirt(e.view.department, o.name, o.rows+1, "", string(testData), "", "测试")
	return e.write(o, values, []ref{{"无", ""}})
}
