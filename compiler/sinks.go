package compiler

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

func (c *compilation) lowerSink(info *sinkInfo, p *ir.Sink) {
	d, owner := info.decl, info.sym.String()
	switch {
	case d.Webhook == nil && d.File == nil:
		c.missing(info.sym, "write `webhook env \"URL\"` or `file \"out.ndjson\"`", "a sink needs to say where messages go")
	case d.Webhook != nil && d.File != nil:
		c.report("M0710", d.File.At, owner, "make two sinks of it", "a sink is a webhook or a file, not both")
	case d.File != nil && d.Secret != nil:
		c.report("M0710", d.Secret.At, owner, "leave `secret` out", "a secret signs what a webhook is sent, and this is a file")
	}
	for _, text := range []struct {
		lit *dsl.StringLit
		to  *string
	}{{d.Webhook, &p.Webhook}, {d.Secret, &p.Secret}, {d.File, &p.File}} {
		if text.lit == nil {
			continue
		}
		if text.lit.Value == "" {
			c.report("M0710", text.lit.At, owner, "", "this has no name")
		}
		*text.to = text.lit.Value
	}
	p.Quiet = clocks(d.Quiet)
	p.Caps = c.caps(owner, d.Caps, false)
}

func (c *compilation) lowerSync(info *syncInfo, p *ir.Sync) {
	d, owner := info.decl, info.sym.String()
	if sym := c.called(owner, c.names, "sink", d.To); sym != nil {
		p.Sink = sym.index
	}
	p.Daily = minutes(d.Daily)
	seen := map[string]diag.Span{}
	each := func(word string, names []dsl.Name, to *[]int) {
		for _, name := range names {
			if sym := c.called(owner, c.names, word, name); sym != nil && c.onceEach(owner, seen, word, name) {
				*to = append(*to, sym.index)
			}
		}
	}
	each("segment", d.Segments, &p.Segments)
	each("tag", d.Tags, &p.Tags)
	if len(d.Segments)+len(d.Tags) == 0 {
		c.missing(info.sym, "write `segments NAME, …` or `tags NAME, …`", "this hands nothing over")
	}
}

func (c *compilation) lowerCase(info *caseInfo, p *ir.Case) {
	d, owner := info.decl, info.sym.String()
	p.OpenMatch, p.CloseMatch = -1, -1
	if d.Open == nil || d.Close == nil || d.Matching == nil {
		c.missing(info.sym, "write `open on EVENT  close on EVENT  matching FIELD`", "a case needs the events that open and close it, and the field that they share")
		return
	}
	if d.Due == nil && d.Workdays == nil {
		c.missing(info.sym, "write `due 24 hours` or `due 1 workday`", "a case needs a deadline")
	}
	open, closing := c.eventOf(owner, *d.Open), c.eventOf(owner, *d.Close)
	if open == nil || closing == nil {
		return
	}
	if open == closing {
		c.report("M0704", d.Close.At, owner, "", "one event cannot both open and close a case")
		return
	}
	p.Open, p.Close = open.sym.index, closing.sym.index
	p.OpenMatch, p.CloseMatch = c.twoFields(owner, *d.Matching, open, closing, isText, "text that both events have")
	switch {
	case d.Workdays != nil && d.Workdays.Value < 1:
		c.report("M0709", d.DueAt, owner, "", "a deadline of at least one workday is asked here")
	case d.Workdays != nil:
		p.Workdays = d.Workdays.Value
	case d.Due != nil && c.elapsing(owner, d.Due):
		p.Due = d.Due
	}
	seen := map[string]diag.Span{}
	for _, name := range d.By {
		f := c.storedField(owner, open, name)
		if f == nil || !c.onceEach(owner, seen, "field", name) {
			continue
		}
		if !isText(f.typ) {
			c.report("M0704", name.At, owner, "", "a report is divided by text, enum values or rows, and this is "+aType(f.typ))
			continue
		}
		p.By = append(p.By, f.index)
	}
	p.Overdue = c.actions(owner, d.Overdue, open, false)
}
