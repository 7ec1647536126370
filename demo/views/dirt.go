package views

import (
	"hash/fnv"
	"slices"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"

	"shuniu/demo/city"
)

// A Dirt is a kind of fault that real files have.
type Dirt string

// The catalogue. Source: the project's facts, hubs and matters, §6.
const (
	nameVariant   Dirt = "name_variant"     // a homophone, a form of the character, a blank inside
	rareLost      Dirt = "rare_character"   // a rare character that an old system could not store
	traditional   Dirt = "traditional"      // traditional characters
	fullWidth     Dirt = "full_width"       // digits in full width
	swapped       Dirt = "swapped_fields"   // two fields changed places
	fifteen       Dirt = "old_id"           // a citizen number of 15 digits
	wrongCheck    Dirt = "wrong_check"      // a digit of a number mistyped
	repairable    Dirt = "repairable"       // lower case, blanks: can be mended without guessing
	sharedPhone   Dirt = "shared_phone"     // the agent's phone instead of one's own
	addressForm   Dirt = "address_writing"  // the same address in another form
	oldAddress    Dirt = "old_address"      // with the name of a former county or town
	missing       Dirt = "missing"          // nothing, or a token for nothing
	stale         Dirt = "stale"            // what was right before a change
	duplicate     Dirt = "duplicate"        // the same entity again, under another key
	contradiction Dirt = "contradiction"    // another value than the authority has
	unitError     Dirt = "unit_error"       // fen for yuan, yuan for 10,000 yuan
	timeZone      Dirt = "time_zone"        // UTC written as if it were Shanghai's time
	damage        Dirt = "encoding_damage"  // UTF-8 read as GBK
	late          Dirt = "late"             // in the delivery after its own
	keyReuse      Dirt = "key_reuse"        // the key of another row
	deleted       Dirt = "deleted_upstream" // gone from the later delivery
	testData      Dirt = "test_data"        // a row that somebody typed to try the system
	outlier       Dirt = "outlier"          // far beyond what can be
	copied        Dirt = "copied_text"      // the remark of the row before
	brokenKey     Dirt = "broken_key"       // a foreign key that leads nowhere
	remarkPII     Dirt = "pii_in_remark"    // name and phone in a remark
)

// schema_drift is written by the emitter when a column changes its name.

// A dose is a kind of dirt at a rate, in rows per 10,000, on every column it
// can fall on.
type dose struct {
	kind Dirt
	rate int
}

// falls says on which kinds of columns a kind of dirt falls.
var falls = map[Dirt][]kind{
	nameVariant: {name}, rareLost: {name}, traditional: {name, firmName}, fullWidth: {phone, address}, swapped: {name}, fifteen: {citizen},
	wrongCheck: {citizen, credit}, repairable: {citizen, credit}, sharedPhone: {phone}, addressForm: {address}, oldAddress: {address},
	missing: {phone, address, birth, text}, duplicate: {key}, contradiction: {birth}, unitError: {money}, timeZone: {moment},
	damage: {name, firmName, address}, late: {day, moment}, keyReuse: {key}, deleted: {key}, testData: {key}, outlier: {number, money},
	copied: {note}, brokenKey: {foreign}, remarkPII: {note},
}

// usual doses of a view of persons and of firms.
var (
	personDoses = []dose{
		{nameVariant, 60},
		{rareLost, 3000},
		{traditional, 25},
		{fullWidth, 30},
		{swapped, 12},
		{fifteen, 80},
		{wrongCheck, 60},
		{repairable, 60},
		{sharedPhone, 80},
		{addressForm, 600},
		{oldAddress, 250},
		{missing, 120},
		{duplicate, 80},
		{contradiction, 50},
		{damage, 15},
		{keyReuse, 10},
		{testData, 8},
		{outlier, 20},
		{brokenKey, 25},
		{timeZone, 60},
		{copied, 300},
		{remarkPII, 60},
		{unitError, 40},
	}
	firmDoses = []dose{
		{nameVariant, 60},
		{rareLost, 1500},
		{traditional, 60},
		{fullWidth, 60},
		{wrongCheck, 100},
		{repairable, 100},
		{sharedPhone, 250},
		{addressForm, 800},
		{oldAddress, 250},
		{missing, 150},
		{duplicate, 120},
		{unitError, 80},
		{damage, 40},
		{keyReuse, 25},
		{testData, 20},
		{outlier, 40},
		{brokenKey, 60},
		{timeZone, 120},
		{copied, 300},
		{remarkPII, 120},
	}
)

// with adds doses to the usual ones.
func with(doses []dose, more ...dose) []dose { return append(append([]dose{}, doses...), more...) }

// A poured dose is one kind of dirt on one column of a view.
type poured struct {
	kind   Dirt
	column int
	other  int // the column it changes places with
	below  city.Chance
	salt   uint64
}

func (p *poured) hit(r city.Chance) bool { return r < p.below }

// pour finds the columns of the view that the dose falls on.
func pour(v *view, d dose) (out []poured) {
	for _, k := range falls[d.kind] {
		for i, c := range v.columns {
			if c.kind != k || v.layout.format == "dbf" && (d.kind == outlier || d.kind == unitError) {
				continue
			}
			h := fnv.New64a()
			_, _ = h.Write([]byte(string(d.kind) + "/" + c.group + "/" + c.name)) // a hash does not fail
			p := poured{kind: d.kind, column: i, other: -1, below: city.Chance(uint64(d.rate) * (1 << 63 / 5000)), salt: h.Sum64()}
			if d.kind == swapped {
				for j, o := range v.columns {
					if o.kind == phone || o.kind == citizen && p.other < 0 {
						p.other = j
					}
				}
				if p.other < 0 {
					continue
				}
			}
			out = append(out, p)
		}
	}
	return out
}

// spoil changes the value of one column, when the dirt can fall on it, and
// writes the truth.
func (e *emitter) spoil(p *poured, r city.Chance, values []string, o *output) {
	if e.touched[p.column] != "" {
		return
	}
	v := values[p.column]
	say := func(column int, was string) {
		e.touched[column] = p.kind
		e.truth.dirt(e.view.department, o.name, o.rows+1, e.view.layout.field(e.view.columns[column]), string(p.kind), was, values[column])
	}
	if p.kind == swapped {
		if other := values[p.other]; e.touched[p.other] == "" && v != "" && other != "" {
			values[p.column], values[p.other] = other, v
			say(p.column, v)
			say(p.other, other)
		}
		return
	}
	if to := e.spoiled(p, r, v); to != v {
		values[p.column] = to
		say(p.column, v)
	}
}

// spoiled returns the value with the dirt on it, or the value itself.
func (e *emitter) spoiled(p *poured, r city.Chance, v string) string {
	if v == "" && p.kind != remarkPII && p.kind != copied {
		return v
	}
	switch p.kind {
	case nameVariant:
		return variant(r, v)
	case rareLost:
		return strings.Map(func(c rune) rune {
			if strings.ContainsRune(rare, c) {
				return []rune{'?', '〓', '＊'}[r.N(3)]
			}
			return c
		}, v)
	case traditional:
		return traditionalForms.Replace(v)
	case fullWidth:
		return strings.Map(func(c rune) rune {
			if c >= '0' && c <= '9' {
				return c - '0' + '０'
			}
			return c
		}, v)
	case fifteen:
		// Old numbers ending in 996 to 999 were kept for people over a hundred.
		if len(v) == 18 && v[6:8] == "19" && v[14:17] < "996" {
			return v[:6] + v[8:17]
		}
	case wrongCheck:
		// A digit of the sequence, so that the birthday stays what it is.
		b := []byte(v)
		if len(b) == 18 {
			at := 14 + r.N(3)
			if b[at] >= '0' && b[at] <= '9' {
				b[at] = '0' + (b[at]-'0'+byte(1+r.Next().N(8)))%10
			} else {
				b[at] = "ABCDEFGH"[r.N(8)]
			}
		}
		return string(b)
	case repairable:
		if r.N(2) == 0 && len(v) == 18 {
			return v[:6] + " " + v[6:14] + " " + v[14:]
		}
		if low := strings.ToLower(v); low != v {
			return low
		}
		return " " + v[:6] + " " + v[6:]
	case sharedPhone:
		return "15400000" + pad(int(e.n/400)%1000, 3)
	case addressForm:
		return rewrite(r, v)
	case oldAddress:
		return e.oldName(v)
	case missing:
		return []string{"", "", "无", "N/A", "-"}[r.N(5)*b2i(e.view.columns[p.column].kind != birth)]
	case contradiction:
		return otherDay(r, v)
	case unitError:
		if whole, cents, ok := strings.Cut(v, "."); ok {
			return strings.TrimLeft(whole, "0") + cents // in fen
		}
		if len(v) < 9 {
			return v + "0000" // in yuan, where 10,000 yuan are meant
		}
	case timeZone:
		return eightHoursBack(v)
	case damage:
		return damaged(v)
	case keyReuse:
		if k := e.keys[(e.n+3)%uint64(len(e.keys))]; k != "" {
			return k
		}
	case outlier:
		if strings.HasSuffix(v, "000000") || len(v) > 8 {
			return v
		}
		return []string{"-" + v, v + "00000", "99999999"}[r.N(3)]
	case copied:
		if e.remark != "" {
			return e.remark
		}
	case brokenKey:
		return "9999" + pad(r.N(100000), 6)
	case remarkPII:
		return v + "联系人" + e.stranger(r) + "，电话154" + pad(r.N(100_000_000), 8)
	default:
	}
	return v
}

func (e *emitter) stranger(r city.Chance) string {
	p := e.city.LegalPerson(1<<43 + uint64(r)>>24)
	return p.Name
}

// rare characters that the city uses in names.
const rare = "喆赟昇堃翀甯珺琤旻玥璟婳瑄珩晔煊燊焱垚淼昱霖芃筠曜翊宸奕恺瀚"

// homophones that clerks write for each other.
var homophones = func() map[rune][]rune {
	out := map[rune][]rune{}
	for _, group := range []string{
		"张章", "陈程", "王汪", "李黎", "吴武", "周邹", "徐许", "刘柳", "杨阳", "余于俞", "付傅", "肖萧", "闫阎", "江姜", "陆路", "沈申", "蒋讲",
		"伟玮纬", "敏闽", "静靖", "丽莉", "燕艳", "芳方", "军君", "杰洁", "涛韬", "斌彬", "辉晖", "峰锋", "健建", "梅玫", "英瑛", "华桦", "珍贞",
		"明铭", "宇雨", "轩萱", "梓子", "涵函", "怡宜", "佳嘉", "欣新", "琪琦", "妍研", "浩昊", "文雯", "玲铃", "国果", "志智", "永咏", "根艮", "宝保",
	} {
		rs := []rune(group)
		for _, c := range rs {
			for _, o := range rs {
				if o != c {
					out[c] = append(out[c], o)
				}
			}
		}
	}
	return out
}()

// variant writes a name as another clerk would.
func variant(r city.Chance, v string) string {
	rs := []rune(v)
	if len(rs) < 2 {
		return v
	}
	if r.N(6) == 0 {
		return string(rs[:1]) + " " + string(rs[1:])
	}
	for i := range rs {
		at := (i + r.Next().N(len(rs))) % len(rs)
		if h := homophones[rs[at]]; len(h) > 0 {
			rs[at] = h[r.N(len(h))]
			return string(rs)
		}
	}
	return string(rs[:1]) + " " + string(rs[1:])
}

var traditionalForms = strings.NewReplacer(
	"张", "張", "陈", "陳", "刘", "劉", "杨", "楊", "黄", "黃", "赵", "趙", "吴", "吳", "孙", "孫", "马", "馬", "罗", "羅", "郑", "鄭", "谢", "謝",
	"许", "許", "韩", "韓", "邓", "鄧", "冯", "馮", "肖", "蕭", "叶", "葉", "苏", "蘇", "吕", "呂", "卢", "盧", "陆", "陸", "顾", "顧", "龙", "龍",
	"伟", "偉", "强", "強", "军", "軍", "华", "華", "国", "國", "兰", "蘭", "凤", "鳳", "丽", "麗", "静", "靜", "艳", "豔", "杰", "傑", "贵", "貴",
	"贸", "貿", "装", "裝", "饰", "飾", "软", "軟", "术", "術", "广", "廣", "务", "務", "业", "業", "药", "藥", "电", "電", "设", "設", "备", "備",
)

// rewrite writes an address in another of the usual forms.
func rewrite(r city.Chance, v string) string {
	switch r.N(6) {
	case 0:
		return strings.TrimPrefix(v, "上海市")
	case 1:
		return strings.Replace(v, "上海市浦东新区", "浦东", 1)
	case 2:
		if s, ok := strings.CutSuffix(v, "室"); ok {
			if i := strings.LastIndex(s, "号"); i > 0 {
				return s[:i] + "-" + s[i+len("号"):]
			}
		}
	case 3:
		return strings.NewReplacer("弄", "弄 ", "号", "号 ").Replace(v)
	case 4:
		if i := strings.Index(v, "浦东新区"); i >= 0 { // without the town
			rest := v[i+len("浦东新区"):]
			for _, end := range []string{"街道", "镇"} {
				if k := strings.Index(rest, end); k > 0 && k < 22 {
					return v[:i+len("浦东新区")] + rest[k+len(end):]
				}
			}
		}
	}
	return strings.Replace(v, "上海市", "上海", 1)
}

// oldName puts the former county, or a former town, into an address.
func (e *emitter) oldName(v string) string {
	for i := range e.city.Towns {
		t := &e.city.Towns[i]
		if !strings.Contains(v, "浦东新区"+t.Name) {
			continue
		}
		if t.South() {
			return strings.Replace(v, "浦东新区", "南汇区", 1)
		}
		if t.Old != "" {
			return strings.Replace(v, t.Name, t.Old, 1)
		}
	}
	return v
}

// otherDay moves the day or the year of a date of digits, with or without marks.
func otherDay(r city.Chance, v string) string {
	b := []byte(v)
	if len(b) < 8 {
		return v
	}
	if r.N(2) == 0 { // the year
		b[3] = '0' + (b[3]-'0'+byte(1+r.Next().N(8)))%10
		if strings.HasSuffix(strings.ReplaceAll(v, "-", ""), "0229") {
			return v
		}
		return string(b)
	}
	at := len(b) - 1
	b[len(b)-2], b[at] = '1', '0'+byte(r.Next().N(10))
	return string(b)
}

// eightHoursBack takes eight hours off a time written 2024-05-06 07:08:09.
func eightHoursBack(v string) string {
	if len(v) != 19 {
		return v
	}
	h := int(v[11]-'0')*10 + int(v[12]-'0')
	if h < 8 { // the day before would be a second change
		return v
	}
	return v[:11] + pad(h-8, 2) + v[13:]
}

// damaged is what UTF-8 looks like that was read as GBK.
func damaged(v string) string {
	b, err := simplifiedchinese.GBK.NewDecoder().Bytes([]byte(v))
	if err != nil {
		return v
	}
	return strings.ReplaceAll(string(b), "\ufffd", "锟斤拷"[:3])
}

func pad(n, width int) string {
	b := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return string(b)
}

// without takes kinds of dirt away.
func without(doses []dose, kinds ...Dirt) (out []dose) {
	for _, d := range doses {
		if !slices.Contains(kinds, d.kind) {
			out = append(out, d)
		}
	}
	return out
}
