package dsl_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// TestPagesOfSyntax: every code that this package gives has a page; the page's wrong rule set raises the code and no
// other, the mended one raises none.
func TestPagesOfSyntax(t *testing.T) {
	given := map[string]bool{}
	for _, pattern := range []string{"*.go", "format/*.go"} {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			for _, code := range regexp.MustCompile(`"M\d{4}"`).FindAllString(string(text), -1) {
				given[strings.Trim(code, `"`)] = true
			}
		}
	}
	if len(given) < 15 {
		t.Fatalf("found only %d codes", len(given))
	}
	for _, code := range diag.Codes() {
		if strings.HasPrefix(code, "M01") && !given[code] {
			t.Errorf("%s has a page, but nothing gives it", code)
		}
	}
	for code := range given {
		page, ok := diag.Page(code)
		if !ok {
			t.Errorf("%s has no page", code)
			continue
		}
		_, diags := dsl.Parse(diag.NewFile(code, block(page, "muster-wrong")))
		if len(diags) == 0 {
			t.Errorf("%s: the wrong rule set has no error", code)
		}
		for _, d := range diags {
			if d.Code != code {
				t.Errorf("%s: the wrong rule set raises %s: %s", code, d.Code, d.Message)
			}
		}
		_, diags = dsl.Parse(diag.NewFile(code, block(page, "muster")))
		for _, d := range diags {
			t.Errorf("%s: the mended rule set raises %s: %s", code, d.Code, d.Message)
		}
	}
}

// block is the fenced block of a kind.
func block(page, kind string) string {
	_, rest, _ := strings.Cut(page, "```"+kind+"\n")
	text, _, _ := strings.Cut(rest, "\n```")
	return text
}
