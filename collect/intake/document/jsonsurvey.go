package document

import (
	"errors"
	"strconv"
)

var errNodes = errors.New("too many different places")

// A jsonSurvey learns the shape of one JSON text.
type jsonSurvey struct {
	r      *jsonReader
	serial int64
	nodes  int
	keep   func(n *node) bool // nodes that are not looked into
}

func (s *jsonSurvey) value(n *node) error {
	c, ok := s.r.next()
	if !ok {
		return s.r.ended()
	}
	switch c {
	case '{':
		return s.object(n)
	case '[':
		return s.array(n)
	}
	kind, v, err := s.r.scalar()
	if err != nil {
		return err
	}
	if kind == jsonNull {
		n.nulls++
		return nil
	}
	n.scalars++
	if kind != jsonString {
		n.allText = false
	}
	if !n.sampled {
		n.sampled = true
		n.sample = clip(v, sampleBytes)
	}
	return nil
}

func (s *jsonSurvey) object(n *node) error {
	n.objects++
	if s.keep != nil && s.keep(n) {
		n.opaque = true
		return s.r.skip()
	}
	if n.objects == 1 && n.arrays == 0 {
		n.from = s.r.offset()
		defer func() { n.to = s.r.offset() }()
	}
	if err := s.r.open(); err != nil {
		return err
	}
	s.serial++
	serial := s.serial
	n.cursor = 0
	nested := false
	for first := true; ; first = false {
		more, err := s.r.more('}', first)
		if err != nil || !more {
			return err
		}
		key, err := s.r.key()
		if err != nil {
			return err
		}
		var k *node
		if n.mapped {
			n.counted = n.counted && n.objects == 1 && string(key) == strconv.FormatInt(n.members, 10)
			n.members++
			k = n.member
		} else {
			var made bool
			if k, made = n.kid(key); made {
				if s.nodes++; s.nodes > maxNodes {
					return errNodes
				}
				if n.crowded() {
					n.collapse() // with this kid, which is counted here
					n.members++
					k = n.member
				}
			}
			if !n.mapped && k.serial == serial {
				k = k.again(serial)
			}
			k.serial = serial
		}
		if nested {
			k.late = true
		}
		if c, ok := s.r.next(); ok && (c == '{' || c == '[') {
			nested = true
		}
		arrays, elements := k.arrays, k.elements()
		var name string
		if n.mapped && len(n.hollow) <= maxHollow {
			name = string(key)
		}
		if err := s.value(k); err != nil {
			return err
		}
		if n.mapped && k.arrays == arrays+1 && k.elements() == elements {
			n.hollowed(name)
		}
	}
}

// again gives the place of a second value that n has in one object.
func (n *node) again(serial int64) *node {
	for {
		if n.dup == nil {
			n.dup = &node{name: n.name, up: n.up, allText: true}
		}
		n = n.dup
		if n.serial != serial {
			return n
		}
	}
}

func (s *jsonSurvey) array(n *node) error {
	n.arrays++
	from := s.r.offset()
	if err := s.r.open(); err != nil {
		return err
	}
	width := 0
	record := n.arrays == 1
	for first := true; ; first = false {
		more, err := s.r.more(']', first)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		width++
		if err := s.element(n, record); err != nil {
			return err
		}
	}
	n.width = max(n.width, width)
	if n.arrays == 1 {
		n.from, n.to = from, s.r.offset()
	}
	return nil
}

func (s *jsonSurvey) element(n *node, record bool) error {
	c, ok := s.r.next()
	if !ok {
		return s.r.ended()
	}
	switch c {
	case '{':
		n.inArray++
		return s.object(n)
	case '[':
		n.nested++
		return s.array(n.innerNode())
	}
	kind, v, err := s.r.scalar()
	if err != nil {
		return err
	}
	if kind == jsonNull {
		n.gaps++
		return nil
	}
	n.loose++
	if kind != jsonString {
		n.allText = false
	} else if record && len(n.first) < maxColumns {
		n.first = append(n.first, string(v))
	}
	return nil
}
