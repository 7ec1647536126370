package collect

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"shuniu/collect/intake/tabular"
	"shuniu/event"
	"shuniu/fault"
	"shuniu/guard"
	"shuniu/resource"
)

// States of a quarantined line.
const (
	LineOpen      = "open"
	LineMended    = "mended"
	LineReplayed  = "replayed"
	LineDiscarded = "discarded"
)

// rejectRow is collect_reject.
type rejectRow struct {
	bun.BaseModel `bun:"table:collect_reject,alias:r"`

	Batch       string    `bun:"batch,pk"`
	N           int64     `bun:"n,pk"`
	Line        int64     `bun:"line"`
	Reason      string    `bun:"reason"`
	Raw         []byte    `bun:"raw"`
	Text        string    `bun:"text"`
	State       string    `bun:"state"`
	Mended      string    `bun:"mended"` // mending as JSON, "" when not mended
	Note        string    `bun:"note"`
	ReplayBatch string    `bun:"replay_batch"`
	Account     string    `bun:"account"`
	ChangedAt   time.Time `bun:"changed_at"`
}

// A Mending is a line as a person put it right: its text under the table's
// dialect, or a value for each column (nil: absent).
type Mending struct {
	Text   *string   `json:"text,omitempty"`
	Values []*string `json:"values,omitempty"`
}

// A Line is one quarantined line.
type Line struct {
	ID          string                `json:"id"` // batch and number
	Batch       resource.BatchID      `json:"batch"`
	N           int64                 `json:"n"`
	Dataset     resource.DatasetID    `json:"dataset"`
	Department  resource.DepartmentID `json:"department"`
	File        string                `json:"file"`
	Member      string                `json:"member"`
	Line        int64                 `json:"line"` // physical line or sheet row, from 1
	Reason      string                `json:"reason"`
	Text        string                `json:"text"`
	Raw         []byte                `json:"raw,omitempty"` // as received; only Quarantined fills it
	State       string                `json:"state"`
	Mended      *Mending              `json:"mended,omitempty"`
	Note        string                `json:"note,omitempty"`
	ReplayBatch resource.BatchID      `json:"replay_batch,omitempty"`
	Account     string                `json:"account,omitempty"`
	At          time.Time             `json:"at"`
	Columns     []string              `json:"columns,omitempty"`
	Values      []*string             `json:"values,omitempty"` // when the line could be split
}

// LineID names a line.
func LineID(batch resource.BatchID, n int64) string {
	return string(batch) + "-" + strconv.FormatInt(n, 10)
}

func readLineID(id string) (batch resource.BatchID, n int64, err error) {
	b, num, ok := strings.Cut(id, "-")
	if n, err = strconv.ParseInt(num, 10, 64); !ok || err != nil {
		return "", 0, fmt.Errorf("quarantined line %q: %w", id, fault.NotFound)
	}
	return resource.BatchID(b), n, nil
}

// keepRejects stores a chunk of rejected lines of a batch under way.
func (s *Service) keepRejects(ctx context.Context, b *batch, lines []rejectLine) error {
	now := s.now()
	rows := make([]rejectRow, len(lines))
	for i, line := range lines {
		b.rejects++
		rows[i] = rejectRow{
			Batch: b.row.ID, N: b.rejects, Line: line.Line, Reason: storable(line.Reason), Raw: line.Raw, Text: storable(line.Text),
			State: LineOpen, ChangedAt: now,
		}
		if rows[i].Raw == nil {
			rows[i].Raw = []byte{}
		}
	}
	return s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := insertParts(ctx, tx, rows, 250); err != nil {
			return fmt.Errorf("keep rejected lines of batch %s: %w", b.row.ID, err)
		}
		return nil
	})
}

// dropRejects forgets the rejected lines of batches that will not be noted.
func (l *landing) dropRejects(ctx context.Context, from int) error {
	var ids []string
	for _, b := range l.batches[from:] {
		if b.rejects > 0 && b.row.State != stateLanded {
			ids = append(ids, b.row.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return l.s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM collect_reject WHERE batch IN (?) AND batch NOT IN (SELECT b.id FROM collect_batch AS b WHERE b.state IN (?, ?))",
			bun.List(ids), stateLanded, statePending) // a pending one is still to be found out about
		return err
	})
}

// A LineFilter chooses quarantined lines; empty parts choose all.
type LineFilter struct {
	Batch      resource.BatchID
	Dataset    resource.DatasetID
	Department resource.DepartmentID
	State      string
	Reason     string
	Text       string // part of the line
	After      string // page: after this line's id, in the order of the list
	Limit      int
}

const quarantineFrom = "collect_reject AS r"

func (f *LineFilter) where(q *bun.SelectQuery) *bun.SelectQuery {
	join := "CROSS JOIN collect_batch AS b" // SQLite walks the lines by their key instead of sorting those of all batches
	if f.Dataset != "" {
		join = "JOIN collect_batch AS b ON TRUE" // few batches: from them
	}
	q = q.Join(join).Where("b.id = r.batch AND b.state = ?", stateLanded)
	if f.Batch != "" {
		q = q.Where("r.batch = ?", string(f.Batch))
	}
	if f.Dataset != "" {
		q = q.Where("b.dataset = ?", string(f.Dataset))
	}
	if f.Department != "" {
		q = q.Where("b.department = ?", string(f.Department))
	}
	if f.State != "" {
		q = q.Where("r.state = ?", f.State)
	}
	if f.Reason != "" {
		q = q.Where("r.reason = ?", f.Reason)
	}
	if f.Text != "" {
		q = q.Where("r.text LIKE ? ESCAPE '!'", "%"+escapeLike(f.Text)+"%")
	}
	return q
}

// lineJoin is a line with what its batch says of it.
type lineJoin struct {
	rejectRow  `bun:",extend"`
	Dataset    string
	Department string
	File       string
	Member     string
}

const lineColumns = "r.batch, r.n, r.line, r.reason, r.text, r.state, r.mended, r.note, r.replay_batch, r.account, r.changed_at, b.dataset, b.department, b.file, b.member"

// Lines lists quarantined lines: the newest batch first, in the order of the
// file. Reading them needs the right to the rows of the dataset; without a
// batch or dataset, of the department or of all.
func (s *Service) Lines(ctx context.Context, f LineFilter) ([]Line, error) {
	if err := s.mayReadLines(ctx, &f); err != nil {
		return nil, err
	}
	var rows []lineJoin
	q := f.where(s.DB.Bun().NewSelect().TableExpr(quarantineFrom).ColumnExpr(lineColumns))
	if f.After != "" {
		batch, n, err := readLineID(f.After)
		if err != nil {
			return nil, fmt.Errorf("page after %q: %w", f.After, fault.Invalid)
		}
		q = q.Where("r.batch < ? OR (r.batch = ? AND r.n > ?)", string(batch), string(batch), n)
	}
	if err := q.OrderExpr("r.batch DESC, r.n").Limit(pageSize(f.Limit)).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("list quarantined lines: %w", err)
	}
	reports := map[string]*batchReport{}
	out := make([]Line, len(rows))
	for i := range rows {
		rep := reports[rows[i].Batch]
		if rep == nil {
			var err error
			if rep, err = s.report(ctx, resource.BatchID(rows[i].Batch)); err != nil {
				return nil, err
			}
			reports[rows[i].Batch] = rep
		}
		out[i] = lineOf(&rows[i], rep)
	}
	return out, nil
}

func (s *Service) mayReadLines(ctx context.Context, f *LineFilter) error {
	d, dep := f.Dataset, f.Department
	if f.Batch != "" {
		r, err := s.batchRow(ctx, f.Batch)
		if err != nil {
			return err
		}
		d, dep = resource.DatasetID(r.Dataset), resource.DepartmentID(r.Department)
	} else if d != "" {
		ds, err := loadDataset(ctx, s.DB.Bun(), d)
		if err != nil {
			return err
		}
		dep = ds.Department
	}
	_, err := s.decide(ctx, guard.ReadRows, d, dep)
	if errors.Is(err, fault.Denied) && d == "" && dep == "" {
		if p, ok := guard.From(ctx); ok && p.Department != "" { // of one's own department, then
			if _, err := s.decide(ctx, guard.ReadRows, "", p.Department); err != nil {
				return err
			}
			f.Department = p.Department
			return nil
		}
	}
	return err
}

func (s *Service) report(ctx context.Context, id resource.BatchID) (*batchReport, error) {
	r, err := s.batchRow(ctx, id)
	if err != nil {
		return nil, err
	}
	rep, err := decode[batchReport]([]byte(r.Report))
	if err != nil {
		return nil, fmt.Errorf("report of batch %s: %w: %w", id, err, fault.Damaged)
	}
	return &rep, nil
}

func lineOf(r *lineJoin, rep *batchReport) Line {
	l := Line{
		ID: LineID(resource.BatchID(r.Batch), r.N), Batch: resource.BatchID(r.Batch), N: r.N, Dataset: resource.DatasetID(r.Dataset),
		Department: resource.DepartmentID(r.Department), File: r.File, Member: r.Member, Line: r.Line, Reason: r.Reason, Text: r.Text, Raw: r.Raw,
		State: r.State, Note: r.Note, ReplayBatch: resource.BatchID(r.ReplayBatch), Account: r.Account, At: r.ChangedAt.UTC(),
	}
	if r.Mended != "" {
		if m, err := decode[Mending]([]byte(r.Mended)); err == nil {
			l.Mended = &m
		}
	}
	for _, c := range rep.Table.Columns {
		l.Columns = append(l.Columns, c.Name)
	}
	text := r.Text
	if l.Mended != nil && l.Mended.Text != nil {
		text = *l.Mended.Text
	}
	if l.Mended != nil && l.Mended.Values != nil {
		l.Values = l.Mended.Values
	} else if values, err := splitLine(text, rep.Table.Dialect); err == nil {
		for i := range values {
			l.Values = append(l.Values, &values[i])
		}
	}
	return l
}

// splitLine splits a line under a dialect, CSV when there is none.
func splitLine(text string, d *tabular.Dialect) ([]string, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimRight(text, "\r\n")))
	r.FieldsPerRecord = -1
	if d != nil {
		delimiter := []rune(d.Delimiter)
		if len(delimiter) != 1 || d.Quote != "" && d.Quote != `"` {
			return splitPlain(text, d), nil
		}
		r.Comma = delimiter[0]
		r.LazyQuotes = d.Quote == ""
	}
	record, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("split the line: %w: %w", err, fault.Invalid)
	}
	if _, err := r.Read(); err == nil {
		return nil, fmt.Errorf("the text holds more than one line: %w", fault.Invalid)
	}
	return record, nil
}

// splitPlain splits at a delimiter of any length, with any quote of one
// character that is doubled inside.
func splitPlain(text string, d *tabular.Dialect) []string {
	text = strings.TrimRight(text, "\r\n")
	if d.Delimiter == "" {
		return []string{text}
	}
	var out []string
	var field strings.Builder
	for text != "" {
		switch {
		case d.Quote != "" && field.Len() == 0 && strings.HasPrefix(text, d.Quote):
			text = text[len(d.Quote):]
			for text != "" {
				if strings.HasPrefix(text, d.Quote+d.Quote) {
					field.WriteString(d.Quote)
					text = text[2*len(d.Quote):]
				} else if rest, ok := strings.CutPrefix(text, d.Quote); ok {
					text = rest
					break
				} else {
					field.WriteByte(text[0])
					text = text[1:]
				}
			}
		case strings.HasPrefix(text, d.Delimiter):
			out = append(out, field.String())
			field.Reset()
			text = text[len(d.Delimiter):]
		default:
			field.WriteByte(text[0])
			text = text[1:]
		}
	}
	return append(out, field.String())
}

// Quarantined returns one line with its bytes.
func (s *Service) Quarantined(ctx context.Context, id string) (Line, error) {
	batch, n, err := readLineID(id)
	if err != nil {
		return Line{}, err
	}
	if err := s.mayReadLines(ctx, &LineFilter{Batch: batch}); err != nil {
		return Line{}, err
	}
	return s.line(ctx, s.DB.Bun(), batch, n)
}

func (s *Service) line(ctx context.Context, db bun.IDB, batch resource.BatchID, n int64) (Line, error) {
	var r lineJoin
	f := LineFilter{Batch: batch}
	err := f.where(db.NewSelect().TableExpr(quarantineFrom).ColumnExpr(lineColumns+", r.raw")).Where("r.n = ?", n).Scan(ctx, &r)
	if isNone(err) {
		return Line{}, fmt.Errorf("quarantined line %s: %w", LineID(batch, n), fault.NotFound)
	}
	if err != nil {
		return Line{}, fmt.Errorf("quarantined line %s: %w", LineID(batch, n), err)
	}
	rep, err := s.report(ctx, batch)
	if err != nil {
		return Line{}, err
	}
	return lineOf(&r, rep), nil
}

// A ReasonCount counts lines by reason and state.
type ReasonCount struct {
	Reason string `json:"reason"`
	State  string `json:"state"`
	Count  int64  `json:"count"`
}

// LineCounts counts the lines a filter chooses.
func (s *Service) LineCounts(ctx context.Context, f LineFilter) ([]ReasonCount, error) {
	if err := s.mayReadLines(ctx, &f); err != nil {
		return nil, err
	}
	out := []ReasonCount{}
	err := f.where(s.DB.Bun().NewSelect().TableExpr(quarantineFrom).ColumnExpr("r.reason, r.state, COUNT(*) AS count")).
		GroupExpr("r.reason, r.state").OrderExpr("count DESC, r.reason, r.state").Limit(1000).Scan(ctx, &out)
	if err != nil {
		return nil, fmt.Errorf("count quarantined lines: %w", err)
	}
	return out, nil
}

// mayMend asks for the right to mend the lines of a batch.
func (s *Service) mayMend(ctx context.Context, batch resource.BatchID) (*batchRow, guard.Principal, error) {
	r, err := s.batchRow(ctx, batch)
	if err != nil {
		return nil, guard.Principal{}, err
	}
	p, err := s.decide(ctx, guard.Mend, resource.DatasetID(r.Dataset), resource.DepartmentID(r.Department))
	return r, p, err
}

// Mend keeps how a person put a line right. The text must split into as many
// values as the table has columns: fault.Invalid otherwise. The line lands by
// Replay.
func (s *Service) Mend(ctx context.Context, id string, m Mending) (Line, error) {
	batch, n, err := readLineID(id)
	if err != nil {
		return Line{}, err
	}
	b, p, err := s.mayMend(ctx, batch)
	if err != nil {
		return Line{}, err
	}
	rep, err := s.report(ctx, batch)
	if err != nil {
		return Line{}, err
	}
	if err := m.check(rep); err != nil {
		return Line{}, err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return Line{}, err
	}
	err = s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE collect_reject SET state = ?, mended = ?, note = '', account = ?, changed_at = ? WHERE batch = ? AND n = ? AND state IN (?, ?, ?)",
			LineMended, storable(string(text)), p.Account, s.now(), b.ID, n, LineOpen, LineMended, LineDiscarded)
		if err != nil {
			return err
		}
		if changed, err := res.RowsAffected(); err != nil || changed == 0 {
			return errors.Join(err, fmt.Errorf("line %s is not open: %w", id, fault.Conflict))
		}
		if err := s.publishLines(ctx, tx, b, "mended", 1); err != nil {
			return err
		}
		return s.record(ctx, tx, p, guard.Mend, "line:"+id, "mended")
	})
	if err != nil {
		return Line{}, err
	}
	return s.line(ctx, s.DB.Bun(), batch, n)
}

func (m *Mending) check(rep *batchReport) error {
	want := len(rep.Table.Columns)
	switch {
	case m.Values != nil && m.Text == nil:
		if len(m.Values) != want {
			return fmt.Errorf("%d values, the table has %d columns: %w", len(m.Values), want, fault.Invalid)
		}
	case m.Text != nil && m.Values == nil:
		values, err := splitLine(*m.Text, rep.Table.Dialect)
		if err != nil {
			return err
		}
		if len(values) != want {
			return fault.Explain(fmt.Errorf("the line has %d values, the table %d columns: %w", len(values), want, fault.Invalid),
				"collect.mend.columns", map[string]any{"values": len(values), "columns": want})
		}
	default:
		return fmt.Errorf("a mending is a text or values: %w", fault.Invalid)
	}
	return nil
}

// Discard gives lines up, for a reason. It returns how many were open.
func (s *Service) Discard(ctx context.Context, ids []string, reason string) (int64, error) {
	if strings.TrimSpace(reason) == "" {
		return 0, fmt.Errorf("a line is discarded for a reason: %w", fault.Invalid)
	}
	byBatch, order, err := linesByBatch(ids)
	if err != nil {
		return 0, err
	}
	var total int64
	for _, batch := range order {
		b, p, err := s.mayMend(ctx, batch)
		if err != nil {
			return total, err
		}
		err = s.DB.Write(ctx, func(ctx context.Context, tx bun.Tx) error {
			res, err := tx.ExecContext(ctx, "UPDATE collect_reject SET state = ?, note = ?, account = ?, changed_at = ? WHERE batch = ? AND n IN (?) AND state IN (?, ?)",
				LineDiscarded, storable(reason), p.Account, s.now(), string(batch), bun.List(byBatch[batch]), LineOpen, LineMended)
			if err != nil {
				return fmt.Errorf("discard lines of batch %s: %w", batch, err)
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			total += n
			if err := s.publishLines(ctx, tx, b, "discarded", n); err != nil {
				return err
			}
			return s.record(ctx, tx, p, guard.Mend, "batch:"+string(batch), fmt.Sprintf("discarded %d lines: %s", n, reason))
		})
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func linesByBatch(ids []string) (map[resource.BatchID][]int64, []resource.BatchID, error) {
	by := map[resource.BatchID][]int64{}
	var order []resource.BatchID
	for _, id := range ids {
		b, n, err := readLineID(id)
		if err != nil {
			return nil, nil, err
		}
		if by[b] == nil {
			order = append(order, b)
		}
		by[b] = append(by[b], n)
	}
	return by, order, nil
}

func (s *Service) publishLines(ctx context.Context, tx bun.Tx, b *batchRow, kind string, n int64) error {
	p, _ := guard.From(ctx)
	return s.Events.Publish(ctx, tx, event.Event{Topic: "quarantine", Kind: kind, Subject: b.ID, Department: b.Department, Account: p.Account},
		map[string]any{"dataset": b.Dataset, "lines": n})
}

func (s *Service) publishBatch(ctx context.Context, tx bun.Tx, r *batchRow) error {
	return s.Events.Publish(ctx, tx, event.Event{Topic: "batch", Kind: r.State, Subject: r.ID, Department: r.Department, Account: r.Account},
		map[string]any{"dataset": r.Dataset, "file": r.File, "member": r.Member})
}
