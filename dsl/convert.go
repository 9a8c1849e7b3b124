package dsl

import (
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/muster-engine/muster/dsl/diag"
)

// converter turns what the grammar read into the tree and asks for what is missing. It walks the parts in source order
// and keeps the index of the token after the last one taken, which is the one at fault when something is missing. The
// first fault of a declaration is reported; what follows it would be an echo.
type converter struct {
	file     *diag.File
	tokens   []Token
	at       int
	stop     int  // the token before which this declaration ends
	deep     bool // whether it ends there because it is nested too deep
	ops      int  // operators of the expression in hand
	reading  string
	declName Name
	failed   bool
	diags    diag.List
}

func (c *converter) next() Token {
	t := c.tokens[min(c.at, c.stop)]
	if c.at >= c.stop {
		t.Kind = EndOfFile
	}
	return t
}

// take moves past a token of the grammar and returns it.
func (c *converter) take(t *tok) Token {
	i := t.Pos.Offset
	if !c.failed {
		c.at = i + 1
	}
	return c.tokens[i]
}

func (c *converter) span(i int) diag.Span { return c.tokens[i].Span(c.file) }

func (c *converter) spanOf(t tok) diag.Span { return c.take(&t).Span(c.file) }

// from is the span from a token to the last one taken.
func (c *converter) from(t tok) diag.Span {
	return c.span(t.Pos.Offset).To(c.span(max(t.Pos.Offset, c.at-1)))
}

func (c *converter) add(code string, at diag.Span, message, hint string, related ...diag.Related) {
	if c.failed {
		return
	}
	c.failed = true
	if c.deep && c.at >= c.stop {
		code, message, hint, related = "M0120", fmt.Sprintf("nested more than %d deep", MaxNesting), "divide it into several tags", nil
		at = c.span(c.stop)
	}
	c.diags.Add(diag.Diagnostic{Code: code, Span: at, Message: message, Reading: c.reading, Hint: hint, Related: related})
}

// tooLong reports what the grammar could not follow at all, which is a list of more than a million items.
func (c *converter) tooLong(i int) {
	c.add("M0120", c.span(i), "this is too long to be read", "divide it; for many members upload a list")
}

// expected reports that what should stand here does not, with a near one of the words that could.
func (c *converter) expected(code, what string, words ...string) {
	t := c.next()
	c.add(code, c.here(), "expected "+what+", found "+c.found(t), c.hint(t, words))
}

// here is the place of the next token, or of the end of what was read if a declaration or the file ends there.
func (c *converter) here() diag.Span {
	t := c.next()
	if t.Kind == EndOfFile && c.at > 0 {
		end := c.tokens[c.at-1].End
		return diag.Span{File: c.file, Start: end, End: end}
	}
	return t.Span(c.file)
}

// found describes a token for a message.
func (c *converter) found(t Token) string {
	switch {
	case t.Kind == EndOfFile && t.Text != "":
		return "the next declaration"
	case t.Kind == EndOfFile:
		return "the end of the text"
	case t.Kind == String:
		return clip(t.Text)
	}
	return "`" + clip(t.Text) + "`"
}

func (c *converter) hint(t Token, words []string) string {
	if t.Kind != Word && t.Kind != Reserved {
		return ""
	}
	if lower := strings.ToLower(t.Text); lower != t.Text && reserved[lower] {
		return fmt.Sprintf("write `%s` in lower case", lower)
	}
	if near, ok := diag.Near(t.Text, words); ok {
		return fmt.Sprintf("did you mean `%s`?", near)
	}
	return ""
}

// expectedName reports a missing name; a reserved word in its place needs backquotes.
func (c *converter) expectedName(what string) {
	t := c.next()
	if t.Kind == Reserved {
		c.add("M0118", c.here(), fmt.Sprintf("`%s` is a reserved word, not a name", t.Text), fmt.Sprintf("as a name it is written with backquotes: %s", "`"+t.Text+"`"))
		return
	}
	c.expected("M0111", what)
}

// closing reports a bracket that is not closed, with the place where it was opened.
func (c *converter) closing(what string, open Token) {
	t := c.next()
	c.add("M0113", c.here(), "expected "+what+", found "+c.found(t), c.hint(t, nil),
		diag.Related{Span: open.Span(c.file), Message: fmt.Sprintf("this `%s` is not closed", open.Text)})
}

// twice reports a clause that stands twice where once is allowed.
func (c *converter) twice(what string, at, first diag.Span) {
	c.add("M0115", at, what+" is given twice", "", diag.Related{Span: first, Message: "the first one is here"})
}

// name takes a name, or reports that it is missing.
func (c *converter) name(t *tok, what string) Name {
	if t == nil {
		c.expectedName(what)
		return Name{}
	}
	return nameOf(c.file, c.take(t))
}

func nameOf(f *diag.File, t Token) Name {
	text, quoted := t.Text, t.Kind == Quoted
	if quoted {
		text = strings.Trim(text, "`")
	}
	if !norm.NFC.IsNormalString(text) {
		text = norm.NFC.String(text)
	}
	return Name{Text: text, At: t.Span(f), Quoted: quoted}
}

// text takes a string literal, or reports that it is missing.
func (c *converter) text(t *tok, what string) *StringLit {
	if t == nil {
		c.expected("M0111", what)
		return nil
	}
	return c.optionalText(t)
}

func (c *converter) optionalText(t *tok) *StringLit {
	if t == nil {
		return nil
	}
	token := c.take(t)
	return &StringLit{At: token.Span(c.file), Value: stringValue(token.Text)}
}

// listed writes words as a list for a sentence.
func listed(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = "`" + w + "`"
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " and " + quoted[len(quoted)-1]
}

// either writes words as a choice for a sentence.
func either(words []string) string {
	if len(words) < 2 {
		return listed(words)
	}
	quoted := listed(words)
	return quoted[:strings.LastIndex(quoted, " and ")] + " or `" + words[len(words)-1] + "`"
}
