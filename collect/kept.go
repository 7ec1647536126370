package collect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"shuniu/fault"
)

// VerifyOriginals looks for the files that landed batches came from: each must
// be there with its size and, unless quick, with its digest. It returns how
// many it looked at.
func (s *Service) VerifyOriginals(ctx context.Context, quick bool) (found []Disagreement, checked int64, err error) {
	var rows []originalRow
	err = s.DB.Bun().NewRaw("SELECT o.sha256, o.size_bytes, o.name FROM collect_original AS o WHERE EXISTS ("+
		"SELECT 1 FROM collect_batch AS b WHERE b.sha256 = o.sha256 AND b.state = 'landed') ORDER BY o.sha256").Scan(ctx, &rows)
	if err != nil {
		return nil, 0, fmt.Errorf("list originals: %w", err)
	}
	for i := range rows {
		if err := ctx.Err(); err != nil {
			return found, checked, err
		}
		r := &rows[i]
		checked++
		what, err := s.Originals.damage(r, quick)
		if err != nil {
			return found, checked, err
		}
		if what == "" {
			continue
		}
		found = append(found, Disagreement{
			What: fmt.Sprintf("the original of %s %s; its rows are safe, their lines in the file cannot be shown", r.Name, what), Where: filepath.Join(s.Originals.dir, r.SHA256[:2], r.SHA256),
			Mend: "restore the file from a backup, or collect the same file again from its source (请从备份恢复，或从来源重新归集同一文件)",
		})
	}
	return found, checked, nil
}

// damage says what is wrong with a kept file; "" when nothing is.
func (o *Originals) damage(r *originalRow, quick bool) (string, error) {
	f, err := o.Open(r.SHA256)
	if errors.Is(err, fault.NotFound) {
		return "is missing", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // only read
	return damageOf(f, r, quick)
}

func damageOf(f *os.File, r *originalRow, quick bool) (string, error) {
	st, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("look at original %s: %w", r.SHA256, err)
	}
	if st.Size() != r.SizeBytes {
		return fmt.Sprintf("has %d bytes, %d were kept", st.Size(), r.SizeBytes), nil
	}
	if quick {
		return "", nil
	}
	h := sha256.New()
	if _, err := io.CopyBuffer(h, f, make([]byte, 1<<20)); err != nil {
		return "", fmt.Errorf("read original %s: %w", r.SHA256, err)
	}
	if hex.EncodeToString(h.Sum(nil)) != r.SHA256 {
		return "is not what was received", nil
	}
	return "", nil
}
