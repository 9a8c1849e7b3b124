package effect

import (
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
)

// Everything stands in a limit for each rule that is in both sets or removed, added ones left out.
const Everything = "*"

// quantities are what a limit can bound.
var quantities = []string{"entering", "leaving", "changed", "members"}

// Limit is an effect that is too much, such as "vip.leaving > 5%": a quantity of one segment or tag against a count, or
// against a percentage of the members that it had before.
//
// Of a segment, entering and leaving are its crossings, changed is both, members is how many it has afterwards. Of a
// tag, entering and leaving are members whose value becomes known and unknown, changed is those and who has another
// value, members is for how many it is known afterwards.
//
// Of points, "points.stars.liability > 5%" bounds by how much they become more or less in the days that are gone through
// again, against what they are by the rules in force: liability, earned, given, reversed, expired or spent. Of tiers,
// "tier.loyalty.down > 1%" bounds how many members' measure reaches another tier now, against all members: up, down or
// changed. "coupons.back100", "messages.sms" and "campaigns.winback" are the codes that are issued, the messages that are
// sent and the runs that begin by the edited rules in those days, or up to the next midnight if that is more; a percentage
// is of what it is by the rules in force.
type Limit struct {
	Text     string // as written
	Name     string
	subject  *subject // of a programme; nil of a segment or tag
	quantity string
	op       string
	bound    *big.Rat
	percent  bool
}

var (
	limitForm = regexp.MustCompile("^(`[^`]+`|[^\\s.`<>=]+)\\.(`[^`]+`|[^\\s.`<>=]+)(?:\\.([^\\s.<>=]+))?\\s*(>=|<=|>|<|=)\\s*([0-9][0-9_]*(?:\\.[0-9]+)?)\\s*(%?)$")
	limitHelp = `write NAME.entering, .leaving, .changed or .members, then > >= < <= or =, then a count or a percentage, such as "vip.leaving > 5%"`
)

// ParseLimit reads a limit.
func ParseLimit(text string) (Limit, error) {
	m := limitForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return Limit{}, fmt.Errorf("%q is no limit; %s", text, limitHelp)
	}
	l := Limit{Text: strings.TrimSpace(text), Name: strings.Trim(m[1], "`"), quantity: m[2], op: m[4], percent: m[6] == "%"}
	s := subjectOf(m[1])
	if m[3] != "" || s != nil && !slices.Contains(quantities, m[2]) {
		parts := []string{m[1], strings.Trim(m[2], "`"), m[3]}
		if m[3] == "" {
			parts = parts[:2]
		}
		if err := l.ofProgramme(parts); err != nil {
			return Limit{}, err
		}
	} else if !slices.Contains(quantities, l.quantity) {
		if near, ok := diag.Near(l.quantity, quantities); ok {
			return Limit{}, fmt.Errorf("%q: there is no %s; did you mean %s?", text, l.quantity, near)
		}
		return Limit{}, fmt.Errorf("%q: there is no %s; %s", text, l.quantity, limitHelp)
	}
	bound, ok := new(big.Rat).SetString(strings.ReplaceAll(m[5], "_", ""))
	if !ok || !l.percent && !bound.IsInt() {
		if l.subject != nil {
			return Limit{}, fmt.Errorf("%q: %s is no count", text, m[5])
		}
		return Limit{}, fmt.Errorf("%q: %s is no count of members", text, m[5])
	}
	l.bound = bound
	return l, nil
}

// Check reports whether a limit's name is one of the two rule sets', and which near name there is if not.
func (l Limit) Check(before, after *ir.Program) error {
	if l.subject != nil {
		return l.checkProgramme(before, after)
	}
	if l.Name == Everything {
		return nil
	}
	var names []string
	for _, p := range []*ir.Program{after, before} {
		for _, s := range p.Segments {
			names = append(names, s.Name)
		}
		for _, t := range p.Tags {
			names = append(names, t.Name)
		}
	}
	if slices.Contains(names, l.Name) {
		return nil
	}
	text := fmt.Sprintf("%q: there is no segment or tag %q", l.Text, l.Name)
	if near, ok := diag.Near(l.Name, names); ok {
		text += "; did you mean " + near + "?"
	}
	return fmt.Errorf("%s", text)
}

// CountsUnchanged reports whether the limit needs the members of its rule even if the rule means what it meant.
func (l Limit) CountsUnchanged() bool {
	return l.subject == nil && l.quantity == "members" && l.Name != Everything
}

// PlaysUnchanged reports whether the limit needs members gone through even if the programme means what it meant.
func (l Limit) PlaysUnchanged() bool { return l.subject != nil && len(l.subject.quantities) == 0 }

// OfPast reports whether the limit bounds what becomes of the days that are gone through again.
func (l Limit) OfPast() bool { return l.subject != nil && l.subject.kind != ir.TiersFacts }

// Breach is a limit that an effect exceeds.
type Breach struct {
	Limit string
	// Name is the segment or tag, or the declaration of a programme.
	Name string
	// Quantity is what was bounded, such as entering, leaving, changed or members; Members how many that is, Before what a
	// percentage is of: how many members the rule had. Of points, messages and the like they are as many of those.
	Quantity        string
	Members, Before uint64
}

// Breaches returns where a report exceeds a limit. A rule that is not in the report has nobody entering, leaving or
// changed.
func (l Limit) Breaches(r *Report) (out []Breach) {
	if l.subject != nil {
		return l.breach(r.Programme)
	}
	found := false
	see := func(name string, status Status, before uint64, amounts map[string]uint64) {
		if name != l.Name && (l.Name != Everything || status == Added || status == Unchanged) {
			return
		}
		found = true
		if n := amounts[l.quantity]; l.exceeded(n, before) {
			out = append(out, Breach{Limit: l.Text, Name: name, Quantity: l.quantity, Members: n, Before: before})
		}
	}
	for i := range r.Segments {
		s := &r.Segments[i]
		see(s.Name, s.Status, s.Before, map[string]uint64{
			"entering": s.Entering, "leaving": s.Leaving, "changed": s.Entering + s.Leaving, "members": s.After,
		})
	}
	for i := range r.Tags {
		t := &r.Tags[i]
		see(t.Name, t.Status, t.Before, map[string]uint64{
			"entering": t.Known, "leaving": t.Unknown, "changed": t.Touched(), "members": t.After,
		})
	}
	if !found && l.Name != Everything && !l.CountsUnchanged() && l.exceeded(0, 1) {
		out = append(out, Breach{Limit: l.Text, Name: l.Name, Quantity: l.quantity})
	}
	return out
}

// exceeded compares n with the bound, exactly.
func (l Limit) exceeded(n, before uint64) bool {
	have, bound := new(big.Rat).SetInt(new(big.Int).SetUint64(n)), new(big.Rat).Set(l.bound)
	if l.percent {
		have.Mul(have, big.NewRat(100, 1))
		bound.Mul(bound, new(big.Rat).SetInt(new(big.Int).SetUint64(before)))
	}
	switch c := have.Cmp(bound); l.op {
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	default:
		return c == 0
	}
}
