package guard_test

import (
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/guard/audit"
	"shuniu/metadb"
)

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

const good = "correct-Horse-7"

func open(t *testing.T) (*guard.Accounts, *audit.Log, *metadb.DB, *clock) {
	t.Helper()
	db, err := metadb.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "meta.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	log := audit.New(db)
	s := guard.NewAccounts(db, log.Recorder())
	c := &clock{time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)}
	guard.SetClock(s, c.now)
	return s, log, db, c
}

func create(t *testing.T, s *guard.Accounts, account string, roles ...guard.Role) {
	t.Helper()
	if _, err := s.Create(t.Context(), guard.Account{Account: account, Name: account, Roles: roles}, good); err != nil {
		t.Fatal(err)
	}
}

func TestLoginAndSession(t *testing.T) {
	s, _, db, c := open(t)
	create(t, s, "xiaoli", guard.Engineer, guard.Steward)
	ses, err := s.Login(t.Context(), "xiaoli", good, "10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Session(t.Context(), ses.Token)
	if err != nil || p.Account != "xiaoli" || p.Role != guard.Engineer {
		t.Fatalf("session = %+v, %v", p, err)
	}
	var stored []string
	if err := db.Bun().NewRaw("SELECT s.digest FROM session AS s UNION ALL SELECT a.password FROM account AS a").Scan(t.Context(), &stored); err != nil {
		t.Fatal(err)
	}
	for _, v := range stored {
		if strings.Contains(v, ses.Token) || strings.Contains(v, good) {
			t.Error("token or password is stored as it is")
		}
	}
	for _, tc := range []struct{ account, password string }{
		{"xiaoli", "wrong"}, {"nobody", good}, {"", ""}, {"xiaoli' OR '1'='1", good}, {"XIAOLI", good},
	} {
		if _, err := s.Login(t.Context(), tc.account, tc.password, "10.0.0.2"); !errors.Is(err, fault.Denied) {
			t.Errorf("Login(%q, %q) = %v, want fault.Denied", tc.account, tc.password, err)
		}
	}
	if _, err := s.Session(t.Context(), ses.Token+"x"); !errors.Is(err, fault.NotFound) {
		t.Errorf("wrong token: %v", err)
	}
	// Used every hour, it lives until SessionMax and no longer.
	for range 11 {
		c.t = c.t.Add(time.Hour)
		if _, err := s.Session(t.Context(), ses.Token); err != nil {
			t.Fatalf("session at %v: %v", c.t, err)
		}
	}
	c.t = c.t.Add(time.Hour)
	if _, err := s.Session(t.Context(), ses.Token); !errors.Is(err, fault.NotFound) {
		t.Errorf("session after its longest life: %v", err)
	}
	ses, err = s.Login(t.Context(), "xiaoli", good, "10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	c.t = c.t.Add(guard.SessionIdle)
	if _, err := s.Session(t.Context(), ses.Token); !errors.Is(err, fault.NotFound) {
		t.Errorf("idle session: %v", err)
	}
}

func TestLockoutGrowsAndEnds(t *testing.T) {
	s, _, _, c := open(t)
	create(t, s, "xiaoli", guard.Engineer)
	fail := func() error { _, err := s.Login(t.Context(), "xiaoli", "wrong", "10.0.0.1"); return err }
	for i := range 5 {
		if err := fail(); !errors.Is(err, fault.Denied) {
			t.Fatalf("failure %d: %v", i+1, err)
		}
	}
	var waits []time.Duration
	for range 3 {
		var locked *guard.LockedError
		// Locked even with the right password, from any address.
		if _, err := s.Login(t.Context(), "xiaoli", good, "10.9.9.9"); !errors.As(err, &locked) || !errors.Is(err, fault.Busy) {
			t.Fatalf("while locked: %v", err)
		}
		waits = append(waits, locked.Wait)
		c.t = c.t.Add(locked.Wait)
		if err := fail(); !errors.Is(err, fault.Denied) {
			t.Fatalf("after the lock: %v", err)
		}
	}
	if waits[0] != 30*time.Second || waits[1] != 2*waits[0] || waits[2] != 2*waits[1] {
		t.Errorf("waits = %v, want 30 s and doubling", waits)
	}
	c.t = c.t.Add(time.Hour)
	if _, err := s.Login(t.Context(), "xiaoli", good, "10.0.0.1"); err != nil {
		t.Fatalf("after the lock, right password: %v", err)
	}
	if err := fail(); !errors.Is(err, fault.Denied) {
		t.Errorf("a success did not clear the failures: %v", err)
	}
}

func TestAddressIsLockedAcrossAccounts(t *testing.T) {
	s, _, _, _ := open(t)
	create(t, s, "xiaoli", guard.Engineer)
	var locked *guard.LockedError
	for i := range 25 {
		if _, err := s.Login(t.Context(), "guess"+string(rune('a'+i)), "wrong", "10.6.6.6"); !errors.Is(err, fault.Denied) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	if _, err := s.Login(t.Context(), "xiaoli", good, "10.6.6.6"); !errors.As(err, &locked) {
		t.Errorf("guessing address: %v, want locked", err)
	}
	if _, err := s.Login(t.Context(), "xiaoli", good, "10.0.0.1"); err != nil {
		t.Errorf("other address: %v", err)
	}
}

func TestSwitchPasswordAndDisable(t *testing.T) {
	s, log, _, _ := open(t)
	create(t, s, "xiaoli", guard.Engineer, guard.Steward)
	a, err := s.Login(t.Context(), "xiaoli", good, "h")
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Login(t.Context(), "xiaoli", good, "h")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Switch(t.Context(), a.Token, guard.Admin); !errors.Is(err, fault.Denied) {
		t.Errorf("switch to a foreign role: %v", err)
	}
	if p, err := s.Switch(t.Context(), a.Token, guard.Steward); err != nil || p.Role != guard.Steward {
		t.Errorf("switch = %+v, %v", p, err)
	}
	if p, err := s.Session(t.Context(), b.Token); err != nil || p.Role != guard.Engineer {
		t.Errorf("the other session = %+v, %v", p, err)
	}
	for _, weak := range []string{"short1", "alllowercase", "xiaoli-12345", strings.Repeat("长", 100)} {
		if err := s.ChangePassword(t.Context(), a.Token, "h", good, weak); !errors.Is(err, fault.Invalid) {
			t.Errorf("new password %q: %v, want fault.Invalid", weak, err)
		}
	}
	if err := s.ChangePassword(t.Context(), a.Token, "h", "wrong", "another-Good-1"); !errors.Is(err, fault.Denied) {
		t.Errorf("wrong old password: %v", err)
	}
	if err := s.ChangePassword(t.Context(), a.Token, "h", good, "another-Good-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), a.Token); err != nil {
		t.Errorf("own session after the change: %v", err)
	}
	if _, err := s.Session(t.Context(), b.Token); !errors.Is(err, fault.NotFound) {
		t.Errorf("other session after the change: %v", err)
	}
	yes := true
	if _, err := s.Change(t.Context(), "xiaoli", guard.Change{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), a.Token); !errors.Is(err, fault.NotFound) {
		t.Errorf("session of a disabled account: %v", err)
	}
	if _, err := s.Login(t.Context(), "xiaoli", "another-Good-1", "h"); !errors.Is(err, fault.Denied) {
		t.Errorf("disabled account: %v", err)
	}
	lines, err := log.List(t.Context(), audit.Filter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, l := range lines {
		seen[l.Action]++
	}
	if seen["sign_in"] != 2 || seen["switch_role"] != 1 || seen["change_password"] != 1 || seen["manage_users"] != 2 || seen["sign_in_failed"] != 2 {
		t.Errorf("on record: %v", seen)
	}
}

func TestRoleTakenAwayEndsItsSession(t *testing.T) {
	s, _, _, _ := open(t)
	create(t, s, "xiaoli", guard.Engineer, guard.Steward)
	ses, err := s.Login(t.Context(), "xiaoli", good, "h")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Change(t.Context(), "xiaoli", guard.Change{Roles: &[]guard.Role{guard.Steward}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), ses.Token); !errors.Is(err, fault.NotFound) {
		t.Errorf("err = %v, want fault.NotFound", err)
	}
}

func TestAccountsThatAreRefused(t *testing.T) {
	s, _, _, _ := open(t)
	for name, a := range map[string]guard.Account{
		"reserved":       {Account: "local", Name: "x", Roles: []guard.Role{guard.Admin}},
		"capital":        {Account: "Li", Name: "x", Roles: []guard.Role{guard.Admin}},
		"no role":        {Account: "li", Name: "x"},
		"unknown role":   {Account: "li", Name: "x", Roles: []guard.Role{"root"}},
		"audit separate": {Account: "li", Name: "x", Roles: []guard.Role{guard.Admin, guard.Auditor}},
		"no department":  {Account: "li", Name: "x", Roles: []guard.Role{guard.Admin}, Department: "nowhere"},
	} {
		if _, err := s.Create(t.Context(), a, good); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v, want fault.Invalid", name, err)
		}
	}
	create(t, s, "xiaoli", guard.Admin)
	if _, err := s.Create(t.Context(), guard.Account{Account: "xiaoli", Name: "x", Roles: []guard.Role{guard.Admin}}, good); !errors.Is(err, fault.Conflict) {
		t.Errorf("twice: %v, want fault.Conflict", err)
	}
}

func TestSeedTwice(t *testing.T) {
	s, log, _, _ := open(t)
	departments, accounts := guard.Demo()
	for range 2 {
		if err := guard.Seed(t.Context(), s, departments, accounts, func(string) string { return good }); err != nil {
			t.Fatal(err)
		}
	}
	got := map[guard.Role]bool{}
	list, err := s.List(t.Context(), "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		got[a.Roles[0]] = true
	}
	for _, r := range guard.Roles() {
		if !got[r] {
			t.Errorf("no account of role %s", r)
		}
	}
	if v, err := log.Verify(t.Context()); err != nil || !v.OK() {
		t.Errorf("audit: %v, %v", v, err)
	}
}
