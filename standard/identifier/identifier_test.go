package identifier_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"shuniu/standard/code"
	"shuniu/standard/identifier"
	"shuniu/standard/rule"
)

const day = rule.Day(20260101)

type example struct {
	value, repaired string
	fault           rule.Fault
	parts           string // "name=value name=value", each must be there
}

func check(t *testing.T, r *rule.Rule, examples []example) {
	t.Helper()
	for _, e := range examples {
		c := r.Check(e.value, day)
		want := rule.Valid
		switch {
		case e.repaired != "":
			want = rule.Repairable
		case e.fault != rule.Sound:
			want = rule.Invalid
		}
		if c.Verdict != want || c.Repaired != e.repaired || want == rule.Invalid && c.Fault != e.fault {
			t.Errorf("%s %q: %v %q (%s), want %v %q (%s)", r.Kind, e.value, c.Verdict, c.Repaired, c.Reason, want, e.repaired, e.fault)
		}
		for p := range strings.FieldsSeq(e.parts) {
			name, value, _ := strings.Cut(p, "=")
			if c.Parts[name] != value {
				t.Errorf("%s %q: part %s is %q, want %q", r.Kind, e.value, name, c.Parts[name], value)
			}
		}
	}
}

func TestCitizenID(t *testing.T) {
	check(t, identifier.CitizenID(), []example{
		{value: "11010519491231002X", parts: "birth=1949-12-31 sex=女 area=北京市朝阳区"},
		{value: "440524188001010014", parts: "birth=1880-01-01 sex=男 area=广东省汕头市潮阳县"},
		{value: "11010519491231002x", repaired: "11010519491231002X"},
		{value: " 1101 0519 4912 3100 2X", repaired: "11010519491231002X"},
		{value: "'11010519491231002X", repaired: "11010519491231002X"},
		{value: "１１０１０５１９４９１２３１００２ｘ", repaired: "11010519491231002X"},
		{value: "110105491231002", repaired: "11010519491231002X", parts: "birth=1949-12-31"},
		{value: "110105801231998", repaired: number("110105", 18801231, 998), parts: "birth=1880-12-31"}, // over a hundred years
		{value: "110105491331002", fault: rule.FifteenDigits},
		{value: "310115190002291255", fault: rule.BirthDate},
		{value: "110105202602010017", fault: rule.BirthFuture},
		{value: "110105184902010017", fault: rule.BirthEarly},
		{value: "990105194912310021", fault: rule.NotCitizen},
		{value: "199105194912310021", fault: rule.AreaUnknown},
		{value: "310000194912310021", fault: rule.AreaUnknown}, // a whole province holds no one
		{value: "310225200510198685", fault: rule.AreaAbolished},
		{value: "1101051949123100", fault: rule.Length},
		{value: "", fault: rule.Empty},
		{value: "无", fault: rule.Placeholder},
		{value: "110105********002X", fault: rule.Masked},
		{value: "1.10105E+17", fault: rule.Spreadsheet},
	})
	// An area that came later than the day asked about cannot be in a number.
	id := number("653228", 20200101, 17)
	if c := identifier.CitizenID().Check(id, 20230101); c.Fault != rule.AreaLater {
		t.Errorf("%s in 2023: %v %s", id, c.Verdict, c.Reason)
	}
	if c := identifier.CitizenID().Check(id, 20250101); c.Verdict != rule.Valid {
		t.Errorf("%s in 2025: %v %s", id, c.Verdict, c.Reason)
	}
	for _, area := range []string{"810000", "820000", "830000"} {
		if c := identifier.CitizenID().Check(number(area, 19900101, 17), day); c.Verdict != rule.Valid {
			t.Errorf("residence permit of %s: %v %s", area, c.Verdict, c.Reason)
		}
	}
}

// number makes a citizen number, its check digit by the formula counted from
// the right, which is not the way the rule does it.
func number(area string, birth rule.Day, sequence int) string {
	s := fmt.Sprintf("%s%d%03d", area, birth, sequence)
	sum, weight := 0, 2
	for i := len(s) - 1; i >= 0; i-- {
		sum += int(s[i]-'0') * weight
		weight = weight * 2 % 11
	}
	last := (12 - sum%11) % 11
	if last == 10 {
		return s + "X"
	}
	return s + string(rune('0'+last))
}

// TestCitizenNumbersOfAllAreas: whoever was born while a county was in the
// list, or before, may have its code; one wrong character is always found.
func TestCitizenNumbersOfAllAreas(t *testing.T) {
	areas := code.Areas().All()
	r := identifier.CitizenID()
	rapid.Check(t, func(t *rapid.T) {
		a := areas[rapid.IntRange(0, len(areas)-1).Draw(t, "area")]
		if a.Level != code.County {
			return
		}
		last := 2024
		if a.To != 0 {
			last = a.To
		}
		y := rapid.IntRange(1900, last).Draw(t, "year")
		birth, _ := rule.MakeDay(y, rapid.IntRange(1, 12).Draw(t, "month"), rapid.IntRange(1, 28).Draw(t, "day"))
		id := number(a.Code, birth, rapid.IntRange(0, 999).Draw(t, "sequence"))
		if c := r.Check(id, day); c.Verdict != rule.Valid || c.Parts["birth"] != birth.String() {
			t.Fatalf("%s: %v %s", id, c.Verdict, c.Reason)
		}
		i, by := rapid.IntRange(0, 17).Draw(t, "place"), rapid.IntRange(1, 9).Draw(t, "by")
		b := []byte(id)
		if b[i] == 'X' {
			b[i] = '0' - 1 + byte(by)
			if by == 1 {
				b[i] = '0'
			}
		} else {
			b[i] = '0' + (b[i]-'0'+byte(by))%10
		}
		if v := r.Verdict(b, day); v == rule.Valid {
			t.Fatalf("%s with one wrong character passes as %s", id, b)
		}
	})
}

func TestUSCC(t *testing.T) {
	check(t, identifier.USCC(), []example{
		{value: "91350100M000100Y43", parts: "department=9 category=1 area_code=350100 org_code=M000100Y-4 area=福建省福州市"},
		{value: "9131010675791199X9", parts: "org_code=75791199-X"},
		{value: "9131010675791199x9", repaired: "9131010675791199X9"},
		{value: "９１３１０１０６７５７９１１９９Ｘ９", repaired: "9131010675791199X9"},
		{value: "N2310115MF1234794J", parts: "department=N category=2"},
		{value: "000000000000000000", fault: rule.Department},
		{value: "9531010675791199X9", fault: rule.Category},
		{value: "9199010675791199X9", fault: rule.AreaUnknown},
		{value: "11310115E00000180X", fault: rule.InnerCheck},
		{value: "9131010675791199XA", fault: rule.CheckCharacter},
		{value: "913101177O792837XD", fault: rule.Character},
		{value: "320121000012345", fault: rule.Length},
		{value: "N/A", fault: rule.Placeholder},
	})
}

func TestOrgCode(t *testing.T) {
	check(t, identifier.OrgCode(), []example{
		{value: "D2143569-X", parts: "org_code=D2143569-X"},
		{value: "D2143569X", parts: "org_code=D2143569-X"},
		{value: "d2143569-x", repaired: "D2143569-X"},
		{value: "D2143569－X", repaired: "D2143569-X"},
		{value: "D2143569-1", fault: rule.CheckCharacter},
		{value: "00000000-0", fault: rule.Placeholder},
		{value: "U3662585--2", fault: rule.Length},
	})
}

func TestBankCard(t *testing.T) {
	check(t, identifier.BankCard(), []example{
		{value: "6200000000000005", parts: "scheme=UnionPay"},
		{value: "79927398713"},
		{value: "6200 0000 0000 0005", repaired: "6200000000000005"},
		{value: "6200-0000-0000-0005", repaired: "6200000000000005"},
		{value: "6200000000000006", fault: rule.CheckCharacter},
		{value: "620000000000005", fault: rule.Issuer},
		{value: "0000000000000000", fault: rule.Placeholder},
		{value: "102290002002", fault: rule.CheckCharacter}, // a bank's line number
		{value: "62220000 0000 000X", fault: rule.Character},
	})
}

func TestPhone(t *testing.T) {
	check(t, identifier.Phone(), []example{
		{value: "13812345678", parts: "kind=mobile"},
		{value: "19912345678", parts: "kind=mobile"},
		{value: "021-50123456", parts: "kind=fixed code=021 number=50123456 province=上海市"},
		{value: "02150123456", parts: "code=021 number=50123456"},
		{value: "0571-87654321-801", parts: "extension=801 province=浙江省"},
		{value: "0898-6512345", parts: "province=海南省"},
		{value: "400-820-8820", parts: "kind=service"},
		{value: "12345", parts: "kind=service"},
		{value: "110", parts: "kind=service"},
		{value: "021-962121", fault: rule.LocalNumber},
		{value: "138 1234 5678", repaired: "13812345678"},
		{value: "138-1234-5678", repaired: "13812345678"},
		{value: "+8613812345678", repaired: "13812345678"},
		{value: "008613812345678", repaired: "13812345678"},
		{value: "８６－13812345678", repaired: "13812345678"},
		{value: "（021）50123456", repaired: "021-50123456"},
		{value: "+86 21 5012 3456", repaired: "021-50123456"},
		{value: "021 5012 3456转801", repaired: "021-50123456-801"},
		{value: "50123456", fault: rule.DialCodeMissing},
		{value: "11012345678", fault: rule.Segment},
		{value: "15412345678", fault: rule.Segment},
		{value: "1381234567", fault: rule.Length},
		{value: "138123456789", fault: rule.Length},
		{value: "0200-1234567", fault: rule.Separators},
		{value: "021-12345678", fault: rule.LocalNumber},
		{value: "0999999", fault: rule.LocalNumber},
		{value: "abc", fault: rule.Character},
	})
}

func TestPlate(t *testing.T) {
	check(t, identifier.Plate(), []example{
		{value: "沪A12345", parts: "kind=ordinary office=沪A province=上海市"},
		{value: "沪AB123C", parts: "kind=ordinary"},
		{value: "沪AD12345", parts: "kind=new_energy energy=battery_electric size=small"},
		{value: "粤BF12345", parts: "energy=other_new_energy"},
		{value: "京A12345D", parts: "size=large"},
		{value: "粤Z1234港"},
		{value: "沪A1234学"},
		{value: "224001使", parts: "kind=embassy"},
		{value: "WJ沪1234X", parts: "kind=armed_police"},
		{value: "沪a12345", repaired: "沪A12345"},
		{value: "沪A·12345", repaired: "沪A12345"},
		{value: "沪Ａ－12345", repaired: "沪A12345"},
		{value: "沪 A 12345", repaired: "沪A12345"},
		{value: "沪AI2345", fault: rule.Character},
		{value: "沪AO2345", fault: rule.Character},
		{value: "沪AABC12", fault: rule.Letters},
		{value: "沪AL12345", fault: rule.Layout},
		{value: "沪A1234", fault: rule.Length},
		{value: "港A12345", fault: rule.Prefix},
		{value: "A12345", fault: rule.Prefix},
	})
}

func TestPostalCode(t *testing.T) {
	check(t, identifier.PostalCode(), []example{
		{value: "200120", parts: "province=上海市"},
		{value: "010010", parts: "province=内蒙古自治区"},
		{value: "２００１２０", repaired: "200120"},
		{value: "20012", fault: rule.Length},
		{value: "000000", fault: rule.Prefix},
		{value: "990000", fault: rule.Prefix},
		{value: "20012O", fault: rule.Character},
	})
}

func TestDate(t *testing.T) {
	check(t, identifier.Date(), []example{
		{value: "2024-02-29", parts: "date=2024-02-29"},
		{value: "20240229", parts: "date=2024-02-29"},
		{value: "2024/2/9", repaired: "2024-02-09"},
		{value: "2024.02.09", repaired: "2024-02-09"},
		{value: "2024年2月9日", repaired: "2024-02-09"},
		{value: "2024年2月9号", repaired: "2024-02-09"},
		{value: "２０２４－０２－０９", repaired: "2024-02-09"},
		{value: "二〇二四年二月九日", repaired: "2024-02-09"},
		{value: "二○二四年十月二十日", repaired: "2024-10-20"},
		{value: "二零二四年十二月三十一日", repaired: "2024-12-31"},
		{value: "二〇二四年十一月十日", repaired: "2024-11-10"},
		{value: "1900-02-29", fault: rule.NotInCalendar},
		{value: "2023-04-31", fault: rule.NotInCalendar},
		{value: "20241301", fault: rule.NotInCalendar},
		{value: "2024-02-09 12:00:00", fault: rule.Layout},
		{value: "01/02/2024", fault: rule.Layout},
		{value: "24-02-09", fault: rule.Layout},
		{value: "2024-02", fault: rule.Layout},
		{value: "2024年", fault: rule.Layout},
		{value: "2024-02/09", fault: rule.Layout},
		{value: "45000", fault: rule.Layout},
	})
}

func rules() []*rule.Rule {
	return []*rule.Rule{
		identifier.CitizenID(), identifier.USCC(), identifier.OrgCode(), identifier.BankCard(), identifier.Phone(), identifier.Plate(), identifier.PostalCode(), identifier.Date(),
	}
}

// FuzzRules: no bytes panic, and what is mended is valid.
func FuzzRules(f *testing.F) {
	for _, s := range []string{
		"11010519491231002x", "110105491231002", "9131010675791199X9", "D2143569-X", "6200 0000 0000 0005", "+86 21 5012 3456转801", "沪a·12345", "WJ沪1234X", "使12", "224001使",
		"二〇二四年二月九日", "2024/2/9", "20012", "\xff\xfe", "沪", "转", "+86", "0086-", "(+86)", "十十十年十月十日", "0转1", strings.Repeat("1-", 60),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range rules() {
			c := r.Check(s, day)
			if c.Verdict == rule.Repairable {
				if again := r.Check(c.Repaired, day); again.Verdict != rule.Valid {
					t.Errorf("%s %q was mended to %q, which is %v: %s", r.Kind, s, c.Repaired, again.Verdict, again.Reason)
				}
			}
			if (c.Reason == "") != (c.Verdict == rule.Valid) {
				t.Errorf("%s %q: %v with reason %q", r.Kind, s, c.Verdict, c.Reason)
			}
		}
	})
}

// column makes n values, one in fifty of them damaged.
func column(n int, value func(i int) string) rule.Column {
	random := rand.New(rand.NewPCG(1, 2))
	c := rule.Column{Offsets: []int32{0}}
	for i := range n {
		v := []byte(value(i))
		if random.IntN(50) == 0 {
			v[random.IntN(len(v))] ^= 3
		}
		c.Data = append(c.Data, v...)
		c.Offsets = append(c.Offsets, int32(len(c.Data)))
	}
	return c
}

// BenchmarkColumn measures the kernels on 100,000 values with 2 % damage.
func BenchmarkColumn(b *testing.B) {
	const n = 100_000
	random := rand.New(rand.NewPCG(3, 4))
	areas := code.Areas().All()
	values := map[string]func(i int) string{
		"citizen_id": func(int) string {
			for {
				if a := areas[random.IntN(len(areas))]; a.Level == code.County && a.To == 0 {
					birth, _ := rule.MakeDay(1930+random.IntN(80), 1+random.IntN(12), 1+random.IntN(28))
					return number(a.Code, birth, random.IntN(1000))
				}
			}
		},
		"uscc":        func(int) string { return "9131010675791199X9" },
		"org_code":    func(int) string { return "D2143569-X" },
		"bank_card":   func(int) string { return "6205500000000000004" },
		"phone":       func(i int) string { return fmt.Sprintf("138%08d", i) },
		"plate":       func(i int) string { return fmt.Sprintf("沪A%05d", i%100000) },
		"postal_code": func(i int) string { return fmt.Sprintf("200%03d", i%1000) },
		"date":        func(i int) string { return fmt.Sprintf("19%02d-%02d-%02d", i%100, 1+i%12, 1+i%28) },
	}
	for _, r := range rules() {
		c := column(n, values[r.Kind])
		out := make([]rule.Verdict, n)
		b.Run(r.Kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Column(c, day, out)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mvalues/s")
		})
	}
}
