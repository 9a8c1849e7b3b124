package rulegen_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler/reference"
	"github.com/muster-engine/muster/compiler/rulegen"
)

// What a failure needs is kept, all else goes; the case that failed is left as it was.
func TestShrinkKeepsWhatFails(t *testing.T) {
	late := func(c *rulegen.Case) func(reference.Event) bool {
		return func(e reference.Event) bool { return e.At > c.Now }
	}
	fails := func(c *rulegen.Case) bool {
		has := func(m *reference.Member) bool { return slices.ContainsFunc(m.Events, late(c)) }
		return slices.ContainsFunc(c.World.Members, has) && strings.Contains(c.Rules(), "timezone") &&
			slices.ContainsFunc(c.Questions, func(q string) bool { return strings.Contains(q, "not ") })
	}
	tried := 0
	for seed := uint64(0); tried < 5; seed++ {
		c := rulegen.New(seed)
		if !fails(c) {
			continue
		}
		tried++
		before := c.String()
		small := c.Shrink(2000, fails)
		if c.String() != before {
			t.Errorf("seed %d: shrinking changed the case", seed)
		}
		if !fails(small) || len(small.World.Members) != 1 || len(small.World.Members[0].Events) != 1 || len(small.Decls) != 1 || len(small.Questions) != 1 {
			t.Errorf("seed %d shrinks to\n%s", seed, small)
		}
		if q := small.Questions[0]; len(q) > 60 {
			t.Errorf("seed %d: the question is still %s", seed, q)
		}
	}
}
