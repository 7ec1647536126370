package charset

import (
	"math"
	"strings"
	"sync"
	"unicode"
)

// An alphabet is one group of languages in the one-byte encoding they are
// written in: the letters it uses beside ASCII. A text is of one alphabet, so
// Spanish ñ and Polish ń, the same byte, are told apart by the letters around.
type alphabet struct {
	codec  string
	prior  float64
	script *unicode.RangeTable
	common string // lower case
	rare   string // lower case

	ready  bool
	logp   [256]float64 // of a letter; 0 for bytes that are none of its letters
	traits [256]trait
}

// A trait is what a byte stands for, as far as its neighbours care.
type trait uint8

const (
	isLetter trait = 1 << iota
	isUpper
	isLower
	isDigit
	isHigh
	isVoid // stands for nothing, or a control character
)

const (
	west = "éèàçêüöäßñóáíúãôâîëïåøæ"
	cyr  = "оеаинтсрвлкмдпуя"
	cyr2 = "ыьгзбчйхжшюцщэфъёіїєґјљњћђџў"
	gre  = "αοιετσνηυρπκλμςόίάέή"
	gre2 = "δγθχφωώύβξζψϊϋΐΰ"
	pol  = "ąęłśżźćńó"
	cze  = "áíéěščřžýůúďťňó"
	slo  = "áíéčšžýúľťňôäó"
	hun  = "áéóöőíúüű"
	rom  = "ăâîşţ"
	sla  = "čšžćđ"
)

var alphabets = []*alphabet{
	{codec: "windows-1252", script: unicode.Latin, common: "éèàêç", rare: "âîôûùëïœüöñæ"},
	{codec: "windows-1252", script: unicode.Latin, common: "äöüß", rare: "éèàçêó"},
	{codec: "windows-1252", script: unicode.Latin, common: "óáíéñú", rare: "üçàèïò"},
	{codec: "windows-1252", script: unicode.Latin, common: "ãçáéíó", rare: "õêâúàôü"},
	{codec: "windows-1252", script: unicode.Latin, common: "àèùòìé", rare: "î"},
	{codec: "windows-1252", script: unicode.Latin, common: "åäöøæ", rare: "éüðþáíóúý"},
	{codec: "windows-1252", prior: -1, script: unicode.Latin, common: west, rare: "ìòùœðþýÿšžõû"},
	{codec: "windows-1250", prior: -1, script: unicode.Latin, common: pol, rare: "öüä"},
	{codec: "windows-1250", prior: -1, script: unicode.Latin, common: cze, rare: "öüäľ"},
	{codec: "windows-1250", prior: -1.5, script: unicode.Latin, common: slo, rare: "ďĺŕöüě"},
	{codec: "windows-1250", prior: -1, script: unicode.Latin, common: hun, rare: "ä"},
	{codec: "windows-1250", prior: -1.5, script: unicode.Latin, common: rom, rare: "éöüá"},
	{codec: "windows-1250", prior: -1.5, script: unicode.Latin, common: sla, rare: "éöüá"},
	{codec: "windows-1251", prior: -1, script: unicode.Cyrillic, common: cyr, rare: cyr2},
	{codec: "windows-1253", prior: -1, script: unicode.Greek, common: gre, rare: gre2},
	{codec: "windows-1254", prior: -1.5, script: unicode.Latin, common: "ığşçöü", rare: "âîû"},
	{codec: "windows-1255", prior: -2, script: unicode.Hebrew, common: "אבגדהוזחטיךכלםמןנסעףפץצקרשת"},
	{codec: "windows-1256", prior: -2, script: unicode.Arabic, common: "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآئؤ"},
	{codec: "windows-1257", prior: -2.5, script: unicode.Latin, common: "āčēģīķļņšūž", rare: "õäöü"},
	{codec: "windows-1257", prior: -2.5, script: unicode.Latin, common: "ąčęėįšųūž"},
	{codec: "windows-874", prior: -2, script: unicode.Thai, common: "กขคงจชซญดตถทธนบปผพฟมยรลวศสหอะัาำิีึืุูเแโใไ็่้์ๆ"},
	{codec: "iso-8859-2", prior: -2.5, script: unicode.Latin, common: pol, rare: "öüä"},
	{codec: "iso-8859-2", prior: -2.5, script: unicode.Latin, common: cze, rare: "öüäľ"},
	{codec: "iso-8859-2", prior: -3, script: unicode.Latin, common: sla, rare: "éöüá"},
	{codec: "iso-8859-5", prior: -2.5, script: unicode.Cyrillic, common: cyr, rare: cyr2},
	{codec: "mac-roman", prior: -2, script: unicode.Latin, common: "éèàêç", rare: "âîôûùëïœüöñæ"},
	{codec: "mac-roman", prior: -2, script: unicode.Latin, common: "äöüß", rare: "éèàçêó"},
	{codec: "mac-roman", prior: -2, script: unicode.Latin, common: "óáíéñú", rare: "üçàèïò"},
	{codec: "mac-roman", prior: -2, script: unicode.Latin, common: "ãçáéíó", rare: "õêâúàôü"},
	{codec: "mac-roman", prior: -2, script: unicode.Latin, common: "åäöøæ", rare: "éüáíóú"},
	{codec: "mac-roman", prior: -3, script: unicode.Latin, common: west, rare: "ìòùœÿõû"},
	{codec: "koi8-r", prior: -2, script: unicode.Cyrillic, common: cyr, rare: cyr2},
	{codec: "ibm866", prior: -2, script: unicode.Cyrillic, common: cyr, rare: cyr2},
	{codec: "ibm850", prior: -3.5, script: unicode.Latin, common: "äöüß", rare: "éèàçêó"},
	{codec: "ibm850", prior: -3.5, script: unicode.Latin, common: "éèàêç", rare: "âîôûùëïüöñæ"},
	{codec: "ibm850", prior: -4, script: unicode.Latin, common: west, rare: "ìòùÿõû"},
}

// alphabetsLock guards the tables that build fills.
var alphabetsLock sync.Mutex

func (a *alphabet) build(c *codec) {
	alphabetsLock.Lock()
	defer alphabetsLock.Unlock()
	if a.ready {
		return
	}
	n := float64(len([]rune(a.common)))
	base := -1.2 - .7*math.Log(n)
	letters := map[rune]float64{}
	for _, r := range a.rare {
		letters[r] = base - 2.2
	}
	for _, r := range a.common {
		letters[r] = base
	}
	for _, r := range a.common + a.rare {
		if u := unicode.ToUpper(r); u != r {
			if _, ok := letters[u]; !ok {
				letters[u] = letters[r] - 1.8
			}
		}
	}
	if a.codec == "windows-1254" {
		letters['İ'] = base - 1
	}
	for b := range 256 {
		r := c.single[b]
		t := trait(0)
		if b >= 0x80 {
			t |= isHigh
			if r < 0xA0 || c.packed[b] == 0 {
				t |= isVoid
			}
			a.logp[b] = letters[r]
			if a.logp[b] == 0 && unicode.IsLetter(r) {
				a.logp[b] = base - 6.5
			}
		}
		if unicode.IsLetter(r) || unicode.Is(unicode.Mn, r) {
			t |= isLetter
		}
		if unicode.IsUpper(r) {
			t |= isUpper
		}
		if unicode.IsLower(r) {
			t |= isLower
		}
		if unicode.IsDigit(r) {
			t |= isDigit
		}
		a.traits[b] = t
	}
	a.ready = true
}

// signs of typography, with where they are usual.
const (
	openers = "“‘„«‚¿¡("
	closers = "”’»"
	moneys  = "£€¥¢"
	dashes  = "–—"
	others  = "©®™§·•…²³½¼¾±×µºª´¶¬¹÷†‡‰ˆ˜"
)

// score is the log probability of line under the alphabet.
func (a *alphabet) score(c *codec, line []byte) (sum float64) {
	at := func(i int) byte {
		if i < 0 || i >= len(line) {
			return ' '
		}
		return line[i]
	}
	for i, b := range line {
		if b < 0x80 {
			sum -= 3
			continue
		}
		switch {
		case a.traits[b]&isVoid != 0:
			sum -= 14
		case a.logp[b] != 0:
			sum += a.logp[b] + a.place(b, at(i-1), at(i+1))
		default:
			sum += a.sign(c.single[b], at(i-1), at(i+1))
		}
	}
	return sum
}

// place judges a letter by its neighbours.
func (a *alphabet) place(b, prev, next byte) (p float64) {
	t, tp, tn := a.traits[b], a.traits[prev], a.traits[next]
	lp, ln := tp&isLetter != 0, tn&isLetter != 0
	if a.script == unicode.Latin {
		if lp && tp&isHigh != 0 {
			p -= 2
		}
		if ln && tn&isHigh != 0 {
			p -= 2
		}
		if !lp && !ln {
			p--
		}
	} else {
		if lp && tp&isHigh == 0 {
			p -= 9
		}
		if ln && tn&isHigh == 0 {
			p -= 9
		}
		if !lp && !ln {
			p -= 2
		}
	}
	switch {
	case t&isUpper != 0:
		if tp&isLower != 0 {
			p -= 5
		}
		if tp&isUpper != 0 && tn&isLower != 0 {
			p -= 2
		}
	case t&isLower != 0 && tn&isUpper != 0:
		p -= 4
	}
	if (tp|tn)&isDigit != 0 {
		p -= 2
	}
	return p
}

// sign judges a character that is no letter.
func (a *alphabet) sign(r rune, prev, next byte) float64 {
	tp, tn := a.traits[prev], a.traits[next]
	lp, ln := tp&isLetter != 0, tn&isLetter != 0
	within := lp && ln
	switch {
	case r >= 0x2D8 && r <= 0x2DD || r == 0x2C7 || r == '¨' || r == '¸':
		return -13 // an accent by itself
	case r == '’' && lp:
		return -3.5
	case r == 0xA0:
		if within {
			return -6
		}
		return -4
	case strings.ContainsRune(moneys, r):
		if (tp|tn)&isDigit != 0 || !lp && !ln {
			return -4
		}
		return -8
	case r == '°' || r == 'º':
		if tp&isDigit != 0 || next == 'C' || next == 'F' || prev == 'n' || prev == 'N' || prev == ' ' {
			return -4
		}
		return -8
	case strings.ContainsRune(dashes, r):
		if within {
			return -6
		}
		return -4
	case strings.ContainsRune(openers, r):
		if lp {
			return -9
		}
		return -4.5
	case strings.ContainsRune(closers, r):
		if within {
			return -9
		}
		return -4.5
	case strings.ContainsRune(others, r):
		if within {
			return -10
		}
		return -5.5
	}
	if within {
		return -11
	}
	return -9
}
