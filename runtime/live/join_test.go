package live

import "testing"

// The tier that one of two members brings is the other's as long as they are one, whatever happened to whom last.
func TestATierThatAMergeBringsGoesWithASplit(t *testing.T) {
	c := newClub(t, `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id  union id many }
event order { order_id key  amount money }
tiers level { by sum(order.amount) in last 10 days  tier "plain"  tier "silver" from 100  tier "gold" from 200  keep 5 days }
`, "2026-03-01T10:00")
	other := c.order("", "O2", 250)
	other.IDs = []ID{{"union", "u1"}}
	both := c.order("lin", "O3", 0)
	both.IDs = append(both.IDs, other.IDs...)

	c.give(c.order("lin", "O1", 150))
	c.expect("lin", `level = "silver"`)
	c.at("2026-03-09T10:00")
	c.give(other)
	c.at("2026-03-13T10:00")
	c.expect("lin", `level = "plain"`) // has fallen after the other rose
	c.give(both)
	c.expect("lin", `level = "gold"`)
	if out := c.give(Input{Kind: Split, IDs: other.IDs}); out[0].Status != Accepted {
		t.Fatal(out)
	}
	for range 2 {
		c.expect("lin", `level = "plain"`)
		n, _ := c.engine.Find("union", "u1")
		m, err := c.engine.current(n)
		if err != nil {
			t.Fatal(err)
		}
		a := c.engine.conductor.Keeper().Open(c.engine.View().World(c.engine.View().Now()), m.person(c.prog, nil), nil)
		if got := c.prog.Tiers[0].Tiers[a.Standing(0).Tier].Name; got != "gold" {
			t.Errorf("the other is %s after the split", got)
		}
		c.reopen()
	}
}
