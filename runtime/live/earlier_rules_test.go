package live

import (
	"context"
	"testing"

	"github.com/muster-engine/muster/storage/column"
)

// TestWhatEarlierRulesDeclaredIsStored has values accepted that only an earlier rule set declares, starts again under another
// before they are in the columns, and has them put there: they are what they were when the rules declare them again.
func TestWhatEarlierRulesDeclaredIsStored(t *testing.T) {
	const head = "settings { language 1  timezone \"Asia/Shanghai\"  currency CNY }\n"
	const wide = head + "member { phone id  shoe string  sizes set of string }\nevent order { order_id key  amount money  note string }\n" +
		"tag foot manual string\n"
	const narrow = head + "member { phone id }\nevent order { order_id key  amount money }\n"
	for _, again := range []bool{false, true} {
		c := newClub(t, wide, "2026-03-01T10:00")
		earlier := c.prog
		order := c.order("1", "O1", 9)
		order.Values["note"] = column.Text("gift")
		attributes := Input{Kind: Attributes, IDs: []ID{{"phone", "1"}}, Values: map[string]column.Value{
			"shoe": column.Text("42"), "sizes": column.Set("a", "b"),
		}}
		c.give(order, attributes, Input{Kind: Manual, IDs: []ID{{"phone", "1"}}, Tag: "foot", Value: column.Text("wide"), By: "ann"})
		later, _ := compileRules(t, &ruleSet{name: "rules", text: narrow})
		if _, err := c.engine.Reload(context.Background(), later); err != nil {
			t.Fatal(err)
		}
		c.prog = later
		if again {
			c.close()
			c.open(false)
		}
		if err := c.engine.Checkpoint(context.Background()); err != nil {
			t.Fatalf("started again: %t: %v", again, err)
		}
		c.close()
		c.prog = earlier
		c.open(false)
		c.expect("1", `shoe = "42"`, `sizes contains "a"`, `foot = "wide"`, `has(order where note = "gift")`)
	}
}
