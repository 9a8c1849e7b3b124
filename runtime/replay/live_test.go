package replay_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/runtime/replay"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

const club = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id  city string }
event order { order_id key  amount money }
event review { review_id key }
event refund { refund_id key  order_id string  amount money }
event filed { ticket string }
event solved { ticket string }
points stars {
  start 2026-01-01  expire after 12 days  pending 1 day
  earn shopping on order { give floor(amount) * level.factor  at most 3000 points per month }
  earn review on review { give 50  at most 2 times per day }
  boost spring on order { factor 2  during 2026-03-05 to 2026-03-08 }
  reverse order on refund matching order_id by amount
}
tiers level {
  by earned(stars) in last 20 days
  tier "normal" { factor 1 }
  tier "silver" from 800 { factor 1.2 }
  tier "gold" from 2000 { factor 1.5 }
  keep 8 days
}
coupon back { off 10  valid 5 days  at most 2 per 10 days }
coupon mug  { gift "mug"  valid 10 days  price 100 stars }
sink sms { file "sms.ndjson"  quiet 21:00 to 09:00  at most 3 per week }
sink ops { file "ops.ndjson" }
segment asleep = days since last(order) >= 3
segment rich = balance(stars) >= 500
list told
campaign winback {
  on enter asleep  holdout 30%  at most 2 per 30 days
  do { issue back  send sms "one" with { city: city }  wait 2 days  stop when has(order) since start  send sms "two"  give 20 stars }
  goal order where amount >= 100 within 5 days
}
campaign thanks { on order where amount >= 500  at most 1 per day  do { issue back  send sms "thanks" } }
campaign golden { on reach "gold" of level  do { send ops "gold"  add to told  give level.factor * 10 stars } }
campaign used   { on used back  do { send ops "used" } }
campaign daily  { daily at 10:00 for rich  when not told  at most 1 per 4 days  do { send sms "rich" } }
segment newcomer = count(order) <= 1 and count(review) <= 1
campaign welcome { on enter newcomer  at most 2  do { send sms "welcome"  wait 1 day  send ops "welcomed" } }
case complaint { open on filed  close on solved  matching ticket  due 2 days  overdue { send ops "late" } }
`

func compile(t testing.TB, text string) *ir.Program {
	t.Helper()
	tree, found := dsl.Parse(diag.NewFile("rules", text))
	p, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() || p == nil {
		var b strings.Builder
		diag.Render(&b, found, diag.RenderOptions{})
		t.Fatal(b.String())
	}
	return p
}

// world is a live engine over a store, with a clock.
type world struct {
	t      *rapid.T
	prog   *ir.Program
	store  *storage.Store
	engine *live.Engine
	clock  *atomic.Int64
	made   int
	codes  []string
	spent  []string
}

func (w *world) give(in live.Input) live.Outcome {
	out, err := w.engine.Submit(context.Background(), []live.Input{in})
	if err != nil {
		w.t.Fatal(err)
	}
	return out[0]
}

func (w *world) key(kind string) string { w.made++; return fmt.Sprintf("%s%d", kind, w.made) }

// step lets something happen to a member.
func (w *world) step() {
	t := w.t
	who := rapid.SampledFrom([]string{"lin", "wang", "chen"}).Draw(t, "who")
	ids := []live.ID{{Attribute: "phone", Text: who}}
	event := func(kind, key string, values map[string]column.Value) {
		w.give(live.Input{Kind: live.Event, IDs: ids, Type: kind, Key: key, Values: values})
	}
	coupon := func(r live.CouponRequest) live.Outcome {
		in := live.Input{Kind: live.Coupon, Coupon: &r}
		if r.Do == live.IssueCode {
			in.IDs = ids
		}
		return w.give(in)
	}
	code := func() string {
		if len(w.codes) == 0 {
			return "none"
		}
		return rapid.SampledFrom(w.codes).Draw(t, "code")
	}
	yuan := column.Int(int64(rapid.SampledFrom([]int{20, 90, 300, 700, 1500}).Draw(t, "yuan")) * 100)
	number := int64(rapid.SampledFrom([]int{1, 40, 300, 900}).Draw(t, "points"))
	if rapid.IntRange(0, 9).Draw(t, "attribute") == 0 {
		w.give(live.Input{Kind: live.Attributes, IDs: ids, Values: map[string]column.Value{"city": column.Text("上海")}})
		return
	}
	switch rapid.IntRange(0, 17).Draw(t, "what") {
	case 0, 1, 2, 3, 4:
		key := w.key("A")
		event("order", key, map[string]column.Value{"order_id": column.Text(key), "amount": yuan})
	case 5, 6:
		key := w.key("R")
		event("review", key, map[string]column.Value{"review_id": column.Text(key)})
	case 7, 8:
		key := w.key("B")
		of := fmt.Sprintf("A%d", rapid.IntRange(1, w.made).Draw(t, "order"))
		event("refund", key, map[string]column.Value{"refund_id": column.Text(key), "order_id": column.Text(of), "amount": yuan})
	case 9:
		event("filed", "", map[string]column.Value{"ticket": column.Text(fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "ticket")))})
	case 10:
		event("solved", "", map[string]column.Value{"ticket": column.Text(fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "ticket")))})
	case 11:
		key := w.key("S")
		if w.give(live.Input{Kind: live.Spend, IDs: ids, Ask: &live.Ask{Of: "stars", Key: key, Points: number}}).Status == live.Accepted {
			w.spent = append(w.spent, key)
		}
	case 12:
		if len(w.spent) > 0 {
			w.give(live.Input{Kind: live.Return, IDs: ids, Ask: &live.Ask{Of: "stars", Key: w.key("T"), Points: number, Spent: rapid.SampledFrom(w.spent).Draw(t, "spent")}})
		}
	case 13:
		if rapid.Bool().Draw(t, "off") {
			number = -number
		}
		w.give(live.Input{Kind: live.Adjust, IDs: ids, Ask: &live.Ask{Of: "stars", Key: w.key("J"), Points: number}})
	case 14:
		until := w.prog.Zone.DateOf(w.clock.Load()) + rapid.Int64Range(0, 5).Draw(t, "until")
		w.give(live.Input{Kind: live.SetTier, IDs: ids, Ask: &live.Ask{Of: "level", Key: w.key("L"), Tier: "silver", Until: &until, By: "shop"}})
	case 15:
		of := rapid.SampledFrom([]string{"back", "mug"}).Draw(t, "coupon")
		if out := coupon(live.CouponRequest{Do: live.IssueCode, Coupon: of, Key: w.key("C")}); out.Status == live.Accepted {
			w.codes = append(w.codes, out.Coupon.Code)
		}
	case 16:
		amount := yuan.Int
		coupon(live.CouponRequest{Do: live.UseCode, Code: code(), Key: w.key("U"), Amount: &amount})
	case 17:
		do := rapid.SampledFrom([]string{live.VoidCode, live.ReturnCode, live.ReserveCode}).Draw(t, "do")
		coupon(live.CouponRequest{Do: do, Code: code(), Key: w.key("V"), Span: 3600_000_000 * 5})
	}
}

// stamps are numbers that an engine gives in the order in which it comes to them, such as those of runs.
var stamps = regexp.MustCompile(`\b1[0-9]{15}\b`)

// told is facts as texts, by type, with stamps replaced by the order in which they occur.
func told(p *ir.Program, facts map[int][]exprplan.Event) string {
	var b strings.Builder
	seen := map[string]string{}
	for i, e := range p.Events {
		for _, f := range facts[i] {
			fmt.Fprintf(&b, "%s %s:", e.Name, time.UnixMicro(f.At).In(p.Zone.Location()).Format("01-02T15:04:05.000000"))
			for j, v := range f.Fields {
				if !v.Known {
					continue
				}
				text := v.S
				if v.Kind != ir.String {
					text = fmt.Sprint(v.I)
				}
				if name := e.Fields[j].Name; name == ir.FactLot || name == ir.FactFor || v.Kind == ir.String {
					text = stamps.ReplaceAllStringFunc(text, func(s string) string {
						if seen[s] == "" {
							seen[s] = fmt.Sprintf("#%d", len(seen)+1)
						}
						return seen[s]
					})
				}
				fmt.Fprintf(&b, " %s=%s", e.Fields[j].Name, text)
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

// differences are the lines that only one of two texts has.
func differences(recorded, replayed string) string {
	a, b := strings.Split(recorded, "\n"), strings.Split(replayed, "\n")
	var out strings.Builder
	for _, side := range []struct {
		name string
		a, b []string
	}{{"recorded", a, b}, {"replayed", b, a}} {
		for _, line := range side.a {
			if !slices.Contains(side.b, line) {
				fmt.Fprintf(&out, "%s %s\n", side.name, line)
			}
		}
	}
	return out.String()
}

// TestReplayYieldsWhatWasRecorded lets a live engine work, and goes through its members' time again by the same rules, from
// any instant on: the facts are those that the engine wrote. By other rules, the books
// are sound all the same.
func TestReplayYieldsWhatWasRecorded(t *testing.T) {
	prog := compile(t, club)
	dir := t.TempDir()
	var runs atomic.Int64
	checks, steps := "6", 40
	if os.Getenv("MUSTER_LONG") != "" {
		checks, steps = "200", 120
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.nofailfile": "true"} {
		f := flag.Lookup(name)
		if old := f.Value.String(); old == f.DefValue {
			if err := f.Value.Set(value); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = f.Value.Set(old) })
		}
	}
	others := edits(t)
	rapid.Check(t, func(r *rapid.T) {
		path := filepath.Join(dir, fmt.Sprint(runs.Add(1)))
		w := &world{t: r, prog: prog, clock: new(atomic.Int64), made: 1}
		begin := prog.Zone.Instant(20_514, 8, 0, 0) // 2026-03-02
		w.clock.Store(begin)
		var err error
		if w.store, err = storage.Open(path, storage.Options{Create: true}); err != nil {
			r.Fatal(err)
		}
		defer os.Remove(path)
		defer w.store.Close()
		if w.engine, err = live.Open(context.Background(), live.Options{Store: w.store, Program: prog, System: w.clock.Load}); err != nil {
			r.Fatal(err)
		}
		closed := sync.OnceFunc(func() { w.engine.Close() })
		defer closed()
		for range rapid.IntRange(5, steps).Draw(r, "steps") {
			w.clock.Add(rapid.SampledFrom([]int64{7, 61, 400, 1440, 3000}).Draw(r, "minutes")*60_000_000 + 1_000)
			w.step()
		}
		w.give(live.Input{Kind: live.Retract, IDs: []live.ID{{Attribute: "phone", Text: "nobody"}}})
		closed()
		now := w.clock.Load()
		view := runtime.New(prog, w.store.Snapshot(), runtime.Options{}).At(now)
		player, err := replay.New(prog, view.World)
		if err != nil {
			r.Fatal(err)
		}
		after := begin - 1
		if rapid.Bool().Draw(r, "later") {
			after = begin + rapid.Int64Range(0, now-begin).Draw(r, "after")
		}
		err = runtime.Together(context.Background(), []*runtime.View{view}, nil, func(_ int, who runtime.Read) error {
			as := who.As
			tally, err := player.Fork().Play(as[0], replay.Stretch{After: after, To: now, Set: who.Set})
			if err != nil {
				return err
			}
			recorded, replayed := map[int][]exprplan.Event{}, map[int][]exprplan.Event{}
			for i, e := range prog.Events {
				if e.Facts != "" {
					recorded[i] = slices.DeleteFunc(slices.Clone(as[0].Events(i)), func(e exprplan.Event) bool { return e.At <= after })
				}
			}
			for _, f := range tally.Facts {
				replayed[f.Type] = append(replayed[f.Type], f.Event)
			}
			if a, b := told(prog, recorded), told(prog, replayed); a != b {
				return fmt.Errorf("member %d from %s on:\n%s", as[0].Number, time.UnixMicro(after).UTC(), differences(a, b))
			}
			return nil
		})
		if err != nil {
			r.Fatal(err)
		}
		edited := others[rapid.IntRange(0, len(others)-1).Draw(r, "edit")]
		if err := sound(edited, w.store.Snapshot(), replay.Stretch{After: after, To: now}, prog); err != nil {
			r.Fatal(err)
		}
	})
}

// edits are rules that do something else.
func edits(t *testing.T) (out []*ir.Program) {
	t.Helper()
	for _, change := range [][]string{
		{"floor(amount) * level.factor", "floor(amount * 2)", "at most 3000 points", "at most 1000 points"},
		{"expire after 12 days  pending 1 day", "expire end of next month", "keep 8 days", "drop one"},
		{"from 800", "from 100", "from 2000", "from 300", "at most 2 per 10 days", "stock 1"},
		{"  reverse order on refund matching order_id by amount\n", "", "price 100 stars", "price 500 stars", `"two"`, `"three"`},
		{"campaign winback {", "campaign sleepers {\n  include existing", "at most 3 per week", "at most 1 per month"},
		{"start 2026-01-01", "start 2026-03-06", "days since last(order) >= 3", "days since last(order) >= 1", "due 2 days", "due 1 day"},
	} {
		if text := strings.NewReplacer(change...).Replace(club); text != club {
			out = append(out, compile(t, text))
		}
	}
	return out
}

// sound goes through members by edited rules, and proves their books from the entries afterwards.
func sound(prog *ir.Program, data storage.Data, s replay.Stretch, before *ir.Program) error {
	view := runtime.New(prog, data, runtime.Options{}).At(s.To)
	player, err := replay.New(prog, view.World, before)
	if err != nil {
		return err
	}
	s.Existing = player.Including(before)
	return runtime.Together(context.Background(), []*runtime.View{view}, nil, func(_ int, who runtime.Read) error {
		as := who.As
		p := player.Fork()
		tally, err := p.Play(as[0], s)
		if err != nil {
			return err
		}
		m := *as[0]
		m.Events = func(event int) (out []exprplan.Event) {
			out = as[0].Events(event)
			if prog.Events[event].Facts == "" {
				return out
			}
			out = slices.DeleteFunc(slices.Clone(out), func(e exprplan.Event) bool { return e.At > s.After })
			for _, f := range tally.Facts {
				if f.Type == event {
					out = append(out, f.Event)
				}
			}
			return out
		}
		a := p.Keeper().Open(view.World(s.To), &m, nil)
		for i, points := range prog.Points {
			if found := a.Proof(i); len(found) > 0 {
				return fmt.Errorf("member %d from %d to %d: %s: %s", m.Number, s.After, s.To, points.Name, found[0])
			}
			active, pending := a.Balance(i)
			owed := tally.Rows[replay.Row{Kind: ir.PointsFacts, Name: points.Name, What: replay.Liability}]
			for _, l := range a.Lots(i) {
				if l.ID == 0 {
					owed += l.Active
				}
			}
			if owed != active+pending {
				return fmt.Errorf("member %d: %d are owed, and the balance is %d and %d", m.Number, owed, active, pending)
			}
		}
		return nil
	})
}
