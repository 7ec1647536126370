package document

import "shuniu/collect/intake/tabular"

const columnsBytes = 512 << 20 // of all values of a table written column by column

// columns reads a document that is written column by column: it is turned
// round in memory.
func (w *jsonWalk) columns() error {
	cols := make([]tabular.Text, len(w.plan.heads))
	held := 0
	take := func(i int) error {
		w.row.reset()
		if err := w.capture(i); err != nil {
			return err
		}
		c := w.row.cells[i]
		if !c.set {
			cols[i].AppendNull()
			return nil
		}
		if held += c.to - c.from; held > columnsBytes {
			return errValue
		}
		cols[i].Append(w.row.data[c.from:c.to])
		return nil
	}
	err := w.members(w.plan.node, func(k *node, _ []byte) error {
		i := k.column - 1
		c, ok := w.r.next()
		switch {
		case !ok:
			return w.r.ended()
		case c == '{':
			return w.members(k, func(*node, []byte) error { return take(i) })
		case c != '[':
			return w.r.skip()
		}
		if err := w.r.open(); err != nil {
			return err
		}
		for first := true; ; first = false {
			more, err := w.r.more(']', first)
			if err != nil || !more {
				return err
			}
			if err := take(i); err != nil {
				return err
			}
		}
	})
	if err != nil {
		return err
	}
	rows := 0
	for i := range cols {
		rows = max(rows, len(cols[i].Offsets)-1)
	}
	for r := range rows {
		w.row.reset()
		for i := range cols {
			if r < len(cols[i].Offsets)-1 {
				if v, ok := cols[i].At(r); ok {
					w.row.set(i, v)
				}
			}
		}
		if err := w.out.add(int64(r)+1, w.row.cells, w.row.data); err != nil {
			return err
		}
	}
	return nil
}
