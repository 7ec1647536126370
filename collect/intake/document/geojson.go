package document

import (
	"context"
	"strings"

	"shuniu/collect/intake/tabular"
)

// FindGeoJSON finds the features of a GeoJSON or TopoJSON document: properties
// as columns, the geometry as compact GeoJSON text in "geometry". The
// coordinate reference and other members stand in the notes.
func FindGeoJSON(ctx context.Context, src *tabular.Source, opt tabular.Options) ([]tabular.Found, error) {
	return FindJSON(ctx, src, opt)
}

// isGeo reports whether the shape is that of a FeatureCollection, of lines of
// features, or of a topology.
func isGeo(root *node) bool {
	features := child(root, "features")
	if features == nil {
		features = root
	}
	if child(features, "geometry") != nil && child(features, "properties") != nil && child(features, "type") != nil {
		return true
	}
	t := child(root, "type")
	return t != nil && (topology(root) || t.sample == "GeometryCollection" && child(root, "geometries") != nil)
}

func topology(root *node) bool {
	t := child(root, "type")
	return t != nil && t.sample == "Topology" && child(root, "objects") != nil
}

func child(n *node, name string) *node {
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// shapeGeo makes geometries whole values.
func (d *jsonDoc) shapeGeo() {
	whole := func(n *node) {
		if n != nil {
			n.opaque = true
			n.kids, n.index, n.mapped, n.member, n.inner = nil, nil, false, nil, nil
		}
	}
	features := child(d.root, "features")
	if features == nil {
		features = d.root
	}
	whole(child(features, "geometry"))
	whole(child(features, "bbox"))
	whole(child(d.root, "bbox"))
	whole(child(d.root, "crs"))
	if arcs := child(d.root, "arcs"); arcs != nil {
		whole(arcs)
	}
	whole(child(d.root, "transform"))
	if objects := child(d.root, "objects"); objects != nil {
		for _, o := range objects.kids {
			if g := child(o, "geometries"); g != nil {
				whole(child(g, "arcs"))
				whole(child(g, "coordinates"))
			}
		}
	}
}

// trimGeo drops the prefix of property columns.
func (d *jsonDoc) trimGeo() {
	for _, p := range d.layout.plans {
		for i := range p.heads {
			p.heads[i].Name = strings.TrimPrefix(p.heads[i].Name, "properties/")
		}
		finalNames(p.heads)
	}
}
