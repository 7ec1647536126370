package city_test

import (
	"testing"

	"shuniu/demo/city"
)

func BenchmarkEveryone(b *testing.B) {
	c := city.New(1_000_000, 1)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		hh := c.Household(n % c.Households())
		n += len(hh.Members)
	}
}

func BenchmarkFirm(b *testing.B) {
	c := city.New(1_000_000, 1)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		c.Firm(n % c.AllFirms())
		n++
	}
}

func BenchmarkDwelling(b *testing.B) {
	c := city.New(1_000_000, 1)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		d := c.Dwelling(n % c.DwellingCount())
		_ = d.Address()
		n++
	}
}
