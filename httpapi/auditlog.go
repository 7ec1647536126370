package httpapi

import (
	"context"
	"fmt"
	"strconv"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/guard/audit"
)

// auditLog answers AuditLog from guard/audit.
type auditLog struct{ log *audit.Log }

// NewAuditLog returns the service of the audit log.
func NewAuditLog(log *audit.Log) AuditLog { return auditLog{log} }

func (s auditLog) Record(ctx context.Context, action guard.Action, object, detail string) error {
	return s.log.Act(ctx, action, object, detail)
}

func (s auditLog) List(ctx context.Context, f AuditFilter, p Paging) (Page[AuditEntry], error) {
	filter := audit.Filter{Account: f.Account, Action: f.Action, Object: f.Object, Since: f.Since, Until: f.Until, Limit: p.Limit + 1}
	if p.After != "" {
		before, err := strconv.ParseInt(p.After, 10, 64)
		if err != nil || before < 1 {
			return Page[AuditEntry]{}, fmt.Errorf("after %q is no entry of the log: %w", p.After, fault.Invalid)
		}
		filter.Before = before
	}
	// One of the 1,001 asked for only tells that there is more.
	filter.Limit = min(filter.Limit, MaxLimit)
	lines, err := s.log.List(ctx, filter)
	if err != nil {
		return Page[AuditEntry]{}, err
	}
	limit := min(p.Limit, MaxLimit-1)
	return paged(lines, limit, auditEntry, func(e AuditEntry) string { return strconv.FormatInt(e.Seq, 10) }), nil
}

func auditEntry(l audit.Line) AuditEntry {
	return AuditEntry{
		Seq: l.Seq, At: l.At.UTC(), Account: l.Account, Role: l.Role, Department: l.Department,
		Action: l.Action, Object: l.Object, Detail: l.Detail, Algorithm: l.Algorithm, Prev: l.Prev, Hash: l.Hash,
	}
}

func (s auditLog) Verify(ctx context.Context) (AuditVerdict, error) {
	v, err := s.log.Verify(ctx)
	return AuditVerdict{OK: v.OK(), Checked: v.Checked, Head: v.Head, Problems: v.Problems}, err
}
