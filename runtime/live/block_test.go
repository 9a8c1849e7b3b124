package live

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// TestMembersOfANewBlock lets members come that are the first of another block of columns, and holds what they are to a
// build from nothing.
func TestMembersOfANewBlock(t *testing.T) {
	rules := &ruleSet{name: "rules", minutes: []int64{120}, text: `
settings { language 1  timezone "UTC"  currency EUR }
member { phone id  city string }
event order { order_id key  amount money }
tag spend = sum(order.amount) in last 3 days
tag place = city ?? "none"
segment bought = spend > 10
segment lately = has(order) in last 2 hours
segment lost = place = "none" and not has(order)
segment lucky = chance("x") < 50% and bought
segment upper = ntile(2, (when count(order) > 0 then spend)) = 2
`}
	prog, _ := compileRules(t, rules)
	store, err := storage.Open(filepath.Join(t.TempDir(), "store"), storage.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	m := newModel(rules, prog)
	m.clock = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).UnixMicro()
	bulk, err := store.BeginBulk(storage.BulkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range column.Block - 2 {
		bulk.NewMember()
		m.born()
	}
	if _, err := bulk.Commit(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(m.takeCuts(m.clock))
	must(m.look(m.clock, ""))
	m.log = nil
	now := m.clock
	e, err := Open(context.Background(), Options{Store: store, Program: prog, System: func() int64 { return now }})
	must(err)
	for step := range 12 {
		e.Close() // the loop's own glance at the clock would race with the next line
		now += int64(step%3) * 5 * 3600e6
		e, err = Open(context.Background(), Options{Store: store, Program: prog, System: func() int64 { return now }, CheckpointMembers: 1 + step%3})
		must(err)
		if step%2 == 0 { // that it was read before makes no difference
			e.Warm(context.Background())
		}
		must(m.pass(now))
		var in []Input
		for k := range 2 {
			id := []ID{{"phone", fmt.Sprint((step + k*3) % 7)}}
			in = append(in, Input{
				Kind: Event, Type: "order", IDs: id, Key: fmt.Sprint(step), HasAt: true, At: now - int64(step*k)*3600e6,
				Values: map[string]column.Value{"order_id": column.Text(fmt.Sprint(step)), "amount": column.Int(int64(500 * step))},
			}, Input{Kind: Attributes, IDs: id, Values: map[string]column.Value{"city": column.Text(fmt.Sprint("city", step))}})
		}
		_, err := e.Submit(context.Background(), in)
		must(err)
		for _, one := range in {
			m.take(one, now)
			must(m.look(now, "input"))
		}
		for i, s := range prog.Segments {
			got, err := e.View().Select(context.Background(), s.Expr)
			must(err)
			if !got.Equals(m.in[i]) {
				got.Xor(m.in[i])
				t.Fatalf("step %d: %s differs for %v", step, s.Name, got)
			}
		}
		got, err := e.Crossings(0, 1<<30)
		must(err)
		if fmt.Sprint(got) != fmt.Sprint(m.log) {
			t.Fatalf("step %d: crossings\n got %v\nwant %v", step, got, m.log)
		}
	}
	e.Close()
}

func TestRulesThatReadNowByItselfAreRefused(t *testing.T) {
	tree, found := dsl.Parse(diag.NewFile("rules.muster", `
settings { language 1  timezone "UTC" }
member { phone id  seen time  opens time }
segment here = (seen ?? now) + 10 minutes > opens`))
	prog, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	_, err := Open(context.Background(), Options{Program: prog, Store: new(storage.Store)})
	if err == nil || !strings.HasPrefix(err.Error(), "rules.muster:4:25: ") {
		t.Fatal(err)
	}
}
