package dsl

import (
	"fmt"
	"strings"

	"github.com/muster-engine/muster/dsl/diag"
)

// decl converts one declaration; after a fault it holds what was read before it.
func (c *converter) decl(g *gDecl) Decl {
	switch {
	case g.Settings != nil:
		return c.settings(g.Settings)
	case g.Member != nil:
		return c.member(g.Member)
	case g.Table != nil:
		return c.table(g.Table)
	case g.List != nil:
		return c.titled(g.List)
	case g.Source != nil:
		return c.source(g.Source)
	case g.Tag != nil:
		return c.tag(g.Tag)
	case g.Segment != nil:
		return c.segment(g.Segment)
	case g.Test != nil:
		return c.testDecl(g.Test)
	case g.Points != nil:
		return c.points(g.Points)
	case g.Tiers != nil:
		return c.tiers(g.Tiers)
	case g.Coupon != nil:
		return c.coupon(g.Coupon)
	case g.Case != nil:
		return c.caseDecl(g.Case)
	case g.Sink != nil:
		return c.sink(g.Sink)
	case g.Sync != nil:
		return c.sync(g.Sync)
	}
	return c.campaign(g.Campaign)
}

// declEnd holds what follows a declaration: another one, or the end.
func (c *converter) declEnd(d Decl) {
	t := c.next()
	if t.Kind == EndOfFile || t.Kind == Word && isKind(t.Text) {
		return
	}
	if t.First && t.Kind == Word && c.at+1 < len(c.tokens) {
		if next := c.tokens[c.at+1]; next.Kind == Word || next.Kind == Quoted || next.Kind == String || next.Text == "{" {
			return // a declaration of an unknown kind, reported as such
		}
	}
	switch d := d.(type) {
	case *Tag:
		if d.Expr != nil {
			c.afterExpr("the next declaration")
			return
		}
	case *Segment:
		c.afterExpr("the next declaration")
		return
	case *Settings, *Member, *Table, *Event, *Source, *Test, *Points, *Tiers, *Coupon, *Case, *Sink, *Sync, *Campaign:
		return // closed by its brace: what follows is a fault of its own
	}
	if t.Kind == Punct && t.Text == "{" {
		c.add("M0111", c.here(), fmt.Sprintf("a %s has no block", d.Kind()), "")
		return
	}
	c.expected("M0111", "the next declaration")
}

// head takes the kind word and the name of a declaration.
func (c *converter) head(word tok, name *tok, what string) (diag.Span, Name) {
	at := c.spanOf(word)
	c.reading = word.Value
	n := c.name(name, what)
	if n.Text != "" {
		c.declName = n
		c.reading = word.Value + " " + clip(n.Text)
	}
	return at, n
}

// open takes the brace that opens a block, or reports that it is missing.
func (c *converter) open(t *tok, after string) (Token, bool) {
	if t == nil {
		if !c.failed {
			c.expected("M0111", "`{` after "+after)
		}
		return Token{}, false
	}
	return c.take(t), true
}

// close takes the brace that closes a block, or reports what stands in the way.
func (c *converter) close(t *tok, open Token, what string, words ...string) {
	if t != nil {
		c.take(t)
		return
	}
	if c.failed {
		return
	}
	next := c.next()
	if next.Kind == Punct && next.Text == "," {
		c.add("M0111", c.here(), "a `,` in a block", "what stands in a block is separated by spaces or line ends only")
		return
	}
	if next.Kind == Reserved && len(words) == 0 {
		c.expectedName("")
		return
	}
	if next.Kind == Word && len(words) > 0 {
		hint := c.hint(next, words)
		if hint == "" {
			hint = "expected is one of " + listed(words)
		}
		c.add("M0116", c.here(), fmt.Sprintf("`%s` is no %s", clip(next.Text), what), hint)
		return
	}
	c.add("M0113", c.here(), "expected a "+what+" or `}`, found "+c.found(next), c.hint(next, words),
		diag.Related{Span: open.Span(c.file), Message: "this `{` is not closed"})
}

var settingWords = []string{"language", "timezone", "currency", "week", "late", "holidays", "workdays"}

func (c *converter) settings(g *gSettings) Decl {
	d := &Settings{}
	c.spanOf(g.Word)
	c.reading = "settings"
	open, ok := c.open(g.Open, "`settings`")
	if !ok {
		return d
	}
	seen := map[string]diag.Span{}
	for _, item := range g.Items {
		if c.setting(d, item, seen); c.failed {
			break
		}
	}
	c.close(g.Close, open, "setting", settingWords...)
	d.At = c.from(g.Word)
	return d
}

func (c *converter) setting(d *Settings, g *gSetting, seen map[string]diag.Span) {
	word := &g.Word
	if g.Late != nil {
		word = g.Late
	} else if g.Days != nil {
		word = g.Days
	}
	at := c.spanOf(*word)
	if first, ok := seen[word.Value]; ok {
		c.twice("the setting `"+word.Value+"`", at, first)
		return
	}
	seen[word.Value] = at
	switch word.Value {
	case "language":
		if t, ok := c.settingValue(g.Value, Int, "the version of the language, `1`, after `language`"); ok {
			d.Language = intLit(c.file, t)
		}
	case "timezone":
		if t, ok := c.settingValue(g.Value, String, "a timezone such as `\"Asia/Shanghai\"` after `timezone`"); ok {
			d.Timezone = &StringLit{At: t.Span(c.file), Value: stringValue(t.Text)}
		}
	case "currency":
		if t, ok := c.settingValue(g.Value, Word, "a currency code such as `CNY`, without quotes, after `currency`"); ok {
			n := nameOf(c.file, t)
			d.Currency = &n
		}
	case "week":
		if t, ok := c.settingValue(g.Value, Word, "`monday` or `sunday` after `week`"); ok {
			n := nameOf(c.file, t)
			d.Week = &n
		}
	case "late":
		d.Late = c.spanLit(g.Span, "late")
	default:
		var dates []*DateLit
		for _, date := range g.Dates {
			dates = append(dates, dateLit(c.file, c.take(&date.Date)))
		}
		if len(dates) == 0 {
			c.expected("M0111", "a date such as `2026-10-01` after `"+word.Value+"`")
		}
		if word.Value == "holidays" {
			d.Holidays = dates
		} else {
			d.Workdays = dates
		}
	}
}

// settingValue takes the value of a setting, which must be of one kind of token.
func (c *converter) settingValue(g *gValue, kind TokenKind, what string) (Token, bool) {
	if g == nil || TokenKind(g.Token.Type) != kind {
		c.expected("M0111", what, "monday", "sunday")
		return Token{}, false
	}
	return c.take(&g.Token), true
}

func (c *converter) member(g *gMember) Decl {
	d := &Member{}
	c.spanOf(g.Word)
	c.reading = "member"
	open, ok := c.open(g.Open, "`member`")
	if !ok {
		return d
	}
	for _, item := range g.Items {
		a := c.attribute(item)
		if c.failed {
			break
		}
		d.Attributes = append(d.Attributes, a)
	}
	c.close(g.Close, open, "attribute")
	d.At = c.from(g.Word)
	return d
}

var typeWords = []string{"bool", "int", "number", "money", "string", "enum", "date", "time", "set"}

func (c *converter) attribute(g *gAttribute) *Attribute {
	a := &Attribute{Name: c.name(&g.Name, "")}
	switch {
	case g.ID != nil:
		a.ID = c.idSpec(g)
	case g.Type != nil:
		a.Type = c.typeExpr(g.Type)
	default:
		c.expectedType("a type or `id` after `"+clip(a.Name.Text)+"`", "id")
	}
	a.At = c.from(g.Name)
	return a
}

func (c *converter) expectedType(what string, more ...string) {
	t := c.next()
	if t.Kind == String {
		c.add("M0111", c.here(), "expected "+what+", found "+c.found(t), "a list of values is written `enum \"a\" \"b\"`")
		return
	}
	if t.Kind == Reserved {
		c.expectedName("")
		return
	}
	if t.Kind == Punct && (t.Text == ":" || t.Text == "=") {
		c.add("M0111", c.here(), "expected "+what+", found "+c.found(t), "a name and its type stand side by side: `amount money`")
		return
	}
	c.expected("M0111", what, append(more, typeWords...)...)
}

func (c *converter) idSpec(g *gAttribute) *IDSpec {
	id := &IDSpec{}
	c.spanOf(*g.ID)
	seen := map[string]diag.Span{}
	once := func(t *tok) bool {
		at := c.spanOf(*t)
		if first, ok := seen[t.Value]; ok {
			c.twice("`"+t.Value+"`", at, first)
			return false
		}
		seen[t.Value] = at
		return true
	}
	for _, o := range g.Options {
		switch {
		case c.failed:
		case o.Many != nil:
			id.Many = once(o.Many)
		case o.Lower != nil:
			id.Lower = once(o.Lower)
		case o.Phone != nil:
			once(o.Phone)
			id.Phone = c.optionalText(o.Region)
		case o.Block != nil:
			once(o.Block)
			for _, v := range o.Values {
				id.Block = append(id.Block, c.optionalText(&v.Token))
			}
		case o.Hashed != nil:
			once(o.Hashed)
			hash := c.name(o.Hash, "")
			id.Hashed = &hash
			c.salt(id, o)
		}
	}
	id.At = c.from(*g.ID)
	return id
}

func (c *converter) salt(id *IDSpec, o *gIDOption) {
	if o.Salt == nil {
		return
	}
	c.take(o.Salt)
	if o.Env == nil {
		c.expected("M0111", "`env` and the name of an environment variable after `salt`", "env")
		return
	}
	c.take(o.Env)
	id.SaltEnv = c.text(o.Var, "the name of an environment variable in quotes after `env`")
}

func (c *converter) typeExpr(g *gType) TypeExpr {
	switch {
	case g.Enum != nil:
		return c.enum(*g.Enum, g.Values)
	case g.Name != nil:
		return &NamedType{Name: c.name(g.Name, "")}
	}
	c.take(g.Set)
	if g.Of == nil {
		c.expected("M0111", "`of` after `set`", "of")
		return nil
	}
	c.take(g.Of)
	set := &SetType{}
	switch {
	case g.Elem == nil:
		c.expectedType("`string`, `enum` or a table after `set of`", "string", "enum")
		return nil
	case g.Elem.Enum != nil:
		set.Elem = c.enum(*g.Elem.Enum, g.Elem.Values)
	default:
		set.Elem = &NamedType{Name: c.name(g.Elem.Name, "")}
	}
	set.At = c.from(*g.Set)
	return set
}

func (c *converter) enum(word tok, values []*gString) TypeExpr {
	c.spanOf(word)
	e := &EnumType{}
	for _, v := range values {
		e.Values = append(e.Values, c.optionalText(&v.Token))
	}
	if t := c.next(); len(values) == 0 {
		c.expected("M0111", "the values of the enum in quotes: `enum \"a\" \"b\"`")
	} else if t.Kind == Punct && t.Text == "," {
		c.add("M0111", c.here(), "a `,` between the values of an enum", "they are separated by spaces: `enum \"a\" \"b\"`")
	}
	e.At = c.from(word)
	return e
}

func (c *converter) table(g *gTable) Decl {
	_, name := c.head(g.Word, g.Name, "a name for this "+g.Word.Value)
	open, ok := c.open(g.Open, "the name of the "+g.Word.Value)
	var fields []*Field
	if ok {
		for _, item := range g.Items {
			f := c.field(item)
			if c.failed {
				break
			}
			fields = append(fields, f)
		}
		what := "field"
		if g.Word.Value == "table" {
			what = "column"
		}
		c.close(g.Close, open, what)
	}
	if g.Word.Value == "table" {
		return &Table{At: c.from(g.Word), Name: name, Columns: fields}
	}
	return &Event{At: c.from(g.Word), Name: name, Fields: fields}
}

func (c *converter) field(g *gField) *Field {
	f := &Field{Name: c.name(&g.Name, "")}
	switch {
	case g.Key != nil:
		c.take(g.Key)
		f.Key = true
	case g.Type == nil:
		c.expectedType("a type or `key` after `"+clip(f.Name.Text)+"`", "key")
	default:
		f.Type = c.typeExpr(g.Type)
		if g.Eq != nil && !c.failed {
			c.take(g.Eq)
			c.ops = 0
			f.Expr = c.full(g.X, "an expression after `=`")
			c.fieldEnd()
		}
	}
	f.At = c.from(g.Name)
	return f
}

// fieldEnd looks at what follows a computed field: the next field, which is a name, or the end of the block.
func (c *converter) fieldEnd() {
	t := c.next()
	if t.Kind == Word || t.Kind == Quoted || t.Kind == EndOfFile || t.Text == "}" || t.Text == "," {
		return
	}
	c.afterExpr("the next field")
}

func (c *converter) titled(g *gTitled) Decl {
	_, name := c.head(g.Word, g.Name, "a name for this "+g.Word.Value)
	title := c.title(g.Title)
	at := c.from(g.Word)
	if g.Word.Value == "list" {
		return &List{At: at, Name: name, Title: title}
	}
	return &Group{At: at, Name: name, Title: title}
}

// title takes an optional title, unless something before it is at fault.
func (c *converter) title(t *tok) *StringLit {
	if c.failed {
		return nil
	}
	return c.optionalText(t)
}

// simple converts a literal with its sign; a nil one is reported as missing.
func (c *converter) simple(g *gSimple, what string) Expr {
	if g == nil || g.Token == nil {
		c.expected("M0112", what, "true", "false")
		return nil
	}
	if g.Minus == nil {
		return literalOf(c.file, c.take(g.Token))
	}
	at := c.spanOf(*g.Minus)
	x := literalOf(c.file, c.take(g.Token))
	switch x.(type) {
	case *IntLit, *DecimalLit, *PercentLit:
		return &Unary{Op: OpNeg, OpAt: at, X: x}
	}
	c.add("M0112", at.To(x.Span()), "`-` stands before "+strings.TrimSpace(clip(g.Token.Value))+", which is no number", "")
	return nil
}

func (c *converter) tag(g *gTag) Decl {
	_, name := c.head(g.Word, g.Name, "a name for this tag")
	d := &Tag{Name: name, Title: c.title(g.Title)}
	if g.In != nil && !c.failed {
		c.take(g.In)
		group := c.name(g.Group, "the name of a group after `in`")
		d.Group = &group
	}
	switch {
	case c.failed:
	case g.Eq != nil:
		c.take(g.Eq)
		d.Expr = c.full(g.X, "an expression after `=`")
	case g.Manual != nil:
		c.take(g.Manual)
		c.manual(d, g)
	case d.Title == nil && d.Group == nil:
		c.expected("M0111", "a title, `in` and a group, `=` or `manual`", "in", "manual")
	default:
		c.expected("M0111", "`=` and an expression, or `manual` and a type", "in", "manual")
	}
	d.At = c.from(g.Word)
	return d
}

func (c *converter) manual(d *Tag, g *gTag) {
	if g.Type == nil {
		c.expectedType("a type after `manual`")
		return
	}
	d.Manual = c.typeExpr(g.Type)
	if g.For != nil {
		c.take(g.For)
		d.For = c.spanLit(g.Span, "for")
	}
}

func (c *converter) segment(g *gSegment) Decl {
	_, name := c.head(g.Word, g.Name, "a name for this segment")
	d := &Segment{Name: name, Title: c.title(g.Title)}
	switch {
	case c.failed:
	case g.Eq == nil && c.next().Kind == Reserved && c.next().Text == "in":
		c.add("M0111", c.here(), "a segment has no group", "only tags are put in groups")
	case g.Eq == nil:
		c.expected("M0111", "`=` and a condition")
	default:
		c.take(g.Eq)
		d.Expr = c.expr(g.X, "a condition after `=`")
	}
	d.At = c.from(g.Word)
	return d
}
