package dsl

import (
	"fmt"
	"strings"
	"sync"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/muster-engine/muster/dsl/diag"
)

const (
	// MaxFile is the most bytes that a rule file may have.
	MaxFile = 4 << 20
	// MaxTokens is the most words and signs that it may have: far more than a legible file of that size.
	MaxTokens = 1_000_000
	// MaxNesting is how deep brackets, signs and nots may stand in each other.
	MaxNesting = 200
	// MaxOperators is the most operators that one expression may have.
	MaxOperators = 10_000
	// MaxFindings is how many errors of one file are reported.
	MaxFindings = 100
)

// parsers are built when the first text is parsed: a program that parses none starts faster.
var declParser = sync.OnceValue(func() *participle.Parser[gDecl] {
	return participle.MustBuild[gDecl](participle.Lexer(definition{}), participle.UseLookahead(1))
})

var exprParser = sync.OnceValue(func() *participle.Parser[gFull] {
	return participle.MustBuild[gFull](participle.Lexer(definition{}), participle.UseLookahead(1))
})

// Parse reads a rule file. The tree is never nil: it holds the declarations that are sound, and Broken tells what is
// known of the others. Every declaration at fault has a finding of its own.
func Parse(f *diag.File) (*RuleFile, diag.List) {
	tree := &RuleFile{Source: f}
	p, tooLarge := newParser(f)
	if tooLarge != nil {
		tree.Stopped = true
		return tree, tooLarge
	}
	p.file(tree)
	return tree, p.findings(tree)
}

// ParseExpr reads one expression, which must be the whole text. It is nil if there is an error.
func ParseExpr(f *diag.File) (Expr, diag.List) {
	p, tooLarge := newParser(f)
	if tooLarge != nil {
		return nil, tooLarge
	}
	e := p.expression()
	tree := &RuleFile{}
	diags := p.findings(tree)
	if diags.HasErrors() {
		return nil, diags
	}
	return e, diags
}

func checkSize(f *diag.File) diag.List {
	if len(f.Text) <= MaxFile {
		return nil
	}
	return diag.List{{Code: "M0120", Span: diag.Span{File: f}, Hint: "divide it into several files; they share one namespace",
		Message: fmt.Sprintf("the file has %d bytes; a rule file has at most %d MiB", len(f.Text), MaxFile>>20)}}
}

// parser walks the tokens of one file, declaration by declaration.
type parser struct {
	src    *diag.File
	tokens []Token // without comments
	stream *lexer.PeekingLexer
	depth  *depth
	diags  diag.List
	// lexical is how many of the findings are of the scanner: they come first, in source order.
	lexical int
}

// newParser cuts a text into tokens, unless it is too large.
func newParser(f *diag.File) (*parser, diag.List) {
	if tooLarge := checkSize(f); tooLarge != nil {
		return nil, tooLarge
	}
	all, diags := Scan(f)
	p := &parser{src: f, tokens: withoutComments(all), diags: diags, lexical: len(diags)}
	if len(p.tokens) > MaxTokens {
		return nil, diag.List{{Code: "M0120", Span: p.tokens[MaxTokens].Span(f), Message: fmt.Sprintf("the file has more than %d words and signs", MaxTokens),
			Hint: "divide it into several files; they share one namespace"}}
	}
	p.stream, _ = lexer.Upgrade(&tokenReader{tokens: p.tokens}) // a tokenReader has no errors
	p.depth = depthOf(p.tokens)
	return p, nil
}

// nameReadings tells findings of the scanner which declaration they are in: the last that starts before them.
func (p *parser) nameReadings(starts []int) {
	next := 0
	for i := range p.diags[:p.lexical] {
		d := &p.diags[i]
		for next < len(starts) && p.tokens[starts[next]].Start <= d.Span.Start {
			next++
		}
		if next > 0 {
			d.Reading = p.reading(starts[next-1])
		}
	}
}

// findings sorts and caps what was found.
func (p *parser) findings(tree *RuleFile) diag.List {
	p.diags.Sort()
	if len(p.diags) <= MaxFindings {
		return p.diags
	}
	tree.Stopped = true
	last := p.diags[MaxFindings].Span
	p.diags = p.diags[:MaxFindings:MaxFindings]
	p.diags.Add(diag.Diagnostic{Code: "M0120", Span: last, Message: fmt.Sprintf("there is more after %d errors in this file", MaxFindings),
		Hint: "mend these first"})
	return p.diags
}

// file reads all declarations.
func (p *parser) file(tree *RuleFile) {
	i, starts := 0, []int(nil)
	defer func() { p.nameReadings(starts) }()
	for p.tokens[i].Kind != EndOfFile {
		if len(p.diags) > MaxFindings {
			tree.Stopped = true
			return
		}
		d := p.declaration(i)
		starts = append(starts, i)
		switch {
		case d.broken:
			tree.Broken = append(tree.Broken, d.brokenDecl())
			if i = d.end; !d.whole {
				i = p.recover(d.start, d.end)
			}
		default:
			tree.Decls = append(tree.Decls, d.decl)
			i = d.end
		}
	}
}

// declared is the outcome of reading one declaration.
type declared struct {
	decl   Decl // what could be read; nil if nothing
	kind   string
	name   Name
	at     diag.Span
	start  int
	end    int  // the token after it, or the one at fault
	broken bool // it has a finding
	whole  bool // it was read to its end all the same
}

func (d declared) brokenDecl() *BrokenDecl {
	return &BrokenDecl{Word: d.kind, Name: d.name, At: d.at, Partial: d.decl}
}

// declaration reads the declaration that starts at token i.
func (p *parser) declaration(i int) declared {
	t := p.tokens[i]
	if t.Kind != Word || !isKind(t.Text) {
		return p.noDeclaration(i)
	}
	d, found := p.read(i, p.depth.limit(i))
	if d.broken {
		if j := p.strongStart(i, d.end); j > 0 {
			d, found = p.read(i, j)
		}
	}
	end := d.end
	if d.broken {
		end++ // the token at fault itself
	}
	if p.lexicalFault(i, end) {
		d.broken = true
	} else {
		p.diags = append(p.diags, found...)
	}
	return d
}

// read parses and converts the declaration at token i, which ends before token stop: there the next declaration starts,
// or it is nested too deep for the grammar to follow.
func (p *parser) read(i, stop int) (d declared, found diag.List) {
	c := p.converter(i, stop)
	forward(p.stream, i)
	tree, err := parseUpTo(declParser(), p.stream, stop)
	if err != nil {
		c.tooLong(i)
	} else {
		d.decl = c.decl(tree)
		if !c.failed {
			c.declEnd(d.decl)
		}
	}
	d.kind, d.name, d.start, d.end = p.tokens[i].Text, c.declName, i, c.at
	d.broken, d.whole = c.failed, !c.failed
	d.at = diag.Span{File: p.src, Start: p.tokens[i].Start, End: p.tokens[max(i, c.at-1)].End}
	return d, c.diags
}

// converter returns one that starts at token i and ends before token stop.
func (p *parser) converter(i, stop int) *converter {
	return &converter{file: p.src, tokens: p.tokens, at: i, stop: stop, deep: stop == p.depth.limit(i) && stop < len(p.tokens)-1}
}

// forward moves a stream to token i, ahead of where it stands or behind.
func forward(stream *lexer.PeekingLexer, i int) {
	if int(stream.RawCursor()) > i {
		stream.LoadCheckpoint(lexer.Checkpoint{})
	}
	if int(stream.RawCursor()) < i {
		stream.FastForward(lexer.RawCursor(i - 1))
	}
}

// parseUpTo parses the tokens before token stop, and keeps a parser that fails from bringing the program down.
func parseUpTo[G any](parser *participle.Parser[G], stream *lexer.PeekingLexer, stop int) (tree *G, err error) {
	end := &stream.Range(lexer.RawCursor(stop), lexer.RawCursor(stop+1))[0]
	kept := *end
	*end = lexer.EOFToken(kept.Pos)
	defer func() {
		*end = kept
		if x := recover(); x != nil {
			err = fmt.Errorf("grammar: %v", x)
		}
	}()
	return parser.ParseFromLexer(stream, participle.AllowTrailing(true))
}

// lexicalFault reports whether a token of [i, end) is badly formed: a finding says so already, and what the grammar makes
// of the rest would be an echo.
func (p *parser) lexicalFault(i, end int) bool {
	for _, t := range p.tokens[i:min(end, len(p.tokens))] {
		if t.Broken || t.Kind == Invalid {
			return true
		}
	}
	return false
}

// expression reads the whole text as one expression.
func (p *parser) expression() Expr {
	stop := p.depth.limit(0)
	c := p.converter(0, stop)
	var e Expr
	if !startsValue(p.tokens[0]) {
		c.value("a condition or a value")
	} else if tree, err := parseUpTo(exprParser(), p.stream, stop); err != nil {
		c.tooLong(0)
	} else {
		e = c.full(tree, "a condition or a value")
		if !c.failed && c.at < len(p.tokens)-1 {
			c.afterExpr("the end")
		}
	}
	if !p.lexicalFault(0, c.at+1) {
		p.diags = append(p.diags, c.diags...)
	}
	return e
}

func startsValue(t Token) bool {
	switch t.Kind {
	case Word, Quoted, Int, Decimal, Percent, String, Date, Time, Clock:
		return true
	}
	switch t.Text {
	case "(", "-", "not", "when", "true", "false":
		return true
	}
	return false
}

// reading names the declaration at token i for a finding.
func (p *parser) reading(i int) string {
	t := p.tokens[i]
	if t.Kind != Word || !isKind(t.Text) {
		return ""
	}
	if name := p.nameAfter(i); name.Text != "" {
		return t.Text + " " + clip(name.Text)
	}
	return t.Text
}

func (p *parser) nameAfter(i int) Name {
	if i+1 < len(p.tokens) && (p.tokens[i+1].Kind == Word || p.tokens[i+1].Kind == Quoted) {
		return nameOf(p.src, p.tokens[i+1])
	}
	return Name{}
}

// column is the place of a token on its line, in bytes.
func (p *parser) column(i int) int {
	start := p.tokens[i].Start
	return start - (strings.LastIndexByte(p.src.Text[:start], '\n') + 1)
}
