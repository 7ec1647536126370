package address

// A trie of words over characters, its edges in one hash table. Node 0 is the
// root; value 0 says that no word ends there.
type trie struct {
	keys  []uint64 // node<<21 | character, plus 1; 0 is free
	next  []int32
	value []int32
	used  int
}

func newTrie(capacity int) *trie {
	return &trie{keys: make([]uint64, capacity), next: make([]int32, capacity), value: make([]int32, 1, capacity/2)}
}

func slot(key uint64, size int) int {
	return int((key * 0x9E3779B97F4A7C15) >> 32 & uint64(size-1))
}

// step returns the node behind the edge r of node n, or -1.
func (t *trie) step(n int32, r rune) int32 {
	key := (uint64(n)<<21 | uint64(r)) + 1
	for i := slot(key, len(t.keys)); ; i = (i + 1) & (len(t.keys) - 1) {
		switch t.keys[i] {
		case key:
			return t.next[i]
		case 0:
			return -1
		}
	}
}

// insert adds a word and returns its node.
func (t *trie) insert(word string) int32 {
	n := int32(0)
	for _, r := range word {
		next := t.step(n, r)
		if next < 0 {
			next = int32(len(t.value))
			t.value = append(t.value, 0)
			t.link(n, r, next)
		}
		n = next
	}
	return n
}

func (t *trie) link(n int32, r rune, next int32) {
	if t.used*2 >= len(t.keys) {
		keys, nexts := t.keys, t.next
		t.keys, t.next = make([]uint64, 2*len(keys)), make([]int32, 2*len(keys))
		for i, k := range keys {
			if k != 0 {
				t.put(k, nexts[i])
			}
		}
	}
	t.used++
	t.put((uint64(n)<<21|uint64(r))+1, next)
}

func (t *trie) put(key uint64, next int32) {
	i := slot(key, len(t.keys))
	for t.keys[i] != 0 {
		i = (i + 1) & (len(t.keys) - 1)
	}
	t.keys[i], t.next[i] = key, next
}
