package matter

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"shuniu/clock"
	"shuniu/fault"
)

// An ID names a matter: a ULID.
type ID string

// A Matter is one matter as it stands. It holds plain JSON values; its form in
// the store is its JSON.
type Matter struct {
	ID      ID     `json:"id"`
	Type    string `json:"type"`
	Version int    `json:"version"` // of the type; it stays unless moved
	Title   string `json:"title"`
	Subject string `json:"subject,omitempty"` // what it is about

	State   string            `json:"state"`
	Regions map[string]string `json:"regions,omitempty"` // state of each line that runs at once
	Open    bool              `json:"open"`

	Org         string `json:"org,omitempty"`      // department that handles it
	Assignee    string `json:"assignee,omitempty"` // account
	Reporter    string `json:"reporter"`           // account; "" when time or another matter opened it
	ReporterOrg string `json:"reporter_org,omitempty"`

	Rev       int64     `json:"rev"` // counts changes; comments do not change anything
	CreatedAt time.Time `json:"created_at"`
	EnteredAt time.Time `json:"entered_at"` // the state
	ClosedAt  time.Time `json:"closed_at,omitzero"`

	Data   map[string]any `json:"data"`
	Clocks []ClockState   `json:"clocks,omitempty"`
	Past   []PastClock    `json:"past,omitempty"` // clocks that were started anew since

	Handoffs int             `json:"handoffs,omitempty"`
	Returns  int             `json:"returns,omitempty"`
	Reopens  int             `json:"reopens,omitempty"`
	Did      map[string]Done `json:"did,omitempty"` // by action

	Parent     ID            `json:"parent,omitempty"`
	Children   map[ID]string `json:"children,omitempty"` // their final state, "" while open
	MergedInto ID            `json:"merged_into,omitempty"`

	Due      time.Time `json:"due,omitzero"` // of the clock that presses most
	DueClock string    `json:"due_clock,omitempty"`
	Wake     time.Time `json:"wake,omitzero"` // when time has something to do

	Seq  int64  `json:"-"` // of the newest event
	Hash string `json:"-"` // of the newest event

	raw []byte // its JSON as of the newest event
}

// Done is the last time an action was done, and how often.
type Done struct {
	Account string    `json:"account"`
	For     string    `json:"for,omitempty"`
	At      time.Time `json:"at"`
	Times   int       `json:"times"`
}

// A ClockState is a clock of a matter: the limit and calendar that were fixed
// when it began, and what happened to it.
type ClockState struct {
	Name     string       `json:"name"`
	Limit    clock.Limit  `json:"limit"`
	Calendar string       `json:"calendar,omitempty"`
	Events   []ClockEvent `json:"events"`
	Rung     int          `json:"rung,omitempty"` // percent of the last rung that was acted on
}

// A ClockEvent is a clock.Event in its stored form.
type ClockEvent struct {
	Deed     clock.Deed  `json:"deed"`
	At       time.Time   `json:"at"`
	Reason   string      `json:"reason,omitempty"`
	By       clock.Limit `json:"by,omitzero"`
	Approved string      `json:"approved,omitempty"`
}

// A PastClock is what is left of a clock that was started anew.
type PastClock struct {
	Name      string    `json:"name"`
	StartedAt time.Time `json:"started_at"`
	StoppedAt time.Time `json:"stopped_at"`
	Due       time.Time `json:"due"`
	InTime    bool      `json:"in_time"`
}

// clone copies the matter so that the copy can be changed. Values in Data and
// events of clocks are replaced, never changed, so they are shared.
func (m *Matter) clone() *Matter {
	n := *m
	n.Regions, n.Data, n.Did, n.Children = maps.Clone(m.Regions), maps.Clone(m.Data), maps.Clone(m.Did), maps.Clone(m.Children)
	n.Clocks, n.Past = slices.Clone(m.Clocks), slices.Clip(m.Past)
	if n.Data == nil {
		n.Data = map[string]any{}
	}
	if n.Did == nil {
		n.Did = map[string]Done{}
	}
	return &n
}

// Decode reads a matter from its stored form.
func Decode(body []byte) (*Matter, error) {
	m := &Matter{}
	if err := json.Unmarshal(body, m); err != nil {
		return nil, fmt.Errorf("matter: %w: %w", err, fault.Damaged)
	}
	m.raw = body
	return m, nil
}

// Encode returns the stored form of a matter that Decode or a Change gave.
func (m *Matter) Encode() ([]byte, error) {
	if m.raw != nil {
		return m.raw, nil
	}
	return json.Marshal(m)
}

// A Filing opens a matter.
type Filing struct {
	Type  string
	Data  map[string]any
	Title string // "": the field the type names, else the type's title
	Key   string // idempotency key of the caller; "" none
	For   string // account acted for
}

// A Command does an action to a matter.
type Command struct {
	Matter ID
	Action string
	Region string         // of a state with regions, when two have the action
	Rev    int64          // the revision the caller saw; 0: whatever it is
	Key    string         // idempotency key of the caller; "" none
	Data   map[string]any // fields given
	Note   string         // for the history
	Other  ID             // of a merge or link
	For    string         // account acted for
}

// Actions of the engine itself, in events.
const (
	FileAction    = "file"
	CommentAction = "comment"
	TickAction    = "tick"    // a rung of a clock's ladder
	ChildAction   = "child"   // a sub-matter was closed
	RecountAction = "recount" // a changed calendar moved a due time
	MoveAction    = "move"    // to another version of the type
	AssignAction  = "assign"  // to a person
)

// An Event is one line of a matter's history, chained to the one before.
type Event struct {
	Matter     ID              `json:"matter"`
	Seq        int64           `json:"seq"`
	At         time.Time       `json:"at"` // when it took effect
	Action     string          `json:"action"`
	From       string          `json:"from"`
	To         string          `json:"to"`
	Account    string          `json:"account"` // "" when time did it
	For        string          `json:"for,omitempty"`
	Role       string          `json:"role"` // of the type
	Department string          `json:"department"`
	Rev        int64           `json:"rev"` // of the matter after it
	Data       json.RawMessage `json:"data"`
	Algorithm  string          `json:"algorithm"`
	Prev       string          `json:"prev"`
	Hash       string          `json:"hash"`
}

// Details are what Event.Data holds.
type Details struct {
	Note     string          `json:"note,omitempty"`
	Mentions []string        `json:"mentions,omitempty"`
	Clock    string          `json:"clock,omitempty"`   // of a tick
	Percent  int             `json:"percent,omitempty"` // of a tick
	Other    ID              `json:"other,omitempty"`   // of a merge, a link, a child
	Table    string          `json:"table,omitempty"`   // that decided
	Row      int             `json:"row,omitempty"`
	Basis    string          `json:"basis,omitempty"`
	Patch    json.RawMessage `json:"patch,omitempty"` // what changed in the matter
}

// A Message goes out once the change is committed, at least once; ID is the
// same each time.
type Message struct {
	ID     string          `json:"id"`
	Kind   string          `json:"kind"` // notify, publish, call
	Target string          `json:"target"`
	Matter ID              `json:"matter"`
	Body   json.RawMessage `json:"body"`
}

// A Link joins two matters.
type Link struct {
	From ID
	To   ID
	Kind string // merge, child, or the type's own
}

// A Change is what a command does, whole.
type Change struct {
	Matter   *Matter
	Events   []Event
	New      []*Change // matters it opened
	Messages []Message
	Links    []Link
	Tell     ID // parent that learns of the end
	Watch    []string
	Turns    []Turn // where the matter waits after it
}

// A Turn is a line of an inbox: a state that waits for a desk, such as
// steward@scjg, steward@*, @scjg or account:li.
type Turn struct {
	Desk   string
	Region string
	Role   string // of the type
	State  string
}
