// Package insight finds out how work really goes (流程分析): from the histories
// of matters, or any log of case, activity and time, it works out who follows
// whom, the ways that cases take, how long each step waits, what is done again,
// how often work changes hands, and where most time is lost.
//
//	r := insight.Mine(insight.OfMatters(events))
//	r.Bottlenecks(10) // pairs of steps, by the time that all cases lose there
//
// Times are those of the calendar, not of the legal clock.
package insight
