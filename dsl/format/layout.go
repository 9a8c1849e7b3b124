package format

import (
	"strings"

	"github.com/muster-engine/muster/dsl"
)

// step is the width of one level of indentation.
const step = 2

// line is one line of output.
type line struct {
	blank  bool // an empty line stands before it
	indent int
	block  int // how many braces are open where it starts
	words  []word
}

// word is a token with the spaces before it.
type word struct {
	dsl.Token
	gap    int
	wide   bool // the author left more than one space before it
	column class
}

// layout writes the tokens of a text with canonical space.
func layout(text string, tokens []dsl.Token, columns bool) string {
	l := &layouter{text: text, tokens: tokens[:len(tokens)-1], declAt: -1}
	lines := l.lines()
	if columns {
		align(lines)
	}
	var b strings.Builder
	b.Grow(len(text) + len(text)/8)
	for i, line := range lines {
		if line.blank && i > 0 {
			b.WriteByte('\n')
		}
		writeSpaces(&b, line.indent)
		for j, w := range line.words {
			if j > 0 {
				writeSpaces(&b, w.gap)
			}
			if w.Kind == dsl.Comment {
				b.WriteString(strings.TrimRight(w.Text, blanks))
			} else {
				b.WriteString(text[w.Start:w.End])
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func writeSpaces(b *strings.Builder, n int) {
	for range n {
		b.WriteByte(' ')
	}
}

// layouter walks the tokens line by line.
type layouter struct {
	text   string
	tokens []dsl.Token
	open   []bracket
	decl   string // the kind word of the declaration in hand
	declAt int    // and which token it is; -1 before the first
	chain  []bool // for each open block and the top: whether its item in hand is a chain of when … then
}

// bracket is an open ( or {.
type bracket struct {
	brace   bool
	outside int // the indentation of its closing bracket
	inside  int // the indentation of what stands in it
}

func (l *layouter) lines() []line {
	var lines []line
	l.chain = []bool{false}
	for i := 0; i < len(l.tokens); {
		end := i + 1
		for end < len(l.tokens) && !l.tokens[end].First {
			end++
		}
		lines = append(lines, l.line(i, end))
		i = end
	}
	return lines
}

// line lays out the tokens [i, end), which stand on one line.
func (l *layouter) line(i, end int) line {
	out := line{blank: l.blankBefore(i), block: l.braces()}
	out.indent = l.indent(i)
	for j := i; j < end; j++ {
		t := l.tokens[j]
		w := word{Token: t}
		if j > i {
			w.wide = l.wideGap(j)
			w.gap = l.gap(j, w.wide)
		}
		if j == i || l.tokens[j-1].Kind != dsl.Comment {
			w.column = columnOf(l, i, j)
		}
		if w.column == second {
			w.gap = 1
		}
		out.words = append(out.words, w)
		l.follow(j, out.indent)
	}
	return out
}

// follow keeps account of brackets, declarations and chains.
func (l *layouter) follow(j, indent int) {
	t := l.tokens[j]
	switch {
	case t.Kind == dsl.Word && len(l.open) == 0 && l.startsDecl(j):
		l.decl, l.declAt = t.Text, j
		l.chain[0] = false
	case t.Kind == dsl.Reserved && t.Text == "when" && !l.inParens():
		if p := l.before(j); p >= 0 && l.tokens[p].Text == "=" {
			l.chain[len(l.chain)-1] = true
		}
	case t.Kind != dsl.Punct:
	case t.Text == "(":
		l.open = append(l.open, bracket{outside: indent, inside: indent + step})
	case t.Text == "{":
		base := l.blockIndent()
		l.open = append(l.open, bracket{brace: true, outside: base, inside: base + step})
		l.chain = append(l.chain, false)
	case (t.Text == ")" || t.Text == "}") && len(l.open) > 0:
		if l.open[len(l.open)-1].brace {
			l.chain = l.chain[:len(l.chain)-1]
		}
		l.open = l.open[:len(l.open)-1]
	}
}

func (l *layouter) inParens() bool { return len(l.open) > 0 && !l.open[len(l.open)-1].brace }

func (l *layouter) braces() int { return len(l.chain) - 1 }

// blockIndent is the indentation of items in the innermost block.
func (l *layouter) blockIndent() int { return step * l.braces() }

// blankBefore reports whether an empty line stays before token i: not after an opening brace nor before a closing one.
func (l *layouter) blankBefore(i int) bool {
	if i == 0 || l.tokens[i].Text == "}" && l.tokens[i].Kind == dsl.Punct {
		return false
	}
	p := l.tokens[i-1]
	if p.Kind == dsl.Punct && p.Text == "{" {
		return false
	}
	return strings.Count(l.text[p.End:l.tokens[i].Start], "\n") > 1
}

// before returns the token before j that is no comment, or -1.
func (l *layouter) before(j int) int {
	for j--; j >= 0 && l.tokens[j].Kind == dsl.Comment; j-- {
	}
	return j
}

// startsDecl reports whether token j looks like the start of a declaration. Between declarations all brackets are
// closed.
func (l *layouter) startsDecl(j int) bool {
	if p := l.before(j); p >= 0 && (p == l.declAt || l.tokens[p].Kind == dsl.Word && l.tokens[p].Text == "gives") {
		return false // a name that is a kind word too
	}
	if j+1 >= len(l.tokens) {
		return l.tokens[j].Kind == dsl.Word && dsl.IsKind(l.tokens[j].Text)
	}
	return l.tokens[j].Kind == dsl.Word && dsl.IsKind(l.tokens[j].Text) && dsl.FollowsKind(l.tokens[j].Text, l.tokens[j+1])
}

// indent is the indentation of the line that starts with token i.
func (l *layouter) indent(i int) int {
	t := l.tokens[i]
	if t.Kind == dsl.Comment {
		return l.commentIndent(i)
	}
	if closes(t) {
		return l.closingIndent(i)
	}
	if l.inParens() {
		return l.open[len(l.open)-1].inside
	}
	base := l.blockIndent()
	if l.continues(i) {
		return base + step
	}
	l.chain[len(l.chain)-1] = false
	return base
}

func closes(t dsl.Token) bool { return t.Kind == dsl.Punct && (t.Text == ")" || t.Text == "}") }

// closingIndent is that of the outermost bracket that the closing ones at i close.
func (l *layouter) closingIndent(i int) int {
	n := len(l.open)
	for j := i; j < len(l.tokens) && closes(l.tokens[j]) && n > 0 && (j == i || !l.tokens[j].First); j++ {
		n--
	}
	if n == len(l.open) {
		return 0
	}
	return l.open[n].outside
}

// commentIndent lines a comment up with what follows it, or with what stands before a closing bracket.
func (l *layouter) commentIndent(i int) int {
	j := i
	for j < len(l.tokens) && l.tokens[j].Kind == dsl.Comment {
		j++
	}
	switch {
	case j == len(l.tokens):
		return l.blockIndent()
	case closes(l.tokens[j]) && l.inParens():
		return l.open[len(l.open)-1].inside
	case closes(l.tokens[j]):
		return l.blockIndent()
	}
	return l.indent(j)
}

// continues reports whether the line at token i continues the item or declaration before it.
func (l *layouter) continues(i int) bool {
	p := l.before(i)
	if p < 0 {
		return false
	}
	t, last := l.tokens[i], l.tokens[p]
	if len(l.open) == 0 {
		return !l.startsDecl(i)
	}
	switch {
	case last.Kind == dsl.Punct && (last.Text == "{" || last.Text == ","):
		return false
	case last.Kind == dsl.Punct && last.Text != ")" && last.Text != "}":
		return true
	case last.Kind == dsl.Reserved && last.Text != "true" && last.Text != "false":
		return true
	}
	switch t.Kind {
	case dsl.Word, dsl.Quoted:
		return false
	case dsl.Reserved:
		return t.Text != "when" || l.chain[len(l.chain)-1]
	}
	return true
}
