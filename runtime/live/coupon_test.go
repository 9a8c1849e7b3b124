package live

import (
	"strings"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/storage/column"
)

const couponRules = clubRules + `
coupon back100 { off 100  min_spend 500  valid 3 days  stock 2  at most 2 per month }
coupon gift    { gift "a cup"  valid 30 days  price 50 stars  when city = "Nanjing" }
segment holders = back100
event filed    { filed_id key  ticket string }
event resolved { resolved_id key  ticket string }
case complaint { open on filed  close on resolved  matching ticket  due 90 minutes }
segment complaining = complaint
`

func (c *club) coupon(who string, r CouponRequest) Outcome {
	c.t.Helper()
	in := Input{Kind: Coupon, Coupon: &r}
	if who != "" {
		in.IDs = []ID{{"phone", who}}
	}
	return c.give(in)[0]
}

// want holds an outcome to a status and a reason.
func want(t *testing.T, o Outcome, status Status, why loyalty.Reason) {
	t.Helper()
	if o.Status != status || o.Refused != why {
		t.Fatalf("got %+v, want %d %q", o, status, why)
	}
}

func TestCouponsLive(t *testing.T) {
	c := newClub(t, couponRules, "2026-03-01T10:00")
	c.give(c.order("ann", "A1", 10), c.order("bob", "B1", 10), c.order("cat", "C1", 10))
	amount := int64(60_000)

	first := c.coupon("ann", CouponRequest{Do: IssueCode, Coupon: "back100", Key: "1"})
	want(t, first, Accepted, "")
	code := first.Coupon.Code
	if _, err := loyalty.ReadCode(code); err != nil {
		t.Fatal(code, err)
	}
	c.expect("ann", "back100", "holders", "issued(back100) = 1")
	// The same request again, several times in one submission too, gets the same code.
	again := c.give(
		Input{Kind: Coupon, IDs: []ID{{"phone", "ann"}}, Coupon: &CouponRequest{Do: IssueCode, Coupon: "back100", Key: "1"}},
		Input{Kind: Coupon, IDs: []ID{{"phone", "bob"}}, Coupon: &CouponRequest{Do: IssueCode, Coupon: "back100", Key: "1"}},
		Input{Kind: Coupon, IDs: []ID{{"phone", "bob"}}, Coupon: &CouponRequest{Do: IssueCode, Coupon: "back100", Key: "1"}},
		Input{Kind: Coupon, IDs: []ID{{"phone", "cat"}}, Coupon: &CouponRequest{Do: IssueCode, Coupon: "back100", Key: "1"}},
	)
	want(t, again[0], Duplicate, "")
	want(t, again[1], Accepted, "")
	want(t, again[2], Duplicate, "")
	want(t, again[3], Rejected, loyalty.WhySoldOut)
	if again[0].Coupon.Code != code || again[1].Coupon.Code != again[2].Coupon.Code || again[0].Coupon.At != first.Coupon.At {
		t.Fatalf("%+v", again)
	}
	if n := c.engine.CouponCount("back100"); n != (CouponCount{Issued: 2, Usable: 2}) {
		t.Fatalf("%+v", n)
	}
	c.reopen()
	if n := c.engine.CouponCount("back100"); n != (CouponCount{Issued: 2, Usable: 2}) {
		t.Fatalf("after a restart: %+v", n)
	}
	want(t, c.coupon("cat", CouponRequest{Do: IssueCode, Coupon: "back100", Key: "1"}), Rejected, loyalty.WhySoldOut)
	if o := c.coupon("ann", CouponRequest{Do: IssueCode, Coupon: "back100", Key: "1"}); o.Status != Duplicate || o.Coupon.Code != code {
		t.Fatalf("after a restart: %+v", o)
	}

	check := c.coupon("", CouponRequest{Do: CheckCode, Code: code, Amount: &amount})
	want(t, check, Answered, "")
	if check.Coupon.Worth != 10_000 {
		t.Fatalf("%+v", check)
	}
	want(t, c.coupon("", CouponRequest{Do: ReserveCode, Code: code, Key: "cart", Span: 15 * 60_000_000}), Accepted, "")
	c.expect("ann", "not holders")
	want(t, c.coupon("", CouponRequest{Do: UseCode, Code: code, Key: "u", Amount: &amount}), Rejected, loyalty.WhyReserved)
	c.reopen()
	c.at("2026-03-01T10:15")
	c.expect("ann", "holders")
	used := c.coupon("", CouponRequest{Do: UseCode, Code: code, Key: "u", Amount: &amount})
	want(t, used, Accepted, "")
	c.expect("ann", "not holders", "used(back100) = 1")
	if n := c.engine.CouponCount("back100"); n != (CouponCount{Issued: 2, Used: 1, Usable: 1, Worth: 10_000}) {
		t.Fatalf("%+v", n)
	}
	want(t, c.coupon("", CouponRequest{Do: ReturnCode, Code: code, Key: "r"}), Accepted, "")
	want(t, c.coupon("", CouponRequest{Do: VoidCode, Code: code, Key: "v"}), Accepted, "")
	want(t, c.coupon("cat", CouponRequest{Do: IssueCode, Coupon: "back100", Key: "1"}), Accepted, "")
	c.expect("ann", "not holders", "used(back100) = 0", "issued(back100) = 0")
	c.at("2026-03-05T00:00")
	c.expect("cat", "not holders", "issued(back100) = 1")
	if err := c.engine.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.reopen()
	if n := c.engine.CouponCount("back100"); n != (CouponCount{Issued: 2}) {
		t.Fatalf("after a checkpoint: %+v", n)
	}
	want(t, c.coupon("", CouponRequest{Do: CheckCode, Code: again[1].Coupon.Code, Amount: &amount}), Rejected, loyalty.WhyExpired)
	want(t, c.coupon("", CouponRequest{Do: CheckCode, Code: code, Amount: &amount}), Rejected, loyalty.WhyVoid)
	want(t, c.coupon("", CouponRequest{Do: CheckCode, Code: "0000000000000000"}), Rejected, loyalty.WhyNoCode)
	want(t, c.coupon("", CouponRequest{Do: "burn", Code: code}), Rejected, "")
}

func TestPricedCouponsLive(t *testing.T) {
	c := newClub(t, couponRules, "2026-03-01T10:00")
	c.give(c.order("ann", "A1", 60), Input{Kind: Coupon, IDs: []ID{{"phone", "nobody"}}, Coupon: &CouponRequest{Do: IssueCode, Coupon: "gift"}})
	want(t, c.coupon("ann", CouponRequest{Do: IssueCode, Coupon: "gift", Key: "1"}), Rejected, loyalty.WhyNotFor)
	c.give(c.city("ann", "Nanjing"))
	want(t, c.coupon("ann", CouponRequest{Do: IssueCode, Coupon: "gift", Key: "1"}), Rejected, loyalty.WhyPoints)
	c.at("2026-03-04T10:00") // what was pending is active
	o := c.coupon("ann", CouponRequest{Do: IssueCode, Coupon: "gift", Key: "1"})
	want(t, o, Accepted, "")
	c.expect("ann", "gift", "balance(stars) = 10", "spent(stars) = 50")
	c.reopen()
	c.expect("ann", "gift", "balance(stars) = 10", "spent(stars) = 50")
	want(t, c.coupon("", CouponRequest{Do: VoidCode, Code: o.Coupon.Code, Key: "v"}), Accepted, "")
	c.expect("ann", "not gift", "balance(stars) = 60")
}

func (c *club) complain(who, kind, key, at string) Input {
	c.t.Helper()
	when, err := localTime(at, c.prog)
	if err != nil {
		c.t.Fatal(err)
	}
	return Input{
		Kind: Event, IDs: []ID{{"phone", who}}, Type: kind, Key: key, HasAt: true, At: when,
		Values: texts(kind+"_id", key, "ticket", "T1"),
	}
}

// Cases follow their events, also late ones, over restarts; deadlines pass by themselves.
func TestCasesLive(t *testing.T) {
	c := newClub(t, couponRules, "2026-03-01T10:00")
	c.give(c.complain("ann", "filed", "F1", "2026-03-01T10:00"))
	c.expect("ann", "complaint", "complaining")
	c.at("2026-03-01T11:30")
	c.expect("ann", "complaining")
	m, _ := c.engine.current(0)
	if facts := m.events.of("case:complaint"); len(facts) != 2 || facts[1].fields.get("what").Text != "overdue" {
		t.Fatalf("%+v", facts)
	}
	c.at("2026-03-02T09:00")
	c.give(c.complain("ann", "resolved", "R1", "2026-03-01T11:00")) // told late: it was in time
	c.expect("ann", "not complaining")
	m, _ = c.engine.current(0)
	before := m.events.of("case:complaint")
	if got := whats(before); got != "open close overdue on time" {
		t.Fatal(got)
	}
	c.reopen()
	m, _ = c.engine.current(0)
	if got := whats(m.events.of("case:complaint")); got != whats(before) {
		t.Fatal("after a restart:", got)
	}
	c.give(Input{Kind: Retract, IDs: []ID{{"phone", "ann"}}, Type: "resolved", Key: "R1"})
	c.expect("ann", "complaining")
	c.give(Input{Kind: Retract, IDs: []ID{{"phone", "ann"}}, Type: "filed", Key: "F1"})
	c.expect("ann", "not complaining")
}

func whats(facts []event) string {
	var list []string
	for _, f := range facts {
		list = append(list, f.fields.get("what").Text)
	}
	return strings.Join(list, " ")
}

func (c *club) city(who, name string) Input {
	return Input{Kind: Attributes, IDs: []ID{{"phone", who}}, Values: texts("city", name)}
}

// texts makes values of names and texts in turn.
func texts(pairs ...string) map[string]column.Value {
	out := make(map[string]column.Value)
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = column.Text(pairs[i+1])
	}
	return out
}

func localTime(text string, prog *ir.Program) (int64, error) {
	at, err := time.ParseInLocation("2006-01-02T15:04", text, prog.Zone.Location())
	return at.UnixMicro(), err
}
