package store_test

import (
	"sync"
	"testing"

	"shuniu/event"
	"shuniu/matter"
	"shuniu/matter/store"
	"shuniu/metadb"
)

// TestAPanicHangsNobody lets one work panic among others.
func TestAPanicHangsNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, db *metadb.DB) {
		w := newWorld(t, db, shipped())
		s := store.New(db, event.New(db))
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				defer func() { _ = recover() }() // the leader sees it
				s.Apply(t.Context(), matter.Work{Key: "k", Do: func(map[matter.ID]*matter.Matter) (*matter.Change, error) {
					if i%10 == 0 {
						panic("a fault of the program")
					}
					return nil, nil
				}})
			})
		}
		wg.Wait()
		w.file(t, "")
		if r := s.Apply(t.Context(), matter.Work{Do: func(map[matter.ID]*matter.Matter) (*matter.Change, error) { return nil, nil }}); r[0].Err != nil {
			t.Error(r[0].Err)
		}
	})
}
