package duck

import (
	"errors"
	"strings"
	"testing"

	"shuniu/fault"
)

// newSession is a session as a worker has it, with two tables in it.
func newSession(tb testing.TB) *session {
	tb.Helper()
	s, err := openSession(limits{MemoryBytes: 512 << 20, Temp: tb.TempDir()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.close)
	for _, sql := range []string{
		`CREATE SCHEMA landing`, `CREATE SCHEMA hidden`,
		`CREATE TABLE landing.person AS SELECT i AS id, 'civil' AS dept, '王' || i AS name, i * 7 % 1000 AS income, DATE '2020-01-01' + i::INT AS born, i % 3 = 0 AS local FROM range(100) t(i)`,
		`CREATE TABLE landing.visit AS SELECT i AS id, i % 10 AS person, TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS at FROM range(100) t(i)`,
		`CREATE TABLE landing.company AS SELECT '91310115' || i AS "统一社会信用代码", '公司' || i AS "企业名称", i * 1.5 AS "注册资本(万元)" FROM range(20) t(i)`,
		`CREATE TABLE hidden.person AS FROM landing.person`,
		`CREATE TABLE person AS FROM landing.person`,
		`SET lock_configuration = true`,
	} {
		if err := s.exec(sql); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

func TestGateRefusesAttacks(t *testing.T) {
	s := newSession(t)
	n := 0
	for sql := range strings.SplitSeq(attacks, "\n") {
		if sql = strings.TrimSpace(sql); sql == "" {
			continue
		}
		n++
		tables, err := s.gate(sql)
		if err == nil {
			t.Errorf("passed: %s (reads %v)", sql, tables)
			continue
		}
		if !errors.Is(err, fault.Denied) && !errors.Is(err, fault.Invalid) && !errors.Is(err, fault.NotFound) {
			t.Errorf("%s: %v has no kind", sql, err)
		}
	}
	if n < 90 {
		t.Errorf("only %d attacks", n)
	}
}

func TestGatePassesAnalysts(t *testing.T) {
	s := newSession(t)
	n := 0
	for sql := range strings.SplitSeq(analysts, "\n\n") {
		if sql = strings.TrimSpace(sql); sql == "" {
			continue
		}
		n++
		if _, err := s.gate(sql); err != nil {
			t.Errorf("refused: %s\n%v", sql, err)
			continue
		}
		p, err := s.prepare(sql)
		if err != nil {
			t.Errorf("%s\n%v", sql, err)
			continue
		}
		p.close()
	}
	if n < 25 {
		t.Errorf("only %d statements", n)
	}
}

func TestGateNamesTables(t *testing.T) {
	s := newSession(t)
	tables, err := s.gate(`WITH p AS (SELECT * FROM landing.person WHERE id IN (SELECT person FROM Landing.VISIT)) SELECT * FROM p, p q UNION ALL BY NAME SELECT * FROM standard.person`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, table := range tables {
		got = append(got, table.String())
	}
	if want := "landing.person landing.visit standard.person"; strings.Join(got, " ") != want {
		t.Errorf("tables = %v, want %s", got, want)
	}
}

func TestGateSaysWhereItIsWrong(t *testing.T) {
	s := newSession(t)
	_, err := s.gate("SELECT id,\n  FORM landing.person p p")
	if !errors.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "LINE 2") {
		t.Errorf("err = %v, want invalid with the line", err)
	}
}

func FuzzGate(f *testing.F) {
	for sql := range strings.SplitSeq(attacks, "\n") {
		f.Add(sql)
	}
	for sql := range strings.SplitSeq(analysts, "\n\n") {
		f.Add(sql)
	}
	s := newSession(f)
	f.Fuzz(func(t *testing.T, sql string) {
		tables, err := s.gate(sql)
		if err != nil {
			return
		}
		for _, table := range tables {
			if !station(string(table.Station)) || table.Dataset.Check() != nil {
				t.Errorf("%q reads %v", sql, table)
			}
		}
	})
}

func BenchmarkGate(b *testing.B) {
	s := newSession(b)
	all := strings.Split(analysts, "\n\n")
	for i := 0; b.Loop(); i++ {
		if _, err := s.gate(all[i%len(all)]); err != nil {
			b.Fatal(err)
		}
	}
}
