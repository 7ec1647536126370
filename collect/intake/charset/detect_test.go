package charset

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"shuniu/shuniutest/publicdata"
)

func detect(t testing.TB, b []byte) Result {
	t.Helper()
	r, err := Detect(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// measured splits files in two by their name: rules were tuned on one half,
// the other half is what the test asserts.
func measured(name string) bool {
	h := fnv.New32a()
	h.Write([]byte(name))
	return h.Sum32()%2 == 1
}

// sample is a file re-encoded.
type sample struct {
	name, encoding string
	data           []byte
}

// encodings a table is written in, when it can be.
var written = []struct{ name, bom string }{
	{"gb18030", ""},
	{"big5", ""},
	{"shift_jis", ""},
	{"euc-jp", ""},
	{"euc-kr", ""},
	{"utf-16le", "\xFF\xFE"},
	{"utf-16be", "\xFE\xFF"},
	{"utf-16le", ""},
	{"utf-16be", ""},
	{"utf-8", "\xEF\xBB\xBF"},
	{"utf-8", ""},
	{"windows-1252", ""},
	{"mac-roman", ""},
	{"windows-1250", ""},
	{"windows-1251", ""},
}

// texts are short tables in the languages of offices, written for this test.
var texts = map[string]string{
	"zh":      "序号,单位名称,联系电话,人数\n1,浦东新区陆家嘴街道办事处,021-58760000,86\n2,潍坊新村街道社区事务受理服务中心,021-58302222,45\n",
	"zh-head": "姓名,性别,年龄\nA,1,20\nB,2,30\n",
	"zh-late": strings.Repeat("1,2,3,4,abc\n", 20000) + "5,6,7,8,备注：数据截至二月底\n",
	"hant":    "編號,機關名稱,電話,人數\n1,臺北市大安區戶政事務所,02-23567890,120\n2,新北市政府教育局,02-29603456,85\n合計,,,205\n",
	"hant2":   "縣市,鄉鎮市區,村里數,戶數\n宜蘭縣,羅東鎮,23,26000\n花蓮縣,花蓮市,45,41000\n臺東縣,臺東市,46,39000\n",
	"ja":      "番号,施設名,所在地,電話番号\n1,中央図書館,東京都港区芝公園一丁目,03-1234-5678\n2,みなと保育園,東京都港区南青山,03-2345-6789\n",
	"ja2":     "都道府県名,人口（総数）,世帯数\n北海道,5224614,2476846\n青森県,1237984,511526\n岩手県,1210534,492436\n",
	"ko":      "번호,시설명,주소,전화번호\n1,중앙도서관,서울특별시 종로구 세종대로 209,02-123-4567\n2,어린이집,경기도 수원시 팔달구,031-234-5678\n",
	"ko2":     "행정동,세대수,인구수,남,여\n역삼1동,19000,35000,17000,18000\n삼성동,12000,28000,13500,14500\n",
	"fr":      "Commune;Département;Habitants\nSaint-Étienne;Loire;174082\nMâcon;Saône-et-Loire;34171\nBéziers;Hérault;78683\nÉpinal;Vosges;32223\n",
	"de":      "Gemeinde;Kreis;Einwohner\nMünchen;München;1512491\nNürnberg;Mittelfranken;523026\nGroß-Gerau;Groß-Gerau;26084\nLübeck;Schleswig-Holstein;216277\n",
	"es":      "Municipio,Población\nA Coruña,246000\nMálaga,578460\nCádiz,115439\nLogroño,150808\n",
	"pt":      "Município;População\nSão Paulo;12325232\nBrasília;3055149\nGoiânia;1536097\nMaceió;1025360\n",
	"en":      "Item,Price,Note\nTea,£3.50,the “best” tea – really\nCoffee,£2.20,don’t miss\n",
	"da":      "Kommune;Indbyggere\nKøbenhavn;638117\nÅrhus;352751\nHelsingør;62880\nTårnby;43000\nNæstved;83000\n",
	"pl":      "Województwo;Miasto;Ludność\nŁódzkie;Łódź;672185\nŚląskie;Częstochowa;217530\nMałopolskie;Kraków;779115\nWielkopolskie;Poznań;532048\nDolnośląskie;Wrocław;641928\n",
	"cs":      "Kraj;Město;Obyvatel\nJihočeský;České Budějovice;94463\nPlzeňský;Plzeň;174842\nÚstecký;Ústí nad Labem;91982\nMoravskoslezský;Třinec;34778\n",
	"hu":      "Megye;Város;Lakosság\nGyőr-Moson-Sopron;Győr;132038\nBékés;Gyula;29000\nHajdú-Bihar;Hajdúböszörmény;30000\nSzékesfehérvár;őszi;1\n",
	"ru":      "Регион;Город;Население\nМосковская область;Подольск;299660\nСвердловская область;Екатеринбург;1493749\nСаратовская область;Энгельс;227049\n",
	"ru-head": "Город;n\na;1\nb;2\nc;3\n",
	"one-é":   "name,n\nCafé Central,1\nBar,2\n",
}

// reencode writes text in an encoding when it reads back the same.
func reencode(text []byte, name string) ([]byte, bool) {
	b, ok := Encode(name, text)
	if !ok {
		return nil, false
	}
	return b, bytes.Equal(decodeLoose(name, b), text)
}

// suits tells which languages an encoding is used for in offices.
func suits(lang, enc string) bool {
	lang, _, _ = strings.Cut(lang, "-")
	lang = strings.TrimRight(lang, "0123456789")
	switch enc {
	case "gb18030":
		return lang == "zh"
	case "big5":
		return lang == "hant"
	case "shift_jis", "euc-jp":
		return lang == "ja"
	case "euc-kr":
		return lang == "ko"
	case "windows-1252", "mac-roman":
		return strings.Contains("fr de es pt en da one", lang)
	case "windows-1250":
		return strings.Contains("pl cs hu", lang)
	case "windows-1251":
		return lang == "ru"
	}
	return strings.HasPrefix(enc, "utf")
}

// samples are the pages of known encoding, and tables re-encoded.
func samples(t testing.TB) []sample {
	var out []sample
	dir := publicdata.Path(t)
	pages := map[string]string{"Big5": "big5", "GB2312": "gb18030", "UTF-16": "utf-16be", "utf-8": "utf-8", "utf-8-sig": "utf-8-bom"}
	files, err := filepath.Glob(filepath.Join(dir, "link-quality", "enc_chardet", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, sample{name: filepath.Base(f), encoding: pages[filepath.Base(filepath.Dir(f))], data: b})
	}
	add := func(name, lang string, text []byte) {
		for _, w := range written {
			if lang != "" && !suits(lang, w.name) || lang == "" && utf8.RuneCount(text) == len(text) {
				continue
			}
			// real tables are Chinese: in the encodings Chinese offices use
			if lang == "" && !strings.HasPrefix(w.name, "utf") && w.name != "gb18030" {
				continue
			}
			b, ok := reencode(text, w.name)
			if !ok {
				continue
			}
			want := w.name
			if w.bom != "" && w.name == "utf-8" {
				want = "utf-8-bom"
			}
			out = append(out, sample{name: fmt.Sprintf("%s.%s.%d", name, w.name, len(w.bom)), encoding: want, data: append([]byte(w.bom), b...)})
		}
	}
	for lang, text := range texts {
		add(lang, lang, []byte(text))
	}
	for _, pattern := range []string{"0*/*.csv", "1*/*.csv", "2*/*.csv", "0*/*.txt", "codes/*.csv"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
			b = b[:min(len(b), 48<<10)]
			for len(b) > 0 && !utf8.Valid(b[max(0, len(b)-3):]) && !utf8.FullRune(b[max(0, len(b)-1):]) {
				b = b[:len(b)-1]
			}
			if i := bytes.LastIndexByte(b, '\n'); i > 0 {
				b = b[:i+1]
			}
			if utf8.Valid(b) {
				add(filepath.Base(f), "", b)
			}
		}
	}
	return out
}

// A sample is right when the named encoding reads it as it was meant; it is
// silently wrong when it does not and nothing was said.
func TestDetect(t *testing.T) {
	right, total, silent := 0, 0, 0
	for _, s := range samples(t) {
		r := detect(t, s.data)
		ok := r.Name == s.encoding
		if !ok && !strings.HasPrefix(s.encoding, "utf-8") {
			want := decodeLoose(s.encoding, s.data[min(len(s.data), r.BOM):])
			ok = bytes.Equal(decodeLoose(r.Name, s.data[min(len(s.data), r.BOM):]), want)
		}
		if !ok {
			t.Logf("%s: %s, want %s (%v, %q; measured %v)", s.name, r.Name, s.encoding, r.Alternatives, r.Doubt, measured(s.name))
		} else if r.Doubt != "" || r.Double != "" {
			t.Logf("%s: right, %s, and doubts: %s", s.name, r.Name, r.Doubt)
		}
		if !measured(s.name) {
			continue
		}
		total++
		if ok {
			right++
		} else if r.Doubt == "" {
			silent++
		}
	}
	t.Logf("measured half: %d of %d right, %d silently wrong", right, total, silent)
	if right*100 < total*99 || silent > 0 {
		t.Errorf("%d of %d right, want 99 %%; %d silently wrong, want 0", right, total, silent)
	}
}

func TestDoubleEncodingIsNamed(t *testing.T) {
	for _, tc := range []struct{ name, text, wrong string }{
		{"French read as windows-1252", texts["fr"], "windows-1252"},
		{"Chinese read as windows-1252", texts["zh"], "windows-1252"},
	} {
		raw := []byte(tc.text)
		c, err := codecOf(tc.wrong)
		if err != nil {
			t.Fatal(err)
		}
		var out []byte
		for _, b := range raw {
			r := c.single[b]
			if r == 0 { // as browsers do: a control character
				r = rune(b)
			}
			out = utf8.AppendRune(out, r)
		}
		r := detect(t, out)
		if r.Double != tc.wrong || r.Doubt == "" {
			t.Errorf("%s: double %q, doubt %q", tc.name, r.Double, r.Doubt)
		}
		d, err := NewDecoder("double:" + r.Double)
		if err != nil {
			t.Fatal(err)
		}
		if got, n, ok := d.Append(nil, out, true); !ok || n != len(out) || string(got) != tc.text {
			t.Errorf("%s: repaired to %q", tc.name, got)
		}
	}
	for name, text := range texts {
		if r := detect(t, []byte(text)); r.Double != "" {
			t.Errorf("%s: plain text taken for double-encoded (%s)", name, r.Double)
		}
	}
}

func TestMixedLinesAreTold(t *testing.T) {
	gbk, _ := Encode("gb18030", []byte("3,上海市黄浦区,12\n"))
	mixed := append([]byte(strings.Repeat(texts["zh"], 5)), gbk...)
	if r := detect(t, mixed); r.Name != "utf-8" || r.Foreign == "" || r.Doubt == "" {
		t.Errorf("a GBK line in UTF-8: %+v", r)
	}
	file, _ := Encode("gb18030", []byte(strings.Repeat(texts["zh"], 5)))
	mixed = append(file, "3,上海市黄浦区,12\n"...)
	if r := detect(t, mixed); r.Name != "gb18030" || r.Foreign != "utf-8" || r.Doubt == "" {
		t.Errorf("a UTF-8 line in GBK: %+v", r)
	}
}

// TestEvidenceOfABigFileIsWhole: where the evidence of a valid file ends, no
// character is cut in two that would speak against its encoding.
func TestEvidenceOfABigFileIsWhole(t *testing.T) {
	for _, size := range []int{3 << 20, 40 << 20} {
		for shift := range 3 {
			var b bytes.Buffer
			b.WriteString(strings.Repeat("x", shift) + ",\xc3\xfb\xb3\xc6\n") // 名称
			for i := 0; b.Len() < size; i++ {
				fmt.Fprintf(&b, "%d,\xc9\xcf\xba\xa3\xca\xd0\xc6\xd6\xb6\xab\xd0\xc2\xc7\xf8%d\xba\xc5\n", i, i%97) // 上海市浦东新区…号
			}
			res, err := Detect(bytes.NewReader(b.Bytes()), int64(b.Len()))
			if err != nil || res.Name != "gb18030" || res.Foreign != "" || res.Doubt != "" {
				t.Errorf("%d bytes, shift %d: %+v, %v", b.Len(), shift, res, err)
			}
		}
	}
}
