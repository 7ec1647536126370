package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"shuniu/matter"
)

type headRow struct {
	bun.BaseModel `bun:"table:matter,alias:h"`

	ID        string    `bun:"id,pk"`
	Type      string    `bun:"type"`
	Version   int64     `bun:"version"`
	Title     string    `bun:"title"`
	Subject   string    `bun:"subject"`
	State     string    `bun:"state"`
	Open      bool      `bun:"open"`
	Org       string    `bun:"org"`
	Assignee  string    `bun:"assignee"`
	Reporter  string    `bun:"reporter"`
	Parent    string    `bun:"parent"`
	DueAt     time.Time `bun:"due_at"`
	WakeAt    time.Time `bun:"wake_at,nullzero"`
	Rev       int64     `bun:"rev"`
	Seq       int64     `bun:"seq"`
	Hash      string    `bun:"hash"`
	CreatedAt time.Time `bun:"created_at"`
	ClosedAt  time.Time `bun:"closed_at,nullzero"`
	Body      string    `bun:"body"`
}

// changing are the columns of a head that a command changes; no index but that
// of wake_at is on them.
var changing = []string{"version", "title", "state", "open", "org", "assignee", "due_at", "wake_at", "rev", "seq", "hash", "closed_at", "body"}

func rowOf(m *matter.Matter) (headRow, error) {
	body, err := m.Encode()
	due := m.Due
	if due.IsZero() {
		due = matter.Never
	}
	return headRow{
		ID: string(m.ID), Type: m.Type, Version: int64(m.Version), Title: m.Title, Subject: m.Subject, State: m.State, Open: m.Open,
		Org: m.Org, Assignee: m.Assignee, Reporter: m.Reporter, Parent: string(m.Parent), DueAt: due, WakeAt: m.Wake,
		Rev: m.Rev, Seq: m.Seq, Hash: m.Hash, CreatedAt: m.CreatedAt, ClosedAt: m.ClosedAt, Body: string(body),
	}, err
}

func (r *headRow) matter() (*matter.Matter, error) {
	m, err := matter.Decode([]byte(r.Body))
	if err != nil {
		return nil, fmt.Errorf("matter %s: %w", r.ID, err)
	}
	m.Seq, m.Hash = r.Seq, r.Hash
	return m, nil
}

type turnRow struct {
	bun.BaseModel `bun:"table:matter_turn,alias:t"`

	Matter string    `bun:"matter,pk"`
	Region string    `bun:"region,pk"`
	Desk   string    `bun:"desk,pk"`
	Role   string    `bun:"role"`
	State  string    `bun:"state"`
	DueAt  time.Time `bun:"due_at"`
}

type eventRow struct {
	bun.BaseModel `bun:"table:matter_event,alias:e"`

	Matter     string    `bun:"matter,pk"`
	Seq        int64     `bun:"seq,pk"`
	At         time.Time `bun:"at"`
	Action     string    `bun:"action"`
	From       string    `bun:"from_state"`
	To         string    `bun:"to_state"`
	Account    string    `bun:"account"`
	For        string    `bun:"for_account"`
	Role       string    `bun:"role"`
	Department string    `bun:"department"`
	Rev        int64     `bun:"rev"`
	Data       string    `bun:"data"`
	Algorithm  string    `bun:"algorithm"`
	Prev       string    `bun:"prev"`
	Hash       string    `bun:"hash"`
}

func (r *eventRow) event() matter.Event {
	return matter.Event{
		Matter: matter.ID(r.Matter), Seq: r.Seq, At: r.At.UTC(), Action: r.Action, From: r.From, To: r.To, Account: r.Account,
		For: r.For, Role: r.Role, Department: r.Department, Rev: r.Rev, Data: json.RawMessage(r.Data), Algorithm: r.Algorithm, Prev: r.Prev, Hash: r.Hash,
	}
}

func rowOfEvent(e matter.Event) eventRow {
	return eventRow{
		Matter: string(e.Matter), Seq: e.Seq, At: e.At, Action: e.Action, From: e.From, To: e.To, Account: e.Account,
		For: e.For, Role: e.Role, Department: e.Department, Rev: e.Rev, Data: string(e.Data), Algorithm: e.Algorithm, Prev: e.Prev, Hash: e.Hash,
	}
}

type keyRow struct {
	bun.BaseModel `bun:"table:matter_key,alias:k"`

	Key    string    `bun:"key,pk"`
	Matter string    `bun:"matter"`
	Digest string    `bun:"digest"`
	Rev    int64     `bun:"rev"`
	At     time.Time `bun:"at"`
}

type pingRow struct {
	bun.BaseModel `bun:"table:matter_ping,alias:p"`

	Parent string `bun:"parent,pk"`
	Child  string `bun:"child,pk"`
}

type linkRow struct {
	bun.BaseModel `bun:"table:matter_link,alias:l"`

	From string `bun:"from_matter,pk"`
	To   string `bun:"to_matter,pk"`
	Kind string `bun:"kind,pk"`
}

type messageRow struct {
	bun.BaseModel `bun:"table:matter_message,alias:g"`

	ID       string    `bun:"id,pk"`
	Kind     string    `bun:"kind"`
	Target   string    `bun:"target"`
	Matter   string    `bun:"matter"`
	Body     string    `bun:"body"`
	DueAt    time.Time `bun:"due_at"`
	Attempts int64     `bun:"attempts"`
	Error    string    `bun:"error"`
}

type watchRow struct {
	bun.BaseModel `bun:"table:matter_watch,alias:w"`

	Matter  string `bun:"matter,pk"`
	Account string `bun:"account,pk"`
}

type delegationRow struct {
	bun.BaseModel `bun:"table:matter_delegation,alias:d"`

	ID         string    `bun:"id,pk"`
	Account    string    `bun:"account"`
	Delegate   string    `bun:"delegate"`
	Role       string    `bun:"role"`
	Department string    `bun:"department"`
	Since      time.Time `bun:"since"`
	Until      time.Time `bun:"until"`
	Reason     string    `bun:"reason"`
}

type typeRow struct {
	bun.BaseModel `bun:"table:matter_type,alias:y"`

	Name    string    `bun:"name,pk"`
	Version int64     `bun:"version,pk"`
	Digest  string    `bun:"digest"`
	Source  string    `bun:"source"`
	By      string    `bun:"published_by"`
	At      time.Time `bun:"published_at"`
}
