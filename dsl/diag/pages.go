package diag

import (
	"embed"
	"sort"
	"strings"
)

//go:embed pages/*.md
var pages embed.FS

// Page returns the explanation of a code: Markdown that starts with "# CODE: title" and holds one rule set that raises
// the code, in a block marked muster-wrong, and the mended one, in a block marked muster.
func Page(code string) (string, bool) {
	text, err := pages.ReadFile("pages/" + strings.ToUpper(code) + ".md")
	if err != nil || strings.ContainsAny(code, `/\.`) {
		return "", false
	}
	return string(text), true
}

// Codes returns every code that has a page, in order.
func Codes() []string {
	entries, err := pages.ReadDir("pages")
	if err != nil {
		return nil
	}
	var codes []string
	for _, e := range entries {
		codes = append(codes, strings.TrimSuffix(e.Name(), ".md"))
	}
	sort.Strings(codes)
	return codes
}
