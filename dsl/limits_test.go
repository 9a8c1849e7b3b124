package dsl_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// TestLimits feeds texts that are made to exhaust a reader. Each gets few findings, the right ones, and what stands
// after it in the file is still read.
func TestLimits(t *testing.T) {
	const million, many = 1_000_000, 30_000
	for _, c := range []struct{ name, text, code, message string }{
		{"size", strings.Repeat("tag a = 1\n", dsl.MaxFile/10+1), "M0120", "a rule file has at most 4 MiB"},
		{"tokens", "tag a = x in (1" + strings.Repeat(",1", million) + ")", "M0120", "more than 1000000 words and signs"},
		{"parentheses", "tag a = " + strings.Repeat("(", million-10), "M0120", "nested more than 200 deep"},
		{"closed parentheses", "tag a = " + strings.Repeat("(", million/3) + "1" + strings.Repeat(")", million/3), "M0120", "nested more than 200 deep"},
		{"closing parentheses", "tag a = " + strings.Repeat(")", many), "M0112", "expected an expression after `=`, found `)`"},
		{"parentheses on lines", "tag a = " + strings.Repeat("(\n", many), "M0120", "nested more than 200 deep"},
		{"calls", "tag a = " + strings.Repeat("f(", many), "M0120", "nested more than 200 deep"},
		{"not", "segment a = " + strings.Repeat("not ", many) + "b", "M0120", "nested more than 200 deep"},
		{"signs", "tag a = " + strings.Repeat("- ", many) + "1", "M0120", "nested more than 200 deep"},
		{"mixed prefixes", "tag a = " + strings.Repeat("-(not ", many/2) + "1", "M0120", "nested more than 200 deep"},
		{"when in when", "tag a = " + strings.Repeat("(when x then ", 100_000), "M0120", "nested more than 200 deep"},
		{"braces", "event a " + strings.Repeat("{", many), "M0113", "expected a field or `}`, found `{`"},
		{"braces of a campaign", "campaign a " + strings.Repeat("{", many), "M0113", "expected a clause of a campaign or `}`, found `{`"},
		{"parentheses of a campaign", "campaign a { do { give " + strings.Repeat("(", many), "M0120", "nested more than 200 deep"},
		{"sum in an action", "campaign a { do { give 1" + strings.Repeat("+1", many) + " stars } }", "M0120", "more than 10000 operators in one expression"},
		{"sum in a condition", "coupon a { when 1" + strings.Repeat("+1", many) + " = 1 }", "M0120", "more than 10000 operators in one expression"},
		{"sum", "tag a = 1" + strings.Repeat("+1", many), "M0120", "more than 10000 operators in one expression"},
		{"conjunction", "segment a = x" + strings.Repeat(" and x", many/2), "M0120", "more than 10000 operators in one expression"},
		{"selections", "tag a = x" + strings.Repeat(".x", many), "M0120", "more than 10000 operators in one expression"},
		{"sum in a call", "tag a = f(1" + strings.Repeat("+1", many) + ")", "M0120", "more than 10000 operators in one expression"},
		{"sum in a field", "event a { x int = 1" + strings.Repeat("+1", many) + "}", "M0120", "more than 10000 operators in one expression"},
		{"string", "tag a = \"" + strings.Repeat("x", 4*many) + "\"", "M0120", "a string of 120002 bytes"},
		{"open string", "tag a = \"" + strings.Repeat("潮", many), "M0104", "the closing `\"`"},
		{"backslashes", "tag a = \"" + strings.Repeat(`\`, 4*many) + "\"", "M0120", ""},
		{"digits", "tag a = " + strings.Repeat("9", many), "M0106", "is beyond the largest whole number"},
		{"decimals", "tag a = 0." + strings.Repeat("9", many), "M0106", "more digits than a number can hold"},
		{"wide digits", "tag a = " + strings.Repeat("９", 100_000), "M0106", "is beyond the largest whole number"},
		{"date", "tag a = " + strings.Repeat("9", many) + "-1-1", "M0107", "is no date"},
		{"clock", "tag a = 1:" + strings.Repeat("9", many), "M0107", "is no clock time"},
		{"name", "tag " + strings.Repeat("x", many) + " = +", "M0120", "a name of 30000 bytes"},
		{"quoted name", "tag `" + strings.Repeat("x", many) + "` = +", "M0120", "a name of 30000 bytes"},
		{"wide name", "tag " + strings.Repeat("ｘ", many) + " = +", "M0120", "a name of 30000 bytes"},
		{"wide spaces", "tag a =" + strings.Repeat("\u3000", many), "M0102", "30000 wide spaces"},
		{"bytes", strings.Repeat("\xff", many), "M0101", "not valid UTF-8"},
		{"NUL", "tag a = \x00", "M0101", "a NUL character"},
		{"NUL in a string", "tag a = \"\x00\"", "M0101", "a NUL character in a string"},
		{"bytes in a string", "tag a = \"" + strings.Repeat("\xff", 60_000) + "\"", "M0101", "not valid UTF-8"},
		{"bytes in a comment", "// \xff", "M0101", "not valid UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree, diags := dsl.Parse(diag.NewFile("f", c.text+"\nsegment last = 1 +"))
			if len(diags) == 0 || len(diags) > 5 {
				t.Fatalf("%d findings", len(diags))
			}
			if d := diags[0]; d.Code != c.code || !strings.Contains(d.Message, c.message) {
				t.Errorf("%s: %.200s; want %s: %s", d.Code, d.Message, c.code, c.message)
			}
			for _, d := range diags {
				if len(d.Message)+len(d.Hint)+len(d.Reading) > 600 {
					t.Errorf("a finding of %d bytes", len(d.Message)+len(d.Hint)+len(d.Reading))
				}
			}
			if d := diags[len(diags)-1]; c.name != "size" && c.name != "tokens" && d.Reading != "segment last" {
				t.Errorf("the declaration after it is not read: %.200s", d.Message)
			}
			if tree == nil || len(tree.Decls) > 0 {
				t.Error("a tree of a broken text")
			}
			var b bytes.Buffer
			diag.Render(&b, diags, diag.RenderOptions{})
			if b.Len() > 1000*(len(diags)+2) {
				t.Errorf("%d bytes are shown for %d findings", b.Len(), len(diags))
			}
		})
	}
}

// TestNestingAllowed: what stands just within the limits is read.
func TestNestingAllowed(t *testing.T) {
	deep := strings.Repeat("(", dsl.MaxNesting) + "1" + strings.Repeat(")", dsl.MaxNesting)
	long := "1" + strings.Repeat(" + 1", dsl.MaxOperators)
	for name, text := range map[string]string{"deep": deep, "long": long} {
		e, diags := dsl.ParseExpr(diag.NewFile("f", text))
		if len(diags) > 0 {
			t.Fatalf("%s: %s", name, diags[0].Message)
		}
		if e.String() != text {
			t.Errorf("%s: another text", name)
		}
	}
}

// TestNestingEndsWithItsDeclaration: brackets that many declarations leave open do not add up.
func TestNestingEndsWithItsDeclaration(t *testing.T) {
	_, diags := dsl.Parse(diag.NewFile("f", strings.Repeat("tag a = (((\n", 90)))
	for _, d := range diags {
		if d.Code == "M0120" {
			t.Fatalf("%s: %s", d.Span, d.Message)
		}
	}
	if len(diags) != 90 {
		t.Errorf("%d findings, want one for each declaration", len(diags))
	}
}

// TestManyErrors: after a hundred the rest is only mentioned, and the tree says that it is not whole.
func TestManyErrors(t *testing.T) {
	for _, line := range []string{"tag a = +\n", "tag a；\n", "? \n", "event e {\n", "sgment x = 1\n", "points p {\n"} {
		tree, diags := dsl.Parse(diag.NewFile("f", strings.Repeat(line, 20_000)))
		if !tree.Stopped || len(diags) != dsl.MaxFindings+1 || !strings.Contains(diags[dsl.MaxFindings].Message, "more after 100 errors") {
			t.Errorf("%q: %d findings, stopped %v", line, len(diags), tree.Stopped)
		}
	}
}

// TestEveryPrefix cuts a rule set off at every byte: no panic, and each sound declaration before the cut is kept.
func TestEveryPrefix(t *testing.T) {
	f := readRules(t)
	whole, _ := dsl.Parse(f)
	step := 17
	if os.Getenv("MUSTER_LONG") != "" {
		step = 1
	}
	for end := 0; end < len(f.Text); end += step {
		tree, _ := dsl.Parse(diag.NewFile("f", f.Text[:end]))
		want := 0
		for _, d := range whole.Decls {
			if d.Span().End < end {
				want++
			}
		}
		if len(tree.Decls) < want-1 {
			t.Fatalf("cut at %d: %d declarations are kept, want %d", end, len(tree.Decls), want)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(readRules(f).Text)
	f.Add("12.5% ５％ `a` \"\\u{6F6E}\" 2026-06-01T10:30 21:00 // x\r\n“y” ！＝")
	f.Fuzz(func(t *testing.T, text string) {
		file := diag.NewFile("f", text)
		tokens, diags := dsl.Scan(file)
		end := 0
		for i, token := range tokens {
			if token.Start < end || token.End < token.Start || token.End > len(text) {
				t.Fatalf("token %d covers [%d,%d) after %d", i, token.Start, token.End, end)
			}
			if (token.Kind == dsl.EndOfFile) != (i == len(tokens)-1) {
				t.Fatalf("token %d of %d is the end", i, len(tokens))
			}
			if gap := text[end:token.Start]; len(diags) == 0 && strings.Trim(gap, " \t\r\n\ufeff") != "" {
				t.Fatalf("%q is skipped without a finding", gap)
			}
			if (token.Broken || token.Kind == dsl.Invalid) && len(diags) == 0 {
				t.Fatalf("token %q is broken without a finding", token.Text)
			}
			end = token.End
		}
		spans(t, file, diags)
	})
}

func FuzzParse(f *testing.F) {
	f.Add(readRules(f).Text)
	for _, d := range []string{"tag a = ", "segment a = (", "event e { x int = ", "test \"t\" { member m { e { at ", "source s gives e { a from \"x\" map {"} {
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			t.Skip("longer texts show nothing else")
		}
		file := diag.NewFile("f", text)
		tree, diags := dsl.Parse(file)
		if len(tree.Broken) > 0 && !diags.HasErrors() {
			t.Fatal("a declaration is broken without a finding")
		}
		spans(t, file, diags)
		var b bytes.Buffer
		diag.Render(&b, diags, diag.RenderOptions{})
		e, diags := dsl.ParseExpr(file)
		if (e == nil) != diags.HasErrors() {
			t.Fatalf("expression %v with findings %v", e, diags)
		}
		if e != nil {
			if _, diags := dsl.ParseExpr(diag.NewFile("again", e.String())); len(diags) > 0 {
				t.Fatalf("%q prints as %q, which does not parse: %s", text, e, diags[0].Message)
			}
		}
	})
}

// spans holds findings to places in the text.
func spans(t *testing.T, f *diag.File, diags diag.List) {
	t.Helper()
	for _, d := range diags {
		for _, s := range append([]diag.Related{{Span: d.Span}}, d.Related...) {
			if s.Span.File != f || s.Span.Start < 0 || s.Span.End < s.Span.Start || s.Span.End > len(f.Text) {
				t.Fatalf("%s %s points at [%d,%d) of %d bytes", d.Code, d.Message, s.Span.Start, s.Span.End, len(f.Text))
			}
		}
		if d.Code == "" || d.Message == "" || strings.HasSuffix(d.Message, ".") {
			t.Fatalf("finding %+v", fmt.Sprint(d))
		}
	}
}
