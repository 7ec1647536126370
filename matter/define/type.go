package define

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"shuniu/clock"
)

// Text is what a person reads, Chinese first.
type Text struct {
	Zh string `yaml:"zh" json:"zh"`
	En string `yaml:"en" json:"en"`
}

// UnmarshalYAML reads {zh: …, en: …} or one text for both.
func (t *Text) UnmarshalYAML(read func(any) error) error {
	var one string
	if read(&one) == nil {
		t.Zh, t.En = one, one
		return nil
	}
	type both Text
	return read((*both)(t))
}

// A Type is a type of matter in one version. It does not change.
type Type struct {
	Name    string             `yaml:"matter" json:"name"` // e.g. share.request
	Version int                `yaml:"version" json:"version"`
	Title   Text               `yaml:"title" json:"title"`
	About   Text               `yaml:"about" json:"about"`
	Laws    map[string]Law     `yaml:"laws" json:"laws"`
	Roles   map[string]*Role   `yaml:"roles" json:"roles"`
	Fields  map[string]*Field  `yaml:"fields" json:"fields"`
	File    Filing             `yaml:"file" json:"file"`
	Clocks  map[string]*Clock  `yaml:"clocks" json:"clocks"`
	Tables  map[string]*Table  `yaml:"tables" json:"tables"`
	Start   string             `yaml:"start" json:"start"` // first state
	States  map[string]*State  `yaml:"states" json:"states"`
	Handoff Handoff            `yaml:"handoff" json:"handoff"`
	Any     map[string]*Action `yaml:"any" json:"any"` // actions of every open state

	StateOrder []string `yaml:"-" json:"state_order"` // as written
	FieldOrder []string `yaml:"-" json:"field_order"`
	Source     []byte   `yaml:"-" json:"-"`
	Path       string   `yaml:"-" json:"-"`

	places places
	env    *environment
}

// Digest names the bytes the type was read from, hex SHA-256.
func (t *Type) Digest() string {
	sum := sha256.Sum256(t.Source)
	return hex.EncodeToString(sum[:])
}

// A Law is an article in the version it was read in.
type Law struct {
	Article string `yaml:"article" json:"article"`
	Version string `yaml:"version" json:"version"`
}

// A Role of a type says who may take it. All parts given must hold.
type Role struct {
	Title      Text     `yaml:"title" json:"title"`
	Is         []string `yaml:"is" json:"is"`                 // roles of the hub, e.g. officer; none: every account
	Department string   `yaml:"department" json:"department"` // "org", "reporter_org" or a field: the actor is of that department
	Account    string   `yaml:"account" json:"account"`       // "reporter", "assignee" or a field: the actor is that account
}

// A Kind is the type of a field.
type Kind string

// The kinds of fields.
const (
	TextField  Kind = "text"
	Integer    Kind = "integer"
	Number     Kind = "number"
	Boolean    Kind = "boolean"
	Date       Kind = "date" // 2026-11-30
	Time       Kind = "time" // RFC 3339
	Choice     Kind = "choice"
	List       Kind = "list" // of texts
	Department Kind = "department"
	Account    Kind = "account"
	Length     Kind = "limit" // of a clock, e.g. 5wd
	PointField Kind = "point" // {lon, lat} in degrees, WGS 84
	Photo      Kind = "photo" // {object, sha256, at, point}: evidence with time and place
	Document   Kind = "document"
	Signature  Kind = "signature" // {account, at, sha256}
)

// Kinds lists the kinds of fields.
func Kinds() []Kind {
	return []Kind{
		TextField, Integer, Number, Boolean, Date, Time, Choice, List, Department, Account, Length,
		PointField, Photo, Document, Signature,
	}
}

// A Field is one datum of a matter.
type Field struct {
	Name    string   `yaml:"-" json:"name"`
	Kind    Kind     `yaml:"type" json:"type"`
	Title   Text     `yaml:"title" json:"title"`
	Options []string `yaml:"options" json:"options,omitempty"` // of a choice
	Min     *float64 `yaml:"min" json:"min,omitempty"`         // of a number; of a text: characters
	Max     *float64 `yaml:"max" json:"max,omitempty"`
	Element string   `yaml:"element" json:"element,omitempty"` // data element of the standards
	Default any      `yaml:"default" json:"default,omitempty"`
	See     []string `yaml:"see" json:"see,omitempty"` // roles that may read it; none: all
}

// Filing says who opens a matter and with what.
type Filing struct {
	Role    string   `yaml:"role" json:"role"`
	Need    []string `yaml:"need" json:"need"`
	May     []string `yaml:"may" json:"may"`
	When    string   `yaml:"when" json:"when"`
	Subject string   `yaml:"subject" json:"subject"` // field that says what the matter is about
	Name    string   `yaml:"title" json:"title"`     // field that is the matter's title
	Do      []Effect `yaml:"effects" json:"effects"`
}

// A Clock is a definition with what happens when it runs out.
type Clock struct {
	Name       string      `yaml:"-" json:"name"`
	Title      Text        `yaml:"title" json:"title"`
	Party      clock.Party `yaml:"party" json:"party"`
	Limit      string      `yaml:"limit" json:"limit"`       // 10wd, or $field of type limit
	Calendar   string      `yaml:"calendar" json:"calendar"` // name in the book, or $field
	Begin      string      `yaml:"start" json:"start"`       // next_day, same_day, same_moment
	Law        string      `yaml:"law" json:"law"`           // name in laws
	Yellow     int         `yaml:"yellow" json:"yellow"`     // percent
	Pause      *Pause      `yaml:"pause" json:"pause,omitempty"`
	Procedures []Reason    `yaml:"procedures" json:"procedures,omitempty"`
	Extend     *Extension  `yaml:"extend" json:"extend,omitempty"`
	Ladder     []Rung      `yaml:"ladder" json:"ladder,omitempty"`
	Holds      []string    `yaml:"holds" json:"holds,omitempty"`
	RunOut     string      `yaml:"run_out" json:"run_out,omitempty"` // action done by the system when it is overdue
	limit      clock.Limit // of a fixed limit
	law        *clock.Citation
	extendLaw  clock.Citation
	extendMost clock.Limit
	percent    int
}

// A Reason lets a clock stand still.
type Reason struct {
	Name    string      `yaml:"name" json:"name"`
	Max     clock.Limit `yaml:"max" json:"max"`
	Approve string      `yaml:"approve" json:"approve"`
	Law     string      `yaml:"law" json:"law"`
}

// UnmarshalYAML reads a name or all parts.
func (r *Reason) UnmarshalYAML(read func(any) error) error {
	if read(&r.Name) == nil {
		return nil
	}
	type all Reason
	return read((*all)(r))
}

// A Pause lists the reasons a clock may pause for.
type Pause struct {
	Reasons []Reason    `yaml:"reasons" json:"reasons"`
	Max     clock.Limit `yaml:"max" json:"max"`
	Times   int         `yaml:"times" json:"times"`
	Approve string      `yaml:"approve" json:"approve"`
}

// An Extension says who may lengthen a clock.
type Extension struct {
	Times        int    `yaml:"times" json:"times"`
	Max          string `yaml:"max" json:"max"` // 10wd or 100%
	AskBeforeDue bool   `yaml:"ask_before_due" json:"ask_before_due"`
	Approve      string `yaml:"approve" json:"approve"`
	Law          string `yaml:"law" json:"law"`
}

// A Rung of the ladder: at 80% of the limit, tell somebody or open a matter.
type Rung struct {
	At    string      `yaml:"at" json:"at"` // 80%
	Light clock.Light `yaml:"light" json:"light"`
	Tell  string      `yaml:"tell" json:"tell"`   // role
	Spawn string      `yaml:"spawn" json:"spawn"` // type of matter

	percent int
}

// Percent is At as a number.
func (r Rung) Percent() int { return r.percent }

// A State of a matter.
type State struct {
	Name    string             `yaml:"-" json:"name"`
	Title   Text               `yaml:"title" json:"title"`
	Final   bool               `yaml:"final" json:"final"`
	Limit   string             `yaml:"limit" json:"limit,omitempty"`     // clock that runs while the state lasts, started and stopped with it
	Untimed string             `yaml:"untimed" json:"untimed,omitempty"` // why no clock runs
	Turn    Roles              `yaml:"turn" json:"turn,omitempty"`       // roles whose turn it is; none: those of the first action
	Enter   []Effect           `yaml:"enter" json:"enter,omitempty"`
	Do      map[string]*Action `yaml:"do" json:"do"`
	Form    map[string]*Rights `yaml:"form" json:"form,omitempty"` // by role
	Wait    *Wait              `yaml:"children" json:"children,omitempty"`

	// Of a state with parallel regions.
	Regions map[string]*Region `yaml:"regions" json:"regions,omitempty"`
	Join    string             `yaml:"join" json:"join,omitempty"` // all or any
	To      To                 `yaml:"to" json:"to,omitempty"`

	ActionOrder []string `yaml:"-" json:"action_order"`
	RegionOrder []string `yaml:"-" json:"region_order,omitempty"`

	Parent *State `yaml:"-" json:"-"` // state with the region this one is in
	Region string `yaml:"-" json:"region,omitempty"`
}

// A Region is one of several lines that run at once.
type Region struct {
	Title  Text              `yaml:"title" json:"title"`
	Start  string            `yaml:"start" json:"start"`
	When   string            `yaml:"when" json:"when,omitempty"` // the region is skipped unless this holds
	States map[string]*State `yaml:"states" json:"states"`

	StateOrder []string `yaml:"-" json:"state_order"`
}

// Wait says what happens once the sub-matters of a state are closed.
type Wait struct {
	Join string `yaml:"join" json:"join"` // all or any
	Do   string `yaml:"do" json:"do"`     // action done by the system
}

// Rights of a role on the fields in a state.
type Rights struct {
	Edit []string `yaml:"edit" json:"edit"`
	Hide []string `yaml:"hide" json:"hide"`
}

// An Action moves a matter.
type Action struct {
	Name    string   `yaml:"-" json:"name"`
	Title   Text     `yaml:"title" json:"title"`
	Role    Roles    `yaml:"role" json:"role"`           // who may; "system": only time and sub-matters
	To      To       `yaml:"to" json:"to"`               // none: the state stays
	Need    []string `yaml:"need" json:"need,omitempty"` // fields that must be given or be there
	Ask     []string `yaml:"ask" json:"ask,omitempty"`   // fields that must be given anew each time, e.g. a reason
	May     []string `yaml:"may" json:"may,omitempty"`   // fields that may be given
	When    string   `yaml:"when" json:"when,omitempty"` // CEL
	Else    Text     `yaml:"else" json:"else"`           // what to say when it does not hold
	Not     []string `yaml:"not" json:"not,omitempty"`   // actions whose doer may not do this one (four eyes); "file": who opened it
	Effects []Effect `yaml:"effects" json:"effects,omitempty"`
	Handoff bool     `yaml:"handoff" json:"handoff,omitempty"` // counts against the limit of hand-overs
	Return  bool     `yaml:"return" json:"return,omitempty"`   // sends it back: needs a reason, counted
	Reopen  bool     `yaml:"reopen" json:"reopen,omitempty"`   // opens a closed matter
	Within  string   `yaml:"within" json:"within,omitempty"`   // of a final state: how long after closing, e.g. 10d
	Merge   bool     `yaml:"merge" json:"merge,omitempty"`     // into another matter: a link, never deletion
}

// Given lists the fields that are there once the action is done: those needed
// and those asked.
func (a *Action) Given() []string { return slices.Concat(a.Need, a.Ask) }

// Roles is one role or several.
type Roles []string

// UnmarshalYAML reads a name or a list.
func (r *Roles) UnmarshalYAML(read func(any) error) error {
	var one string
	if read(&one) == nil {
		*r = Roles{one}
		return nil
	}
	return read((*[]string)(r))
}

// To is where an action leads: the first way whose condition holds.
type To []Way

// A Way is a state and when it is gone to; "" always.
type Way struct {
	When string `yaml:"when" json:"when,omitempty"`
	To   string `yaml:"to" json:"to"`
}

// UnmarshalYAML reads a state, or a list of ways.
func (t *To) UnmarshalYAML(read func(any) error) error {
	var one string
	if read(&one) == nil {
		*t = To{{To: one}}
		return nil
	}
	return read((*[]Way)(t))
}

// Handoff limits how often a matter is handed on before somebody arbitrates.
type Handoff struct {
	Limit   int    `yaml:"limit" json:"limit"` // 0: none
	Arbiter string `yaml:"arbiter" json:"arbiter"`
}

// An Effect is one thing that happens with an action. Exactly one of the parts
// above the line is given.
type Effect struct {
	Set     map[string]string `yaml:"set" json:"set,omitempty"` // field: CEL
	Start   string            `yaml:"start" json:"start,omitempty"`
	Stop    string            `yaml:"stop" json:"stop,omitempty"`
	Pause   string            `yaml:"pause" json:"pause,omitempty"`     // clock; reason in the field named by With
	Resume  string            `yaml:"resume" json:"resume,omitempty"`   // clock
	Suspend string            `yaml:"suspend" json:"suspend,omitempty"` // clock, for Procedure
	Lift    string            `yaml:"lift" json:"lift,omitempty"`       // clock, for Procedure
	Extend  string            `yaml:"extend" json:"extend,omitempty"`   // clock, by By
	Spawn   string            `yaml:"spawn" json:"spawn,omitempty"`     // type of matter
	Link    string            `yaml:"link" json:"link,omitempty"`       // kind of link, to the matter in the command
	Notify  Roles             `yaml:"notify" json:"notify,omitempty"`   // roles
	Publish string            `yaml:"publish" json:"publish,omitempty"` // list it is published in
	Call    string            `yaml:"call" json:"call,omitempty"`       // service, through the outbox
	Decide  string            `yaml:"decide" json:"decide,omitempty"`   // decision table
	Assign  map[string]string `yaml:"assign" json:"assign,omitempty"`   // org, assignee: CEL

	When      string            `yaml:"when" json:"when,omitempty"`
	With      map[string]string `yaml:"with" json:"with,omitempty"` // of Spawn and Call: field: CEL
	Reason    string            `yaml:"reason" json:"reason,omitempty"`
	Procedure string            `yaml:"procedure" json:"procedure,omitempty"`
	By        string            `yaml:"by" json:"by,omitempty"` // 10wd, or $field
}

// kinds names the parts of e that say what it is.
func (e *Effect) kinds() []string {
	var out []string
	for _, p := range []struct {
		name  string
		given bool
	}{
		{"set", len(e.Set) > 0},
		{"start", e.Start != ""},
		{"stop", e.Stop != ""},
		{"pause", e.Pause != ""},
		{"resume", e.Resume != ""},
		{"suspend", e.Suspend != ""},
		{"lift", e.Lift != ""},
		{"extend", e.Extend != ""},
		{"spawn", e.Spawn != ""},
		{"link", e.Link != ""},
		{"notify", len(e.Notify) > 0},
		{"publish", e.Publish != ""},
		{"call", e.Call != ""},
		{"decide", e.Decide != ""},
		{"assign", len(e.Assign) > 0},
	} {
		if p.given {
			out = append(out, p.name)
		}
	}
	return out
}

// System is the role of actions that only time and sub-matters do.
const System = "system"

// State returns the state of that name, in a region or not; nil when there is
// none.
func (t *Type) State(name string) *State {
	if s := t.States[name]; s != nil {
		return s
	}
	for _, s := range t.States {
		for _, r := range s.Regions {
			if in := r.States[name]; in != nil {
				return in
			}
		}
	}
	return nil
}

// all lists every state, those of regions after the one they are in.
func (t *Type) all() []*State {
	var out []*State
	for _, name := range t.StateOrder {
		s := t.States[name]
		out = append(out, s)
		for _, r := range s.RegionOrder {
			for _, in := range s.Regions[r].StateOrder {
				out = append(out, s.Regions[r].States[in])
			}
		}
	}
	return out
}

// AllStates lists every state as written; those of regions follow the state
// they are in.
func (t *Type) AllStates() []*State { return t.all() }

// Actions lists the actions of a state as written, then those of every open
// state.
func (t *Type) Actions(s *State) []*Action {
	out := make([]*Action, 0, len(s.Do)+len(t.Any))
	for _, name := range s.ActionOrder {
		out = append(out, s.Do[name])
	}
	if !s.Final && s.Parent == nil {
		for _, name := range t.anyOrder() {
			if s.Do[name] == nil {
				out = append(out, t.Any[name])
			}
		}
	}
	return out
}

func (t *Type) anyOrder() []string { return t.places.ordered("any", keysOf(t.Any)) }

// TurnOf lists the roles whose turn it is in s, none when only time moves it.
func (t *Type) TurnOf(s *State) []string {
	if len(s.Turn) > 0 {
		return s.Turn
	}
	for _, name := range s.ActionOrder {
		roles := slices.DeleteFunc(slices.Clone(s.Do[name].Role), func(r string) bool { return r == System })
		if len(roles) > 0 {
			return roles
		}
	}
	return nil
}

// A Turn is a state that waits for a role.
type Turn struct{ Region, State, Role string }

// Turns lists who is asked in a state and in the lines that run in it.
func (t *Type) Turns(state string, regions map[string]string) []Turn {
	s := t.State(state)
	if s == nil || s.Final {
		return nil
	}
	var out []Turn
	if len(s.Regions) == 0 {
		for _, role := range t.TurnOf(s) {
			out = append(out, Turn{"", s.Name, role})
		}
	}
	for _, r := range s.RegionOrder {
		if in := t.State(regions[r]); in != nil && !in.Final {
			for _, role := range t.TurnOf(in) {
				out = append(out, Turn{r, in.Name, role})
			}
		}
	}
	return out
}

func keysOf[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
