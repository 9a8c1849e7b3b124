package effect_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muster-engine/muster/runtime/effect"
)

func TestLimits(t *testing.T) {
	// Of vip, 2 of 4 leave and 1 enters; of level, 1 becomes known, 3 become unknown, 1 changes.
	const before = "segment vip = has(order)\nsegment still = gold\nsegment gone = blocked\ntag level = when city = \"上海\" then 1 when blocked then 2 when has(order) then 3"
	const after = "segment vip = city = \"上海\" or not has(order)\nsegment still = gold\nsegment fresh = gold and blocked\ntag level = when not has(order) then 3 when city = \"上海\" and gold then 4"
	cases := []struct{ limit, want string }{
		{"vip.leaving > 5%", "vip leaving 2 of 4"},
		{"vip.leaving > 50%", ""},
		{"vip.leaving >= 50.0 %", "vip leaving 2 of 4"},
		{"vip.leaving > 49.99%", "vip leaving 2 of 4"},
		{"vip.entering>0", "vip entering 1 of 4"},
		{"vip.entering > 1", ""},
		{"vip.changed = 3", "vip changed 3 of 4"},
		{"vip.members < 100%", "vip members 3 of 4"},
		{"vip.members <= 2", ""},
		{"  `vip`.members < 1_000 ", "vip members 3 of 4"},
		{"level.changed >= 5", "level changed 5 of 4"},
		{"level.entering > 0", "level entering 1 of 4"},
		{"level.leaving > 3", ""},
		{"level.members < 3", "level members 2 of 4"},
		{"gone.leaving >= 100%", "gone leaving 1 of 1"},
		{"fresh.entering > 0", ""},
		{"still.changed > 0", ""},
		{"still.members < 2", "still members 1 of 1"},
		{"still.leaving = 0", "still leaving 0 of 0"},
		{"*.leaving > 50%", "gone leaving 1 of 1; level leaving 3 of 4"},
		{"*.entering >= 0", "vip entering 1 of 4; gone entering 0 of 1; level entering 1 of 4"},
	}
	for _, c := range cases {
		l, err := effect.ParseLimit(c.limit)
		if err != nil {
			t.Errorf("%s: %s", c.limit, err)
			continue
		}
		if err := l.Check(program(t, head+before), program(t, head+after)); err != nil {
			t.Errorf("%s: %s", c.limit, err)
		}
		var opt effect.Options
		if l.CountsUnchanged() {
			opt.Count = []string{l.Name}
		}
		var got []string
		for _, b := range l.Breaches(compare(t, before, after, opt)) {
			got = append(got, fmt.Sprintf("%s %s %d of %d", b.Name, b.Quantity, b.Members, b.Before))
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("%s: %q, want %q", c.limit, text, c.want)
		}
	}
}

func TestLimitsThatAreNone(t *testing.T) {
	p := program(t, head+"segment vip = gold\ntag level = city")
	cases := []struct{ limit, want string }{
		{"", `"" is no limit`},
		{"vip > 5%", `"vip > 5%" is no limit; write NAME.entering`},
		{"vip.leaving > five", `is no limit`},
		{"vip.leaving > -5", `is no limit`},
		{"vip.leaving ~ 5", `is no limit`},
		{"vip.leaving > 5% and more", `is no limit`},
		{"vip.leaving > 2.5", `2.5 is no count of members`},
		{"vip.leavin > 5%", `there is no leavin; did you mean leaving?`},
		{"vip.x > 5%", `there is no x; write NAME.entering`},
		{"vop.leaving > 5%", `there is no segment or tag "vop"; did you mean vip?`},
		{"levl.changed > 5", `there is no segment or tag "levl"; did you mean level?`},
	}
	for _, c := range cases {
		l, err := effect.ParseLimit(c.limit)
		if err == nil {
			err = l.Check(p, p)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.limit, err, c.want)
		}
	}
}
