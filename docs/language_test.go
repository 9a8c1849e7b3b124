package docs

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// block is a fenced block of a document.
type block struct {
	language, text string
	line           int
}

func blocksOf(t *testing.T, document string) []block {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	open := false
	for i, line := range strings.Split(string(text), "\n") {
		language, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && !open:
			blocks = append(blocks, block{language: language, line: i + 2})
			open = true
		case fence:
			open = false
		case open:
			last := &blocks[len(blocks)-1]
			last.text += line + "\n"
		}
	}
	return blocks
}

func shown(found diag.List) string {
	var b strings.Builder
	diag.Render(&b, found, diag.RenderOptions{})
	return b.String()
}

// compileBlocks compiles texts together and fails on any finding, warnings too.
func compileBlocks(t *testing.T, name string, texts ...string) *ir.Program {
	t.Helper()
	var trees []*dsl.RuleFile
	var found diag.List
	for _, text := range texts {
		tree, list := dsl.Parse(diag.NewFile(name, text))
		trees = append(trees, tree)
		found = append(found, list...)
	}
	program, list := compiler.Compile(trees)
	if found = append(found, list...); len(found) > 0 {
		t.Errorf("%s does not compile:\n%s", name, shown(found))
		return nil
	}
	return program
}

// TestLanguageExamples compiles every muster block of the reference: one with settings by itself, one with a member of
// its own under plain settings, and any other together with the first example, which it extends.
func TestLanguageExamples(t *testing.T) {
	blocks := blocksOf(t, "language.md")
	var first string
	rules, conditions := 0, 0
	var example *ir.Program
	for _, b := range blocks {
		name := "language.md:" + strconv.Itoa(b.line)
		switch b.language {
		case "muster":
			rules++
			switch {
			case first == "":
				first = b.text
				if example = compileBlocks(t, name, b.text); example == nil {
					t.Fatal("without the first example nothing else can be compiled")
				}
			case strings.Contains(b.text, "settings"):
				compileBlocks(t, name, b.text)
			case strings.HasPrefix(b.text, "member {"):
				compileBlocks(t, name, `settings { language 1  timezone "UTC" }`, b.text)
			default:
				compileBlocks(t, name, first, b.text)
			}
		case "condition":
			for i, line := range strings.Split(strings.TrimSpace(b.text), "\n") {
				conditions++
				file := diag.NewFile("language.md:"+strconv.Itoa(b.line+i), line)
				query, found := compiler.CompileQuery(example, file, nil)
				if len(found) > 0 {
					t.Errorf("%s: %s\n%s", file.Name, line, shown(found))
				} else if !query.Condition {
					t.Errorf("%s: %s is no condition", file.Name, line)
				}
			}
		case "":
			// indented syntax stands in no fence; an unmarked fence would escape this test
			t.Errorf("%s: the block does not say what it is", name)
		}
	}
	if rules < 6 || conditions < 25 {
		t.Errorf("found %d rule examples and %d conditions: the blocks are not where this test looks", rules, conditions)
	}
}

// TestCouponExamples compiles the rules of the page on coupons and cases together, and its conditions against them.
func TestCouponExamples(t *testing.T) {
	var rules []string
	conditions := 0
	for _, b := range blocksOf(t, "coupons.md") {
		if b.language == "muster" {
			rules = append(rules, b.text)
		}
	}
	example := compileBlocks(t, "coupons.md", rules...)
	if example == nil {
		t.Fatal("without its rules nothing of the page can be compiled")
	}
	for _, b := range blocksOf(t, "coupons.md") {
		if b.language != "condition" {
			continue
		}
		for i, line := range strings.Split(strings.TrimSpace(b.text), "\n") {
			conditions++
			file := diag.NewFile("coupons.md:"+strconv.Itoa(b.line+i), line)
			if query, found := compiler.CompileQuery(example, file, nil); len(found) > 0 || !query.Condition {
				t.Errorf("%s: %s\n%s", file.Name, line, shown(found))
			}
		}
	}
	if len(rules) < 2 || conditions < 5 {
		t.Errorf("found %d rule examples and %d conditions", len(rules), conditions)
	}
}
