package pg_test

import (
	"testing"

	"shuniu/shuniutest/pg"
)

func TestDatabasesAreApart(t *testing.T) {
	a, b := pg.Database(t), pg.Database(t)
	pg.Exec(t, a, "CREATE TABLE x (n int)")
	pg.Exec(t, a, "INSERT INTO x VALUES (7)")
	if got := pg.Exec(t, a, "SELECT n FROM x"); got != "7" {
		t.Errorf("n = %q", got)
	}
	if got := pg.Exec(t, b, "SELECT count(*) FROM pg_tables WHERE tablename = 'x'"); got != "0" {
		t.Errorf("the other database has the table too: %q", got)
	}
}
