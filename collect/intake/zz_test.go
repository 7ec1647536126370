package intake_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"shuniu/collect/intake"
	"shuniu/collect/intake/tabular"
)

func TestZZ(t *testing.T) {
	p := os.Getenv("ZZ")
	if p == "" {
		t.Skip()
	}
	data, _ := os.ReadFile(p)
	src := &tabular.Source{Name: p, Size: int64(len(data)), ReaderAt: bytes.NewReader(data)}
	rep, err := intake.Inspect(t.Context(), src, intake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(rep.Format, rep.Encoding, rep.Refused)
	for _, tab := range rep.Tables {
		fmt.Printf("-- %q rows %d head %d %+v\n", tab.Name, tab.Rows, tab.HeaderRows, tab.Place)
		for _, c := range tab.Columns {
			fmt.Printf("   %s %s u=%s null=%d unread=%d\n", c.Name, c.Type, c.Unit, c.Nulls, c.Unread)
		}
		fmt.Printf("   notes %+v\n   questions %q\n", tab.Notes, tab.Questions)
	}
}
