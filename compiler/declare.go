package compiler

import (
	"fmt"
	"sort"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// symbol is what a name stands for.
type symbol struct {
	word  string // what it is, in the language's word: event, tag, points
	name  string
	at    diag.Span
	index int // in the program's list of its word
	// broken says that a fault of the declaration is reported: whatever uses it is passed over in silence.
	broken bool
	table  *dsl.Table
}

func (s *symbol) String() string { return s.word + " " + s.name }

// eventInfo is an event in the making.
type eventInfo struct {
	sym    *symbol
	decl   *dsl.Event
	fields map[string]*fieldInfo
}

// fieldInfo is a stored or computed field of an event.
type fieldInfo struct {
	name     string
	at       diag.Span
	typ      ir.Type
	index    int // of Event.Fields, or of Event.Computed
	key      bool
	decl     *dsl.Field
	computed bool
	broken   bool
	sym      *symbol // of a computed field, as a step of a circle
	place    int     // among the computed fields
}

// ruleInfo is a tag or a segment in the making; expr is nil for a manual tag.
type ruleInfo struct {
	sym  *symbol
	expr dsl.Expr
}

// builtIn names stand for something everywhere and cannot be declared.
var builtIn = map[string]string{
	"now":   "the clock",
	"today": "the clock's date",
	"at":    "the time of an event",
	"day":   "the local date of an event",
	"start": "the start of a campaign's run",
}

// declare records every name, and the places of what is declared twice.
func (c *compilation) declare() {
	for _, f := range c.files {
		for _, d := range f.Decls {
			c.declareOne(d)
		}
	}
	c.declareBroken()
}

func (c *compilation) declareOne(d dsl.Decl) {
	p := c.program
	switch d := d.(type) {
	case *dsl.Settings:
		if c.decls.settings != nil {
			c.twice("M0501", "settings", firstWord(d.At, "settings"), firstWord(c.decls.settings.At, "settings"),
				"keep all settings in one block")
			return
		}
		c.decls.settings = d
	case *dsl.Member:
		if c.decls.member != nil {
			c.twice("M0501", "member", firstWord(d.At, "member"), firstWord(c.decls.member.At, "member"),
				"keep all attributes in one block, because the order of ids has a meaning")
			for _, a := range d.Attributes {
				c.declareBrokenOne(&dsl.BrokenDecl{Word: "attribute", Name: a.Name})
			}
			return
		}
		c.decls.member = d
		for _, a := range d.Attributes {
			c.declareName(c.names, "attribute", a.Name, len(p.Attributes))
			p.Attributes = append(p.Attributes, &ir.Attribute{Name: a.Name.Text, Source: a.At})
		}
	case *dsl.Table:
		sym := c.declareName(c.tables, "table", d.Name, len(p.Tables))
		sym.table = d
		p.Tables = append(p.Tables, &ir.Table{Name: d.Name.Text, Key: -1, Source: d.At})
	case *dsl.Event:
		sym := c.declareName(c.names, "event", d.Name, len(p.Events))
		p.Events = append(p.Events, &ir.Event{Name: d.Name.Text, Key: -1, Source: d.At})
		c.events = append(c.events, &eventInfo{sym: sym, decl: d, fields: map[string]*fieldInfo{}})
	case *dsl.List:
		c.declareName(c.names, "list", d.Name, len(p.Lists))
		p.Lists = append(p.Lists, &ir.List{Name: d.Name.Text, Title: title(d.Title), Source: d.At})
	case *dsl.Group:
		c.declareName(c.groups, "group", d.Name, len(p.Groups))
		p.Groups = append(p.Groups, &ir.Group{Name: d.Name.Text, Title: title(d.Title)})
	case *dsl.Source:
		c.declareName(c.sources, "source", d.Name, len(p.Sources))
		p.Sources = append(p.Sources, &ir.Source{Name: d.Name.Text, Title: title(d.Title), Span: d.At})
	case *dsl.Tag:
		sym := c.declareName(c.names, "tag", d.Name, len(p.Tags))
		p.Tags = append(p.Tags, &ir.Tag{Name: d.Name.Text, Title: title(d.Title), Group: -1, Source: d.At})
		c.tags = append(c.tags, &ruleInfo{sym: sym, expr: d.Expr})
	case *dsl.Segment:
		sym := c.declareName(c.names, "segment", d.Name, len(p.Segments))
		p.Segments = append(p.Segments, &ir.Segment{Name: d.Name.Text, Title: title(d.Title), Source: d.At})
		c.segments = append(c.segments, &ruleInfo{sym: sym, expr: d.Expr})
	case *dsl.Test:
		c.decls.tests = append(c.decls.tests, d)
	case *dsl.Points:
		sym := c.declareName(c.names, "points", d.Name, len(p.Points))
		p.Points = append(p.Points, &ir.Points{Name: d.Name.Text, Title: title(d.Title), Source: d.At})
		c.points = append(c.points, &pointsInfo{sym, d})
	case *dsl.Tiers:
		sym := c.declareName(c.names, "tiers", d.Name, len(p.Tiers))
		p.Tiers = append(p.Tiers, &ir.Tiers{Name: d.Name.Text, Title: title(d.Title), Source: d.At})
		c.tiers = append(c.tiers, &tiersInfo{sym, d})
	case *dsl.Coupon:
		sym := c.declareName(c.names, "coupon", d.Name, len(p.Coupons))
		p.Coupons = append(p.Coupons, &ir.Coupon{Name: d.Name.Text, Title: title(d.Title), Source: d.At})
		c.coupons = append(c.coupons, &couponInfo{sym, d})
	case *dsl.Case:
		sym := c.declareName(c.names, "case", d.Name, len(p.Cases))
		p.Cases = append(p.Cases, &ir.Case{Name: d.Name.Text, Title: title(d.Title), Source: d.At})
		c.cases = append(c.cases, &caseInfo{sym, d})
	case *dsl.Sink:
		sym := c.declareName(c.names, "sink", d.Name, len(p.Sinks))
		p.Sinks = append(p.Sinks, &ir.Sink{Name: d.Name.Text, Title: title(d.Title), Source: d.At})
		c.sinks = append(c.sinks, &sinkInfo{sym, d})
	case *dsl.Sync:
		sym := c.declareName(c.syncs, "sync", d.Name, len(p.Syncs))
		p.Syncs = append(p.Syncs, &ir.Sync{Name: d.Name.Text, Title: title(d.Title), Source: d.At})
		c.handovers = append(c.handovers, &syncInfo{sym, d})
	case *dsl.Campaign:
		sym := c.declareName(c.names, "campaign", d.Name, len(p.Campaigns))
		p.Campaigns = append(p.Campaigns, &ir.Campaign{Name: d.Name.Text, Title: title(d.Title), Source: d.At})
		c.campaigns = append(c.campaigns, &campaignInfo{sym, d})
	}
}

// declareName adds a name to a namespace and returns its symbol: a new one that nothing finds if the name is taken.
func (c *compilation) declareName(space map[string]*symbol, word string, name dsl.Name, index int) *symbol {
	sym := &symbol{word: word, name: name.Text, at: name.At, index: index}
	if what, ok := builtIn[name.Text]; ok && word != "table" && word != "group" && word != "source" && word != "sync" {
		c.report("M0203", name.At, reading(word, name.Text), "choose another name",
			fmt.Sprintf("`%s` is built in (%s) and cannot be declared", name.Text, what))
		sym.broken = true
	}
	if first, ok := space[name.Text]; ok {
		message := fmt.Sprintf("`%s` is declared twice", name.Text)
		if first.word != word {
			message = fmt.Sprintf("`%s` is already the name of %s", name.Text, withArticle(first.word))
		}
		c.report("M0201", name.At, reading(word, name.Text), "", message,
			diag.Related{Span: first.at, Message: "first declared here"})
		sym.broken = true
		return sym
	}
	space[name.Text] = sym
	return sym
}

func (c *compilation) twice(code, word string, at, first diag.Span, hint string) {
	c.report(code, at, "", hint, fmt.Sprintf("a second `%s` block", word), diag.Related{Span: first, Message: "the first is here"})
}

// firstWord narrows the span of a declaration to its kind word.
func firstWord(at diag.Span, word string) diag.Span {
	if at.End-at.Start > len(word) {
		at.End = at.Start + len(word)
	}
	return at
}

func reading(word, name string) string {
	if name == "" {
		return word
	}
	return word + " " + name
}

func title(s *dsl.StringLit) string {
	if s == nil {
		return ""
	}
	return s.Value
}

func hasOrHave(word string) string {
	if word == "points" || word == "tiers" {
		return "have"
	}
	return "has"
}

func withArticle(word string) string {
	switch word {
	case "attribute", "event":
		return "an " + word
	case "points", "tiers":
		return word
	}
	return "a " + word
}

// namesOf lists the names of a namespace that are of one of the words, or all, sorted, to offer a near one.
func (c *compilation) namesOf(space map[string]*symbol, words ...string) []string {
	if len(c.diags) > mostHints {
		return nil
	}
	var names []string
	for name, sym := range space {
		if len(words) == 0 {
			names = append(names, name)
			continue
		}
		for _, w := range words {
			if sym.word == w {
				names = append(names, name)
			}
		}
	}
	sort.Strings(names)
	return names
}
