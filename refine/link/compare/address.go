package compare

import (
	"slices"
	"strings"
	"unicode"
)

// An Address is a Chinese address by its telling parts: the road (or village)
// without the division before it, and the numbers behind it in order.
type Address struct {
	Road    []rune
	Numbers []string
	Text    string // in half width without division marks and blanks
}

const roadEnds = "路街道弄巷村镇乡桥园苑坊里大城庄区"

// SplitAddress reads an address. It looks for the last road name before the
// first number, and for the numbers (with letters: 12A).
func SplitAddress(s string) Address {
	r := []rune(s)
	a := Address{Text: s}
	first := len(r)
	for i, c := range r {
		if c < 0x80 && (unicode.IsDigit(c) || unicode.IsLetter(c)) {
			first = i
			break
		}
	}
	head := r[:first]
	if len(head) > 0 && !strings.ContainsRune(roadEnds, head[len(head)-1]) {
		for i := len(head) - 1; i >= 2; i-- {
			if strings.ContainsRune("路街道村", head[i]) {
				head = head[:i+1]
				break
			}
		}
	}
	for i := len(head) - 2; i > 0; i-- { // what stands before the road's own name
		if strings.ContainsRune("省市区县镇乡", head[i-1]) && len(head)-i >= 2 {
			head = head[i:]
			break
		}
	}
	a.Road = head
	for i := first; i < len(r); {
		j := i
		for j < len(r) && r[j] < 0x80 && (unicode.IsDigit(r[j]) || unicode.IsLetter(r[j])) {
			j++
		}
		if j > i {
			a.Numbers = append(a.Numbers, string(r[i:j]))
			i = j
		} else {
			i++
		}
	}
	return a
}

// Addresses tells how near two different addresses are: 5 all parts agree,
// 4 the road and all but the last number, or one lacks what the other has
// behind, 3 the road and its first number, 2 the road, 1 nothing.
func Addresses(a, b Address) uint8 {
	if a.Text == b.Text {
		return 5
	}
	if !sameRoad(a.Road, b.Road) {
		return 1
	}
	n := min(len(a.Numbers), len(b.Numbers))
	same := 0
	for same < n && a.Numbers[same] == b.Numbers[same] {
		same++
	}
	switch {
	case len(a.Numbers) == len(b.Numbers) && same == n && n > 0:
		return 5
	case same == n && n > 1, same >= 2 && same == n-1:
		return 4
	case same >= 1:
		return 3
	}
	return 2
}

// sameRoad reports whether one name is the end of the other, at least two
// characters before the kind of road: 浦东成听路 is 成听路.
func sameRoad(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	return len(a) >= 3 && slices.Equal(b[len(b)-len(a):], a) || len(a) > 0 && slices.Equal(a, b)
}
