package document

import (
	"strings"

	"shuniu/collect/intake/tabular"
)

// A planKind is what the rows of a planned table are.
type planKind uint8

const (
	planObjects planKind = iota // elements that are objects, or repeated XML elements
	planMap                     // members of an object whose keys are data
	planGrid                    // arrays of an array
	planLoose                   // elements of an array that are no objects
	planSingle                  // one row: the leaves of the whole document
	planColumns                 // an object of columns, each an array or an object keyed by row
)

// Columns that a tree's table has beside its own.
const (
	keyColumn    = "_key"    // of a map: the member's key
	itemColumn   = "_item"   // of maps in an array: the element's number, or the line
	valueColumn  = "_value"  // of a map: the member, when it is no object
	parentColumn = "_parent" // of a child table: the parent's row number
)

// A plan is one table to be read out of a tree.
type plan struct {
	node   *node
	kind   planKind
	parent *plan
	path   string
	heads  []tabular.Head
	links  int   // leading columns: parent, parent's key, key
	key    *node // the parent's kid whose value is the parent's key
	keyed  bool  // the parent is a map: its key is the key
	hidden bool  // a map with nothing of its own: its members' rows have its key
	items  bool  // a map of which several stand in an array: rows say in which they were
	header bool  // of a grid: the first row names the columns
	dups   []string
}

// A layout is every table of one tree.
type layout struct {
	root   *node
	plans  []*plan
	leaves []*node // values outside every table
	nodes  int
	strip  string // path prefix that column names do without
	rooted bool   // XML: the root's own name begins each path
	wide   bool   // a table has more columns than can be taken
}

// planTree settles the shape and lays out its tables in reading order.
func planTree(root *node, rooted bool) *layout {
	l := &layout{root: root, rooted: rooted}
	path := ""
	if rooted {
		path = "/" + root.name
	} else if !root.columnar() {
		root.settle()
	}
	switch {
	case root.rows():
		l.table(root, nil, path)
	case root.grid():
		l.special(root, planGrid, path)
	case root.arrays > 0 && (root.loose > 0 || root.inArray > 0 || root.nested > 0):
		root.opaque = true
		l.special(root, planLoose, path)
	case !rooted && root.columnar():
		l.special(root, planColumns, path)
	default:
		l.wrapper(root, path)
		l.single(path)
	}
	l.number(root)
	for _, p := range l.plans {
		finalNames(p.heads)
		l.wide = l.wide || len(p.heads) > maxColumns
	}
	return l
}

func (l *layout) number(n *node) {
	n.id = l.nodes
	l.nodes++
	for _, k := range n.kids {
		l.number(k)
	}
	if n.member != nil {
		l.number(n.member)
	}
	if n.dup != nil {
		l.number(n.dup)
	}
}

// wrapper looks for tables below an object that stands once.
func (l *layout) wrapper(n *node, path string) {
	if n.scalars > 0 || n.arrays > 0 || n.nulls > 0 || n.objects > 0 && len(n.kids) == 0 && !n.mapped {
		l.leaves = append(l.leaves, n)
	}
	for _, k := range n.kids {
		at := path + "/" + k.name
		switch {
		case k.rows():
			l.table(k, nil, at)
			if k.scalars > 0 && !k.repeat {
				l.leaves = append(l.leaves, k)
			}
		case k.grid():
			l.special(k, planGrid, at)
		case k.arrays > 0:
			k.opaque = true
			k.kids, k.index = nil, nil
			l.leaves = append(l.leaves, k)
		default:
			l.wrapper(k, at)
		}
	}
}

// single adds the table of one row that holds the leaves outside all tables:
// when there is no other table, or when they are too many for notes.
func (l *layout) single(path string) {
	if len(l.plans) > 0 && len(l.leaves) <= maxNotes || len(l.leaves) == 0 {
		return
	}
	n := l.root
	if l.rooted { // go down to the one record
		for len(n.kids) == 1 && n.scalars == 0 && n.kids[0].objects > 0 && len(n.kids[0].kids) > 0 && len(l.plans) == 0 {
			n = n.kids[0]
			path += "/" + n.name
		}
	}
	p := &plan{node: n, kind: planSingle, path: path}
	l.columns(p, n, "")
	if len(p.heads) > 0 {
		l.plans = append(l.plans, p)
	}
	l.leaves = nil
}

const maxNotes = 32

func (l *layout) special(n *node, kind planKind, path string) {
	p := &plan{node: n, kind: kind, path: path}
	n.plan = p
	switch kind {
	case planColumns:
		for _, k := range n.kids {
			p.heads = append(p.heads, tabular.Head{Name: k.name, Raw: k.name})
			k.column = len(p.heads)
		}
	case planGrid:
		for range min(n.inner.width, maxColumns+1) {
			p.heads = append(p.heads, tabular.Head{})
		}
		p.header = headerRow(n)
		if p.header {
			for i, name := range n.inner.first {
				p.heads[i] = tabular.Head{Name: name, Raw: name}
			}
		} else if names := namesBeside(n); names != nil {
			for i, name := range names {
				p.heads[i] = tabular.Head{Name: name, Raw: name}
			}
		}
	default:
		p.heads = []tabular.Head{{}}
	}
	l.plans = append(l.plans, p)
}

// namesBeside gives the column names of an array of arrays from the array of
// strings beside it that has one for each.
func namesBeside(n *node) []string {
	if n.up == nil || n.up.mapped {
		return nil
	}
	for _, k := range n.up.kids {
		switch strings.ToLower(k.name) {
		case "columns", "fields", "header", "headers", "heads", "cols", "names", "titles", "keys", "schema", "表头", "列名", "字段":
			if k.arrays == 1 && k.allText && len(k.first) == n.inner.width && int64(len(k.first)) == k.loose && k.nested+k.inArray+k.gaps == 0 {
				return k.first
			}
		}
	}
	return nil
}

// headerRow reports whether the first of an array's arrays names the columns:
// all strings, all different, none like a value, and other rows have numbers.
func headerRow(n *node) bool {
	first := n.inner.first
	if len(first) != n.inner.width || n.inner.arrays < 2 || n.inner.allText {
		return false
	}
	seen := map[string]bool{}
	for _, v := range first {
		if v == "" || seen[v] || isJSONNumber([]byte(v)) {
			return false
		}
		seen[v] = true
	}
	return true
}

// table plans the table of n and of the tables inside it.
func (l *layout) table(n *node, parent *plan, path string) {
	p := &plan{node: n, parent: parent, path: path}
	n.plan = p
	if m := n.member; n.mapped && parent == nil && m.rows() && !m.mapped && m.scalars+m.nulls == 0 {
		p.kind, p.hidden = planMap, true
		l.table(m, p, path)
		return
	}
	l.plans = append(l.plans, p)
	switch {
	case parent == nil:
	case parent.hidden:
		p.keyed = true
		p.heads = append(p.heads, tabular.Head{Name: keyColumn})
	default:
		p.heads = append(p.heads, tabular.Head{Name: parentColumn, Type: "integer"})
		if parent.kind == planMap {
			p.keyed = true
			p.heads = append(p.heads, tabular.Head{Name: parentColumn + "/" + keyColumn})
		} else if p.key = evidentKey(parent.node); p.key != nil {
			p.heads = append(p.heads, tabular.Head{Name: parentColumn + "/" + strings.TrimPrefix(p.key.name, "@")})
		}
	}
	if n.mapped {
		p.kind = planMap
		if n.inArray > 0 {
			p.items = true
			p.heads = append(p.heads, tabular.Head{Name: itemColumn, Type: "integer"})
		}
		p.heads = append(p.heads, tabular.Head{Name: keyColumn})
	}
	p.links = len(p.heads)
	if !n.mapped {
		if l.rooted && n.scalars > 0 && len(n.kids) > 0 || l.rooted && len(n.kids) == 0 {
			l.column(p, n, n.name)
		}
		l.columns(p, n, path)
		return
	}
	m := n.member
	switch {
	case m.rows():
		if m.scalars > 0 || m.nulls > 0 {
			l.column(p, m, valueColumn)
		}
		l.table(m, p, path+"/*")
	case m.arrays > 0 || m.opaque:
		m.opaque = true
		m.kids, m.index = nil, nil
		l.column(p, m, valueColumn)
	default:
		if m.scalars > 0 || len(m.kids) == 0 {
			l.column(p, m, valueColumn)
		}
		l.columns(p, m, path+"/*")
	}
}

// columns gives p a column for each leaf below n that belongs to its rows.
func (l *layout) columns(p *plan, n *node, path string) { l.flatten(p, n, path, "") }

func (l *layout) flatten(p *plan, n *node, path, prefix string) {
	for _, k := range n.kids {
		at, name := path+"/"+k.name, prefix+k.name
		if k.dup != nil {
			p.dups = append(p.dups, name)
		}
		l.place(p, k, at, name)
		for d, i := k.dup, 2; d != nil; d, i = d.dup, i+1 {
			l.place(p, d, at, name)
		}
	}
}

func (l *layout) place(p *plan, k *node, at, name string) {
	switch {
	case k.plan != nil: // of a single row: the table stands already
		return
	case p.kind == planSingle && (k.rows() || k.grid()):
		return
	case k.rows():
		if k.scalars > 0 && !k.repeat {
			l.column(p, k, name)
		}
		l.table(k, p, at)
	case k.arrays > 0 || k.opaque:
		k.opaque = true
		k.kids, k.index = nil, nil
		l.column(p, k, name)
	default:
		if k.scalars > 0 || len(k.kids) == 0 {
			l.column(p, k, name)
		}
		l.flatten(p, k, at, name+"/")
	}
}

func (l *layout) column(p *plan, n *node, name string) {
	if l.strip != "" {
		name = strings.TrimPrefix(name, l.strip)
	}
	if l.rooted {
		name = strings.ReplaceAll(name, "@", "")
	}
	p.heads = append(p.heads, tabular.Head{Name: name, Raw: name})
	n.column = len(p.heads)
}

// evidentKey is the kid of a row that names the row, or nil. It must stand in
// every row, before any nested part, so that it is known when children come.
func evidentKey(n *node) *node {
	if n.mapped {
		return nil
	}
	rank := func(name string) int {
		low := strings.ToLower(strings.TrimLeft(name, "@_$"))
		for i, w := range []string{"id", "uuid", "guid", "key", "code", "统一社会信用代码", "编号", "编码", "代码", "序号"} {
			if low == w {
				return i + 1
			}
		}
		for i, w := range []string{"_id", "编号", "编码", "代码", "_code", "_no"} {
			if strings.HasSuffix(low, w) {
				return i + 20
			}
		}
		if strings.HasSuffix(name, "Id") || strings.HasSuffix(name, "ID") {
			return 30
		}
		return 0
	}
	var best *node
	bestRank := 1 << 30
	for _, k := range n.kids {
		if r := rank(k.name); r > 0 && r < bestRank && k.leaf() && !k.late && k.objects == 0 || r > 0 && r < bestRank && k.leaf() && !k.late && k.scalars == k.objects && len(k.kids) == 0 {
			if k.scalars >= n.objects {
				best, bestRank = k, r
			}
		}
	}
	return best
}
