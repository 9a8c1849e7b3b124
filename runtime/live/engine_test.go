package live_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

const shop = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id  city string }
event order { order_id key  amount money }
list vips
tag spend = sum(order.amount) in last 30 days
tag recency = days since last(order)
tag foot manual enum "wide" "narrow" for 1 day
segment active = has(order) in last 2 days
segment hot = count(order) in last 6 hours >= 2
segment big = spend >= 1000
segment lapsed = recency > 2
segment wide_vip = foot = "wide" and vips
segment top_half = ntile(2, spend) = 2
`

func compile(t testing.TB, text string) *ir.Program {
	t.Helper()
	tree, found := dsl.Parse(diag.NewFile("rules.muster", text))
	prog, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	return prog
}

// clock is the system's clock of a test.
type clock struct{ atomic.Int64 }

func (c *clock) read() int64 { return c.Load() }

func at(prog *ir.Program, text string) int64 {
	x, err := time.ParseInLocation("2006-01-02T15:04:05", text, prog.Zone.Location())
	if err != nil {
		panic(err)
	}
	return x.UnixMicro()
}

func order(phone, key string, when int64, minor int64) live.Input {
	return live.Input{
		Kind: live.Event, Type: "order", IDs: []live.ID{{Attribute: "phone", Text: phone}}, Key: key, HasAt: true, At: when,
		Values: map[string]column.Value{"order_id": column.Text(key), "amount": column.Int(minor)},
	}
}

type crossing struct {
	segment string
	member  uint32
	entered bool
	at      int64
	cause   string
}

func crossings(t testing.TB, e *live.Engine, after uint64) []crossing {
	t.Helper()
	list, err := e.Crossings(after, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var out []crossing
	for i, c := range list {
		if c.Seq != after+uint64(i)+1 {
			t.Fatalf("crossing %d has number %d", after+uint64(i)+1, c.Seq)
		}
		out = append(out, crossing{c.Segment, c.Member, c.Entered, c.At, c.Cause})
	}
	return out
}

// TestADayInTheShop follows a member through orders, hours, midnights and a restart.
func TestADayInTheShop(t *testing.T) {
	prog := compile(t, shop)
	path := filepath.Join(t.TempDir(), "store.db")
	store, err := storage.Open(path, storage.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{}
	c.Store(at(prog, "2026-06-01T10:00:00"))
	open := func() *live.Engine {
		e, err := live.Open(context.Background(), live.Options{Store: store, Program: prog, System: c.read})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open()
	submit := func(in ...live.Input) []live.Outcome {
		out, err := e.Submit(context.Background(), in)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	seen := uint64(0)
	expect := func(want ...crossing) {
		t.Helper()
		got := crossings(t, e, seen)
		seen += uint64(len(got))
		if len(got) != len(want) {
			t.Fatalf("crossings:\n got %v\nwant %v", got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("crossing %d:\n got %v\nwant %v", i, got[i], want[i])
			}
		}
	}
	now := c.Load()
	out := submit(order("1", "A", now, 60000), order("1", "A", now, 60000), order("1", "B", now, 40000))
	if out[0].Status != live.Accepted || out[1].Status != live.Duplicate || out[2].Status != live.Accepted {
		t.Fatal(out)
	}
	expect(crossing{"active", 0, true, now, "input"}, crossing{"hot", 0, true, now, "input"}, crossing{"big", 0, true, now, "input"})

	// An order that lies in the future counts when its time comes, also if the engine is not asked until later.
	submit(order("2", "C", now+3600e6, 1))
	expect()
	c.Store(now + 7*3600e6)
	submit(live.Input{Kind: live.List, Name: "vips", IDs: []live.ID{{Attribute: "phone", Text: "2"}}, Mode: live.Append})
	expect(crossing{"active", 1, true, now + 3600e6, "time"}, crossing{"hot", 0, false, now + 6*3600e6, "time"})
	submit(live.Input{Kind: live.Manual, Tag: "foot", Value: column.Text("wide"), By: "test", IDs: []live.ID{{Attribute: "phone", Text: "2"}}})
	expect(crossing{"wide_vip", 1, true, c.Load(), "input"})

	// Down over two midnights: what happened meanwhile is reported with its own time.
	e.Close()
	store.Close()
	if store, err = storage.Open(path, storage.Options{}); err != nil {
		t.Fatal(err)
	}
	c.Store(at(prog, "2026-06-04T08:00:00"))
	e = open()
	expect(
		crossing{"top_half", 0, true, at(prog, "2026-06-02T00:00:00"), "time"},
		crossing{"active", 0, false, at(prog, "2026-06-03T00:00:00"), "time"},
		crossing{"active", 1, false, at(prog, "2026-06-03T00:00:00"), "time"},
		crossing{"wide_vip", 1, false, at(prog, "2026-06-03T00:00:00"), "time"},
		crossing{"lapsed", 0, true, at(prog, "2026-06-04T00:00:00"), "time"},
		crossing{"lapsed", 1, true, at(prog, "2026-06-04T00:00:00"), "time"},
	)
	// A retraction takes an order back, and it can be sent anew.
	if out := submit(live.Input{Kind: live.Retract, Type: "order", Key: "A", IDs: []live.ID{{Attribute: "phone", Text: "1"}}}); out[0].Status != live.Accepted {
		t.Fatal(out)
	}
	expect(crossing{"big", 0, false, c.Load(), "input"}, crossing{"top_half", 0, false, c.Load(), "input"})
	if out := submit(order("1", "A", now, 70000)); out[0].Status != live.Accepted {
		t.Fatal(out)
	}
	expect(crossing{"big", 0, true, c.Load(), "input"}, crossing{"top_half", 0, true, c.Load(), "input"})
	e.Close()
	store.Close()
}
