// Package matter runs matters (事项): city events, applications, share requests,
// quality tickets, supervised tasks, all by types that are data (package
// define) and with the law's clock (package clock). It answers the seed's hubs:
// one engine under all of them (decision D10).
//
// A Machine is the pure part: a matter, a command and a time in, a Change out.
// An Engine keeps matters in a Store: one command is one transaction of head,
// event, wake-up time and outbox, and what it returned for survives kill -9
// and a power cut.
//
//	types, err := matter.Load(matters.Files, book)   // checked, cases run
//	e := matter.New(types, book, store.New(db, events), log)
//	filed, err := e.File(ctx, matter.Filing{Type: "demand", Data: …, Key: "form-17"})
//	done, err := e.Do(ctx, matter.Command{Matter: filed.Matter, Action: "have", Rev: 1, Key: "click-3"})
//	go e.Work(ctx)                                    // timers and outbox
//
// Who acts is the guard.Principal of ctx. A refused command is a *Refusal and
// says who may and when; a stale one is a *Stale and holds the newer event.
//
// History is a chain: each event holds the hash (SM3) of the one before, and
// replaying a matter's events gives the matter (Verify).
package matter
