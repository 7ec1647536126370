package city

// outline is a stated shape of the district, no boundary: 示意, degrees of WGS 84.
var outline = []LonLat{
	{121.455, 31.180},
	{121.475, 31.205},
	{121.500, 31.240},
	{121.545, 31.262},
	{121.560, 31.290},
	{121.545, 31.340},
	{121.575, 31.380},
	{121.640, 31.355},
	{121.720, 31.300},
	{121.790, 31.200},
	{121.860, 31.120},
	{121.930, 31.000},
	{121.985, 30.880},
	{121.930, 30.850},
	{121.780, 30.860},
	{121.690, 30.940},
	{121.570, 31.000},
	{121.560, 31.080},
	{121.470, 31.130},
}

// Outline returns the stated shape of the district (示意), a closed ring.
func Outline() []LonLat { return append(append([]LonLat{}, outline...), outline[0]) }

// Cell returns the part of the outline that is nearer to town i than to any
// other: its schematic area (示意), a closed ring. A district replaces it by its
// own boundaries.
func (c *City) Cell(i int) []LonLat {
	ring := outline
	a := c.Towns[i].Centre
	for j := range c.Towns {
		if j != i {
			ring = nearer(ring, a, c.Towns[j].Centre)
		}
	}
	if len(ring) == 0 {
		return nil
	}
	return append(append([]LonLat{}, ring...), ring[0])
}

// nearer cuts away what is nearer to b than to a (Sutherland and Hodgman).
func nearer(ring []LonLat, a, b LonLat) []LonLat {
	side := func(p LonLat) float64 { // positive on the side of a
		const k = 0.733 // a degree of longitude is shorter: (cos 31°)²
		return k*(p.Lon-(a.Lon+b.Lon)/2)*(a.Lon-b.Lon) + (p.Lat-(a.Lat+b.Lat)/2)*(a.Lat-b.Lat)
	}
	var out []LonLat
	for i, p := range ring {
		q := ring[(i+1)%len(ring)]
		sp, sq := side(p), side(q)
		if sp >= 0 {
			out = append(out, p)
		}
		if (sp >= 0) != (sq >= 0) {
			f := sp / (sp - sq)
			out = append(out, LonLat{p.Lon + f*(q.Lon-p.Lon), p.Lat + f*(q.Lat-p.Lat)})
		}
	}
	return out
}
