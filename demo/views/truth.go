package views

import (
	"bufio"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"shuniu/demo/city"
)

// The truth files, in the order of truth.parts.
var truthFiles = []struct {
	name string
	head []string
}{
	{"files.csv", []string{"department", "file", "format", "encoding", "rows", "as_of", "days_late"}},
	{"entity_map.csv", []string{"department", "file", "row", "role", "entity"}},
	{"dirt.csv", []string{"department", "file", "row", "field", "kind", "true_value", "written_value"}},
	{"duplicates.csv", []string{"department", "file", "row", "repeats_row", "entity"}},
	{"fields.csv", []string{"department", "file", "field", "kind"}},
}

// A truth collects what one view knows of its rows, in parts that are joined at
// the end in the order of the views.
type truth struct {
	parts [5]*truthPart
}

type truthPart struct {
	f *os.File
	b *bufio.Writer
	w *csv.Writer
}

func newTruth(dir, view string) (*truth, error) {
	t := &truth{}
	for i := range t.parts {
		f, err := os.Create(filepath.Join(dir, partName(view, i)))
		if err != nil {
			return nil, errors.Join(err, t.close())
		}
		b := bufio.NewWriterSize(f, 1<<16)
		t.parts[i] = &truthPart{f, b, csv.NewWriter(b)}
	}
	return t, nil
}

func partName(view string, part int) string { return ".part-" + view + "-" + strconv.Itoa(part) }

func utoa(n uint64) string { return strconv.FormatUint(n, 10) }

// put writes a line; csv.Writer keeps its error until close.
func (t *truth) put(part int, values ...string) { _ = t.parts[part].w.Write(values) }

func (t *truth) file(department, file, format, encoding string, rows int, asOf city.Day, late int) {
	t.put(0, department, file, format, encoding, itoa(rows), asOf.String(), itoa(late))
}

func (t *truth) entity(department, file string, row int, r ref) {
	t.put(1, department, file, itoa(row), r.role, r.entity)
}

func (t *truth) dirt(department, file string, row int, field, kind, was, written string) {
	t.put(2, department, file, itoa(row), field, kind, was, written)
}

func (t *truth) duplicate(department, file string, row, repeats int, entity string) {
	t.put(3, department, file, itoa(row), itoa(repeats), entity)
}

func (t *truth) field(department, file, field, kind string) {
	t.put(4, department, file, field, kind)
}

func (t *truth) close() error {
	var errs []error
	for i, p := range t.parts {
		if p == nil {
			continue
		}
		p.w.Flush()
		errs = append(errs, p.w.Error(), p.b.Flush(), p.f.Close())
		t.parts[i] = nil
	}
	return errors.Join(errs...)
}

// join puts the parts of all views together and removes them.
func join(dir string, views []string) error {
	for i, file := range truthFiles {
		if err := writeCSV(filepath.Join(dir, file.name), file.head, func(w io.Writer) error {
			for _, v := range views {
				path := filepath.Join(dir, partName(v, i))
				f, err := os.Open(path)
				if err != nil {
					return err
				}
				_, err = io.Copy(w, f)
				if err = errors.Join(err, f.Close()); err != nil {
					return err
				}
				if err := os.Remove(path); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// writeCSV writes a head, then what body writes.
func writeCSV(path string, head []string, body func(w io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	_ = w.Write(head) // Error says
	w.Flush()
	return errors.Join(w.Error(), body(f), f.Close())
}
