package city

import "strconv"

// An Organisation is no firm: an office, a committee, a school, a clinic or an
// association.
type Organisation struct {
	ID      int
	Code    string // credit code, area 310190
	Name    string
	Class   string // 机关, 基层群众性自治组织, 学校, 医疗机构, 社会组织
	Town    *Town
	Address string
	Founded Day
	Leader  Person
	Staff   int
}

// A School takes the children of its town.
type School struct {
	ID    int
	Name  string
	Level int // 0 kindergarten, 1 primary, 2 junior, 3 senior
	Town  int
}

var schoolLevels = []struct {
	name      string
	dwellings int // of the town for each school
}{{"幼儿园", 4000}, {"小学", 6000}, {"初级中学", 8000}, {"高级中学", 20000}}

// numbers of organisations begin behind all numbers of firms.
const organisationNumbers = 400_000_000

func (c *City) buildSchools() {
	for t := range c.Towns {
		end := c.dwellings
		if t+1 < len(c.Towns) {
			end = c.Towns[t+1].first
		}
		for level, l := range schoolLevels {
			c.schoolAt = append(c.schoolAt, len(c.schools))
			for k := range max(1, (end-c.Towns[t].first)/l.dwellings) {
				name := "上海市浦东新区" + c.Towns[t].roads[k%len(c.Towns[t].roads)] + l.name
				if k >= len(c.Towns[t].roads) {
					name += "（" + strconv.Itoa(k/len(c.Towns[t].roads)+1) + "部）"
				}
				c.schools = append(c.schools, School{len(c.schools), name, level, t})
			}
		}
	}
	c.schoolAt = append(c.schoolAt, len(c.schools))
}

// Schools of the district.
func (c *City) Schools() []School { return c.schools }

// schoolFor returns the number of the school of somebody with a grade.
func (c *City) schoolFor(p *Person) int {
	level := 0
	switch {
	case p.Grade > 9:
		level = 3
	case p.Grade > 5: // five years of primary school in Shanghai
		level = 2
	case p.Grade > 0:
		level = 1
	}
	k := c.townOf(p.Dwelling)*len(schoolLevels) + level
	lo, hi := c.schoolAt[k], c.schoolAt[k+1]
	return lo + c.roll(ofPerson, uint64(p.ID), 50).N(hi-lo)
}

// OrganisationCount counts the organisations, which are numbered from 0:
// town offices, committees, schools, clinics, associations.
func (c *City) OrganisationCount() int {
	return len(c.Towns)*2 + c.committees + len(c.schools) + c.associations()
}

func (c *City) associations() int { return max(20, c.households/700) }

// Organisation makes organisation o.
func (c *City) Organisation(o int) Organisation {
	r := func(field uint64) Chance { return c.roll(ofOrganisation, uint64(o), field) }
	out := Organisation{ID: o, Founded: between(r(1), On(1990, 1, 1), On(2021, 12, 31)), Leader: c.LegalPerson(1<<41 + uint64(o)), Staff: 3 + r(2).N(60)}
	var head string
	k := o
	switch towns := len(c.Towns); {
	case k < towns:
		head, out.Class, out.Town = "11", "机关", &c.Towns[k]
		out.Name = "上海市浦东新区" + out.Town.Name + "办事处"
		if out.Town.Name[len(out.Town.Name)-3:] == "镇" {
			out.Name = "上海市浦东新区" + out.Town.Name + "人民政府"
		}
	case k < 2*towns:
		head, out.Class, out.Town = "12", "医疗机构", &c.Towns[k-towns]
		out.Name = "上海市浦东新区" + out.Town.Name + "社区卫生服务中心"
	case k < 2*towns+c.committees:
		head, out.Class = "54", "基层群众性自治组织"
		k -= 2 * towns
		for t := range c.Towns {
			if n := len(c.Towns[t].Committees); k >= n {
				k -= n
				continue
			}
			out.Town = &c.Towns[t]
			out.Name = "上海市浦东新区" + out.Town.Name + out.Town.Committees[k].Name
			break
		}
	case k < 2*towns+c.committees+len(c.schools):
		s := c.schools[k-2*towns-c.committees]
		head, out.Class, out.Name, out.Town = "12", "学校", s.Name, &c.Towns[s.Town]
	default:
		head, out.Class = "51", "社会组织"
		out.Town = pick(r(3), c.townRefs)
		word := pick(r(4), []string{"志愿者协会", "老年体育协会", "养老服务中心", "社区公益服务社", "法律服务中心", "创业促进会", "邻里互助社", "文化促进会"})
		if word[len(word)-9:] == "务中心" || word[len(word)-3:] == "社" {
			head = "52"
		}
		out.Name = "上海浦东新区" + c.brand(2*c.AllFirms()+k) + word
	}
	out.Code = creditCode(head, organisationNumbers+o)
	out.Address = "上海市浦东新区" + out.Town.Name + out.Town.roads[o%len(out.Town.roads)] + strconv.Itoa(2+r(5).N(400)) + "号"
	return out
}

// Member draws the i-th of the people of organisation o.
func (c *City) Member(o, i int) Person { return c.LegalPerson(1<<42 + uint64(o)<<16 + uint64(i)) }
