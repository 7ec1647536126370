// Package clock counts legal time: when a limit that a law, a promise or an
// applicant runs under is due, how much of it is used, and whom to tell.
//
// It answers the design's promise "the law's clock runs": working days with
// the State Council's holidays and make-up days, working hours of an
// organisation, duty rosters; limits from minutes to years; pauses with listed
// reasons, suspensions by special procedures, extensions; lights and a ladder
// of escalations. Each clock cites its article.
//
// A [Book] holds the holidays and the calendars. A [Definition] is pack data:
// what the clock is. A [Clock] is its definition and what happened to it, as
// events; everything else is computed from these, so a changed calendar is
// answered by computing again ([Recompute]). Nothing here reads the time of
// day: "now" is always an argument.
//
//	b := clock.NewBook(clock.Shipped())
//	def := &clock.Definition{Name: "answer", Limit: clock.Limit{N: 10, Unit: clock.WorkingDay},
//		Law: clock.Citation{Article: "国务院令第809号 第二十一条", Version: "2025-08-01"}}
//	c, err := b.Start(def, time.Now())
//	due, err := b.Due(c, time.Now()) // due.At, due.Provisional
//
// Whole days. With [NextDay], the default of limits in days, months and years,
// an act on a day takes effect from the next day: the day of the act is not
// counted (Civil Code Art. 201), a pause begins with the day after the one it
// is ordered on, and the day of resumption is not counted either. The limit
// ends at 23:59:59 of its last day (Art. 203); the last calendar day moves on
// when nobody works on it.
package clock
