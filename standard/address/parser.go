package address

import (
	"strings"
	"sync"
)

// Parsed is one address taken apart. Each part is as it stands in the text; an
// absent one is empty.
type Parsed struct {
	Province  string `json:"province,omitempty"`
	City      string `json:"city,omitempty"` // a municipality stands here and under Province
	District  string `json:"district,omitempty"`
	Town      string `json:"town,omitempty"`
	Community string `json:"community,omitempty"` // committee, village
	Road      string `json:"road,omitempty"`
	RoadNo    string `json:"road_no,omitempty"`
	Lane      string `json:"lane,omitempty"`
	Building  string `json:"building,omitempty"`
	Unit      string `json:"unit,omitempty"`
	Floor     string `json:"floor,omitempty"`
	Room      string `json:"room,omitempty"`
	POI       string `json:"poi,omitempty"`

	Zone      string `json:"zone,omitempty"` // development zone, no division
	SubRoad   string `json:"sub_road,omitempty"`
	SubRoadNo string `json:"sub_road_no,omitempty"`
	SubPOI    string `json:"sub_poi,omitempty"` // part of the POI or a second one

	Standard string `json:"standard,omitempty"` // in full, in order, half width
	Code     string `json:"code,omitempty"`     // of the smallest division known: 6, 9 (town) or 12 (committee) digits
	Rest     string `json:"rest,omitempty"`     // what is no part: names of firms behind the door, words to the courier, repetitions
}

// A Parser takes addresses apart. It is made by [New] and safe for concurrent
// use.
type Parser struct {
	model     *model
	divisions *gazetteer
	readers   sync.Pool
}

// New returns a parser with the shipped model and divisions.
func New() *Parser {
	return &Parser{model: shipped(), divisions: divisions(), readers: sync.Pool{New: func() any { return new(reader) }}}
}

// Parse takes one address apart. Any text gives an answer; one that is no
// address ends up in Rest.
func (p *Parser) Parse(text string) Parsed {
	r, _ := p.readers.Get().(*reader)
	defer p.readers.Put(r)
	var out Parsed
	if plainLatin(text) {
		out.Rest = strings.TrimSpace(text)
		return out
	}
	p.read(r, text)
	p.assemble(r, &out)
	where := p.locate(r, &out)
	out.Code = where.code
	out.Standard = p.standard(&out, where)
	return out
}

// plainLatin reports a text in which nothing can be part of an address: no
// Chinese character and no digit.
func plainLatin(s string) bool {
	for _, r := range s {
		if r = fold(r); isDigit(r) || r >= 0x2E80 {
			return false
		}
	}
	return true
}

// read finds the spans of text.
func (p *Parser) read(r *reader, text string) {
	r.look(text, p.divisions)
	p.model.tag(r)
	r.spans = spansOf(r.spans[:0], r.tags)
}

func (r *reader) textOf(s span) string {
	return r.text[r.tokens[s.from].start:r.tokens[s.to-1].end]
}

// assemble fills the fields from the spans: the first of a kind counts, a
// repeated one is rest.
func (p *Parser) assemble(r *reader, out *Parsed) {
	fields := [nLabels]*string{
		labelProvince: &out.Province, labelCity: &out.City, labelDistrict: &out.District, labelZone: &out.Zone, labelTown: &out.Town, labelCommunity: &out.Community,
		labelRoad: &out.Road, labelRoadNo: &out.RoadNo, labelSubRoad: &out.SubRoad, labelSubRoadNo: &out.SubRoadNo, labelPOI: &out.POI, labelSubPOI: &out.SubPOI,
		labelHouse: &out.Building, labelUnit: &out.Unit, labelFloor: &out.Floor, labelRoom: &out.Room,
	}
	var rest []string
	afterLane := false
	for _, s := range r.spans {
		text := strings.TrimSpace(r.textOf(s))
		if text == "" {
			continue
		}
		switch s.label {
		case labelRoadNo, labelSubRoadNo, labelSubRoad, labelHouse:
			lane, number := cutLane(text)
			if lane != "" && (out.Lane == "" || !strings.HasPrefix(lane, out.Lane)) && out.Lane == "" {
				out.Lane, afterLane = lane, true
				if number != "" && out.RoadNo == "" {
					out.RoadNo, afterLane = number, false
				}
				continue
			}
			// Behind a lane the number of the house is the number in the lane.
			if afterLane && out.RoadNo == "" && strings.HasSuffix(text, "号") {
				out.RoadNo, afterLane = text, false
				continue
			}
		case labelRoom:
			if !hasDigit(text) && !strings.HasSuffix(text, "室") {
				rest = append(rest, text)
				continue
			}
		case labelWaste:
			if mark(text) {
				continue
			}
		default:
		}
		f := fields[s.label]
		if f == nil && s.label == labelCountry {
			continue
		}
		if f == nil || *f != "" {
			if f != &out.POI || out.SubPOI != "" {
				rest = append(rest, text)
				continue
			}
			f = &out.SubPOI
		}
		*f = text
	}
	// A county's full name is a county, even one that sounds like a zone or a
	// street (滨海新区), when no other county is named.
	for _, f := range []*string{&out.Zone, &out.Town} {
		if out.District == "" && countyName(*f) && len(p.divisions.pick(*f, 3, 0)) > 0 {
			out.District, *f = *f, ""
		}
	}
	if out.Province == "" && municipality(out.City) {
		out.Province = out.City
	} else if out.City == "" && municipality(out.Province) {
		out.City = out.Province
	}
	if n := len(r.tokens); n == maxTokens {
		if s := strings.TrimSpace(r.text[r.tokens[n-1].end:]); s != "" {
			rest = append(rest, s)
		}
	}
	out.Rest = strings.Join(rest, " ")
}

// countyName reports a name that ends like that of a county.
func countyName(s string) bool {
	for _, end := range []string{"区", "县", "市", "旗"} {
		if strings.HasSuffix(s, end) {
			return true
		}
	}
	return false
}

// cutLane splits "690弄5号" into lane and number; lane is "" when there is none.
func cutLane(s string) (lane, number string) {
	i := strings.Index(s, "弄")
	if i < 0 || !hasDigit(s[:i]) {
		return "", ""
	}
	i += len("弄")
	return s[:i], strings.TrimLeft(s[i:], "- _")
}

func hasDigit(s string) bool {
	for _, r := range s {
		if isDigit(fold(r)) || strings.ContainsRune("一二三四五六七八九十百", r) {
			return true
		}
	}
	return false
}

// mark reports a text of marks only.
func mark(s string) bool {
	for _, t := range tokenize(nil, s) {
		if t.class < classHyphen || t.class > classMark {
			return false
		}
	}
	return true
}

func municipality(s string) bool {
	switch strings.TrimSuffix(s, "市") {
	case "北京", "上海", "天津", "重庆":
		return true
	}
	return false
}
