package effect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/replay"
)

// subject is a kind of declaration that limits can be of, by the words that they begin with.
type subject struct {
	words []string
	kind  ir.FactKind
	// noun is what a declaration is called.
	noun string
	// quantities are what of it can be bounded: points.NAME.QUANTITY. Where there are none the declaration itself is a number:
	// messages.NAME.
	quantities []string
	// what is that number.
	what replay.What
}

var subjects = []subject{
	{words: []string{"points"}, kind: ir.PointsFacts, noun: "points", quantities: []string{"liability", "earned", "given", "reversed", "expired", "spent"}},
	{words: []string{"tier", "tiers"}, kind: ir.TiersFacts, noun: "tiers", quantities: []string{"up", "down", "changed"}},
	{words: []string{"coupons", "coupon"}, kind: ir.CouponFacts, noun: "coupon", what: replay.Issued},
	{words: []string{"messages", "message"}, kind: ir.SinkFacts, noun: "sink", what: replay.Sent},
	{words: []string{"campaigns", "campaign"}, kind: ir.CampaignFacts, noun: "campaign", what: replay.Started},
}

// subjectOf finds what a limit's first word stands for.
func subjectOf(word string) *subject {
	for i := range subjects {
		if slices.Contains(subjects[i].words, word) {
			return &subjects[i]
		}
	}
	return nil
}

// ofProgramme reads the parts of a limit on a programme.
func (l *Limit) ofProgramme(parts []string) error {
	s := subjectOf(parts[0])
	if s == nil {
		var words []string
		for _, x := range subjects {
			words = append(words, x.words[0])
		}
		if near, ok := diag.Near(parts[0], words); ok {
			return fmt.Errorf("%q: there is nothing called %s; did you mean %s?", l.Text, parts[0], near)
		}
		return fmt.Errorf("%q: there is nothing called %s; what has two points is of %s", l.Text, parts[0], strings.Join(words, ", "))
	}
	l.subject, l.Name = s, parts[1]
	switch {
	case len(s.quantities) == 0 && len(parts) == 3:
		return fmt.Errorf("%q: %s.%s is a number already; leave .%s out", l.Text, parts[0], parts[1], parts[2])
	case len(s.quantities) == 0:
		l.quantity = string(s.what)
		return nil
	case len(parts) == 2:
		return fmt.Errorf("%q: say what of it: %s.%s.%s", l.Text, parts[0], parts[1], strings.Join(s.quantities, ", ."))
	case !slices.Contains(s.quantities, parts[2]):
		if near, ok := diag.Near(parts[2], s.quantities); ok {
			return fmt.Errorf("%q: there is no %s of %s; did you mean %s?", l.Text, parts[2], s.noun, near)
		}
		return fmt.Errorf("%q: there is no %s of %s; there is %s", l.Text, parts[2], s.noun, strings.Join(s.quantities, ", "))
	}
	l.quantity = parts[2]
	return nil
}

// checkProgramme is Check of a limit on a programme.
func (l Limit) checkProgramme(before, after *ir.Program) error {
	var names []string
	for _, p := range []*ir.Program{after, before} {
		for _, d := range declarations(p) {
			if d.kind == l.subject.kind {
				names = append(names, d.name)
			}
		}
	}
	if slices.Contains(names, l.Name) {
		return nil
	}
	verb := "is"
	if l.subject.noun == "points" || l.subject.noun == "tiers" {
		verb = "are"
	}
	text := fmt.Sprintf("%q: there %s no %s %q", l.Text, verb, l.subject.noun, l.Name)
	if near, ok := diag.Near(l.Name, names); ok {
		text += "; did you mean " + near + "?"
	}
	return fmt.Errorf("%s", text)
}

// breach returns where a programme exceeds the limit.
func (l Limit) breach(p *Programme) (out []Breach) {
	n, before := l.amounts(p)
	if l.exceeded(n, before) {
		out = append(out, Breach{Limit: l.Text, Name: l.Name, Quantity: l.quantity, Members: n, Before: before})
	}
	return out
}

// amounts are the number that is bounded, and what a percentage is of.
func (l Limit) amounts(p *Programme) (n, before uint64) {
	if p == nil {
		return 0, 1
	}
	line := func(when When, what replay.What) Line {
		if x := p.lines[lineKey{when, replay.Row{Kind: l.subject.kind, Name: l.Name, What: what}}]; x != nil {
			return *x
		}
		return Line{}
	}
	switch l.subject.kind {
	case ir.PointsFacts:
		x := line(Past, replay.What(l.quantity))
		return uint64(max(x.After-x.Before, x.Before-x.After)), uint64(max(0, x.Before))
	case ir.TiersFacts:
		up, down := uint64(line(Now, Up).After), uint64(line(Now, Down).After)
		return map[string]uint64{"up": up, "down": down, "changed": up + down}[l.quantity], p.Of
	}
	past, ahead := line(Past, l.subject.what), line(Ahead, l.subject.what)
	if ahead.After > past.After {
		past = ahead
	}
	return uint64(max(0, past.After)), uint64(max(0, past.Before))
}
