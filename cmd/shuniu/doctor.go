package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"syscall"

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
		err := a.withHub(ctx, f, func(ctx context.Context, h *hub) (err error) {
			rep, err = h.doctor(ctx, c.Quick)
			return err
		})
		if err != nil {
			return err
		}
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
			if !ch.OK {
				state = "BAD"
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

// roomWanted is how much free disk the hub wants.
const roomWanted = 1 << 30

// doctor checks that what was acknowledged is there and undamaged.
func (h *hub) doctor(ctx context.Context, quick bool) (httpapi.DoctorReport, error) {
	rep := httpapi.DoctorReport{OK: true}
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

	problems = nil
	var st syscall.Statfs_t
	if err := syscall.Statfs(h.folder.dir, &st); err != nil {
		return rep, fmt.Errorf("check disk room: %w", err)
	}
	if free := int64(st.Bavail) * st.Bsize; free < roomWanted {
		problems = append(problems, httpapi.DoctorProblem{
			What: fmt.Sprintf("only %d MB free", free>>20), Where: h.folder.dir, Mend: "make room, or move the data folder to a larger disk",
		})
	}
	add("disk_room", 1, problems)
	return rep, nil
}
