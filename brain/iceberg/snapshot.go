package iceberg

import (
	"iter"
	"maps"
	"strconv"
	"time"

	"github.com/apache/iceberg-go/table"

	"shuniu/brain"
	"shuniu/resource"
)

// batchKey is the summary property that names the batch of a snapshot.
const batchKey = brain.BatchKey

func snapshotOf(s table.Snapshot) resource.Snapshot {
	out := resource.Snapshot{ID: resource.SnapshotID(s.SnapshotID), At: time.UnixMilli(s.TimestampMs).UTC(), Summary: map[string]string{}}
	if s.ParentSnapshotID != nil {
		out.Parent = resource.SnapshotID(*s.ParentSnapshotID)
	}
	if s.Summary != nil {
		out.Operation = string(s.Summary.Operation)
		maps.Copy(out.Summary, s.Summary.Properties)
		out.Rows = count(s.Summary.Properties["total-records"])
	}
	return out
}

// ancestors yields the current snapshot, its parent, and so on as far as the
// metadata still knows them.
func ancestors(meta table.Metadata) iter.Seq[*table.Snapshot] {
	return func(yield func(*table.Snapshot) bool) {
		for s := meta.CurrentSnapshot(); s != nil; {
			if !yield(s) || s.ParentSnapshotID == nil {
				return
			}
			s = meta.SnapshotByID(*s.ParentSnapshotID)
		}
	}
}

// count reads a number of a summary, 0 when there is none.
func count(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
