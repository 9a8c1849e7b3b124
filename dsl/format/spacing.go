package format

import (
	"strings"

	"github.com/muster-engine/muster/dsl"
)

// wideGap reports whether the author left more than one space, or a tab, before token j.
func (l *layouter) wideGap(j int) bool {
	space := l.text[l.tokens[j-1].End:l.tokens[j].Start]
	return len(space) > 1 || strings.Contains(space, "\t")
}

// gap is the number of spaces between token j and the one before it on the same line.
func (l *layouter) gap(j int, wide bool) int {
	a, b := l.tokens[j-1], l.tokens[j]
	switch {
	case b.Kind == dsl.Comment:
		return 2
	case !l.spaced(j):
		return 0
	case wide && l.separates(a, b):
		return 2
	}
	return 1
}

// separates reports whether two spaces before b may set apart two items on one line of a block.
func (l *layouter) separates(a, b dsl.Token) bool {
	if l.braces() == 0 || l.inParens() || a.Kind == dsl.Punct && a.Text != ")" && a.Text != "}" {
		return false
	}
	return b.Kind == dsl.Word && b.Text != "on" || b.Kind == dsl.Quoted || b.Kind == dsl.Reserved && b.Text == "when"
}

// spaced reports whether a space stands between token j and the one before it.
func (l *layouter) spaced(j int) bool {
	a, b := l.tokens[j-1], l.tokens[j]
	if b.Kind == dsl.Punct {
		switch b.Text {
		case ")", ",":
			return false
		case ":":
			return isNumber(a)
		case ".":
			return isNumber(a)
		case "(":
			return l.spacedParen(j)
		case "}":
			return !(a.Kind == dsl.Punct && a.Text == "{")
		}
	}
	if a.Kind == dsl.Punct {
		switch a.Text {
		case "(", ".":
			return false
		case "-":
			return !l.unary(j-1) || b.Kind == dsl.Punct && b.Text == "-"
		}
	}
	return true
}

// isNumber tells tokens that would swallow a dot or colon directly after them.
func isNumber(t dsl.Token) bool {
	switch t.Kind {
	case dsl.Int, dsl.Decimal, dsl.Percent, dsl.Date, dsl.Time, dsl.Clock:
		return true
	}
	return false
}

// asking are words with a fixed meaning after which a value stands, not its arguments.
var asking = map[string]bool{
	"by": true, "with": true, "give": true, "factor": true, "to": true, "during": true, "for": true, "off": true,
	"due": true, "within": true, "until": true, "most": true, "from": true, "expect": true, "price": true,
}

// spacedParen reports whether a space stands before the parenthesis at j: not in a call.
func (l *layouter) spacedParen(j int) bool {
	a := l.tokens[j-1]
	switch a.Kind {
	case dsl.Word:
		return asking[a.Text] || l.inFacts()
	case dsl.Quoted:
		return l.inFacts()
	case dsl.Punct:
		return a.Text != "(" && a.Text != "." && !(a.Text == "-" && l.unary(j-1))
	}
	return true
}

// inFacts reports whether names are followed by their values: within the members and events of a test.
func (l *layouter) inFacts() bool { return l.decl == "test" && l.braces() >= 2 && !l.inParens() }

// unary reports whether the minus at j is a sign.
func (l *layouter) unary(j int) bool {
	p := l.before(j)
	if p < 0 {
		return true
	}
	a := l.tokens[p]
	switch a.Kind {
	case dsl.Punct:
		return a.Text != ")" && a.Text != "}"
	case dsl.Reserved:
		return a.Text != "true" && a.Text != "false"
	case dsl.Word:
		return asking[a.Text] || l.inFacts()
	case dsl.Quoted:
		return l.inFacts()
	}
	return false
}
