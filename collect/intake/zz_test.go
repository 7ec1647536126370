package intake_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shuniu/collect/intake"
	"shuniu/collect/intake/tabular"
)

func TestZZ(t *testing.T) {
	n := 0
	_ = filepath.WalkDir("/work/shared/data", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(p, "hostile") {
			return nil
		}
		i, _ := d.Info()
		if i.Size() > 3<<20 {
			return nil
		}
		switch strings.ToLower(filepath.Ext(p)) {
		case ".csv", ".tsv", ".txt", ".xlsx", ".xls", ".html":
		default:
			return nil
		}
		data, _ := os.ReadFile(p)
		src := &tabular.Source{Name: p, Size: int64(len(data)), ReaderAt: bytes.NewReader(data)}
		rep, err := intake.Inspect(t.Context(), src, intake.Options{})
		n++
		if err != nil {
			fmt.Println("ERR", p, err)
			return nil
		}
		for _, tab := range rep.Tables {
			for _, q := range tab.Questions {
				for _, k := range []string{"不是数，按文字", "脚注", "表头的第二行", "可能是栏次", "总数，按数据", "最右一列", "列名由两行"} {
					if strings.Contains(q, k) {
						fmt.Println(strings.TrimPrefix(p, "/work/shared/data/"), q)
					}
				}
			}
		}
		return nil
	})
	fmt.Println(n, "files")
}
