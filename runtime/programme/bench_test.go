package programme_test

import (
	"fmt"
	"testing"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/runtime/programme"
)

// BenchmarkTurn is an order of a member who has ten: it earns, tiers are measured, campaigns are asked and start nothing.
func BenchmarkTurn(b *testing.B) {
	p := newPerson(b, compile(b, stars+`
sink sms { file "out/sms.ndjson" }
segment big = sum(order.amount) in last 30 days >= 10_000
campaign c { on order where amount >= 500  when vip  do { send sms "a" } }
campaign d { on enter big  do { send sms "b" }  goal order within 3 days }`), "2026-03-01T10:00")
	for i := range 10 {
		p.send("order", "", 1_000, fmt.Sprint(i))
		p.now += calendar.Day
	}
	n, e := p.event("order", "", 1_000, "last")
	p.insert(n, e)
	w, m := p.world(), p.member()
	hands := programme.Hands{Stamp: func() int64 { p.stamps++; return p.stamps }}
	b.ReportAllocs()
	for b.Loop() {
		t := p.c.Begin(w, m, hands, programme.Input{At: e.At})
		if err := t.Happened(n, e); err != nil {
			b.Fatal(err)
		}
		if err := t.Settle(); err != nil {
			b.Fatal(err)
		}
		if _, err := t.Crossed(nil); err != nil {
			b.Fatal(err)
		}
		t.Next()
	}
}
