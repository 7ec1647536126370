package guard_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/guard/audit"
)

const office = "10.6.6.6" // one address, a whole department behind it

// guess fails n sign-ins from office, each of another account.
func guess(t *testing.T, s *guard.Accounts, n int) {
	t.Helper()
	for i := range n {
		if _, err := s.Login(t.Context(), fmt.Sprintf("guess%d", i), "wrong", office); !errors.Is(err, fault.Denied) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
}

func TestSuccessPaysForFailuresOfTheAddress(t *testing.T) {
	s, _, _, _ := open(t)
	create(t, s, "xiaoli", guard.Engineer)
	for range 3 { // 60 failures in all, but people do sign in
		guess(t, s, 20)
		for range 4 {
			if _, err := s.Login(t.Context(), "xiaoli", good, office); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestLockOfAnAddressEndsSoon(t *testing.T) {
	s, _, _, c := open(t)
	create(t, s, "xiaoli", guard.Engineer)
	guess(t, s, 25)
	longest := time.Duration(0)
	for range 30 { // a guesser that never stops
		var locked *guard.LockedError
		if _, err := s.Login(t.Context(), "xiaoli", good, office); !errors.As(err, &locked) {
			t.Fatalf("err = %v, want locked", err)
		}
		longest = max(longest, locked.Wait)
		c.t = c.t.Add(locked.Wait)
		guess(t, s, 1)
	}
	if longest > 5*time.Minute {
		t.Errorf("the address was locked for %s at a time", longest)
	}
	c.t = c.t.Add(5 * time.Minute)
	if _, err := s.Login(t.Context(), "xiaoli", good, office); err != nil {
		t.Errorf("5 min after the last guess: %v", err)
	}
}

func TestAdministratorUnlocksAnAddress(t *testing.T) {
	s, log, _, _ := open(t)
	create(t, s, "xiaoli", guard.Engineer)
	guess(t, s, 25)
	locks, err := s.AddressLocks(t.Context(), 10)
	if err != nil || len(locks) != 1 || locks[0].Address != office || locks[0].Failures != 25 {
		t.Fatalf("locks = %+v, %v", locks, err)
	}
	admin := guard.With(t.Context(), guard.Principal{Account: "admin", Role: guard.Admin})
	if err := s.UnlockAddress(admin, office); err != nil {
		t.Fatal(err)
	}
	if err := s.UnlockAddress(admin, office); !errors.Is(err, fault.NotFound) {
		t.Errorf("twice: %v, want fault.NotFound", err)
	}
	if _, err := s.Login(t.Context(), "xiaoli", good, office); err != nil {
		t.Errorf("after the unlock: %v", err)
	}
	lines, err := log.List(t.Context(), audit.Filter{Limit: 10, Action: string(guard.UnlockAddress)})
	if err != nil || len(lines) != 1 || lines[0].Account != "admin" || lines[0].Object != "address:"+office {
		t.Errorf("on record: %+v, %v", lines, err)
	}
}
