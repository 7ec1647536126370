package document

import (
	"strconv"
	"strings"
)

// A node is one place in the shape of a tree: all values at the same path,
// with the steps through arrays (or repeated elements) left out.
type node struct {
	name   string
	up     *node
	kids   []*node
	index  map[string]*node
	cursor int // where the next kid is expected

	objects  int64 // as an object, in an array or not
	scalars  int64 // as a value outside arrays
	nulls    int64 // as null outside arrays
	arrays   int64 // as an array
	inArray  int64 // objects that were elements
	loose    int64 // scalars that were elements
	gaps     int64 // nulls that were elements
	nested   int64 // arrays that were elements
	inner    *node // shape of the nested arrays
	width    int   // most elements of one array
	first    []string
	allText  bool // every scalar was a string
	late     bool // stood behind a repeating sibling
	repeat   bool // several can stand in one parent
	opaque   bool // arrays and objects are kept whole, as text
	mapped   bool // an object whose keys are data: kids are gone, member is left
	member   *node
	members  int64
	hollow   []string // keys of a map whose arrays are empty; more than maxHollow are not kept
	counted  bool     // the keys of the map so far were 0, 1, 2 and so on
	serial   int64    // of the object it was last seen in
	dup      *node    // where a second value of one object goes
	dupOf    string
	from, to int64 // bytes of the first array
	sample   string
	sampled  bool

	id     int   // in the order of number
	plan   *plan // the table whose rows it holds
	column int   // 1 + its column in the table it belongs to; 0: none
}

const (
	denseKids   = 256  // from here on an object is asked whether its keys are data
	sampleBytes = 1024 // of a value that may become a note
	maxNodes    = 100_000
)

// kid gives the child called name, making it when it is new.
func (n *node) kid(name []byte) (k *node, made bool) {
	if n.cursor < len(n.kids) && n.kids[n.cursor].name == string(name) {
		n.cursor++
		return n.kids[n.cursor-1], false
	}
	if n.index == nil {
		for i, k := range n.kids {
			if k.name == string(name) {
				n.cursor = i + 1
				return k, false
			}
		}
	} else if k, ok := n.index[string(name)]; ok {
		return k, false
	}
	return n.add(string(name)), true
}

func (n *node) add(name string) *node {
	k := &node{name: name, up: n, allText: true}
	n.kids = append(n.kids, k)
	if n.index != nil {
		n.index[name] = k
	} else if len(n.kids) > 8 {
		n.index = make(map[string]*node, 16)
		for _, k := range n.kids {
			n.index[k.name] = k
		}
	}
	n.cursor = len(n.kids)
	return k
}

// seen counts how often n stood in its parent, in whatever form.
func (n *node) seen() int64 { return n.objects - n.inArray + n.scalars + n.nulls + n.arrays }

// leaf reports whether n never had parts.
func (n *node) leaf() bool { return len(n.kids) == 0 && !n.mapped && n.arrays == 0 }

// collapse turns an object whose keys are data into a map: the kids become
// one member shape.
func (n *node) collapse() {
	n.counted = true
	for i, k := range n.kids {
		n.counted = n.counted && k.name == strconv.Itoa(i)
	}
	n.mapped = true
	n.member = &node{name: "_value", up: n, allText: true}
	for _, k := range n.kids {
		if k.arrays > 0 && k.elements() == 0 {
			n.hollowed(k.name)
		}
		n.members += k.seen()
		n.member.merge(k)
	}
	n.kids, n.index, n.cursor = nil, nil, 0
}

// elements counts what stood in n's arrays.
func (n *node) elements() int64 { return n.inArray + n.loose + n.gaps + n.nested }

const maxHollow = 100

func (n *node) hollowed(key string) {
	if len(n.hollow) <= maxHollow {
		n.hollow = append(n.hollow, clip([]byte(key), 100))
	}
}

// merge adds the shape of o to n.
func (n *node) merge(o *node) {
	n.objects += o.objects
	n.scalars += o.scalars
	n.nulls += o.nulls
	n.arrays += o.arrays
	n.inArray += o.inArray
	n.loose += o.loose
	n.gaps += o.gaps
	n.nested += o.nested
	n.width = max(n.width, o.width)
	n.allText = n.allText && o.allText
	n.late = n.late || o.late
	n.repeat = n.repeat || o.repeat
	n.opaque = n.opaque || o.opaque
	if o.inner != nil {
		n.innerNode().merge(o.inner)
	}
	switch {
	case n.mapped && o.mapped:
		n.counted = false
		n.members += o.members
		n.member.merge(o.member)
		return
	case o.mapped:
		n.collapse()
		n.members += o.members
		n.member.merge(o.member)
		return
	}
	for _, ok := range o.kids {
		if n.mapped {
			n.members += ok.seen()
			n.member.merge(ok)
			continue
		}
		k, _ := n.kid([]byte(ok.name))
		k.merge(ok)
		k.dupOf = ok.dupOf
	}
}

func (n *node) innerNode() *node {
	if n.inner == nil {
		n.inner = &node{name: n.name, up: n, allText: true}
	}
	return n.inner
}

// crowded is asked when n gets many kids: are its keys data?
func (n *node) crowded() bool {
	switch all := len(n.kids); {
	case all <= denseKids:
		return false
	case all > maxColumns:
		return true
	case all != denseKids+1 && all != 4*denseKids+1:
		return false // asked twice, not at each kid
	case n.objects > 1:
		return n.presence() < 0.1
	default:
		// records have fields, however many, until no table could hold them
		return n.sameShape(2) || all > 4*denseKids && n.inArray == 0
	}
}

// presence is the mean share of n's objects in which a kid stands.
func (n *node) presence() float64 {
	if n.objects == 0 || len(n.kids) == 0 {
		return 0
	}
	var sum int64
	for _, k := range n.kids {
		sum += k.seen()
	}
	return float64(sum) / float64(n.objects) / float64(len(n.kids))
}

// sameShape reports whether all kids are objects, at least least of them, that
// have most of their own kids in common.
func (n *node) sameShape(least int) bool {
	if len(n.kids) < least {
		return false
	}
	union := map[string]int{}
	for _, k := range n.kids {
		if k.objects == 0 || k.scalars > 0 || k.arrays > 0 {
			return false
		}
		if k.mapped {
			union["\x00map"]++
		}
		for _, kk := range k.kids {
			union[kk.name]++
		}
	}
	if len(union) == 0 {
		return false
	}
	total := 0
	for _, c := range union {
		total += c
	}
	return float64(total)/float64(len(union))/float64(len(n.kids)) >= 0.5
}

// dataKeys reports whether the keys look like numbers, dates or codes.
func (n *node) dataKeys() bool {
	digits := 0
	for _, k := range n.kids {
		if strings.ContainsAny(k.name, "0123456789") && strings.IndexFunc(k.name, func(r rune) bool {
			return (r < '0' || r > '9') && !strings.ContainsRune("-/.: _TZ年月日季度时", r)
		}) < 0 {
			digits++
		}
	}
	return digits == len(n.kids) && digits > 0
}

// settle decides, from the leaves up, which objects are maps.
func (n *node) settle() {
	for _, k := range n.kids {
		k.settle()
	}
	if n.member != nil {
		n.member.settle()
	}
	if n.inner != nil {
		n.inner.settle()
	}
	if n.mapped || n.opaque || len(n.kids) == 0 || n.inArray > 0 {
		return // what stands in an array has fields, however alike they are
	}
	single := n.objects == 1
	arrays, objects := 0, 0
	for _, k := range n.kids {
		switch {
		case k.arrays > 0 && k.objects == k.inArray && k.scalars == 0:
			arrays++
		case k.objects > 0:
			objects++
		}
	}
	all := len(n.kids)
	switch {
	case objects == all && n.sameShape(2) && (single || n.presence() < 0.8 && all > 2 || all > 64),
		arrays == all && all > 1 && single && (n.dataKeys() || all > 32),
		objects+arrays == 0 && all > 2 && single && n.dataKeys(),
		objects+arrays == 0 && all > 16 && n.presence() < 0.05:
		n.collapse()
		n.member.settle()
	}
}

// rows reports whether n holds rows: elements that are objects and nothing
// else, members of a map, or repeated elements.
func (n *node) rows() bool {
	if n.opaque {
		return false
	}
	return n.mapped || n.repeat || n.inArray > 0 && n.loose == 0 && n.nested == 0
}

// grid reports whether n is an array of arrays of scalars.
func (n *node) grid() bool {
	i := n.inner
	return !n.opaque && n.nested > 0 && n.inArray == 0 && n.loose == 0 && i != nil &&
		i.inArray == 0 && i.nested == 0 && i.loose > 0
}

// columnar reports whether n, which stands once, holds columns: arrays of
// scalars of one length, or objects of scalars keyed 0, 1, 2 and so on, as data
// frames are written. Keys that are data themselves name no columns.
func (n *node) columnar() bool {
	if n.objects != 1 || n.arrays > 0 || n.mapped || len(n.kids) < 2 || n.dataKeys() {
		return false
	}
	rows := 0
	for i, k := range n.kids {
		size := 0
		switch {
		case k.arrays == 1 && k.objects == 0 && k.nested == 0 && k.loose > 0:
			size = int(k.loose + k.gaps)
		case k.objects == 1 && k.arrays == 0 && k.dup == nil:
			size = k.numberedKids()
		}
		if size < 2 || i > 0 && size != rows {
			return false
		}
		rows = size
	}
	return true
}

// numberedKids counts the kids when they are scalars named 0, 1, 2 and so on,
// or collapsed; 0 when they are not.
func (n *node) numberedKids() int {
	if n.mapped {
		if m := n.member; m.objects+m.arrays == 0 && n.counted {
			return int(n.members)
		}
		return 0
	}
	for i, k := range n.kids {
		if k.objects+k.arrays > 0 || k.dup != nil || k.name != strconv.Itoa(i) {
			return 0
		}
	}
	return len(n.kids)
}
