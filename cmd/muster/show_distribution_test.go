package main

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
)

func labels(d distribution) string {
	var out []string
	for _, s := range d.steps {
		out = append(out, fmt.Sprintf("%s:%d", s.label, s.members))
	}
	return strings.Join(out, " ")
}

func tallyOf(t ir.Type, values ...ir.Value) *tally {
	tal := newTally(utcValues(), t)
	for _, v := range values {
		tal.add(v)
	}
	return tal
}

func utcValues() values { return values{2, calendar.UTC()} }

func TestDistributionOfFewInts(t *testing.T) {
	var vs []ir.Value
	for _, i := range []int64{3, 1, 3, -2, 3} {
		vs = append(vs, ir.IntLike(ir.Int, i))
	}
	d := tallyOf(ir.Type{Kind: ir.Int}, append(vs, ir.Unknown(ir.Int))...).distribution()
	if got, want := labels(d), "-2:1 1:1 3:3"; got != want || d.unknown != 1 || d.of != 6 {
		t.Errorf("got %s, %d unknown of %d", got, d.unknown, d.of)
	}
	if len(d.figures) != 6 || d.figures[2].text != "3" || d.figures[5].text != "1.6" {
		t.Errorf("figures %v", d.figures)
	}
}

// A few outliers must not press everybody into one bar.
func TestDistributionOfSkewedNumbers(t *testing.T) {
	tal := newTally(utcValues(), ir.Type{Kind: ir.Number})
	for i := range 1000 {
		tal.add(ir.NumberValue(float64(i) / 10))
	}
	tal.add(ir.NumberValue(1e9))
	d := tal.distribution()
	if len(d.steps) < 8 || d.steps[0].members > 200 {
		t.Errorf("got %s", labels(d))
	}
	if d.steps[0].label != "<10" || d.steps[len(d.steps)-1].label != ">=90" {
		t.Errorf("got %s", labels(d))
	}
}

func TestDistributionOfTexts(t *testing.T) {
	tal := newTally(utcValues(), ir.Type{Kind: ir.String})
	for i := range mostValues + 3 {
		for range i + 1 {
			tal.add(ir.StringValue(fmt.Sprint("v", i)))
		}
	}
	d := tal.distribution()
	if len(d.steps) != mostValues || d.steps[0].label != "v26" || d.other != 3 || d.otherMembers != 1+2+3 {
		t.Errorf("got %s, %d others with %d members", labels(d), d.other, d.otherMembers)
	}
}

func TestDistributionOfDates(t *testing.T) {
	tal := newTally(utcValues(), ir.Type{Kind: ir.Date})
	for i := range 40 {
		tal.add(ir.IntLike(ir.Date, calendar.FromCivil(2011, 1, 15)+int64(i)*7))
	}
	d := tal.distribution()
	if len(d.steps) != 10 || d.steps[0].label != "2011-01" || d.steps[0].to != "2011-02-01" {
		t.Errorf("got %s", labels(d))
	}
	years := newTally(utcValues(), ir.Type{Kind: ir.Date})
	for y := 1950; y <= 2005; y++ {
		years.add(ir.IntLike(ir.Date, calendar.FromCivil(y, 6, 1)))
	}
	if d := years.distribution(); len(d.steps) > 20 || d.steps[0].label != "1950" {
		t.Errorf("got %s", labels(d))
	}
}

func TestDistributionOfNobody(t *testing.T) {
	for _, k := range []ir.Kind{ir.Int, ir.Number, ir.Money, ir.String, ir.Date, ir.Time, ir.Bool, ir.Exact} {
		d := tallyOf(ir.Type{Kind: k}, ir.Unknown(k)).distribution()
		if d.known != 0 || d.unknown != 1 || len(d.figures) != 0 {
			t.Errorf("%s: %+v", k, d)
		}
	}
}

// TestDistributionIsWhole holds that every known value is in one step or among the others, and that classes, which
// cross tables go by, put each value where the distribution counted it.
func TestDistributionIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]ir.Kind{ir.Int, ir.Number, ir.Money, ir.String, ir.Date, ir.Time}).Draw(t, "kind")
		wide := rapid.SampledFrom([]int64{5, 1_000, 1_000_000_000_000}).Draw(t, "range")
		if kind == ir.Date {
			wide = min(wide, 100_000)
		}
		n := rapid.IntRange(1, 200).Draw(t, "n")
		tal := newTally(utcValues(), ir.Type{Kind: kind})
		var all []ir.Value
		for range n {
			i := rapid.Int64Range(-wide, wide).Draw(t, "value")
			v := ir.IntLike(kind, i)
			switch {
			case rapid.IntRange(0, 9).Draw(t, "unknown") == 0:
				v = ir.Unknown(kind)
			case kind == ir.Number:
				v = ir.NumberValue(float64(i) / 8)
			case kind == ir.String:
				v = ir.StringValue(fmt.Sprint(i))
			}
			all = append(all, v)
			tal.add(v)
		}
		d := tal.distribution()
		sum := d.otherMembers
		for _, s := range d.steps {
			sum += s.members
		}
		if sum != d.known || d.known+d.unknown != uint64(n) {
			t.Fatalf("%s sums up to %d of %d known", labels(d), sum, d.known)
		}
		c := tal.classes()
		counted := make([]uint64, len(c.labels))
		for _, v := range all {
			i := c.of(v)
			if i < 0 {
				t.Fatalf("%v is in no class of %s", v, labels(d))
			}
			counted[i]++
		}
		for i, s := range d.steps {
			if counted[i] != s.members {
				t.Fatalf("class %s has %d members, the step %d: %s", c.labels[i], counted[i], s.members, labels(d))
			}
		}
	})
}

func TestRoundStep(t *testing.T) {
	for x, want := range map[float64]float64{0.7: 1, 1: 1, 1.1: 2, 2.2: 2.5, 3: 5, 7: 10, 0.03: 0.05, 730: 1000} {
		if got := roundStep(x); math.Abs(got-want) > 1e-12 {
			t.Errorf("the step for %g is %g, want %g", x, got, want)
		}
	}
}
