package effect_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/effect"
)

// condition draws a condition of at most so many levels.
func condition(t *rapid.T, depth int, names ...string) string {
	if depth == 0 || rapid.IntRange(0, 2).Draw(t, "leaf") == 0 {
		leaves := append([]string{
			`city = "上海"`, "city is unknown", "blocked", "gold", "gold is known", "has(order)",
			fmt.Sprintf("spend >= %d", rapid.IntRange(0, 4).Draw(t, "spend")*1000),
			fmt.Sprintf("has(order) in last %d days", rapid.IntRange(1, 5).Draw(t, "days")*10),
			fmt.Sprintf("spend between 1_000 and %d", rapid.IntRange(1, 4).Draw(t, "to")*1000),
			`level = "high"`, `level != "low"`,
		}, names...)
		return rapid.SampledFrom(leaves).Draw(t, "leaf")
	}
	switch rapid.IntRange(0, 2).Draw(t, "op") {
	case 0:
		return "not (" + condition(t, depth-1, names...) + ")"
	case 1:
		return "(" + condition(t, depth-1, names...) + " and " + condition(t, depth-1, names...) + ")"
	}
	return "(" + condition(t, depth-1, names...) + " or " + condition(t, depth-1, names...) + ")"
}

func ruleSet(t *rapid.T) string {
	return fmt.Sprintf("tag spend = sum(order.amount) in last %d days\n", rapid.IntRange(1, 5).Draw(t, "window")*10) +
		fmt.Sprintf("tag level = when spend >= %d then \"high\" when has(order) then \"low\"\n", rapid.IntRange(1, 4).Draw(t, "high")*1000) +
		"segment a = " + condition(t, 2) + "\nsegment b = " + condition(t, 3, "a", "not a") + "\n"
}

// TestEffectIsThatOfEachMember holds reports to what each member is by either rule set, asked one by one; and what a
// clause is said to be, to what it is.
func TestEffectIsThatOfEachMember(t *testing.T) {
	data := people()
	ctx := context.Background()
	rapid.Check(t, func(r *rapid.T) {
		before, after := ruleSet(r), ruleSet(r)
		was, is := view(program(t, head+before), data), view(program(t, head+after), data)
		report, err := effect.Compare(ctx, was, is, effect.Options{Examples: 10})
		if err != nil {
			r.Fatal(err)
		}
		holds := func(v *runtime.View, member uint32, n *ir.Node) ir.Value {
			p, err := v.Person(member)
			if err != nil {
				r.Fatal(err)
			}
			out, err := p.Value(ctx, n)
			if err != nil {
				r.Fatal(err)
			}
			return out
		}
		listed := map[string]*effect.Segment{}
		for i := range report.Segments {
			listed[report.Segments[i].Name] = &report.Segments[i]
		}
		for i, old := range was.Program().Segments {
			next := is.Program().Segments[i]
			var enters, leaves []uint32
			for m := range data.Members() {
				a, b := holds(was, m, old.Expr).True(), holds(is, m, next.Expr).True()
				switch {
				case b && !a:
					enters = append(enters, m)
				case a && !b:
					leaves = append(leaves, m)
				}
			}
			s := listed[old.Name]
			if s == nil {
				s = &effect.Segment{}
			}
			if fmt.Sprint(members(s.Enters), members(s.Leaves)) != fmt.Sprint(enters, leaves) {
				r.Fatalf("segment %s: %v enter and %v leave, want %v and %v\n%s\n%s", old.Name, members(s.Enters), members(s.Leaves), enters, leaves, before, after)
			}
			for _, e := range append(s.Enters, s.Leaves...) {
				if e.Clause == nil || e.Clause.Text == "" {
					r.Fatalf("no reason for %d in %s\n%s\n%s", e.Member, s.Name, before, after)
				}
				text := map[effect.Side]string{effect.Before: before, effect.After: after}
				other := text[effect.After]
				if e.Clause.Side == effect.After {
					other = text[effect.Before]
				}
				if !strings.Contains(text[e.Clause.Side], e.Clause.Text) {
					r.Fatalf("%q is said to be asked %s\n%s\n%s", e.Clause.Text, e.Clause.Side, before, after)
				}
				if e.Clause.Both && !asks(other, e.Clause.Text) {
					r.Fatalf("%q is said to be asked by both\n%s\n%s", e.Clause.Text, before, after)
				}
			}
		}
		for i, old := range was.Program().Tags {
			next := is.Program().Tags[i]
			var touched uint64
			for m := range data.Members() {
				if value(holds(was, m, old.Expr), old.Type) != value(holds(is, m, next.Expr), next.Type) {
					touched++
				}
			}
			var got uint64
			for _, x := range report.Tags {
				if x.Name == old.Name {
					got = x.Touched()
				}
			}
			if got != touched {
				r.Fatalf("tag %s: %d touched, want %d\n%s\n%s", old.Name, got, touched, before, after)
			}
		}
	})
}

// between is two comparisons.
var between = regexp.MustCompile(`(\w+) between (\w+) and (\w+)`)

// asks reports whether a text has each part of a clause: two sets may write one clause with its parts in another order, and
// with other parentheses, and one may ask between what the other asks from.
func asks(text, clause string) bool {
	bare := func(s string) string {
		s = between.ReplaceAllString(s, "$1 >= $2 and $1 <= $3")
		return strings.NewReplacer("(", "", ")", "", " or ", " and ", "1_000", "1000").Replace(s)
	}
	for _, part := range strings.Split(bare(clause), " and ") {
		if !strings.Contains(bare(text), part) {
			return false
		}
	}
	return true
}

func members(examples []effect.Example) (out []uint32) {
	for _, e := range examples {
		out = append(out, e.Member)
	}
	return out
}
