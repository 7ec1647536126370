package views

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
)

// A FileTruth is a line of files.csv.
type FileTruth struct {
	Department, File, Format, Encoding string
	Rows                               int
}

// ReadFiles reads files.csv of a truth folder.
func ReadFiles(dir string) (out []FileTruth, err error) {
	err = ReadTruth(dir, "files.csv", func(f []string) error {
		rows, err := strconv.Atoi(f[4])
		out = append(out, FileTruth{f[0], f[1], f[2], f[3], rows})
		return err
	})
	return out, err
}

// ReadTruth yields the lines of a truth file below its head. The fields are
// valid until the next line.
func ReadTruth(dir, name string, yield func(fields []string) error) (err error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := csv.NewReader(f)
	r.ReuseRecord = true
	for n := 0; ; n++ {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if n == 0 {
			continue
		}
		if err := yield(fields); err != nil {
			return fmt.Errorf("read %s line %d: %w", name, n+1, err)
		}
	}
}
