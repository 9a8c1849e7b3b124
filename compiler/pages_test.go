package compiler_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// compile parses and compiles one text.
func compile(text string) (diags diag.List) {
	f := diag.NewFile("rules.muster", text)
	tree, diags := dsl.Parse(f)
	_, more := compiler.Compile([]*dsl.RuleFile{tree})
	return append(diags, more...)
}

func codes(l diag.List) string {
	var s []string
	for _, d := range l {
		s = append(s, d.Code+" "+d.Message)
	}
	return strings.Join(s, "; ")
}

func raises(l diag.List, code string) bool {
	for _, d := range l {
		if d.Code == code {
			return true
		}
	}
	return false
}

// fenced returns the content of a page's blocks of one language.
func fenced(page, language string) []string {
	var blocks []string
	for rest := page; ; {
		_, after, ok := strings.Cut(rest, "\n```"+language+"\n")
		if !ok {
			return blocks
		}
		text, end, _ := strings.Cut(after, "\n```")
		blocks = append(blocks, text+"\n")
		rest = end
	}
}

// Every code of the language has a page with a rule set that raises it and one that is sound.
func TestPages(t *testing.T) {
	for _, code := range diag.Codes() {
		if code >= "M0900" {
			continue // of stores and command lines
		}
		t.Run(code, func(t *testing.T) {
			page, _ := diag.Page(code)
			wrong, right := fenced(page, "muster-wrong"), fenced(page, "muster")
			if len(wrong) == 0 || len(right) == 0 {
				t.Fatal("the page needs a wrong and a mended rule set")
			}
			for _, text := range wrong {
				if found := compile(text); !raises(found, code) {
					t.Errorf("not raised by\n%s\nbut: %s", text, codes(found))
				}
			}
			for _, text := range right {
				if found := compile(text); len(found) > 0 {
					t.Errorf("raised by the mended\n%s\n%s", text, codes(found))
				}
			}
		})
	}
}

// Every code that the compiler's source mentions has a page.
func TestCodesHavePages(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	mentioned := regexp.MustCompile(`"M0[0-9]{3}"`)
	count := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, quoted := range mentioned.FindAllString(string(text), -1) {
			code := strings.Trim(quoted, `"`)
			if _, ok := diag.Page(code); !ok {
				t.Errorf("%s: %s has no page", name, code)
			}
			count++
		}
	}
	if count < 100 {
		t.Errorf("only %d codes found in %d files", count, len(files))
	}
}
