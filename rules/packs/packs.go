// Package packs holds starter rules that come with Muster: rule sets to try, to read, and to copy from.
package packs

import (
	"embed"
	"io/fs"
)

//go:embed retail/*.muster
var files embed.FS

// Retail is the rule set for the UCI Online Retail data: recency, frequency and value scores, life cycle, returns,
// country, favourite products and price band, as tags and segments, with a test for each.
func Retail() fs.FS {
	retail, err := fs.Sub(files, "retail")
	if err != nil {
		panic(err) // the directory is part of the program
	}
	return retail
}
