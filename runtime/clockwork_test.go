package runtime_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// clockRules read the clock by itself, in all ways that a standing view follows.
const clockRules = `
settings { language 1  timezone %q }
member { phone id  joined time  opens time  born date }
event order { promised time }
segment a1 = joined + 30 days >= now
segment a2 = now - 1 days < joined
segment a3 = joined < now - 3 hours
segment a4 = now = opens
segment a5 = now != opens + 90 minutes
segment a6 = now + 1 month > opens + 1 month
segment a7 = now - 2 months <= joined
segment a8 = last(order) + 1 days > now
segment a9 = last(order.promised) - 45 minutes <= now - 1 days
segment b1 = now between opens and opens + 1 days
segment b2 = (now + 12 hours) - 1 days > joined
segment b3 = now + 1 days - 1 days > opens
segment b4 = (when joined < now then opens else joined) < now + 2 hours
segment c1 = hour(now) >= 9
segment c2 = hour(now + 30 minutes) in (0, 5, 23)
segment c3 = date(now + 6 hours) = born
segment c4 = date(now - 1 days + 90 minutes) >= born
segment c5 = now + 1 days > now + 24 hours
segment c6 = now < 2026-03-29T02:30 and now >= 2026-03-29T01:30
segment c7 = now - 1 days < 2026-10-24T02:30
segment c8 = hours since 2026-03-28T23:30:01 between 2 and 9
segment c9 = weekday(date(now + 3 hours)) = 1
`

// TestNextFlip holds the instants at which members change by themselves to a look at every moment of a day: at a flip
// something may change, and between two flips nothing does. The days are such on which clocks change, and others.
func TestNextFlip(t *testing.T) {
	every, checks := 30*time.Minute, "20"
	if os.Getenv("MUSTER_LONG") != "" {
		every, checks = 7*time.Second, "12"
	}
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		f.Value.Set(checks)
		t.Cleanup(func() { f.Value.Set(f.DefValue) })
	}
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.SampledFrom(days).Draw(t, "day")
		prog := compileClock(t, fmt.Sprintf(clockRules, day.zone))
		noon, err := time.ParseInLocation("2006-01-02 15:04", day.date+" 12:00", prog.Zone.Location())
		if err != nil {
			t.Fatal(err)
		}
		from := prog.Zone.Midnight(prog.Zone.DateOf(noon.UnixMicro()))
		until := prog.Zone.NextDateChange(from)
		data, around := people(t, prog, from)
		engine := runtime.New(prog, data, runtime.Options{Workers: 1})
		look := func(at int64) []*roaring.Bitmap {
			all, err := engine.AsOf(at).Segments(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		// All that the engine would stop at, in the order in which it would.
		stops := map[int64]map[uint32]bool{}
		const everybody = 1 << 31
		stop := func(at int64, who uint32) {
			if stops[at] == nil {
				stops[at] = map[uint32]bool{}
			}
			stops[at][who] = true
		}
		for _, at := range runtime.Steps(prog, from, until) {
			stop(at, everybody)
		}
		for now := from; now < until; {
			flips, err := engine.AsOf(now).Flips(context.Background(), until)
			if err != nil {
				t.Fatal(err)
			}
			next := until
			for _, f := range flips {
				stop(f.At, f.Member)
				next = min(next, f.At)
			}
			if next <= now {
				t.Fatalf("at %s the next flip is at %s", utc(now), utc(next))
			}
			now = next
		}
		// Looking at all of that and at much else, everything changes at a stop only.
		looks := []int64{}
		for at := from; at < until; at += every.Microseconds() {
			looks = append(looks, at)
		}
		for at := range stops {
			looks = append(looks, at-1, at)
		}
		for _, at := range around {
			for _, change := range []int64{-60, -30, 0, 30, 60} {
				looks = append(looks, at+change*60e6-1, at+change*60e6, at+change*60e6+1)
			}
		}
		looks = slices.DeleteFunc(looks, func(at int64) bool { return at <= from || at >= until })
		slices.Sort(looks)
		was := look(from)
		for last, at := from, int64(0); len(looks) > 0; last, looks = at, looks[1:] {
			at = looks[0]
			is := look(at)
			for i, s := range prog.Segments {
				for _, m := range roaring.Xor(was[i], is[i]).ToArray() {
					stopped := false
					for between := range stops {
						stopped = stopped || between > last && between <= at && (stops[between][m] || stops[between][everybody])
					}
					if !stopped {
						t.Fatalf("%s, %s: %s of member %d changes between %s and %s, and there is no flip", day.zone, day.date, s.Name, m, utc(last), utc(at))
					}
				}
			}
			was = is
		}
	})
}

// days are local dates in zones with clock changes of all sorts: at night, over midnight, by half an hour.
var days = []struct{ zone, date string }{
	{"Europe/London", "2026-03-29"}, {"Europe/London", "2026-10-25"}, {"Europe/London", "2026-03-30"}, {"Europe/London", "2026-10-26"},
	{"Australia/Lord_Howe", "2026-04-05"}, {"Australia/Lord_Howe", "2026-10-04"}, {"America/Sao_Paulo", "2018-11-04"},
	{"America/Sao_Paulo", "2018-02-17"}, {"America/Sao_Paulo", "2018-02-18"}, {"America/St_Johns", "2010-11-06"}, {"America/St_Johns", "2010-11-07"},
	{"Asia/Shanghai", "2026-01-31"}, {"Asia/Shanghai", "2026-03-01"}, {"Asia/Kathmandu", "2026-05-31"}, {"Europe/London", "2026-03-31"},
}

func utc(t int64) string { return time.UnixMicro(t).UTC().Format("2006-01-02T15:04:05.999999Z") }

func compileClock(t *rapid.T, text string) *ir.Program {
	tree, found := dsl.Parse(diag.NewFile("clock", text))
	prog, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	if n := runtime.MovesWithin(prog); n != nil {
		t.Fatalf("%s cannot be followed", n.Key)
	}
	return prog
}

// people makes a few members with times that matter on a day, and returns the instants around which things change.
func people(t *rapid.T, prog *ir.Program, from int64) (*storage.Memory, []int64) {
	const minute, day = 60_000_000, 86400_000_000
	spans := []int64{0, 1440, -1440, 180, 90, -90, 45, 24*60 - 45, 12 * 60, -30 * 1440, 31 * 1440, 59 * 1440, 61 * 1440, 62 * 1440, 120}
	var around []int64
	instant := func(what string) column.Value {
		at := from + int64(rapid.IntRange(0, 25*3600).Draw(t, what))*1e6 + int64(rapid.SampledFrom([]int{0, 0, 1, 999_999}).Draw(t, "micro"))
		if rapid.IntRange(0, 2).Draw(t, "even") == 0 {
			at -= at % (30 * minute)
		}
		span := rapid.SampledFrom(spans).Draw(t, "span")
		for _, s := range spans {
			around = append(around, at-span*minute+s*minute)
		}
		for k := range int64(4) {
			around = append(around, at-span*minute+k*day)
		}
		return column.Int(at - span*minute)
	}
	m := storage.NewMemory()
	for range rapid.IntRange(1, 3).Draw(t, "members") {
		n := m.NewMember()
		for _, name := range []string{"joined", "opens"} {
			if rapid.IntRange(0, 5).Draw(t, "known") > 0 {
				m.Set(name, n, instant(name))
			}
		}
		m.Set("born", n, column.Int(prog.Zone.DateOf(from)+int64(rapid.IntRange(-1, 1).Draw(t, "born"))))
		if rapid.Bool().Draw(t, "ordered") {
			m.AddEvent("order", n, instant("at").Int, map[string]column.Value{"promised": instant("promised")})
		}
	}
	slices.SortFunc(around, cmp.Compare[int64])
	return m, slices.Compact(around)
}

// TestUnfollowable names what changes at every moment, or at moments that nobody knows beforehand.
func TestUnfollowable(t *testing.T) {
	for _, rule := range []string{
		"tag x = now", "tag x = now + 3 days", "segment x = (joined ?? now) < opens", "segment x = least(now, joined) < opens",
		"tag x = hours since (now - 2 days)", "tag x = ntile(2, now)", "segment x = now < (when hour(now) > 3 then 2026-01-01T10:00 else 2026-01-01T11:00)",
	} {
		text := "settings { language 1  timezone \"Europe/London\" }\nmember { phone id  joined time  opens time }\n" + rule + "\n"
		tree, found := dsl.Parse(diag.NewFile("clock", text))
		prog, more := compiler.Compile([]*dsl.RuleFile{tree})
		if found = append(found, more...); found.HasErrors() {
			t.Fatal(rule, found)
		}
		if runtime.MovesWithin(prog) == nil {
			t.Errorf("%s is followed, and changes at every moment", rule)
		}
	}
}
