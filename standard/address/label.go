package address

// A label is a part of an address.
type label uint8

// The parts, by the usual order from large to small.
const (
	labelCountry label = iota
	labelProvince
	labelCity
	labelDistrict
	labelZone
	labelTown
	labelCommunity
	labelRoad
	labelRoadNo
	labelSubRoad
	labelSubRoadNo
	labelPOI
	labelSubPOI
	labelHouse
	labelUnit
	labelFloor
	labelRoom
	labelPerson
	labelNear
	labelWaste
	nLabels
)

var labelNames = [nLabels]string{
	"country", "prov", "city", "district", "devzone", "town", "community", "road", "roadno", "subroad", "subroadno", "poi", "subpoi", "houseno", "cellno", "floorno", "roomno",
	"person", "assist", "redundant",
}

// A tag is a label and whether a part begins (2*label) or goes on (2*label+1).
type tag = uint8

const nTags = 2 * int(nLabels)

// A span is one part: tokens [from, to).
type span struct {
	label    label
	from, to int
}
