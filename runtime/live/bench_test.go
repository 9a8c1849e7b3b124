//go:build unix

package live

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/runtime/workload"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// BenchmarkGroup takes groups of events of different members, each one wave, into the benchmark's tags and segments. The
// journal is not written.
func BenchmarkGroup(b *testing.B) { benchGroups(b, workload.LiveRules) }

// BenchmarkProgramme is BenchmarkGroup with points, tiers, coupons and campaigns on.
func BenchmarkProgramme(b *testing.B) { benchGroups(b, workload.LoyaltyRules) }

func benchGroups(b *testing.B, rules string) {
	e := benchEngine(b, rules, 100_000)
	key := 0
	for _, n := range []int{1, 8, 64, 1024} {
		b.Run(fmt.Sprint(n, " events"), func(b *testing.B) {
			inputs := make([]Input, n)
			before := cpu()
			for b.Loop() {
				for i := range inputs {
					key++
					inputs[i] = benchOrder(e.clock, key)
				}
				out, err := e.Submit(context.Background(), inputs)
				if err != nil || out[0].Status != Accepted {
					b.Fatal(out[0], err)
				}
			}
			b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N*n), "cpu-µs/event")
		})
	}
}

// cpu is how long processors have worked for the process, which other work on the machine does not change much.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchOrder(at int64, i int) Input {
	key := fmt.Sprint("K", at, "-", i)
	return Input{
		Kind: Event, Type: "order", Key: key, HasAt: true, At: at,
		IDs: []ID{{"phone", fmt.Sprintf("+86139%08d", i*7919%100_000)}},
		Values: map[string]column.Value{
			"order_id": column.Text(key), "store": column.Text(fmt.Sprintf("S%04d", i%workload.Stores)), "channel": column.Text("tmall"),
			"category": column.Text("boots"), "amount": column.Int(int64(10_000 + i%50_000)), "discount": column.Int(int64(i % 3 * 100)),
		},
	}
}

// benchEngine is an engine over the benchmark's members, with five orders each, that writes no journal.
func benchEngine(b *testing.B, rules string, members int64) *Engine {
	prog := compileText(rules)
	dir := b.TempDir()
	store, err := storage.Open(filepath.Join(dir, "store"), storage.Options{Create: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	for name, write := range map[string]func(io.Writer) error{
		"stores": workload.WriteStores, "members": func(w io.Writer) error { return workload.WriteMembers(w, members) },
		"orders": func(w io.Writer) error { return workload.WriteOrders(w, members, 5*members) },
	} {
		f, err := os.Create(filepath.Join(dir, name+".csv"))
		if err != nil {
			b.Fatal(err)
		}
		if err := write(f); err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
	for _, src := range prog.Sources {
		if _, err := ingest.Run(context.Background(), ingest.Options{Store: store, Program: prog, Source: src, Files: []string{filepath.Join(dir, src.Name+".csv")}}); err != nil {
			b.Fatal(err)
		}
	}
	noon := prog.Zone.Midnight(calendar.FromCivil(workload.Clock.Year, workload.Clock.Month, workload.Clock.Day)) + 12*calendar.Hour
	e, err := Open(context.Background(), Options{
		Store: store, Program: prog, System: func() int64 { return noon }, CheckpointMembers: -1,
		append: func(storage.JournalEntry) error { return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(e.Close)
	return e
}
