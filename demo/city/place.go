package city

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"shuniu/packs/standards"
)

// A LonLat is a schematic position (示意), in degrees of WGS 84.
type LonLat struct{ Lon, Lat float64 }

// A Town is a street or town of Pudong: its real code and name.
type Town struct {
	Code       string // nine digits
	Name       string
	Old        string // a name that old addresses still use; "" when there is none
	Weight     int    // share of the dwellings, set by hand
	Centre     LonLat // set by hand, 示意
	Committees []Committee

	first int // its first dwelling
	lanes int
	roads []string
}

// A Committee is a committee of residents or villagers: real code and name.
type Committee struct {
	Code    string // twelve digits
	Name    string
	Village bool
	Town    int // index in City.Towns

	first, n int // its dwellings
	lane     int // its first lane among those of the town
}

// townFacts: code suffix, weight, centre, old name. Weights follow the order
// of size of the towns and are no statistics.
var townFacts = []struct {
	code     string
	weight   int
	lon, lat float64
	old      string
}{
	{"004", 95, 121.519, 31.224, ""},
	{"005", 110, 121.509, 31.238, ""},
	{"007", 140, 121.494, 31.182, ""},
	{"008", 80, 121.517, 31.208, ""},
	{"009", 110, 121.484, 31.176, ""},
	{"010", 105, 121.507, 31.196, ""},
	{"011", 105, 121.590, 31.270, ""},
	{"012", 205, 121.575, 31.255, ""},
	{"013", 150, 121.547, 31.243, ""},
	{"014", 170, 121.600, 31.260, ""},
	{"015", 115, 121.505, 31.147, ""},
	{"016", 240, 121.557, 31.207, "花木镇"},
	{"103", 420, 121.700, 31.190, "川沙镇"},
	{"104", 185, 121.577, 31.352, ""},
	{"105", 285, 121.560, 31.170, "严桥镇"},
	{"110", 130, 121.710, 31.250, ""},
	{"114", 150, 121.660, 31.210, "王港镇"},
	{"117", 190, 121.680, 31.290, "顾路镇"},
	{"120", 90, 121.625, 31.265, ""},
	{"121", 150, 121.610, 31.295, "东沟镇"},
	{"123", 110, 121.625, 31.325, "杨园镇"},
	{"125", 300, 121.620, 31.195, "孙桥镇"},
	{"130", 360, 121.510, 31.140, "杨思镇"},
	{"131", 230, 121.760, 31.050, "惠南镇"},
	{"132", 210, 121.575, 31.115, "瓦屑镇"},
	{"133", 160, 121.650, 31.030, "坦直镇"},
	{"134", 70, 121.735, 30.970, "三墩镇"},
	{"136", 290, 121.590, 31.140, "横沔镇"},
	{"137", 190, 121.595, 31.050, "下沙镇"},
	{"139", 250, 121.760, 31.110, "盐仓镇"},
	{"140", 100, 121.815, 30.905, "彭镇"},
	{"141", 95, 121.700, 31.045, "三灶镇"},
	{"142", 65, 121.860, 30.960, "新港镇"},
	{"143", 30, 121.815, 30.970, ""},
	{"144", 40, 121.840, 31.030, "滨海镇"},
	{"145", 140, 121.910, 30.890, "申港街道"},
}

// dwellingsPerLane, the same for every shape of lane.
const dwellingsPerLane = 120

// dwellingsPerCommittee below which a small city uses fewer committees.
const dwellingsPerCommittee = 60

var (
	roadFirst  = []rune("澄锦芳青云翠碧紫银金丹兰松柏枫桐荷莲桂梅杏桃柳槐棠棣瑞祥康宁泰和惠德信义礼智仁勇")
	roadSecond = []rune("波霞岚屿溪泉涛汀洲湾岭峰谷原野田园林苑圃庭亭台阁桥津渡港浦泾浜塘沙埂堤岸坪坊里巷")
)

func buildTowns(seed uint64, dwellings int) []Town {
	names := map[string]string{}
	for line := range strings.SplitSeq(standards.Text("towns.txt"), "\n") {
		if rest, ok := strings.CutPrefix(line, "310115 "); ok {
			for f := range strings.SplitSeq(rest, " ") {
				names[f[:3]] = f[3:]
			}
		}
	}
	committees := map[string][]string{}
	for line := range strings.SplitSeq(standards.Text("committees_310000.txt"), "\n") {
		if code, rest, ok := strings.Cut(line, " "); ok && strings.HasPrefix(code, "310115") {
			committees[code[6:]] = strings.Split(rest, " ")
		}
	}
	total, before := 0, 0
	for _, f := range townFacts {
		total += f.weight
	}
	towns := make([]Town, 0, len(townFacts))
	for i, f := range townFacts {
		t := Town{
			Code: "310115" + f.code, Name: names[f.code], Old: f.old, Weight: f.weight, Centre: LonLat{f.lon, f.lat},
			first: dwellings * before / total,
		}
		before += f.weight
		n := dwellings*before/total - t.first
		known := committees[f.code]
		k := max(1, min(len(known), n/dwellingsPerCommittee))
		for j := range k {
			// Spread over the list, whose end holds the villages.
			name := known[j*len(known)/k]
			c := Committee{
				Code: t.Code + name[:3], Name: name[3:], Town: i, Village: strings.HasSuffix(name, "村委会"),
				first: t.first + n*j/k, n: n*(j+1)/k - n*j/k, lane: t.lanes,
			}
			t.lanes += (c.n + dwellingsPerLane - 1) / dwellingsPerLane
			t.Committees = append(t.Committees, c)
		}
		// Names of roads are unique in the district: every road has its number,
		// and the numbers are spread over all pairs of characters.
		const perTown = 44
		for r := range min(perTown, max(8, t.lanes/12)) {
			g := ((i*perTown+r)*1009 + int(seed%1597)) % (len(roadFirst) * len(roadSecond))
			t.roads = append(t.roads, string(roadFirst[g/len(roadSecond)])+string(roadSecond[g%len(roadSecond)])+[]string{"路", "路", "路", "街", "大道"}[r%5])
		}
		towns = append(towns, t)
	}
	return towns
}

// A Dwelling is a room, flat or farm house.
type Dwelling struct {
	ID        int
	Committee *Committee
	Town      *Town
	Grid      string // committee code and two digits
	Road      string // "" in a village
	Lane      int    // 弄; in a village the group 组
	Building  int    // 号
	Floor     int    // 0 in a village
	Room      string // "" in a village
	At        LonLat
	AreaM2    float64
	BuiltIn   int
}

// DwellingCount counts the dwellings: one in 25 is empty.
func (c *City) DwellingCount() int { return c.dwellings }

// Dwelling returns a dwelling by its number, 0 to DwellingCount()-1.
func (c *City) Dwelling(d int) Dwelling {
	t := c.townOf(d)
	town := &c.Towns[t]
	k := sort.Search(len(town.Committees), func(i int) bool { return town.Committees[i].first > d }) - 1
	cm := &town.Committees[k]
	l := d - cm.first
	lane := cm.lane + l/dwellingsPerLane
	at := l % dwellingsPerLane
	laneRoll := c.roll(ofDwelling, uint64(t)<<32|uint64(lane), 1)
	out := Dwelling{
		ID: d, Committee: cm, Town: town, Grid: fmt.Sprintf("%s%02d", cm.Code, 1+l/300),
		At: spiral(town.Centre, lane, town.lanes, laneRoll), BuiltIn: 1982 + laneRoll.Next().N(40),
	}
	r := c.roll(ofDwelling, uint64(d), 2)
	if cm.Village {
		out.Lane, out.Building = 1+l/40, 1+l%40
		out.AreaM2 = float64(900+r.N(1600)) / 10
		return out
	}
	out.Road = town.roads[lane%len(town.roads)]
	out.Lane = 12 + lane/len(town.roads)*20 + laneRoll.N(9)*2 + lane%2
	if laneRoll.Next().Next().N(5) < 3 { // five houses of six floors, two stairs
		out.Building = 1 + at/24*2 + at%24/12
		out.Floor = 1 + at%12/2
		out.Room = strconv.Itoa(out.Floor*100 + 1 + at%2)
	} else { // two towers of fifteen floors
		out.Building = 1 + at/60
		out.Floor = 1 + at%60/4
		out.Room = strconv.Itoa(out.Floor*100 + 1 + at%4)
	}
	out.AreaM2 = float64(380+r.N(900)) / 10
	return out
}

func (c *City) townOf(d int) int {
	return sort.Search(len(c.Towns), func(i int) bool { return c.Towns[i].first > d }) - 1
}

// spiral spreads the lanes of a town around its centre as seeds in a
// sunflower; the farthest is about 1.4 km away.
func spiral(centre LonLat, i, n int, r Chance) LonLat {
	radius := 1.4 * math.Sqrt((float64(i)+r.Unit())/float64(max(1, n)))
	angle := float64(i) * 2.399963229728653 // the golden angle
	return LonLat{
		Lon: math.Round((centre.Lon+radius*math.Cos(angle)/95.2)*1e6) / 1e6, // km per degree at 31° N
		Lat: math.Round((centre.Lat+radius*math.Sin(angle)/111.2)*1e6) / 1e6,
	}
}

// Street is the part of the address behind the town.
func (d *Dwelling) Street() string {
	if d.Road == "" {
		return strings.TrimSuffix(strings.TrimSuffix(d.Committee.Name, "村委会"), "村") + "村" + strconv.Itoa(d.Lane) + "组" + strconv.Itoa(d.Building) + "号"
	}
	return d.Road + strconv.Itoa(d.Lane) + "弄" + strconv.Itoa(d.Building) + "号" + d.Room + "室"
}

// Address is the full standard address.
func (d *Dwelling) Address() string { return "上海市浦东新区" + d.Town.Name + d.Street() }

// South tells whether the town belonged to Nanhui, merged into Pudong in 2009.
func (t *Town) South() bool { return t.Code[6:] >= "131" }
