package matter

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/emmansun/gmsm/sm3"

	"shuniu/fault"
)

// SM3 is the algorithm of new events. Source: GB/T 32905-2016.
const SM3 = "sm3"

// sum is the hash of the event: each part with its length before it, so that
// no two different events have the same bytes.
func (e *Event) sum() (string, error) {
	if e.Algorithm != SM3 {
		return "", fmt.Errorf("event %d of matter %s: algorithm %q: %w", e.Seq, e.Matter, e.Algorithm, fault.Damaged)
	}
	h := sm3.New()
	var n [8]byte
	number := func(v int64) {
		binary.BigEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	number(e.Seq)
	number(e.At.UnixMicro())
	number(e.Rev)
	for _, s := range []string{string(e.Matter), e.Action, e.From, e.To, e.Account, e.For, e.Role, e.Department, string(e.Data), e.Algorithm, e.Prev} {
		number(int64(len(s)))
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

type object = map[string]json.RawMessage

// patch is what turns one JSON object into another: the keys that changed,
// null for those that are gone; data is compared key by key.
func patch(was, is []byte) (json.RawMessage, error) {
	a, b := object{}, object{}
	if err := json.Unmarshal(was, &a); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(is, &b); err != nil {
		return nil, err
	}
	return json.Marshal(difference(a, b, true))
}

func difference(a, b object, top bool) object {
	out := object{}
	for k, v := range b {
		if bytes.Equal(a[k], v) {
			continue
		}
		if top && k == "data" {
			x, y := object{}, object{}
			if json.Unmarshal(v, &y) == nil && (a[k] == nil || json.Unmarshal(a[k], &x) == nil) {
				v, _ = json.Marshal(difference(x, y, false))
			}
		}
		out[k] = v
	}
	for k := range a {
		if _, ok := b[k]; !ok {
			out[k] = json.RawMessage("null")
		}
	}
	return out
}

// apply does a patch to an object.
func apply(to object, p json.RawMessage) error {
	changes := object{}
	if err := json.Unmarshal(p, &changes); err != nil {
		return err
	}
	for k, v := range changes {
		if k == "data" {
			data := object{}
			if to[k] != nil {
				if err := json.Unmarshal(to[k], &data); err != nil {
					return err
				}
			}
			fields := object{}
			if err := json.Unmarshal(v, &fields); err != nil {
				return err
			}
			for f, w := range fields {
				if string(w) == "null" {
					delete(data, f)
				} else {
					data[f] = w
				}
			}
			raw, err := json.Marshal(data)
			if err != nil {
				return err
			}
			to[k] = raw
			continue
		}
		if string(v) == "null" {
			delete(to, k)
		} else {
			to[k] = v
		}
	}
	return nil
}

// Verify checks the chain of a matter's events, from the first on, and that
// replaying them gives the matter. It returns fault.Damaged with the place.
func Verify(m *Matter, events []Event) error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("matter %s: %s: %w", m.ID, fmt.Sprintf(format, args...), fault.Damaged)
	}
	state, prev := object{}, ""
	for i := range events {
		e := &events[i]
		if e.Matter != m.ID || e.Seq != int64(i)+1 {
			return bad("event %d is missing", i+1)
		}
		if e.Prev != prev {
			return bad("event %d does not follow the one before", e.Seq)
		}
		sum, err := e.sum()
		if err != nil {
			return err
		}
		if sum != e.Hash {
			return bad("event %d was altered", e.Seq)
		}
		prev = e.Hash
		var d Details
		if err := json.Unmarshal(e.Data, &d); err != nil {
			return bad("event %d: %v", e.Seq, err)
		}
		if d.Patch != nil {
			if err := apply(state, d.Patch); err != nil {
				return bad("event %d: %v", e.Seq, err)
			}
		}
	}
	if int64(len(events)) != m.Seq || prev != m.Hash {
		return bad("%d events, want %d: the end is cut off", len(events), m.Seq)
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	var replayed, stored any
	again, err := json.Marshal(state)
	if err != nil {
		return err
	}
	if json.Unmarshal(again, &replayed) != nil || json.Unmarshal(raw, &stored) != nil || !reflect.DeepEqual(replayed, stored) {
		return bad("it is not what its events say")
	}
	return nil
}
