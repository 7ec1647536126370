package duck

import (
	"errors"
	"fmt"
	"strings"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// A session is one in-memory DuckDB with one connection. It lives inside a
// worker and is used by one goroutine; what runs too long is ended with the
// process.
type session struct {
	db   bindings.Database
	conn bindings.Connection
}

// limits are what a session may use.
type limits struct {
	MemoryBytes int64  // of DuckDB's buffers; real use may be twice that
	Threads     int    // 0: 2
	Temp        string // folder for spilling
}

// openSession opens a database that neither loads extensions nor lets its
// settings be changed afterwards.
func openSession(l limits) (*session, error) {
	if l.Threads == 0 {
		l.Threads = 2
	}
	settings := [][2]string{
		{"autoinstall_known_extensions", "false"},
		{"autoload_known_extensions", "false"},
		{"allow_community_extensions", "false"},
		{"allow_unsigned_extensions", "false"},
		{"threads", fmt.Sprint(l.Threads)},
		{"temp_directory", l.Temp},
	}
	if l.MemoryBytes > 0 {
		settings = append(settings, [2]string{"memory_limit", fmt.Sprintf("%dMiB", max(l.MemoryBytes>>20, 64))})
	}
	var cfg bindings.Config
	if bindings.CreateConfig(&cfg) == bindings.StateError {
		return nil, fmt.Errorf("duckdb: no configuration")
	}
	defer bindings.DestroyConfig(&cfg)
	for _, s := range settings {
		if bindings.SetConfig(cfg, s[0], s[1]) == bindings.StateError {
			return nil, fmt.Errorf("duckdb: setting %s refused", s[0])
		}
	}
	s := &session{}
	var msg string
	if bindings.OpenExt(":memory:", &s.db, cfg, &msg) == bindings.StateError {
		return nil, fmt.Errorf("duckdb: open: %s", msg)
	}
	if bindings.Connect(s.db, &s.conn) == bindings.StateError {
		bindings.Close(&s.db)
		return nil, fmt.Errorf("duckdb: connect")
	}
	return s, nil
}

func (s *session) close() {
	bindings.Disconnect(&s.conn)
	bindings.Close(&s.db)
}

// exec runs a statement of ours and drops its result.
func (s *session) exec(sql string) error {
	var res bindings.Result
	defer bindings.DestroyResult(&res)
	if bindings.Query(s.conn, sql, &res) == bindings.StateError {
		return engineError(bindings.ResultError(&res))
	}
	return nil
}

// count runs a statement that changes or copies rows and returns how many.
func (s *session) count(sql string) (int64, error) {
	var res bindings.Result
	defer bindings.DestroyResult(&res)
	if bindings.Query(s.conn, sql, &res) == bindings.StateError {
		return 0, engineError(bindings.ResultError(&res))
	}
	return int64(bindings.RowsChanged(&res)), nil
}

// lock leaves the session no file outside dirs and no change of settings.
func (s *session) lock(dirs ...string) error {
	quoted := make([]string, len(dirs))
	for i, d := range dirs {
		quoted[i] = literal(d)
	}
	for _, sql := range []string{
		"SET TimeZone = 'Asia/Shanghai'",
		"SET allowed_directories = [" + strings.Join(quoted, ", ") + "]",
		"SET enable_external_access = false",
		"SET lock_configuration = true",
	} {
		if err := s.exec(sql); err != nil {
			return err
		}
	}
	return nil
}

// quote makes an identifier of any name.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal makes a text literal of any value.
func literal(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }

// text runs a statement of ours with one text parameter and returns its one
// value.
func (s *session) text(sql, arg string) (string, error) {
	var stmt bindings.PreparedStatement
	defer bindings.DestroyPrepare(&stmt)
	if bindings.Prepare(s.conn, sql, &stmt) == bindings.StateError {
		return "", engineError(bindings.PrepareError(stmt))
	}
	if bindings.BindVarchar(stmt, 1, arg) == bindings.StateError {
		return "", engineError(bindings.PrepareError(stmt))
	}
	var res bindings.Result
	defer bindings.DestroyResult(&res)
	if bindings.ExecutePrepared(stmt, &res) == bindings.StateError {
		return "", engineError(bindings.ResultError(&res))
	}
	chunk := bindings.FetchChunk(res)
	defer bindings.DestroyDataChunk(&chunk)
	if chunk.Ptr == nil || bindings.DataChunkGetSize(chunk) != 1 {
		return "", errors.New("duckdb: no value came")
	}
	c := columnOf(chunk, 0, 1)
	if c.null(0) {
		return "", errors.New("duckdb: the value is null")
	}
	return string(c.bytes(0)), nil
}
