package dsl

import (
	"fmt"

	"github.com/muster-engine/muster/dsl/diag"
)

// kinds are the words that start a declaration, in the order of the language reference.
var kinds = []string{
	"settings", "member", "table", "event", "list", "source", "group", "tag", "segment", "test",
	"points", "tiers", "coupon", "case", "sink", "sync", "campaign",
}

var kindSet = func() map[string]bool {
	set := make(map[string]bool)
	for _, k := range kinds {
		set[k] = true
	}
	return set
}()

func isKind(word string) bool { return kindSet[word] }

// IsKind reports whether a word starts a declaration where one can start.
func IsKind(word string) bool { return isKind(word) }

// FollowsKind reports whether a token can follow a kind word, so that the two start a declaration.
func FollowsKind(kind string, next Token) bool {
	name := next.Kind == Word || next.Kind == Quoted
	brace := next.Kind == Punct && next.Text == "{"
	switch kind {
	case "settings", "member":
		return brace
	case "test":
		return brace || next.Kind == String
	}
	return brace || name || next.Kind == String
}

// isStart reports whether token i looks like the start of a declaration: first on its line, a kind word, and followed
// by what follows that kind word. Kind words are ordinary names elsewhere.
func (p *parser) isStart(i int) bool {
	t := p.tokens[i]
	if !t.First || t.Kind != Word || !isKind(t.Text) || i+1 >= len(p.tokens) {
		return false
	}
	return FollowsKind(t.Text, p.tokens[i+1])
}

// isMarginStart reports whether token i looks like the start of a declaration for a reader who knows that it stands no
// further right than the declaration before: there the kind word may be misspelt, and the name may be a reserved word.
func (p *parser) isMarginStart(i int) bool {
	if p.isStart(i) {
		return true
	}
	t := p.tokens[i]
	if !t.First || t.Kind != Word || i+2 >= len(p.tokens) {
		return false
	}
	next, third := p.tokens[i+1], p.tokens[i+2]
	if isKind(t.Text) {
		return next.Kind == Reserved
	}
	if next.Kind != Word && next.Kind != Quoted {
		return false
	}
	switch third.Text {
	case "=", "{", "in", "manual", "gives":
		return true
	}
	return third.Kind == String
}

// strongStart finds the first token in (i, end] that looks like the start of a declaration and stands no further right
// than the declaration at i: if that one is broken, a bracket or a value is missing before it. It returns -1 if there
// is none.
func (p *parser) strongStart(i, end int) int {
	column := p.column(i)
	for j := i + 1; j <= end && j < len(p.tokens); j++ {
		if p.isMarginStart(j) && p.column(j) <= column {
			return j
		}
	}
	return -1
}

// recover finds where to read on after the declaration at i failed at token end: at the next start of a declaration
// that stands no further right, or that stands outside all braces.
func (p *parser) recover(i, end int) int {
	column, depth := p.column(i), 0
	for j := i; j < len(p.tokens); j++ {
		t := p.tokens[j]
		switch {
		case t.Kind == EndOfFile:
			return j
		case j > i && (p.isMarginStart(j) && p.column(j) <= column || j > end && depth <= 0 && p.isStart(j)):
			return j
		case t.Kind == Punct && t.Text == "{":
			depth++
		case t.Kind == Punct && t.Text == "}":
			depth--
		}
	}
	return len(p.tokens) - 1
}

// noDeclaration reports a token at which a declaration should start.
func (p *parser) noDeclaration(i int) declared {
	t := p.tokens[i]
	d := declared{at: t.Span(p.src), start: i, end: i, broken: true}
	if t.Kind == Invalid || t.Broken {
		return d
	}
	c := p.converter(i, len(p.tokens)-1)
	named := t.Kind == Word && i+1 < len(p.tokens) && (p.tokens[i+1].Kind == Word || p.tokens[i+1].Kind == String || p.tokens[i+1].Text == "{")
	switch near, ok := diag.Near(t.Text, kinds); {
	case ok && t.Kind == Word:
		c.add("M0110", t.Span(p.src), fmt.Sprintf("`%s` starts no declaration", t.Text), fmt.Sprintf("did you mean `%s`?", near))
		d.kind, d.name = near, p.nameAfter(i)
	case named:
		c.add("M0110", t.Span(p.src), fmt.Sprintf("`%s` starts no declaration", t.Text), "the declarations are "+listed(kinds))
		d.name = p.nameAfter(i)
	case t.Text == "}":
		c.add("M0110", t.Span(p.src), "this `}` closes nothing", "")
	default:
		c.add("M0110", t.Span(p.src), "expected a declaration, found "+c.found(t), "")
	}
	p.diags = append(p.diags, c.diags...)
	return d
}
