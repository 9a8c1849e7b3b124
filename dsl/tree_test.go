package dsl_test

import (
	"os"
	"strings"
	"testing"

	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/dsl/internal/treetest"
)

func readRules(t testing.TB) *diag.File {
	t.Helper()
	text, err := os.ReadFile("testdata/rules/loyalty.muster")
	if err != nil {
		t.Fatal(err)
	}
	return diag.NewFile("loyalty.muster", string(text))
}

// TestTree compares the tree of a rule set that has a declaration of every kind, one line a declaration.
func TestTree(t *testing.T) {
	tree, diags := dsl.Parse(readRules(t))
	for _, d := range diags {
		t.Errorf("%s: %s", d.Span, d.Message)
	}
	var b strings.Builder
	for _, d := range tree.Decls {
		b.WriteString(treetest.Shape(d) + "\n")
	}
	const golden = "testdata/rules/loyalty.tree"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	got, wanted := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(wanted)) {
		if i >= len(got) || i >= len(wanted) || got[i] != wanted[i] {
			t.Fatalf("declaration %d:\ngot  %s\nwant %s", i+1, at(got, i), at(wanted, i))
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "nothing"
}

// TestSpans holds declarations to the text that they cover, and expressions within them.
func TestSpans(t *testing.T) {
	tree, _ := dsl.Parse(readRules(t))
	ends := 0
	for _, d := range tree.Decls {
		text := d.Span().Text()
		if !strings.HasPrefix(text, d.Kind()) {
			t.Errorf("%s %s covers %q", d.Kind(), d.Head().Text, text)
		}
		if d.Span().Start < ends {
			t.Errorf("%s %s overlaps the declaration before it", d.Kind(), d.Head().Text)
		}
		ends = d.Span().End
		if head := d.Head(); head.Text != "" && strings.Trim(head.At.Text(), "`") != head.Text {
			t.Errorf("the name %q covers %q", head.Text, head.At.Text())
		}
		if tag, ok := d.(*dsl.Tag); ok && tag.Expr != nil && !strings.HasSuffix(text, tag.Expr.Span().Text()) {
			t.Errorf("tag %s: the expression covers %q of %q", tag.Name.Text, tag.Expr.Span().Text(), text)
		}
	}
}

// TestBroken holds what is known of declarations with an error: the kind, the name, and what was read before it.
func TestBroken(t *testing.T) {
	f := diag.NewFile("f", `member { phone id  city string  ) }
tag a "A" = 1 +
segmnt b = 1
event order { amount money  oops }
tag good = 1
tag c = 007 tag also_good = 2
points p {
`)
	tree, diags := dsl.Parse(f)
	var got []string
	for _, b := range tree.Broken {
		got = append(got, strings.TrimSpace(b.Word+" "+b.Name.Text))
	}
	if want := "member, tag a, segment b, event order, tag c, points p"; strings.Join(got, ", ") != want {
		t.Errorf("broken: %s; want %s", strings.Join(got, ", "), want)
	}
	if len(diags) != len(tree.Broken) {
		t.Errorf("%d findings for %d broken declarations", len(diags), len(tree.Broken))
	}
	if len(tree.Decls) != 2 || tree.Decls[0].Head().Text != "good" || tree.Decls[1].Head().Text != "also_good" {
		t.Errorf("%d declarations are sound, want good and also_good", len(tree.Decls))
	}
	if m, ok := tree.Broken[0].Partial.(*dsl.Member); !ok || len(m.Attributes) != 2 {
		t.Errorf("of the broken member block %v is kept, want its two attributes", tree.Broken[0].Partial)
	}
}

// TestNormalisedNames: names are compared after NFC, so a name typed in its decomposed form is the same name.
func TestNormalisedNames(t *testing.T) {
	tree, diags := dsl.Parse(diag.NewFile("f", "list cafe\u0301\nlist `cafe\u0301`\nlist caf\u00e9"))
	if len(diags) > 0 || len(tree.Decls) != 3 {
		t.Fatalf("%d declarations, %v", len(tree.Decls), diags)
	}
	for i, d := range tree.Decls {
		if d.Head().Text != "caf\u00e9" || d.Head().Quoted != (i == 1) {
			t.Errorf("name %d is %+q, quoted %v", i, d.Head().Text, d.Head().Quoted)
		}
	}
}

// TestAcceptedForms: a byte-order mark, CRLF, and declarations that share a line change nothing.
func TestAcceptedForms(t *testing.T) {
	plain := readRules(t)
	want, _ := dsl.Parse(plain)
	for name, text := range map[string]string{
		"mark": "\ufeff" + plain.Text,
		"crlf": strings.ReplaceAll(plain.Text, "\n", "\r\n"),
		"both": "\ufeff" + strings.ReplaceAll(plain.Text, "\n", "\r\n"),
		"line": oneLine(plain),
	} {
		tree, diags := dsl.Parse(diag.NewFile(name, text))
		if len(diags) > 0 {
			t.Errorf("%s: %s: %s", name, diags[0].Span, diags[0].Message)
		}
		if treetest.Shape(tree) != treetest.Shape(want) {
			t.Errorf("%s: another tree", name)
		}
	}
}

// oneLine joins the tokens of a file with single spaces.
func oneLine(f *diag.File) string {
	tokens, _ := dsl.Scan(f)
	var words []string
	for _, t := range tokens {
		if t.Kind != dsl.Comment {
			words = append(words, t.Text)
		}
	}
	return strings.Join(words, " ")
}
