package document

import (
	"strconv"
)

// A nodeState is what a walk remembers of a node.
type nodeState struct {
	cursor  int
	serial  int64
	ordinal int64 // rows passed
	onPath  bool  // the target or a place above it
}

// A jsonWalk reads the rows of one plan out of a JSON text.
type jsonWalk struct {
	r      *jsonReader
	plan   *plan
	states []nodeState
	row    *rowBuffer
	out    *batcher
	serial int64
	key    []byte // of the parent's row, or of the map's member
	hasKey bool
	member []byte
	item   int64 // of maps in an array
	line   int64 // of JSON lines; 0 in a document
	header bool  // the grid's header row is still to come
}

func newJSONWalk(l *layout, p *plan, out *batcher) *jsonWalk {
	w := &jsonWalk{plan: p, states: make([]nodeState, l.nodes), row: newRowBuffer(len(p.heads)), out: out, header: p.header}
	for n := p.node; n != nil; n = n.up {
		w.states[n.id].onPath = true
	}
	return w
}

// kid finds a child by name, the second of the same name in one object after
// the first; nil when the shape has none (then the text changed meanwhile).
func (w *jsonWalk) kid(n *node, name []byte, serial int64) *node {
	st := &w.states[n.id]
	var k *node
	if st.cursor < len(n.kids) && n.kids[st.cursor].name == string(name) {
		k = n.kids[st.cursor]
		st.cursor++
	} else if n.index != nil {
		k = n.index[string(name)]
	} else {
		for i, c := range n.kids {
			if c.name == string(name) {
				k = c
				st.cursor = i + 1
				break
			}
		}
	}
	for k != nil && w.states[k.id].serial == serial {
		k = k.dup
	}
	if k != nil {
		w.states[k.id].serial = serial
	}
	return k
}

// value walks down to the target's rows.
func (w *jsonWalk) value(n *node) error {
	c, ok := w.r.next()
	if !ok {
		return w.r.ended()
	}
	if !w.states[n.id].onPath || c != '{' && c != '[' {
		return w.r.skip()
	}
	if n.plan != nil && n.plan.kind == planColumns {
		return w.columns()
	}
	if n.plan != nil {
		return w.elements(n, c)
	}
	if w.plan.kind == planSingle && n == w.plan.node {
		w.row.reset()
		if err := w.object(n); err != nil {
			return err
		}
		return w.out.add(1, w.row.cells, w.row.data)
	}
	if c == '[' {
		return w.r.skip()
	}
	return w.descend(n, nil)
}

// members walks an object: see is called with the value next.
func (w *jsonWalk) members(n *node, see func(k *node, key []byte) error) error {
	if err := w.r.open(); err != nil {
		return err
	}
	w.serial++
	serial := w.serial
	w.states[n.id].cursor = 0
	for first := true; ; first = false {
		more, err := w.r.more('}', first)
		if err != nil || !more {
			return err
		}
		key, err := w.r.key()
		if err != nil {
			return err
		}
		k := n.member
		if !n.mapped {
			k = w.kid(n, key, serial)
		}
		if k == nil {
			if err := w.r.skip(); err != nil {
				return err
			}
			continue
		}
		if err := see(k, key); err != nil {
			return err
		}
	}
}

// descend passes through an object on the way down; of the target's parent
// it keeps the key.
func (w *jsonWalk) descend(n, key *node) error {
	return w.members(n, func(k *node, _ []byte) error {
		if k == key {
			return w.keep()
		}
		return w.value(k)
	})
}

func (w *jsonWalk) keep() error {
	if c, _ := w.r.next(); c == '{' || c == '[' {
		return w.r.skip()
	}
	kind, v, err := w.r.scalar()
	w.key = append(w.key[:0], v...)
	w.hasKey = err == nil && kind != jsonNull
	return err
}

// elements walks the rows of a table, the target's or one above it.
func (w *jsonWalk) elements(n *node, c byte) error {
	st := &w.states[n.id]
	if n.mapped && c == '{' {
		return w.mapped(n)
	}
	if c == '{' {
		st.ordinal++
		return w.element(n)
	}
	if err := w.r.open(); err != nil {
		return err
	}
	for first := true; ; first = false {
		more, err := w.r.more(']', first)
		if err != nil || !more {
			return err
		}
		if n.mapped {
			if c, _ := w.r.next(); c == '{' {
				err = w.mapped(n)
			} else {
				err = w.r.skip()
			}
		} else {
			st.ordinal++
			err = w.element(n)
		}
		if err != nil {
			return err
		}
	}
}

// mapped walks the members of a map, each a row.
func (w *jsonWalk) mapped(n *node) error {
	w.item++
	return w.members(n, func(_ *node, key []byte) error {
		w.states[n.id].ordinal++
		w.member = append(w.member[:0], key...)
		return w.element(n)
	})
}

// lineValue takes the value of one line.
func (w *jsonWalk) lineValue(n *node, number int64) error {
	w.line = number
	if c, _ := w.r.next(); n.mapped && c == '{' {
		w.item = number - 1
		return w.mapped(n)
	}
	return w.element(n)
}

// element takes one row, with its value next.
func (w *jsonWalk) element(n *node) error {
	if w.line > 0 && n.up == nil && !n.mapped {
		w.states[n.id].ordinal = w.line
	}
	if n == w.plan.node {
		return w.target(n)
	}
	c, _ := w.r.next()
	below := n
	if n.mapped {
		below = n.member
	}
	var key *node
	if w.plan.parent != nil && w.plan.parent.node == n {
		if w.plan.keyed {
			w.key = append(w.key[:0], w.member...)
			w.hasKey = true
		} else {
			key, w.hasKey = w.plan.key, false
		}
	}
	if n.mapped && below.plan != nil {
		return w.value(below)
	}
	if c != '{' {
		return w.r.skip()
	}
	return w.descend(below, key)
}

// target reads one row of the plan.
func (w *jsonWalk) target(n *node) error {
	w.row.reset()
	col := 0
	if p := w.plan.parent; p != nil {
		if !p.hidden {
			w.row.set(0, strconv.AppendInt(nil, w.states[p.node.id].ordinal, 10))
			col = 1
		}
		if w.plan.keyed || w.plan.key != nil {
			if w.hasKey {
				w.row.set(col, w.key)
			}
			col++
		}
	}
	c, ok := w.r.next()
	if !ok {
		return w.r.ended()
	}
	var err error
	switch {
	case w.plan.kind == planMap:
		if w.plan.items {
			w.row.set(col, strconv.AppendInt(nil, w.item, 10))
			col++
		}
		w.row.set(col, w.member)
		err = w.fill(n.member)
	case w.plan.kind == planGrid && c == '[':
		if err = w.grid(); err == nil && w.header {
			w.header = false
			return nil
		}
	case w.plan.kind == planLoose:
		err = w.capture(0)
	case c == '{':
		err = w.object(n)
	default:
		err = w.r.skip()
	}
	if err != nil {
		return err
	}
	return w.out.add(w.states[n.id].ordinal, w.row.cells, w.row.data)
}

// grid takes one array as a row.
func (w *jsonWalk) grid() error {
	if err := w.r.open(); err != nil {
		return err
	}
	for i := 0; ; i++ {
		more, err := w.r.more(']', i == 0)
		if err != nil || !more {
			return err
		}
		if err := w.capture(i); err != nil {
			return err
		}
	}
}

// object fills the row from the object that is next.
func (w *jsonWalk) object(n *node) error {
	return w.members(n, func(k *node, _ []byte) error { return w.fill(k) })
}

// fill takes the value that is next into k's column or its parts' columns.
func (w *jsonWalk) fill(k *node) error {
	c, ok := w.r.next()
	switch {
	case !ok:
		return w.r.ended()
	case c == '{' && k.plan == nil && !k.opaque && len(k.kids) > 0:
		return w.object(k)
	case (c == '{' || c == '[') && k.plan != nil, k.column == 0:
		return w.r.skip()
	}
	return w.capture(k.column - 1)
}

// capture puts the value that is next into column i.
func (w *jsonWalk) capture(i int) error {
	if c, _ := w.r.next(); c == '{' || c == '[' {
		from := len(w.row.data)
		data, err := w.r.raw(w.row.data)
		w.row.data = data
		w.row.cells[i] = cell{from, len(data), true}
		return err
	}
	kind, v, err := w.r.scalar()
	if err == nil && kind != jsonNull {
		w.row.set(i, v)
	}
	return err
}
