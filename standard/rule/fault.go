package rule

// A Fault is why a value does not meet its standard. Its text is for
// engineers; screens take their words from package locale by Key.
type Fault uint8

// The faults. Sound is none at all.
const (
	Sound Fault = iota
	Empty
	Placeholder
	Masked
	Spreadsheet
	Length
	Character
	CheckCharacter
	InnerCheck
	BirthDate
	BirthFuture
	BirthEarly
	AreaUnknown
	AreaAbolished
	AreaLater
	NotCitizen
	FifteenDigits
	Department
	Category
	Issuer
	Segment
	DialCode
	DialCodeMissing
	LocalNumber
	Prefix
	Letters
	Layout
	Unknown
	NotInForce
	NotInCalendar
	Ambiguous
	Incomplete
	TimeOfDay
	Separators
	nFaults
)

var faults = [nFaults]struct{ key, text string }{
	Sound:           {"", ""},
	Empty:           {"empty", "the value is empty"},
	Placeholder:     {"placeholder", "a placeholder stands in place of a value"},
	Masked:          {"masked", "parts of the value are masked"},
	Spreadsheet:     {"spreadsheet", "a spreadsheet wrote the number in powers of ten; its digits are lost"},
	Length:          {"length", "wrong length"},
	Character:       {"character", "a character that cannot stand there"},
	CheckCharacter:  {"check_character", "the check character does not fit the others"},
	InnerCheck:      {"inner_check", "the check character of the organisation code inside (GB 11714) does not fit"},
	BirthDate:       {"birth_date", "the birth date is not in the calendar"},
	BirthFuture:     {"birth_future", "the birth date lies in the future"},
	BirthEarly:      {"birth_early", "nobody born so early was given a number"},
	AreaUnknown:     {"area_unknown", "the area code was never in GB/T 2260"},
	AreaAbolished:   {"area_abolished", "the area code was abolished before the birth date"},
	AreaLater:       {"area_later", "the area code did not exist yet"},
	NotCitizen:      {"not_citizen", "the number of a foreigner's permanent residence card, not of a citizen"},
	FifteenDigits:   {"fifteen_digits", "a number of the old form with 15 digits"},
	Department:      {"department", "no such registering department"},
	Category:        {"category", "the registering department has no such category"},
	Issuer:          {"issuer", "the issuer does not give numbers of this length"},
	Segment:         {"segment", "no mobile numbers begin so"},
	DialCode:        {"dial_code", "no such long-distance code"},
	DialCodeMissing: {"dial_code_missing", "a fixed-line number without its long-distance code"},
	LocalNumber:     {"local_number", "the local number has the wrong length or first digit"},
	Prefix:          {"prefix", "the first characters belong to no issuer"},
	Letters:         {"letters", "more than two letters after the place"},
	Layout:          {"layout", "the parts do not stand in the order of the standard"},
	Unknown:         {"unknown", "not in the code list"},
	NotInForce:      {"not_in_force", "not in force on that day"},
	NotInCalendar:   {"not_in_calendar", "the calendar has no such day"},
	Ambiguous:       {"ambiguous", "can be read as more than one day"},
	Incomplete:      {"incomplete", "the day or the month is missing"},
	TimeOfDay:       {"time_of_day", "a time of day stands behind the date"},
	Separators:      {"separators", "separators where the standard has none"},
}

// String returns the fault in English.
func (f Fault) String() string {
	if f >= nFaults {
		return "unknown fault"
	}
	return faults[f].text
}

// Key returns the fault's name for package locale, e.g. "check_character".
func (f Fault) Key() string {
	if f >= nFaults {
		return ""
	}
	return faults[f].key
}

// Mends is the set of things done to a value to make it valid: its trace.
type Mends uint16

// The mends; none of them guesses.
const (
	FullWidth   Mends = 1 << iota // １２３ → 123
	LowerCase                     // x → X
	Blank                         // blanks, no-break and zero-width characters dropped
	TextMark                      // the leading ' with which spreadsheets mark text dropped
	Separator                     // hyphens, dots and the like dropped or set
	Fifteen                       // citizen number of 15 digits → 18 (GB 11643-1999)
	CountryCode                   // +86 dropped
	Name                          // a name or customary abbreviation → its code
	Form                          // written in another form of the same meaning
)

var mendNames = [...]string{
	"full-width characters", "lower case", "blanks", "spreadsheet text mark", "separators", "15 digits written as 18", "country code dropped", "name replaced by its code", "another form of writing",
}

// List returns the mends in words, in a fixed order.
func (m Mends) List() []string {
	var out []string
	for i, n := range mendNames {
		if m&(1<<i) != 0 {
			out = append(out, n)
		}
	}
	return out
}
