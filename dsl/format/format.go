// Package format lays out Muster source text.
//
// [Format] changes white space only: the tokens and comments of the result are those of the source, in the same order.
// It works on tokens, not on the tree, so that it lays out every declaration, those whose inside this version does not
// read included, and a file with a fault in its grammar as well. Lines break where the author broke them; the package
// sets indentation, spacing and blank lines, and keeps in line what the author put in columns. Formatting what is
// formatted changes nothing.
package format

import (
	"strings"

	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// Format returns the text of a file laid out anew. Where the text cannot be cut into tokens or its brackets do not
// balance, it returns the text as it is, and the findings that say why.
func Format(f *diag.File) (string, diag.List) {
	if len(f.Text) > dsl.MaxFile {
		_, diags := dsl.Parse(f)
		return f.Text, diags
	}
	tokens, diags := dsl.Scan(f)
	if diags.HasErrors() {
		return f.Text, capped(diags)
	}
	if diags = balance(f, tokens); diags.HasErrors() {
		return f.Text, diags
	}
	text := settle(f.Text, tokens)
	if !sameTokens(f.Text, text) {
		return f.Text, nil // better not laid out than changed
	}
	return text, nil
}

func capped(diags diag.List) diag.List {
	diags.Sort()
	return diags[:min(len(diags), dsl.MaxFindings)]
}

// settle lays out until nothing changes. Columns are aligned by what is aligned already, and moving one column can
// bring another in line; should that not come to rest, nothing is aligned.
func settle(text string, tokens []dsl.Token) string {
	for range 4 {
		next := layout(text, tokens, true)
		if next == text {
			return text
		}
		text = next
		tokens, _ = dsl.Scan(diag.NewFile("", text))
	}
	return layout(text, tokens, false)
}

// balance holds every closing bracket to the one that it closes.
func balance(f *diag.File, tokens []dsl.Token) diag.List {
	var open []dsl.Token
	fault := func(t dsl.Token, message string, related ...diag.Related) diag.List {
		return diag.List{{Code: "M0113", Span: t.Span(f), Message: message, Related: related}}
	}
	for _, t := range tokens {
		if t.Kind != dsl.Punct {
			continue
		}
		switch t.Text {
		case "(", "{":
			open = append(open, t)
		case ")", "}":
			if len(open) == 0 {
				return fault(t, "this `"+t.Text+"` closes nothing")
			}
			last := open[len(open)-1]
			if (last.Text == "(") != (t.Text == ")") {
				return fault(t, "this `"+t.Text+"` does not close the bracket that is open",
					diag.Related{Span: last.Span(f), Message: "this `" + last.Text + "` is not closed"})
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		last := open[len(open)-1]
		return fault(last, "this `"+last.Text+"` is not closed")
	}
	return nil
}

// sameTokens reports whether two texts hold the same tokens and comments in the same order, whatever the space.
func sameTokens(a, b string) bool {
	x, _ := dsl.Scan(diag.NewFile("", a))
	y, _ := dsl.Scan(diag.NewFile("", b))
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i].Kind != y[i].Kind || strings.TrimRight(x[i].Text, blanks) != strings.TrimRight(y[i].Text, blanks) {
			return false
		}
	}
	return true
}

// blanks are what is cut off the end of a comment.
const blanks = " \t\r"
