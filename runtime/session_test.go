package runtime_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/storage"
)

const halves = `
settings { language 1  timezone "Asia/Shanghai" }
member { id id }
event buy { amount int }
source buys gives buy { id from "id"  at from "at"  amount from "amount" }
tag half = ntile(2, sum(buy.amount))
segment upper = half = 2
`

// TestCutsStandUntilMidnight follows the recorded cuts of an ntile: they stand through the day whatever is asked, are
// those of the midnight after that, and an import that could not record new ones makes them void.
func TestCutsStandUntilMidnight(t *testing.T) {
	prog := mustCompile(t, "rules.muster", halves)
	dir := t.TempDir()
	st, err := storage.Open(filepath.Join(dir, "store.db"), storage.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	importRows := func(name, rows string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("id,at,amount\n"+rows), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := ingest.Run(context.Background(), ingest.Options{Store: st, Program: prog, Source: prog.Sources[0], Files: []string{path}, MaxRejects: 0})
		if err != nil {
			t.Fatal(err)
		}
	}
	clock := func(text string) int64 {
		x, err := time.ParseInLocation("2006-01-02T15:04", text, prog.Zone.Location())
		if err != nil {
			t.Fatal(err)
		}
		return x.UnixMicro()
	}
	session := func(now string) *runtime.Session {
		t.Helper()
		s, err := runtime.OpenSession(st, prog, clock(now), runtime.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	count := func(v *runtime.View, condition string) int {
		t.Helper()
		n, err := v.Count(context.Background(), mustQuery(t, prog, condition).Node)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	// Three members, and one whose large purchase counts from 15:00 on.
	importRows("a.csv", "a,2026-06-01 09:00,1\nb,2026-06-01 09:00,2\nc,2026-06-01 09:00,3\nd,2026-06-01 09:00,4\na,2026-06-01 15:00,100\n")
	morning := session("2026-06-01T12:00")
	if err := morning.Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
	evening := session("2026-06-01T18:00")
	standing := evening.At(evening.Now())
	if got := count(standing, "upper"); got != 3 {
		t.Errorf("by the cuts of noon a, c and d are in the upper half in the evening, not %d", got)
	}
	if got := count(standing, "ntile(2, sum(buy.amount)) = 2"); got != 2 {
		t.Errorf("an ntile that is asked is cut when it is asked: 2 in the upper half, not %d", got)
	}
	if got := count(evening.AsOf(evening.Now()), "upper"); got != 2 {
		t.Errorf("an as-of view takes its cuts at its instant: 2 in the upper half, not %d", got)
	}
	next := session("2026-06-02T08:00")
	if got := count(next.At(next.Now()), "upper"); got != 2 {
		t.Errorf("after midnight the cuts are those of midnight: 2 in the upper half, not %d", got)
	}
	importRows("b.csv", "e,2026-06-01 10:00,50\nf,2026-06-01 10:00,60\n")
	after := session("2026-06-01T18:00")
	if got := count(after.At(after.Now()), "upper"); got != 3 {
		t.Errorf("an import makes the recorded cuts void: 3 of 6 in the upper half, not %d", got)
	}
}
