package format

import (
	"github.com/mattn/go-runewidth"

	"github.com/muster-engine/muster/dsl"
)

// class tells the columns that can be aligned apart. A line has at most one word of each.
type class uint8

const (
	none   class = iota
	second       // the second word of a line in a block
	title        // the first string
	group        // in, on
	equals
	then
	brace
	remark // the comment at the end of the line
	classes
)

// furthest is how many spaces at most bring a word in line; beyond, a column starts anew.
const furthest = 40

// fielded are the declarations whose block is a list of names with what they are.
var fielded = map[string]bool{"member": true, "table": true, "event": true, "source": true}

// columnOf classes the word at j of the line that starts at i.
func columnOf(l *layouter, i, j int) class {
	t := l.tokens[j]
	switch {
	case j == i:
		return none
	case j == i+1 && l.braces() == 1 && fielded[l.decl] && (t.Kind != dsl.Punct || t.Text == "="):
		return second
	case t.Kind == dsl.Comment:
		return remark
	case l.inParens():
		return none
	case t.Kind == dsl.Punct && t.Text == "=":
		return equals
	case t.Kind == dsl.Punct && t.Text == "{":
		return brace
	case t.Kind == dsl.Reserved && t.Text == "then":
		return then
	case t.Kind == dsl.Reserved && t.Text == "in" && l.braces() == 0:
		return group
	case t.Kind == dsl.Word && t.Text == "on" && j > i+1:
		return group
	case t.Kind == dsl.String:
		return title
	}
	return none
}

// align puts words in line that the author put in line: in neighbouring lines that all have a word of a class, where
// there is more than one space before any of them. Remarks are always in line.
func align(lines []line) {
	for c := none + 1; c < classes; c++ {
		for i := 0; i < len(lines); {
			end := i + 1
			at := lines[i].find(c)
			if at < 0 {
				i = end
				continue
			}
			for end < len(lines) && neighbours(lines[end-1], lines[end], c) && lines[end].find(c) >= 0 {
				end++
			}
			alignRun(lines[i:end], c)
			i = end
		}
	}
}

func neighbours(a, b line, c class) bool {
	if b.blank || c == remark {
		return !b.blank
	}
	if a.indent != b.indent || a.block != b.block {
		return false
	}
	return a.block > 0 || a.indent > 0 || a.words[0].Text == b.words[0].Text
}

// find returns the first word of a class, or -1. A comment that stands alone is no remark.
func (l line) find(c class) int {
	for i, w := range l.words {
		if w.column == c && (c != brace || l.closed()) {
			return i
		}
	}
	return -1
}

// closed reports whether the line ends with a closing brace: its block is all on the line.
func (l line) closed() bool {
	last := len(l.words) - 1
	if last > 0 && l.words[last].Kind == dsl.Comment {
		last--
	}
	return l.words[last].Kind == dsl.Punct && l.words[last].Text == "}"
}

func alignRun(lines []line, c class) {
	wanted := c == remark
	for _, l := range lines {
		wanted = wanted || l.words[l.find(c)].wide
	}
	if !wanted || len(lines) < 2 {
		return
	}
	widths := make([]int, len(lines))
	for i, l := range lines {
		widths[i] = l.width(l.find(c))
	}
	for i := 0; i < len(lines); {
		low, high, end := widths[i], widths[i], i+1
		for ; end < len(lines); end++ {
			a, b := min(low, widths[end]), max(high, widths[end])
			if b-a > furthest {
				break
			}
			low, high = a, b
		}
		for j := i; j < end; j++ {
			w := &lines[j].words[lines[j].find(c)]
			least := 1
			if c == remark {
				least = 2
			}
			w.gap = least + high - widths[j]
		}
		i = end
	}
}

// terminal measures text as terminals and editors with a fixed width show it.
var terminal = &runewidth.Condition{StrictEmojiNeutral: true}

// width is how many columns the words before word n take, with their indentation.
func (l line) width(n int) int {
	total := l.indent
	for i, w := range l.words[:n] {
		if i > 0 {
			total += w.gap
		}
		total += terminal.StringWidth(w.Text)
	}
	return total
}
