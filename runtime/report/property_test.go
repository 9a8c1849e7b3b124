package report_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/report"
)

// Whatever happens, what came less what went is what there is, months and periods sum to the whole, what expires is all
// that is owed, and the books are sound.
func TestPointsAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newShop(t, "2026-01-05T10:00")
		s.join()
		s.join()
		ctx := context.Background()
		for i := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			member, key := rapid.IntRange(0, 1).Draw(rt, "member"), fmt.Sprint(i)
			points := rapid.Int64Range(1, 900).Draw(rt, "points")
			try := func(f func(*loyalty.Account) error) {
				var short *loyalty.ShortError
				if err := s.do(member, f); err != nil && !errors.As(err, &short) && !errors.Is(err, loyalty.ErrUnspent) && !errors.Is(err, loyalty.ErrAmount) {
					rt.Fatal(err)
				}
			}
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0:
				s.send(member, "order", map[string]any{"order_id": key, "amount": points * 100})
			case 1:
				of := fmt.Sprint(rapid.IntRange(0, i).Draw(rt, "of"))
				s.send(member, "refund", map[string]any{"refund_id": key, "order_id": of, "amount": points * 100})
			case 2:
				try(func(a *loyalty.Account) error { return a.Spend(0, points, key) })
			case 3:
				try(func(a *loyalty.Account) error {
					return a.Return(0, points, fmt.Sprint(rapid.IntRange(0, i).Draw(rt, "of")), key)
				})
			case 4:
				try(func(a *loyalty.Account) error { return a.Adjust(0, points-450, nil, key) })
			case 5:
				day := s.prog.Zone.DateOf(s.now) + rapid.Int64Range(1, 400).Draw(rt, "days")
				s.advanceTo(s.prog.Zone.Midnight(day) + 3600_000_000)
			}
		}
		all, err := s.reader(report.Period{}).Points(ctx, "stars")
		if err != nil {
			rt.Fatal(err)
		}
		x := all.Points[0]
		f := x.Flows
		if came := f.Earned + f.Given + f.Adjusted + f.Returned - f.Spent - f.Expired - f.Reversed; came != x.Liability-x.Debt {
			rt.Fatalf("what came less what went is %d, and there is %d, less %d", came, x.Liability, x.Debt)
		}
		expiring, ages := x.Never, int64(0)
		for _, m := range x.Expiring {
			expiring += m.Points
		}
		for _, a := range x.Ages {
			ages += a.Points
		}
		if expiring != x.Liability || ages != x.Liability {
			rt.Fatalf("%d points are owed, %d by the month in which they expire, %d by age", x.Liability, expiring, ages)
		}
		cut := s.prog.Zone.DateOf(s.now) - rapid.Int64Range(0, 500).Draw(rt, "cut")
		next := cut + 1
		var parts [2]report.Flows
		for i, period := range []report.Period{{To: &cut}, {From: &next}} {
			part, err := s.reader(period).Points(ctx, "stars")
			if err != nil {
				rt.Fatal(err)
			}
			parts[i] = part.Points[0].Flows
		}
		if parts[0].Earned+parts[1].Earned != f.Earned || parts[0].Spent+parts[1].Spent != f.Spent || parts[0].Expired+parts[1].Expired != f.Expired {
			rt.Fatalf("%+v and %+v are not %+v", parts[0], parts[1], f)
		}
		books, err := s.reader(report.Period{}).Books(ctx, "stars")
		if err != nil {
			rt.Fatal(err)
		}
		if !books.Sound {
			rt.Fatalf("the books: %+v", books.Points[0].Differences)
		}
	})
}
