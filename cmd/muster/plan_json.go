package main

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/effect"
)

// planAnswer is a plan for programs.
type planAnswer struct {
	Rules    string        `json:"rules"`
	Against  string        `json:"against"`
	AsOf     string        `json:"as_of"`
	Of       uint64        `json:"of"`
	Effect   bool          `json:"effect"`
	Segments []planSegment `json:"segments"`
	Tags     []planTag     `json:"tags"`
	// Unchanged is how many segments and tags mean what they meant.
	Unchanged int `json:"unchanged"`
	// Programme is null where nothing of points, tiers, coupons and campaigns means anything else.
	Programme *planProgramme `json:"programme"`
	TooMuch   []planBreach   `json:"too_much"`
}

type planSegment struct {
	Name     string        `json:"name"`
	Title    string        `json:"title,omitempty"`
	Status   effect.Status `json:"status"`
	Before   uint64        `json:"before"`
	After    uint64        `json:"after"`
	Entering uint64        `json:"entering"`
	Leaving  uint64        `json:"leaving"`
	Enters   []planExample `json:"enters"`
	Leaves   []planExample `json:"leaves"`
}

type planTag struct {
	Name          string        `json:"name"`
	Title         string        `json:"title,omitempty"`
	Status        effect.Status `json:"status"`
	Before        uint64        `json:"before"`
	After         uint64        `json:"after"`
	Changed       uint64        `json:"changed"`
	BecameKnown   uint64        `json:"became_known"`
	BecameUnknown uint64        `json:"became_unknown"`
	Moves         []planMove    `json:"moves,omitempty"`
	Examples      []planExample `json:"examples"`
}

type planMove struct {
	Before  any    `json:"before"`
	After   any    `json:"after"`
	Members uint64 `json:"members"`
}

type planExample struct {
	Member string `json:"member"`
	*planChange
	Clause *planClause `json:"clause,omitempty"`
}

type planChange struct {
	Before any `json:"before"`
	After  any `json:"after"`
}

// planClause is what decides for a member. Asked says which rules ask it: before, after or both; Value is that of
// before where only those ask it, else of after; if both do, and it is a condition, it was the opposite before.
type planClause struct {
	Text  string     `json:"text"`
	In    string     `json:"in,omitempty"`
	Asked string     `json:"asked"`
	Value any        `json:"value"`
	Parts []planPart `json:"parts,omitempty"`
}

type planPart struct {
	Text  string `json:"text"`
	Value any    `json:"value"`
}

type planBreach struct {
	Limit    string `json:"limit"`
	Name     string `json:"name"`
	Quantity string `json:"quantity"`
	Members  uint64 `json:"members"`
	Before   uint64 `json:"before"`
}

func (p *planned) json() planAnswer {
	out := planAnswer{
		Rules: p.name, Against: p.against, AsOf: valuesOf(p.after).rfc3339(p.report.Now), Of: p.report.Of,
		Effect: p.report.HasEffect(), Segments: []planSegment{}, Tags: []planTag{}, Unchanged: p.report.Same, TooMuch: []planBreach{},
	}
	for _, s := range p.report.Segments {
		if s.Status == effect.Unchanged {
			continue
		}
		x := planSegment{
			Name: s.Name, Title: s.Title, Status: s.Status, Before: s.Before, After: s.After,
			Entering: s.Entering, Leaving: s.Leaving, Enters: []planExample{}, Leaves: []planExample{},
		}
		for _, e := range s.Enters {
			x.Enters = append(x.Enters, planExample{Member: p.ids[e.Member], Clause: p.clauseJSON(e.Clause)})
		}
		for _, e := range s.Leaves {
			x.Leaves = append(x.Leaves, planExample{Member: p.ids[e.Member], Clause: p.clauseJSON(e.Clause)})
		}
		out.Segments = append(out.Segments, x)
	}
	out.Programme = p.programmeJSON()
	old, new := valuesOf(p.before), valuesOf(p.after)
	for _, t := range p.report.Tags {
		if t.Status == effect.Unchanged {
			continue
		}
		x := planTag{
			Name: t.Name, Title: t.Title, Status: t.Status, Before: t.Before, After: t.After,
			Changed: t.Changed, BecameKnown: t.Known, BecameUnknown: t.Unknown, Examples: []planExample{},
		}
		for _, m := range t.Moves {
			x.Moves = append(x.Moves, planMove{old.json(m.Before, t.Old), new.json(m.After, t.New), m.Members})
		}
		for _, e := range t.Examples {
			x.Examples = append(x.Examples, planExample{
				p.ids[e.Member], &planChange{old.json(e.Before, t.Old), new.json(e.After, t.New)}, p.clauseJSON(e.Clause),
			})
		}
		out.Tags = append(out.Tags, x)
	}
	for _, b := range p.breaches {
		out.TooMuch = append(out.TooMuch, planBreach{b.Limit, b.Name, b.Quantity, b.Members, b.Before})
	}
	return out
}

func (p *planned) clauseJSON(c *effect.Clause) *planClause {
	if c == nil {
		return nil
	}
	vs := valuesOf(p.after)
	if c.Side == effect.Before {
		vs = valuesOf(p.before)
	}
	out := &planClause{Text: oneLine(c.Text), In: c.In, Asked: string(c.Side), Value: vs.json(c.Value, c.Type)}
	if c.Both {
		out.Asked = "both"
		if c.Type.Kind == ir.Bool {
			out.Value = c.Value.True() == (c.Side == effect.After)
		}
	}
	for _, part := range c.Parts {
		out.Parts = append(out.Parts, planPart{oneLine(part.Text), vs.json(part.Value, part.Type)})
	}
	return out
}
