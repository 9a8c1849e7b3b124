package dsl

import "github.com/muster-engine/muster/dsl/diag"

func (c *converter) source(g *gSource) Decl {
	_, name := c.head(g.Word, g.Name, "a name for this source")
	d := &Source{Name: name, Title: c.title(g.Title)}
	if g.Gives == nil {
		if !c.failed {
			c.expected("M0111", "`gives` and what this source gives: an event, a table or `member`", "gives")
		}
		return d
	}
	c.take(g.Gives)
	d.Target = c.name(g.Target, "an event, a table or `member` after `gives`")
	open, ok := c.open(g.Open, "what the source gives")
	if !ok {
		return d
	}
	for _, item := range g.Items {
		m := c.mapping(item)
		if c.failed {
			break
		}
		d.Mappings = append(d.Mappings, m)
	}
	c.close(g.Close, open, "field")
	d.At = c.from(g.Word)
	return d
}

func (c *converter) mapping(g *gMapping) *Mapping {
	m := &Mapping{Field: c.name(&g.Field, "")}
	switch {
	case g.From != nil:
		c.take(g.From)
		m.Column = c.text(g.Column, "the name of a column in quotes after `from`")
		c.mappingOptions(m, g.Options)
	case g.Eq != nil:
		c.take(g.Eq)
		m.Value = c.simple(g.Value, "a literal after `=`")
	default:
		c.expected("M0111", "`from` and a column, or `=` and a literal, after `"+clip(m.Field.Text)+"`", "from")
	}
	m.At = c.from(g.Field)
	return m
}

func (c *converter) mappingOptions(m *Mapping, options []*gMappingOpt) {
	seen := map[string]diag.Span{}
	for _, o := range options {
		word := o.Word
		if o.Map != nil {
			word = o.Map
		}
		if c.failed {
			return
		}
		at := c.spanOf(*word)
		if first, ok := seen[word.Value]; ok {
			c.twice("`"+word.Value+"`", at, first)
			return
		}
		seen[word.Value] = at
		switch word.Value {
		case "format":
			m.Format = c.optionalText(o.Text)
		case "split":
			m.Split = c.optionalText(o.Text)
		default:
			c.valueMap(m, o)
		}
	}
}

func (c *converter) valueMap(m *Mapping, o *gMappingOpt) {
	m.HasMap = true
	open := c.take(o.Open)
	if o.First != nil {
		c.mapEntry(m, o.First)
	}
	for i, arm := range o.Rest {
		c.spanOf(arm.Comma)
		switch {
		case arm.Entry != nil:
			c.mapEntry(m, arm.Entry)
		case i < len(o.Rest)-1 || o.Close == nil:
			c.expected("M0111", "a value in quotes after `,`")
			return
		}
	}
	if c.failed {
		return
	}
	if o.Close == nil {
		c.closing("`,` or `}`", open)
		return
	}
	c.take(o.Close)
}

func (c *converter) mapEntry(m *Mapping, g *gMapEntry) {
	e := MapEntry{From: c.optionalText(&g.From)}
	if g.Colon == nil {
		c.expected("M0111", "`:` and what "+clip(g.From.Value)+" becomes")
		return
	}
	c.take(g.Colon)
	e.To = c.text(g.To, "a value in quotes after `:`")
	m.Map = append(m.Map, e)
}
