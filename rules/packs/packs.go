// Package packs holds starter rules that come with Muster: rule sets to try, to read, and to copy from.
package packs

import (
	"embed"
	"io/fs"
	"slices"
)

//go:embed retail shoes sports
var files embed.FS

// Pack is a rule set with tests of its own and a README that explains it.
type Pack struct {
	Name  string
	About string // one line
	Files fs.FS
}

// All returns the packs in the order of names.
func All() []Pack {
	return []Pack{
		pack("retail", "the UCI Online Retail data: scores, life cycle, returns, favourites, price bands"),
		pack("shoes", "a shoe brand: more than 100 tags over shops, CRM and online sales, with points and campaigns"),
		pack("sports", "a sports brand's programme: points, tiers, coupons, campaigns, complaints"),
	}
}

// Named returns the pack of a name.
func Named(name string) (Pack, bool) {
	all := All()
	i := slices.IndexFunc(all, func(p Pack) bool { return p.Name == name })
	if i < 0 {
		return Pack{}, false
	}
	return all[i], true
}

func pack(name, about string) Pack {
	dir, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the directory is part of the program
	}
	return Pack{name, about, dir}
}

// Retail is the rule set for the UCI Online Retail data: recency, frequency and value scores, life cycle, returns,
// country, favourite products and price band, as tags and segments, with a test for each.
func Retail() fs.FS { return pack("retail", "").Files }
