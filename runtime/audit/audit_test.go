package audit

import (
	"context"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

const rules = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id  city string }
event order { amount money }
tag spend = sum(order.amount)
tag often = count(order)
tag half = ntile(2, spend)
segment big = spend >= 100 and city = "x"
`

// liar shows the engine another history than single members have: it is asked in turn.
type liar struct {
	*storage.Memory
	truth *storage.Memory
	lies  bool
}

func (l *liar) History(event string, block int) (storage.History, error) {
	if l.lies {
		return l.Memory.History(event, block)
	}
	return l.truth.History(event, block)
}

func shop(t *testing.T, extra bool) *storage.Memory {
	t.Helper()
	m := storage.NewMemory()
	for i := range 10 {
		n := m.NewMember()
		m.Set("city", n, column.Text("x"))
		for k := range i {
			m.AddEvent("order", n, int64(k), map[string]column.Value{"amount": column.Int(2000)})
		}
		if extra && i == 4 {
			m.AddEvent("order", n, 7, map[string]column.Value{"amount": column.Int(9000)})
		}
	}
	return m
}

func TestEveryDifferenceIsNamed(t *testing.T) {
	tree, found := dsl.Parse(diag.NewFile("rules.muster", rules))
	prog, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	ctx := context.Background()
	data := &liar{Memory: shop(t, true), truth: shop(t, false)}
	view := runtime.New(prog, data, runtime.Options{}).AsOf(1000)
	told := int64(0)
	report, err := Recompute(ctx, view, 1, func(done, total int64) { told = done * 100 / total })
	if err != nil {
		t.Fatal(err)
	}
	if report.Members != 10 || report.Recomputed != 10 || report.Tags != 3 || report.Segments != 1 || len(report.Differences) != 0 || told != 100 {
		t.Fatalf("%+v, told %d", report, told)
	}
	if report, err = Recompute(ctx, view, 4, nil); err != nil || report.Recomputed != 3 {
		t.Fatalf("%+v, %v", report, err)
	}

	view = runtime.New(prog, data, runtime.Options{}).AsOf(1000)
	data.lies = true // the engine folds what it is shown now
	for _, tag := range prog.Tags {
		if err := view.Compute(ctx, tag.Expr); err != nil {
			t.Fatal(err)
		}
	}
	data.lies = false
	if report, err = Recompute(ctx, view, 1, nil); err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, d := range report.Differences {
		if d.Member != 4 {
			t.Errorf("%s of member %d", d.Name, d.Member)
		}
		got[d.Kind+" "+d.Name] = true
	}
	if len(got) != 4 || !got["tag spend"] || !got["tag half"] || !got["tag often"] || !got["segment big"] {
		t.Errorf("differences: %+v", report.Differences)
	}
}
