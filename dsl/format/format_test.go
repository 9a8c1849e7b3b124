package format

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/dsl/internal/treetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestLayout compares texts with their layout: in testdata/*.txtar each NAME.in is followed by its NAME.out.
func TestLayout(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, f := range archive.Files {
			want[f.Name] = string(f.Data)
		}
		fresh := &txtar.Archive{Comment: archive.Comment}
		for _, f := range archive.Files {
			name, isInput := strings.CutSuffix(f.Name, ".in")
			if !isInput {
				continue
			}
			got, diags := Format(diag.NewFile(f.Name, string(f.Data)))
			if len(diags) > 0 {
				t.Errorf("%s: %s: %s", name, diags[0].Span, diags[0].Message)
			}
			fresh.Files = append(fresh.Files, f, txtar.File{Name: name + ".out", Data: []byte(got)})
			if !*update && got != want[name+".out"] {
				t.Errorf("%s:\n--- got\n%s--- want\n%s", name, got, want[name+".out"])
			}
			check(t, string(f.Data))
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(fresh), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

type failer interface {
	Helper()
	Fatalf(string, ...any)
}

// check holds the layout of a text to what every layout promises.
func check(t failer, text string) {
	t.Helper()
	before := diag.NewFile("before", text)
	out, diags := Format(before)
	if diags.HasErrors() {
		if out != text {
			t.Fatalf("%q has errors, and was changed all the same", text)
		}
		return
	}
	after := diag.NewFile("after", out)
	a, _ := dsl.Scan(before)
	if settled := settle(text, a); settled != out {
		t.Fatalf("the layout of %q would be\n%s\nwhich changes its tokens", text, settled)
	}
	b, _ := dsl.Scan(after)
	if x, y := words(a), words(b); x != y {
		t.Fatalf("of %q the tokens\n%s\nbecame\n%s", text, x, y)
	}
	if again, _ := Format(after); again != out {
		t.Fatalf("%q\nis laid out as\n%s\nand that as\n%s", text, out, again)
	}
	treeBefore, _ := dsl.Parse(before)
	treeAfter, diagsAfter := dsl.Parse(after)
	if _, was := dsl.Parse(before); len(was) == 0 && len(diagsAfter) > 0 {
		t.Fatalf("%q had no errors, its layout %q has: %s", text, out, diagsAfter[0].Message)
	} else if len(was) == 0 && treetest.Shape(treeBefore) != treetest.Shape(treeAfter) {
		t.Fatalf("%q and its layout %q have different trees", text, out)
	}
	if len(a) > 1 && (!strings.HasSuffix(out, "\n") || strings.Contains(out, "\n\n\n") || strings.Contains(out, " \n") || strings.HasPrefix(out, "\n")) {
		t.Fatalf("stray white space in %q", out)
	}
}

func words(tokens []dsl.Token) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString(strings.TrimRight(t.Text, " \t\r") + "\n")
	}
	return b.String()
}

func samples(t testing.TB) (texts []string) {
	t.Helper()
	for _, path := range []string{"../testdata/rules/loyalty.muster"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	archive, err := txtar.ParseFile("testdata/layout.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		texts = append(texts, string(f.Data))
	}
	return texts
}

// TestAnySpace lays out rule sets whose white space was thrown about: the tokens stay, the layout of a layout is itself,
// the tree is the same.
func TestAnySpace(t *testing.T) {
	texts := samples(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(texts).Draw(t, "text")
		tokens, _ := dsl.Scan(diag.NewFile("", text))
		spaces := rapid.SampledFrom([]string{" ", "  ", "\t", "\n", "\r\n", "\n\n\n", "     ", " \n  "})
		from := rapid.IntRange(0, len(tokens)-2).Draw(t, "from")
		tokens = tokens[from:min(len(tokens), from+rapid.IntRange(1, 120).Draw(t, "length"))]
		var b strings.Builder
		for i, token := range tokens {
			b.WriteString(text[token.Start:token.End])
			if token.Kind == dsl.Comment {
				b.WriteByte('\n')
			}
			if i+1 < len(tokens) && (tokens[i+1].Start > token.End || rapid.Bool().Draw(t, "more")) {
				b.WriteString(spaces.Draw(t, "space"))
			}
		}
		check(t, b.String())
	})
}

// TestRefused: a text that cannot be cut into tokens, or whose brackets do not balance, stays as it is.
func TestRefused(t *testing.T) {
	for _, text := range []string{"tag  a = (1", "tag  a = 1)", "event  e { )", "tag  a = \"x", "tag  a = 1；", "tag  a = \xff"} {
		out, diags := Format(diag.NewFile("f", text))
		if !diags.HasErrors() || out != text {
			t.Errorf("%q became %q with %d findings", text, out, len(diags))
		}
	}
	huge := strings.Repeat(" ", dsl.MaxFile) + "tag a = 1"
	if out, diags := Format(diag.NewFile("f", huge)); !diags.HasErrors() || out != huge {
		t.Error("a file beyond the size limit was laid out")
	}
}

func FuzzFormat(f *testing.F) {
	for _, text := range samples(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			t.Skip("longer texts show nothing else")
		}
		check(t, text)
	})
}
