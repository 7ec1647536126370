package matter

import (
	"context"
	"time"

	"shuniu/matter/define"
)

// A Work is one command on its way to the store.
type Work struct {
	Needs  []ID   // matters that Do gets, locked until it is saved
	Key    string // idempotency key, "" none
	Digest string // of what the command says: the same key may not say two things
	Told   [2]ID  // parent and child of a ping that this work answers
	Do     func(loaded map[ID]*Matter) (*Change, error)
}

// A Result is what came of a work.
type Result struct {
	Matter   ID
	Rev      int64
	Repeated bool // the key was known: nothing was done again
	Err      error
}

// A Store keeps matters. What Apply returned without an error is durable.
// Package store implements it and holds its contract.
type Store interface {
	// Apply does works in order; each is whole or not at all, and none waits
	// for another's success. Many calls at once share commits.
	Apply(ctx context.Context, works ...Work) []Result
	// Get returns a matter; fault.NotFound when there is none.
	Get(ctx context.Context, id ID) (*Matter, error)
	// History returns at most limit events after seq.
	History(ctx context.Context, id ID, seq int64, limit int) ([]Event, error)
	// Inbox returns at most limit open matters of desks, the most pressing
	// first, after the place of a page before.
	Inbox(ctx context.Context, desks []string, after Place, limit int) ([]Waiting, error)
	// Counts tells how many lines the inbox of desks has: all, and those due
	// before each of the times.
	Counts(ctx context.Context, desks []string, before ...time.Time) (all int, due []int, err error)
	// List returns matters of a filter by id, newest first.
	List(ctx context.Context, f Filter) ([]*Matter, error)
	// Links returns the links from and to a matter.
	Links(ctx context.Context, id ID) ([]Link, error)
	// Waking lists matters that time has something to do with by now, the
	// earliest first.
	Waking(ctx context.Context, now time.Time, limit int) ([]ID, error)
	// Pings lists parents that were not told of an end: parent, child.
	Pings(ctx context.Context, limit int) ([][2]ID, error)
	// Messages lists what is to be delivered by now, in order.
	Messages(ctx context.Context, now time.Time, limit int) ([]Message, error)
	// Delivered removes messages; Postpone keeps one for later.
	Delivered(ctx context.Context, ids ...string) error
	Postpone(ctx context.Context, id, why string, until time.Time) error
	// Lease takes or renews a job for owner; false while another holds it.
	Lease(ctx context.Context, name, owner string, now time.Time, d time.Duration) (bool, error)
	// Delegate records a delegation; Delegations lists those to an account.
	Delegate(ctx context.Context, d Delegation) error
	Delegations(ctx context.Context, delegate string, at time.Time) ([]Delegation, error)
	// Watch and Unwatch; Watchers lists accounts.
	Watch(ctx context.Context, id ID, account string, on bool) error
	Watchers(ctx context.Context, id ID) ([]string, error)
	// Trim forgets keys used before a time.
	Trim(ctx context.Context, before time.Time) (int64, error)
	// Publish keeps a version of a type, fault.Conflict when it is there with
	// another text; Published returns all.
	Publish(ctx context.Context, t *define.Type, by string, at time.Time) error
	Published(ctx context.Context) ([]Published, error)
}

// A Place is where a page of an inbox ended.
type Place struct {
	Due    time.Time
	Matter ID
	Region string
}

// Waiting is a line of an inbox.
type Waiting struct {
	Place
	Role  string // of the type
	State string
	Head  *Matter
}

// Never is the due time of what has none: it sorts last.
var Never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// A Filter chooses matters; empty parts choose all.
type Filter struct {
	Type, Reporter, Subject string
	Version                 int
	Open                    *bool
	Before                  ID // only those older than this one
	Limit                   int
}

// A Delegation lets an account act for another, for a time.
type Delegation struct {
	ID         string    `json:"id"`
	Account    string    `json:"account"`
	Role       string    `json:"role"` // of the hub, that the account acts in
	Department string    `json:"department"`
	Delegate   string    `json:"delegate"`
	Since      time.Time `json:"since"`
	Until      time.Time `json:"until"`
	Reason     string    `json:"reason"`
}

// Published is a version of a type as it was published.
type Published struct {
	Name    string
	Version int
	Source  []byte
	By      string
	At      time.Time
}
