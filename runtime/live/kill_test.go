package live

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/report"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

const killRules = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id  city string  height number }
event order { order_id key  amount money  shop string }
event visit { page string }
event refund { refund_id key  order_id string  amount money }
list vips
list staff
tag spend = sum(order.amount) in last 30 days
tag foot manual enum "wide" "narrow" for 1 day
segment active = has(order) in last 2 days
segment hot = count(order) in last 6 hours >= 2
segment big = spend >= 1000
segment wide_vip = foot = "wide" and vips
segment from_x = city = "x" or count(visit) in last 3 hours >= 1
segment top_half = ntile(2, spend) = 2
points stars {
  start 2026-01-01  expire after 2 days  pending 1 day
  earn shopping on order { give floor(amount / 10) * level.factor  at most 200 points per day }
  reverse order on refund matching order_id by amount
}
tiers level { by earned(stars) in last 2 days  tier "low" { factor 1 }  tier "high" from 50 { factor 2 }  keep 1 day }
sink sms { file "x"  at most 2 per day }
campaign warm { on enter hot  at most 1 per 1 day  do { send sms "hot"  give 5 stars  wait 5 hours  send sms "later" when not hot  add to staff } }
campaign rise { on reach "high" of level  do { send sms "rise" with { points: balance(stars) } } }
campaign mornings { daily at 09:00 for active  at most 1 per 2 days  do { send sms "morning" } }
`

func killProgram() *ir.Program { return compileText(killRules) }

func compileText(text string) *ir.Program {
	tree, found := dsl.Parse(diag.NewFile("rules.muster", text))
	prog, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() {
		panic(found)
	}
	return prog
}

// killBatch is the n-th of the inputs that the test's engines are given; the first is a marker with the batch's number.
func killBatch(n int) []Input {
	r := rand.New(rand.NewPCG(uint64(n), 41))
	phone := func() []ID { return []ID{{"phone", strconv.Itoa(r.IntN(100))}} }
	key := func(n, i int) string { return fmt.Sprintf("%d-%d", n, i) }
	now := killClock(n)
	in := []Input{{
		Kind: Event, Type: "order", IDs: []ID{{"phone", "marks"}}, Key: key(n, 0), HasAt: true, At: now,
		Values: map[string]column.Value{"order_id": column.Text(key(n, 0))},
	}}
	for i := 1; i <= r.IntN(12); i++ {
		switch r.IntN(15) {
		case 0:
			in = append(in, Input{Kind: Attributes, IDs: phone(), Values: map[string]column.Value{
				"city": column.Text(string(rune('x' + r.IntN(3)))), "height": column.Float(r.Float64()),
			}})
		case 1:
			in = append(in, Input{Kind: Attributes, IDs: phone(), Values: map[string]column.Value{"city": {}}})
		case 2:
			in = append(in, Input{Kind: Manual, IDs: phone(), Tag: "foot", Value: column.Text("wide"), By: "ann"})
		case 3:
			in = append(in, Input{Kind: Manual, IDs: phone(), Tag: "foot"})
		case 4, 5:
			in = append(in, Input{Kind: List, Name: []string{"vips", "staff"}[r.IntN(2)], Mode: ListMode(r.IntN(3)), IDs: append(phone(), phone()...)})
		case 6:
			in = append(in, Input{Kind: Event, Type: "visit", IDs: phone(), HasAt: true, At: now - r.Int64N(4*3600e6), Values: map[string]column.Value{"page": column.Text("p")}})
		case 7:
			for _, old := range killBatchKeys(n - 1 - r.IntN(20)) {
				in = append(in, Input{Kind: Retract, Type: "order", IDs: old.IDs, Key: old.Key})
				break
			}
		case 8:
			for _, old := range killBatchKeys(n - 1 - r.IntN(9)) { // half of an order, at times before it and twice
				in = append(in, Input{
					Kind: Event, Type: "refund", IDs: old.IDs, Key: key(n, i), HasAt: true, At: now - r.Int64N(8*3600e6),
					Values: map[string]column.Value{
						"refund_id": column.Text(key(n, i)), "order_id": column.Text(old.Key), "amount": column.Int(old.Values["amount"].Int / 2),
					},
				})
				break
			}
		case 9:
			in = append(in, Input{Kind: Spend, IDs: phone(), Ask: &Ask{Of: "stars", Key: key(n, i), Points: 1 + r.Int64N(20)}})
		case 10:
			for _, spent := range killSpends(n - 1 - r.IntN(20)) {
				in = append(in, Input{Kind: Return, IDs: spent.IDs, Ask: &Ask{Of: "stars", Key: key(n, i), Spent: spent.Ask.Key, Points: spent.Ask.Points}})
				break
			}
		default:
			in = append(in, Input{
				Kind: Event, Type: "order", IDs: phone(), Key: key(n, i), HasAt: true, At: now + r.Int64N(8*3600e6) - 7*3600e6,
				Values: map[string]column.Value{"order_id": column.Text(key(n, i)), "amount": column.Int(r.Int64N(90_000)), "shop": column.Text("s" + strconv.Itoa(r.IntN(5)))},
			})
		}
	}
	return in
}

// killBatchKeys lists the orders of a batch that are no markers. Batches are asked about earlier ones only.
func killBatchKeys(n int) (out []Input) {
	if n < 0 || n%3 != 0 { // a third of the batches can be taken back: recursion ends soon
		return nil
	}
	for _, in := range killBatch(n)[1:] {
		if in.Kind == Event && in.Type == "order" {
			out = append(out, in)
		}
	}
	return out
}

// killSpends lists what a batch spends; a third of the batches can be asked.
func killSpends(n int) (out []Input) {
	if n < 0 || n%3 != 0 {
		return nil
	}
	for _, in := range killBatch(n) {
		if in.Kind == Spend {
			out = append(out, in)
		}
	}
	return out
}

// soundBooks proves every balance of points from the entries.
func soundBooks(t killFataler, e *Engine) {
	books, err := report.Open(e.View(), report.Period{}).Books(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	if !books.Sound {
		t.Fatal(fmt.Sprintf("the books are not sound: %+v", books.Points))
	}
}

// killClock is the time at which a batch is given: a few minutes after the one before, with many midnights.
func killClock(n int) int64 {
	return time.Date(2026, 6, 1, 2, 30, 0, 0, time.UTC).UnixMicro() + int64(n)*7*60e6
}

// killEngine is an engine that checkpoints at every opportunity, with its clock.
func killEngine(t killFataler, path string, first, checkpoint int) (*storage.Store, *Engine, *atomic.Int64) {
	store, err := storage.Open(path, storage.Options{Create: true, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	clock := new(atomic.Int64)
	clock.Store(killClock(first))
	e, err := Open(context.Background(), Options{Store: store, Program: killProgram(), System: clock.Load, CheckpointMembers: checkpoint})
	if err != nil {
		t.Fatal(err)
	}
	return store, e, clock
}

type killFataler interface{ Fatal(...any) }

// hasBatch tells whether a batch was taken; it is an error if it was taken twice.
func hasBatch(t killFataler, e *Engine, n int) bool {
	number, ok := e.Find("phone", "marks")
	if !ok {
		return false
	}
	m, err := e.current(number)
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, o := range m.events.of("order") {
		if o.key == fmt.Sprintf("%d-0", n) {
			count++
		}
	}
	if count > 1 {
		t.Fatal("batch ", n, " was taken ", count, " times")
	}
	return count == 1
}

func giveBatch(t killFataler, e *Engine, clock *atomic.Int64, n int) {
	clock.Store(killClock(n))
	if countsOnce(n) {
		if giveOnce(t, e, n) {
			t.Fatal("batch ", n, " was taken before it was given")
		}
		return
	}
	if _, err := e.Submit(context.Background(), killBatch(n)); err != nil {
		t.Fatal(err)
	}
}

// countsOnce tells which batches are given with a key.
func countsOnce(n int) bool { return n%4 == 1 }

// giveOnce gives a batch with its key, and tells whether it had been taken before.
func giveOnce(t killFataler, e *Engine, n int) (again bool) {
	once := Once{Key: [32]byte{byte(n), byte(n >> 8), 1}, Content: [32]byte{byte(n)}, Answer: func(out []Outcome) []byte {
		return fmt.Appendf(nil, "batch %d of %d", n, len(out))
	}}
	kept, again, err := e.SubmitOnce(context.Background(), killBatch(n), once)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("batch %d of %d", n, len(killBatch(n))); string(kept) != want {
		t.Fatal("the answer is ", string(kept), ", not ", want)
	}
	return again
}

const (
	killChild = "MUSTER_TEST_LIVE_CHILD" // the store
	killFrom  = "MUSTER_TEST_LIVE_FROM"  // batches that were acknowledged
	killUpto  = "MUSTER_TEST_LIVE_UPTO"  // where to stop in good order; 0: never
)

type killPanics struct{}

func (killPanics) Fatal(a ...any) { fmt.Fprintln(os.Stderr, a...); os.Exit(3) }

// TestKillChild is the process that [TestKilledAtAnyMoment] kills. It prints the number of each batch that was
// acknowledged.
func TestKillChild(t *testing.T) {
	path := os.Getenv(killChild)
	if path == "" {
		t.Skip("run by another test")
	}
	acknowledged, _ := strconv.Atoi(os.Getenv(killFrom))
	upto, _ := strconv.Atoi(os.Getenv(killUpto))
	_, e, clock := killEngine(killPanics{}, path, max(0, acknowledged-1), 3)
	for n := range acknowledged {
		if !hasBatch(killPanics{}, e, n) {
			killPanics{}.Fatal("batch ", n, " was acknowledged and is lost")
		}
		if countsOnce(n) && !giveOnce(killPanics{}, e, n) {
			killPanics{}.Fatal("batch ", n, " was acknowledged and is taken again")
		}
	}
	soundBooks(killPanics{}, e)
	n := acknowledged
	if hasBatch(killPanics{}, e, n) { // taken, and killed before the answer
		if countsOnce(n) && !giveOnce(killPanics{}, e, n) {
			killPanics{}.Fatal("batch ", n, " was taken and is taken again")
		}
		fmt.Println(n)
		n++
	}
	if hasBatch(killPanics{}, e, n) {
		killPanics{}.Fatal("batch ", n, " is there and was never given")
	}
	for ; upto == 0 || n < upto; n++ {
		giveBatch(killPanics{}, e, clock, n)
		fmt.Println(n)
		if n%10 == 9 {
			if err := e.Checkpoint(context.Background()); err != nil {
				killPanics{}.Fatal(err)
			}
		}
	}
	e.Close()
	os.Exit(0)
}

func runKillChild(t *testing.T, path string, from, upto int, life time.Duration) (acknowledged int) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKillChild$")
	child.Env = append(os.Environ(), killChild+"="+path, killFrom+"="+strconv.Itoa(from), killUpto+"="+strconv.Itoa(upto))
	var out, faults bytes.Buffer
	child.Stdout, child.Stderr = &out, &faults
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if upto == 0 {
		time.Sleep(life)
		child.Process.Kill()
	}
	err := child.Wait()
	if upto > 0 && err != nil || child.ProcessState.ExitCode() > 0 {
		t.Fatalf("%v: %s", err, faults.String())
	}
	acknowledged = from
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			acknowledged = n + 1
		}
	}
	return acknowledged
}

// Processes are killed at random moments of accepting and checkpointing: everything acknowledged is there, nothing is
// there twice, and in the end store and crossings are those of an engine that was never disturbed.
func TestKilledAtAnyMoment(t *testing.T) {
	rounds := 5
	if os.Getenv("MUSTER_LONG") != "" {
		rounds = 20
	}
	if n, err := strconv.Atoi(os.Getenv("MUSTER_ROUNDS")); err == nil {
		rounds = n
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "killed")
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	given := 0
	for round := range rounds {
		given = runKillChild(t, path, given, 0, time.Duration(30+r.IntN(400))*time.Millisecond)
		store, err := storage.Open(path, storage.Options{ReadOnly: true, Timeout: 20 * time.Second})
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Verify(context.Background(), nil); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		store.Close()
	}
	given = runKillChild(t, path, given, given+150, 0)
	t.Log(given, "batches")
	expectUndisturbed(t, path, filepath.Join(dir, "reference"), given)
}

// expectUndisturbed holds a store to one that was given the same batches in one go.
func expectUndisturbed(t *testing.T, path, reference string, batches int) {
	t.Helper()
	want, undisturbed, clock := killEngine(t, reference, 0, -1)
	defer want.Close()
	for n := range batches {
		giveBatch(t, undisturbed, clock, n)
	}
	if err := undisturbed.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	undisturbed.Close()
	got, e, _ := killEngine(t, path, batches-1, -1)
	defer got.Close()
	defer e.Close()
	if d, err := storage.Diff(got.Snapshot(), want.Snapshot()); d != "" || err != nil {
		t.Fatalf("the stores differ: %s %v", d, err)
	}
	soundBooks(t, e)
	entries := map[string]int{}
	for m := range got.Members() {
		found, err := e.current(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found.events.of("points:stars") {
			entries[f.fields.get(ir.FactWhat).Text]++
		}
	}
	if batches > 160 && (entries["earn"] == 0 || entries["reverse"] == 0 || entries["spend"] == 0) {
		t.Fatal("too little has happened to points: ", entries)
	}
	sent, err := got.Pending("sms", 0, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	toBeSent, err := want.Pending("sms", 0, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(sent, toBeSent) {
		t.Fatalf("the messages are\n%v\nand not\n%v", sent, toBeSent)
	}
	keys := map[string]bool{}
	for _, one := range sent {
		if keys[one.Key] {
			t.Fatalf("the key %q is of two messages", one.Key)
		}
		keys[one.Key] = true
	}
	gotten, err := e.Crossings(0, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	wanted, err := undisturbed.Crossings(0, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for i := range min(len(gotten), len(wanted)) {
		if gotten[i] != wanted[i] {
			t.Fatalf("crossing %d is %+v, not %+v", i, gotten[i], wanted[i])
		}
		if gotten[i].Seq != uint64(i)+1 {
			t.Fatalf("crossing %d has number %d", i, gotten[i].Seq)
		}
	}
	if len(gotten) != len(wanted) || len(wanted) == 0 {
		t.Fatalf("%d crossings, not %d", len(gotten), len(wanted))
	}
	a, err := e.View().Segments(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	b, err := undisturbed.View().Segments(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for i := range a {
		if !reflect.DeepEqual(a[i].ToArray(), b[i].ToArray()) {
			t.Fatalf("segment %d is %v, not %v", i, a[i], b[i])
		}
	}
}
