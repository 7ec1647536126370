package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"shuniu/fault"
	"shuniu/guard"
	"shuniu/httpapi"
)

type doctorCommand struct {
	Quick bool `help:"Only current snapshots, not every live one."`
	JSON  bool `help:"Print the report as JSON."`
}

// Run checks the folder, through the server when one holds it.
func (c *doctorCommand) Run(ctx context.Context, a *app) error {
	var rep httpapi.DoctorReport
	f, err := a.openFolder(ctx, false)
	switch {
	case errors.Is(err, errServed):
		cl, err := a.client()
		if err != nil {
			return err
		}
		path := "/api/doctor"
		if c.Quick {
			path += "?quick=true"
		}
		res, err := cl.post(ctx, path, nil)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }() // only read
		if err := json.NewDecoder(res.Body).Decode(&rep); err != nil {
			return fmt.Errorf("the server's answer: %w", err)
		}
	case err != nil:
		return err
	default:
		rep = a.examine(ctx, f, c.Quick)
	}
	if c.JSON {
		enc := json.NewEncoder(a.out)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(rep); err != nil {
			return err
		}
	} else {
		for _, ch := range rep.Checks {
			state := "ok"
			switch {
			case !ch.OK:
				state = "BAD"
			case len(ch.Problems) > 0:
				state = "warn"
			}
			fmt.Fprintf(a.out, "%-4s %-22s %d checked\n", state, ch.Name, ch.Checked)
			for _, p := range ch.Problems {
				fmt.Fprintf(a.out, "     %s: %s\n     → %s\n", p.Where, p.What, p.Mend)
			}
		}
	}
	if !rep.OK {
		return &refusedError{reason: "problems were found (发现问题，见上)", said: c.JSON}
	}
	return nil
}

// examine checks a folder that no server holds. What cannot be opened or
// checked is a problem of the report, not the end of it.
func (a *app) examine(ctx context.Context, f *folder, quick bool) (rep httpapi.DoctorReport) {
	dir := f.dir
	h, err := a.openHub(ctx, f, toQuery)
	if err == nil {
		rep, err = h.doctor(guard.With(ctx, guard.Local()), quick)
		err = errors.Join(err, h.close())
	} else {
		rep.Checks = []httpapi.DoctorCheck{roomCheck(dir)}
	}
	if err != nil {
		rep.Checks = append(rep.Checks, httpapi.DoctorCheck{Name: "hub", Checked: 1, Problems: []httpapi.DoctorProblem{{
			What: err.Error(), Where: dir, Mend: mendOf(err),
		}}})
	}
	rep.OK = !slices.ContainsFunc(rep.Checks, func(c httpapi.DoctorCheck) bool { return !c.OK })
	return rep
}

// mendOf says what to do about a hub that cannot be examined.
func mendOf(err error) string {
	switch kind := fault.KindOf(err); {
	case errors.Is(kind, fault.Full):
		return "make room on the disk, then run doctor again (请先清理磁盘空间)"
	case errors.Is(kind, fault.Damaged):
		return "keep a copy of the data folder, restore the file that is named from a backup, then run doctor again (请保留现场并从备份恢复)"
	}
	return "mend what is named, then run doctor again; the data folder was left as it was (请按所述处理后重试)"
}

// roomCheck compares the free room of dir's disk with what the hub wants.
func roomCheck(dir string) httpapi.DoctorCheck {
	check := httpapi.DoctorCheck{Name: "disk_room", OK: true, Checked: 1, Problems: []httpapi.DoctorProblem{}}
	free, err := roomOf(dir)
	if err == nil && free >= roomWanted {
		return check
	}
	what := fmt.Sprintf("only %d MB free", free>>20)
	if err != nil {
		what = err.Error()
	}
	check.OK = false
	check.Problems = append(check.Problems, httpapi.DoctorProblem{What: what, Where: dir, Mend: "make room, or move the data folder to a larger disk"})
	return check
}

// roomWanted is how much free disk the hub wants.
const roomWanted = 1 << 30

// doctor checks that what was acknowledged is there and undamaged.
func (h *hub) doctor(ctx context.Context, quick bool) (httpapi.DoctorReport, error) {
	room := roomCheck(h.folder.dir)
	rep := httpapi.DoctorReport{OK: room.OK, Checks: []httpapi.DoctorCheck{room, transportCheck(h.listen, h.conf)}}
	add := func(name string, checked int64, problems []httpapi.DoctorProblem) {
		if problems == nil {
			problems = []httpapi.DoctorProblem{}
		}
		rep.Checks = append(rep.Checks, httpapi.DoctorCheck{Name: name, OK: len(problems) == 0, Checked: checked, Problems: problems})
		rep.OK = rep.OK && len(problems) == 0
	}
	found, checked, err := h.lake.Verify(ctx, quick)
	if err != nil {
		return rep, fmt.Errorf("check stored files: %w", err)
	}
	var problems []httpapi.DoctorProblem
	for _, p := range found {
		problems = append(problems, httpapi.DoctorProblem{What: p.What, Where: p.Where, Mend: p.Mend})
	}
	add("stored_files", int64(checked), problems)

	// The second witness: what the snapshots say was committed.
	lost, batches, err := h.collect.Witness(ctx)
	if err != nil {
		return rep, fmt.Errorf("compare receipts with snapshots: %w", err)
	}
	problems = nil
	for _, l := range lost {
		problems = append(problems, httpapi.DoctorProblem{What: l.What, Where: l.Where, Mend: l.Mend})
	}
	add("receipts", batches, problems)

	lost, kept, err := h.collect.VerifyOriginals(ctx, quick)
	if err != nil {
		return rep, fmt.Errorf("check the originals: %w", err)
	}
	problems = nil
	for _, l := range lost {
		problems = append(problems, httpapi.DoctorProblem{What: l.What, Where: l.Where, Mend: l.Mend})
	}
	add("originals", kept, problems)

	problems = nil
	verdict, err := h.audit.Verify(ctx)
	if err != nil {
		return rep, fmt.Errorf("check the audit log: %w", err)
	}
	for _, p := range verdict.Problems {
		problems = append(problems, httpapi.DoctorProblem{What: p, Where: "audit log", Mend: "the log was changed from outside: keep the data folder as evidence and call the audit officer"})
	}
	add("audit_log", verdict.Checked, problems)

	last, err := h.events.Last(ctx)
	if err != nil {
		return rep, fmt.Errorf("check the outbox: %w", err)
	}
	add("outbox", last, nil)
	return rep, nil
}
