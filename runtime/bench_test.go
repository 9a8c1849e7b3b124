package runtime_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/workload"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// workloadData builds the benchmark's members, stores and orders in memory.
func workloadData(t testing.TB, loc *time.Location, members, orders int64) *storage.Memory {
	t.Helper()
	m := storage.NewMemory()
	numbers := make(map[string]uint32)
	text := func(s string) column.Value {
		if s == "" {
			return column.Value{}
		}
		return column.Text(strings.Clone(s))
	}
	instant := func(s string) int64 {
		at, err := time.ParseInLocation("2006-01-02 15:04:05", s, loc)
		if err != nil {
			t.Fatal(err)
		}
		return at.UnixMicro()
	}
	money := func(s string) column.Value {
		minor, err := strconv.ParseInt(strings.Replace(s, ".", "", 1), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return column.Int(minor)
	}
	each(t, func(b *bytes.Buffer) error { return workload.WriteMembers(b, members) }, func(r []string) {
		n := m.NewMember()
		numbers[strings.Clone(r[0])] = n
		m.Set("phone", n, text(r[0]))
		m.Set("gender", n, text(r[1]))
		if r[2] != "" {
			day, err := time.Parse("2006-01-02", r[2])
			if err != nil {
				t.Fatal(err)
			}
			m.Set("birthday", n, column.Int(day.Unix()/86400))
		}
		m.Set("city", n, text(r[3]))
		m.Set("joined", n, column.Int(instant(r[4])))
		m.Set("home_store", n, text(r[5]))
		if r[6] != "" {
			m.Set("sms_opt_in", n, column.Int(map[string]int64{"true": 1, "false": 0}[r[6]]))
		}
	})
	stores := &storage.Table{Name: "store", Columns: map[string]*column.Column{}}
	cols := []string{"name", "region", "grade"}
	builders := make([]*column.Builder, len(cols))
	for i := range builders {
		builders[i] = column.NewBuilder(column.Texts, workload.Stores)
	}
	each(t, func(b *bytes.Buffer) error { return workload.WriteStores(b) }, func(r []string) {
		stores.Keys = append(stores.Keys, strings.Clone(r[0]))
		for i, b := range builders {
			b.AppendText(strings.Clone(r[i+1]))
		}
	})
	for i, b := range builders {
		stores.Columns[cols[i]] = b.Column()
	}
	m.PutTable(stores)
	each(t, func(b *bytes.Buffer) error { return workload.WriteOrders(b, members, orders) }, func(r []string) {
		m.AddEvent("order", numbers[r[0]], instant(r[2]), map[string]column.Value{
			"order_id": text(r[1]), "store": text(r[3]), "channel": text(r[4]), "category": text(r[5]),
			"amount": money(r[6]), "discount": money(r[7]),
		})
	})
	return m
}

func each(t testing.TB, write func(*bytes.Buffer) error, row func([]string)) {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(&b)
	r.ReuseRecord = true
	rows, first := 0, true
	for {
		rec, err := r.Read()
		if err != nil {
			break
		}
		if !first {
			row(rec)
			rows++
		}
		first = false
	}
	if rows == 0 {
		t.Fatal("no rows were generated")
	}
}

func benchProgram(t testing.TB) *ir.Program {
	t.Helper()
	return mustCompile(t, "rules.muster", workload.Rules)
}

func benchClock(prog *ir.Program) int64 {
	return time.Date(2026, 11, 1, 0, 0, 0, 0, prog.Zone.Location()).UnixMicro()
}

// TestWorkload counts the benchmark's conditions at 100,000 members and 500,000 orders as the SQL side does.
func TestWorkload(t *testing.T) {
	prog := benchProgram(t)
	view := runtime.New(prog, workloadData(t, prog.Zone.Location(), 100_000, 500_000), runtime.Options{}).At(benchClock(prog))
	cases, err := os.ReadFile("workload/testdata/expected_100k.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(cases)) {
		condition, want, _ := strings.Cut(strings.TrimSpace(line), "\t")
		began := time.Now()
		got, err := view.Count(context.Background(), mustQuery(t, prog, condition).Node)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %d members, want %s", condition, got, want)
		}
		t.Logf("%8v  %s", time.Since(began).Round(time.Microsecond), condition)
	}
}

// BenchmarkAdhoc answers conditions whose aggregates are not declared, from history, each time anew.
func BenchmarkAdhoc(b *testing.B) {
	prog := benchProgram(b)
	engine := runtime.New(prog, workloadData(b, prog.Zone.Location(), 200_000, 1_000_000), runtime.Options{})
	for _, condition := range []string{
		`count(order where channel = "tmall" and amount >= 300) in last 45 days >= 2`,
		`sum(order.discount) in last 120 days >= 150`,
		`has(order where category = "bags") from 2026-05-01 to 2026-05-31 and not has(order where category = "bags") since 2026-06-01`,
	} {
		q := mustQuery(b, prog, condition)
		b.Run(condition, func(b *testing.B) {
			for b.Loop() {
				if _, err := engine.At(benchClock(prog)).Count(context.Background(), q.Node); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
