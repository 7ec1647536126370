package collect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"shuniu/collect/intake"
	"shuniu/collect/intake/tabular"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
	"shuniu/worker"
)

// An Origin is the place in a received file that a row came from, read again
// from the kept bytes.
type Origin struct {
	Batch      resource.BatchID      `json:"batch"`
	Row        int64                 `json:"row"` // physical line or sheet row, from 1
	Dataset    resource.DatasetID    `json:"dataset"`
	Department resource.DepartmentID `json:"department"`
	File       string                `json:"file"`
	Member     string                `json:"member"`
	SHA256     string                `json:"sha256"`
	SizeBytes  int64                 `json:"size_bytes"`
	Format     string                `json:"format"`
	Encoding   string                `json:"encoding"`
	Place      tabular.Place         `json:"place"`
	Snapshot   resource.SnapshotID   `json:"snapshot"`
	Account    string                `json:"account"`
	At         time.Time             `json:"at"`
	Columns    []string              `json:"columns"`
	Values     []*string             `json:"values"`           // nil: absent
	Around     []OriginLine          `json:"around"`           // rows before and after, this one too
	Mended     *Line                 `json:"mended,omitempty"` // when the row was put right in quarantine
}

// An OriginLine is one row near the one asked for.
type OriginLine struct {
	Row    int64     `json:"row"`
	Values []*string `json:"values"`
}

// around is how many rows before and after are shown.
const around = 3

// originParams are those of MethodOrigin.
type originParams struct {
	fileParams
	Member string        `json:"member"`
	Place  tabular.Place `json:"place"`
	Row    int64         `json:"row"`
}

type originFound struct {
	Columns []string     `json:"columns"`
	Lines   []OriginLine `json:"lines"`
}

var errFound = errors.New("found")

// originHandler reads the rows around one row of one table again.
func originHandler(ctx context.Context, c worker.Call) error {
	var p originParams
	if err := c.Params(&p); err != nil {
		return err
	}
	src, opt, err := openFile(c, &p.fileParams)
	if err != nil {
		return err
	}
	var out originFound
	_, err = intake.Walk(ctx, src, opt, func(m *intake.Member) error {
		if m.Path != p.Member {
			return nil
		}
		for i := range m.Tables {
			if t := &m.Tables[i]; t.Report.Place == p.Place {
				if err := out.read(ctx, &t.Found, p.Row); err != nil {
					return err
				}
				return errFound
			}
		}
		return nil
	})
	if !errors.Is(err, errFound) {
		if err == nil {
			err = fmt.Errorf("the table is not where it was: %w", fault.NotFound)
		}
		return err
	}
	payload, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return sendParts(c, kindOrigin, payload)
}

// read keeps the rows around row.
func (o *originFound) read(ctx context.Context, f *tabular.Found, row int64) error {
	for _, h := range f.Heads {
		o.Columns = append(o.Columns, h.Name)
	}
	after := -1 // rows seen since the one asked for
	_, err := f.Read(ctx, func(b *tabular.Batch) error {
		for i := range b.Rows {
			if after < 0 && len(o.Lines) > around {
				o.Lines = o.Lines[1:]
			}
			line := OriginLine{Row: b.Origin[i], Values: make([]*string, len(b.Columns))}
			for c := range b.Columns {
				if v, ok := b.Columns[c].At(i); ok {
					text := clip(string(v), 64<<10)
					line.Values[c] = &text
				}
			}
			o.Lines = append(o.Lines, line)
			if after >= 0 || b.Origin[i] == row {
				if after++; after == around {
					return errFound
				}
			}
		}
		return nil
	}, func(tabular.Reject) error { return nil })
	if errors.Is(err, errFound) {
		err = nil
	}
	return err
}

// Origin tells where the row (batch, row) of a dataset came from, and reads it
// again from the kept file. Reading it needs the right to the dataset's rows.
func (s *Service) Origin(ctx context.Context, id resource.DatasetID, batch resource.BatchID, row int64) (Origin, error) {
	b, err := s.batchRow(ctx, batch)
	if err != nil {
		return Origin{}, err
	}
	if b.Dataset != string(id) || b.State != stateLanded {
		return Origin{}, fmt.Errorf("batch %s has no rows in %s: %w", batch, id, fault.NotFound)
	}
	if _, err := s.decide(ctx, guard.ReadRows, id, resource.DepartmentID(b.Department)); err != nil {
		return Origin{}, err
	}
	o := Origin{
		Batch: batch, Row: row, Dataset: id, Department: resource.DepartmentID(b.Department), File: b.File, Member: b.Member, SHA256: b.SHA256,
		Format: b.Format, Encoding: b.Encoding, Snapshot: resource.SnapshotID(b.Snapshot), Account: b.Account, At: b.LandedAt.UTC(),
		Around: []OriginLine{},
	}
	rep, err := s.report(ctx, batch)
	if err != nil {
		return Origin{}, err
	}
	o.Place = rep.Table.Place
	if b.Origin != "" {
		return s.mendedOrigin(ctx, o, resource.BatchID(b.Origin))
	}
	return s.readOrigin(ctx, o, b, rep)
}

// mendedOrigin is Origin of a row that was replayed: the quarantined line.
func (s *Service) mendedOrigin(ctx context.Context, o Origin, from resource.BatchID) (Origin, error) {
	var n int64
	err := s.DB.Bun().NewRaw("SELECT r.n FROM collect_reject AS r WHERE r.batch = ? AND r.line = ? AND r.replay_batch = ? ORDER BY r.n LIMIT 1",
		string(from), o.Row, string(o.Batch)).Scan(ctx, &n)
	if isNone(err) {
		return Origin{}, fmt.Errorf("row %d of batch %s: %w", o.Row, o.Batch, fault.NotFound)
	}
	if err != nil {
		return Origin{}, fmt.Errorf("row %d of batch %s: %w", o.Row, o.Batch, err)
	}
	line, err := s.line(ctx, s.DB.Bun(), from, n)
	if err != nil {
		return Origin{}, err
	}
	o.Mended, o.Columns, o.Values = &line, line.Columns, line.Values
	return o, nil
}

func (s *Service) readOrigin(ctx context.Context, o Origin, b *batchRow, rep *batchReport) (_ Origin, err error) {
	f, err := s.Originals.Open(b.SHA256)
	if err != nil {
		return Origin{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	st, err := f.Stat()
	if err != nil {
		return Origin{}, fmt.Errorf("original %s: %w", b.SHA256, err)
	}
	o.SizeBytes = st.Size()
	opt, err := s.optionsOf(ctx, b)
	if err != nil {
		return Origin{}, err
	}
	var payload []byte
	err = s.Pool.Run(ctx, worker.Request{
		Method: MethodOrigin, Files: []*os.File{f}, Deadline: s.Deadline,
		Params: originParams{fileParams: fileParams{Name: b.File, Options: opt}, Member: b.Member, Place: rep.Table.Place, Row: o.Row},
	}, func(m worker.Message) error {
		payload = append(payload, m.Payload...)
		return nil
	})
	if err != nil {
		return Origin{}, fmt.Errorf("read row %d of %s again: %w", o.Row, b.File, err)
	}
	found, err := decode[originFound](payload)
	if err != nil {
		return Origin{}, fmt.Errorf("read row %d of %s again: %w: %w", o.Row, b.File, err, fault.Damaged)
	}
	o.Columns = found.Columns
	for _, l := range found.Lines {
		if l.Row == o.Row {
			o.Values = l.Values
		}
	}
	if o.Values == nil {
		return Origin{}, fmt.Errorf("row %d of batch %s: %w", o.Row, o.Batch, fault.NotFound)
	}
	o.Around = found.Lines
	return o, nil
}

// optionsOf are the decisions under which a batch's file was read.
func (s *Service) optionsOf(ctx context.Context, b *batchRow) (intake.Options, error) {
	var l landingRow
	if err := s.DB.Bun().NewSelect().Model(&l).Where("l.id = ?", b.Landing).Scan(ctx); err != nil {
		if isNone(err) {
			return intake.Options{}, nil
		}
		return intake.Options{}, fmt.Errorf("landing %s: %w", b.Landing, err)
	}
	opt, err := decode[intake.Options]([]byte(l.Options))
	if err != nil {
		return intake.Options{}, fmt.Errorf("options of landing %s: %w: %w", b.Landing, err, fault.Damaged)
	}
	return opt, nil
}
