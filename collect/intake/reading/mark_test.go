package reading

import (
	"testing"

	"shuniu/collect/intake/tabular"
	"shuniu/resource"
)

func TestMarked(t *testing.T) {
	for v, want := range map[string]bool{
		"1234r": true, "12.5*": true, "1,234 (p)": true, "1,234(1)": true, "45²": true, "17 1)": true, "<5": true, "≥90": true, "<0.05": true, "1.234 b": true,
		"12.5%*": true, "3,456 **": true, "1234 [r]": true, "-12.5p": true, "r 1,234": true, "~10": true, "1,234ep": true,
		"12b": false, "3-402": false, "12室": false, "A12": false, "1234abc": false, "": false, "5*6": false, "1#": true, "10:30": false, "G60": false, "<b>": false, "12345678901x": false,
	} {
		var o observation
		var buf [256]byte
		if len(v) > 0 {
			classify([]byte(v), buf[:], &o)
		}
		if got := o.mask&mMarked != 0; got != want {
			t.Errorf("%q: %v, want %v (mask %x)", v, got, want, o.mask)
		}
	}
}

// TestMarkedColumn holds that footnotes do not turn figures into words.
func TestMarkedColumn(t *testing.T) {
	find := func(vs ...string) Finding {
		p := New(tabular.Head{Name: "人口"})
		var c tabular.Text
		for _, v := range vs {
			c.AppendString(v)
		}
		p.Add(&c)
		return p.Finding()
	}
	f := find("1,234", "2,345", "3,456r", "4,567", "..")
	if f.Type != resource.Integer || f.Unread != 1 || f.Nulls != 1 || len(f.Questions) == 0 {
		t.Errorf("%+v", f)
	}
	f = find("12.5*", "13.5*", "14.5*", "15.5")
	if f.Type != resource.Text || len(f.Questions) == 0 {
		t.Errorf("%+v", f)
	}
	f = find("12b", "14", "16c", "18")
	if f.Type != resource.Text || len(f.Questions) != 0 {
		t.Errorf("%+v", f)
	}
}
