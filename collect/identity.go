package collect

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"shuniu/collect/intake"
	"shuniu/resource"
	"shuniu/resource/catalogue"
)

func itoa(n int) string { return strconv.Itoa(n) }

// What distinguishes two issues of one file in its name: digests and UUIDs,
// dates, years, quarters, versions, copy marks. They are taken out, longest
// first.
var issueMarks = []*regexp.Regexp{
	regexp.MustCompile(`(?i)(?:^|[^0-9a-z])([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{20,128})(?:$|[^0-9a-z])`),
	regexp.MustCompile(`(?i)[\s_-]*(?:副本|拷贝|复件|copy(?:\s+of)?|最终版|终稿|定稿|修订版|修改版|更新版|最新版|最新|新版|final|latest)[\s_-]*`),
	regexp.MustCompile(`[\s_-]*[(（\[【]\s*\d{1,4}\s*[)）\]】]`),
	regexp.MustCompile(`(?i)[\s_.-]+v(?:er(?:sion)?)?[\s_.]*\d+(?:\.\d+)*`),
	regexp.MustCompile(`(?:19|20)\d{2}\s*年(?:\s*\d{1,2}\s*月(?:份)?(?:\s*\d{1,2}\s*[日号])?|度|\s*第?[一二三四1-4]季度|上半年|下半年)?`),
	regexp.MustCompile(`(?:^|[^0-9])((?:19|20)\d{2}[-_./]?(?:0[1-9]|1[0-2])[-_./]?(?:0[1-9]|[12]\d|3[01])(?:[-_ T]?\d{4,6})?)(?:$|[^0-9])`),
	regexp.MustCompile(`(?:^|[^0-9])((?:19|20)\d{2}[-_./]?(?:0[1-9]|1[0-2]))(?:$|[^0-9])`),
	regexp.MustCompile(`(?i)(?:^|[^0-9])((?:19|20)\d{2}[\s_-]*q[1-4])(?:$|[^0-9])`),
	regexp.MustCompile(`(?:^|[^0-9])((?:19|20)\d{2}(?:[-_~至](?:19|20)\d{2})?)(?:$|[^0-9])`),
	regexp.MustCompile(`第?\s*\d{1,2}\s*(?:月份|月|季度|期|批次|批|次)`),
}

// stem is a file's name without folders and extensions.
func stem(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	for range 3 {
		ext := path.Ext(name)
		if n := len(ext); n < 2 || n > 9 || n == len(name) || strings.IndexFunc(ext[1:], func(r rune) bool { return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) }) >= 0 || strings.Trim(ext[1:], "0123456789") == "" {
			break
		}
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

// normalName is a name without what differs from issue to issue.
func normalName(name string) string {
	s := catalogue.Fold(name)
	for _, re := range issueMarks {
		for range 4 {
			m := re.FindStringSubmatchIndex(s)
			if m == nil {
				break
			}
			from, to := m[0], m[1]
			if len(m) > 2 {
				from, to = m[2], m[3]
			}
			s = s[:from] + " " + s[to:]
		}
	}
	return strings.Trim(strings.Join(strings.Fields(s), " "), " _-.()（）[]【】+")
}

var defaultSheets = regexp.MustCompile(`(?i)^(?:sheet|工作表|表|feuil|hoja|tabelle|シート|sheet ?name)?[\s_]*\d*$`)

// nameKey identifies a table by the names that stay the same from issue to
// issue: of the file or member, of the sheet or path, and its place among the
// tables there.
func nameKey(file string, t *intake.TableReport, ordinal int) string {
	name := file
	if t.Member != "" {
		name = t.Member
	}
	key := normalName(stem(name))
	if s := t.Place.Sheet; s != "" && !defaultSheets.MatchString(catalogue.Fold(s)) {
		key += "/" + normalName(s)
	}
	if t.Place.Path != "" {
		key += "/" + t.Place.Path
	}
	if t.Format == "sql" {
		key += "/" + catalogue.Fold(t.Name)
	}
	if ordinal > 1 {
		key += "#" + itoa(ordinal)
	}
	// Files called alike may be about different things (分省年度数据 (1), (2)):
	// their own titles tell.
	if title := normalName(clip(ownTitle(t), 200)); title != "" {
		key += "|" + title
	}
	return key
}

// ownTitle is the line above a table that says what it is about: its 指标, else
// its title; "" when there is none.
func ownTitle(t *intake.TableReport) string {
	title := ""
	for _, n := range t.Notes {
		switch {
		case strings.HasPrefix(strings.TrimSpace(n.Text), "指标"):
			return n.Text
		case n.Kind == "title" && title == "":
			title = n.Text
		}
	}
	return title
}

var (
	copyCounter = regexp.MustCompile(`[(（]\s*\d{1,3}\s*[)）]\s*$`)
	titleLabel  = regexp.MustCompile(`^\s*(?:指标|标题|表名)(?:名称)?\s*[:：]\s*`)
	unitTail    = regexp.MustCompile(`\s*[(（](?:单位[:：])?[^()（）\s]{1,3}[)）]\s*$`)
)

// titleName is a table's own title as a name: no label, unit or issue; at most
// 60 characters. "" when there is none.
func titleName(t *intake.TableReport) string {
	line, _, _ := strings.Cut(ownTitle(t), "\n")
	labelled := titleLabel.MatchString(line)
	name := titleLabel.ReplaceAllString(line, "")
	if labelled { // an indicator ends in its unit
		name = unitTail.ReplaceAllString(name, "")
	}
	if n := strings.Trim(trimIssue(name), " _-."); n != "" {
		name = n
	}
	name = strings.TrimSpace(name)
	if utf8.RuneCountInString(name) < 3 || utf8.RuneCountInString(name) > 60 {
		return ""
	}
	return name
}

// displayName is what a new dataset is called in the catalogue, in a
// suggestion and on a receipt alike.
func displayName(file string, t *intake.TableReport, single bool) string {
	name := file
	if t.Member != "" {
		name = t.Member
	}
	base := stem(name)
	counted := copyCounter.MatchString(base)
	if n := strings.Trim(trimIssue(base), " _-.()（）"); n != "" {
		base = n
	}
	extra := ""
	switch {
	case t.Place.Sheet != "" && !defaultSheets.MatchString(catalogue.Fold(t.Place.Sheet)):
		extra = t.Place.Sheet
	case t.Place.Path != "" && !single:
		extra = strings.Trim(t.Place.Path, "/")
	case t.Format == "sql" && t.Name != "":
		return t.Name
	}
	if counted || generic(normalName(stem(name))) { // the file's name says little, its title more
		if title := titleName(t); title != "" {
			base = title
		}
	}
	if extra != "" && !strings.Contains(base, extra) {
		if single {
			return base
		}
		return base + " " + extra
	}
	return base
}

var placeName = regexp.MustCompile(`^(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门|全国|\p{Han}{1,5}(?:省|市|区|县|镇|乡|街道|村|自治州))(?:市|省|区)?$`)

// vague reports whether a name does not say what a dataset is about: a place, a
// year, 附件2, Sheet1.
func vague(name string) bool {
	name = strings.TrimSpace(name)
	key := normalName(name)
	return generic(key) || defaultSheets.MatchString(key) || placeName.MatchString(name)
}

// proposeNames gives better names than a vague one, best first, at most three:
// the table's title, its folder or sheet beside the name, its first columns.
func proposeNames(file string, t *intake.TableReport, name string) (out []string) {
	add := func(n string) {
		if n = strings.TrimSpace(n); n != "" && !vague(n) && !slices.Contains(out, n) && len(out) < 3 {
			out = append(out, n)
		}
	}
	title := titleName(t)
	add(title)
	if title != "" && placeName.MatchString(name) && !strings.Contains(title, name) {
		add(name + title)
	}
	whole := strings.ReplaceAll(file, `\`, "/")
	if t.Member != "" {
		whole = stem(whole) + "/" + t.Member
	}
	if folder := path.Base(path.Dir(whole)); folder != "." && folder != "/" && !vague(folder) {
		add(folder + " " + name)
	}
	if s := t.Place.Sheet; s != "" && !defaultSheets.MatchString(catalogue.Fold(s)) && !strings.Contains(name, s) {
		add(name + " " + s)
	}
	var heads []string
	for _, c := range t.Columns {
		if _, err := strconv.Atoi(strings.TrimPrefix(c.Name, "column_")); err == nil || utf8.RuneCountInString(c.Name) > 12 {
			continue
		}
		if heads = append(heads, c.Name); len(heads) == 3 {
			break
		}
	}
	if len(heads) > 1 {
		add(name + "（" + strings.Join(heads, "、") + "）")
	}
	return out
}

// trimIssue is normalName that keeps the case.
func trimIssue(name string) string {
	s := name
	for _, re := range issueMarks {
		for range 4 {
			m := re.FindStringSubmatchIndex(s)
			if m == nil {
				break
			}
			from, to := m[0], m[1]
			if len(m) > 2 {
				from, to = m[2], m[3]
			}
			s = s[:from] + " " + s[to:]
		}
	}
	return strings.Join(strings.Fields(s), " ")
}

// generic reports whether the name in a key says too little to know a source
// by: what follows it, a sheet or path, does not make up for that.
func generic(key string) bool {
	if i := strings.IndexAny(key, "/#|"); i >= 0 {
		key = key[:i]
	}
	han, other := 0, 0
	for _, r := range key {
		switch {
		case unicode.Is(unicode.Han, r):
			han++
		case unicode.IsLetter(r):
			other++
		}
	}
	switch strings.Trim(key, "0123456789 _-") {
	case "", "data", "export", "output", "result", "results", "table", "test", "file", "report", "list", "数据", "导出", "结果", "报表", "明细", "附件", "表", "新建", "download":
		return true
	}
	return han < 2 && han*2+other < 4
}

// columnsKey identifies a set of columns, whatever their order.
func columnsKey(names []string) string {
	folded := make([]string, len(names))
	for i, n := range names {
		folded[i] = catalogue.Fold(n)
	}
	slices.Sort(folded)
	sum := sha256.Sum256([]byte(strings.Join(folded, "\x1f")))
	return hex.EncodeToString(sum[:16])
}

// overlap counts the column names that two sets share, and all of both.
func overlap(a, b []string) (shared, all int) {
	in := map[string]bool{}
	for _, n := range a {
		in[catalogue.Fold(n)] = true
	}
	all = len(in)
	seen := map[string]bool{}
	for _, n := range b {
		n = catalogue.Fold(n)
		if seen[n] {
			continue
		}
		seen[n] = true
		if in[n] {
			shared++
		} else {
			all++
		}
	}
	return shared, all
}

// makeID makes a dataset id from department and name: Chinese by pinyin.
func makeID(department resource.DepartmentID, name string) resource.DatasetID {
	var parts []string
	if department != "" {
		parts = append(parts, string(department))
	}
	for _, w := range strings.FieldsFunc(catalogue.Fold(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) {
		if syl := catalogue.Syllables(w); len(syl) > 0 {
			parts = append(parts, strings.Join(syl, ""))
		}
	}
	id := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return -1
	}, strings.Join(parts, "_"))
	id = strings.Trim(id, "_")
	if id == "" {
		id = "table"
	}
	if id[0] >= '0' && id[0] <= '9' {
		id = "t_" + id
	}
	return resource.DatasetID(strings.TrimRight(id[:min(len(id), 56)], "_"))
}

// numbered is id with a suffix, within the length of an id.
func numbered(id resource.DatasetID, n int) resource.DatasetID {
	suffix := "_" + itoa(n)
	return resource.DatasetID(strings.TrimRight(string(id[:min(len(id), 63-len(suffix))]), "_") + suffix)
}
