package loyalty_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/identity"
	"github.com/muster-engine/muster/runtime/loyalty"
)

const manyCoupons = `
coupon back100 { off 100  min_spend 500  valid 3 days  stock 6  at most 3 per 4 days }
coupon early   { off 50%  valid 2026-03-04 to 2026-03-06 }
`

// piece is one code, kept plainly: what was done with it, from which follows what it is at any time.
type piece struct {
	code        string
	coupon      int
	issued      int64
	first, last int64 // dates
	void, used  bool
	key         string // of the reservation
	until       int64
	usedAt      int64
}

func (c *piece) usable(now, today int64) bool { return !c.used && c.open(today) && now >= c.until }

func (c *piece) open(today int64) bool { return !c.void && c.first <= today && today <= c.last }

// shop is the plain model of what members do with codes.
type shop struct {
	pieces  []*piece
	answers map[string]loyalty.Answer // by member and request
	left    int
}

// Random lives of codes: what is refused, what conditions and counts say, how many are left and when something is due agree
// with a plain model, also of the past, and after two members became one.
func TestCouponsAgainstAModel(t *testing.T) {
	prog := compile(t, manyCoupons)
	rapid.Check(t, func(rt *rapid.T) {
		s := &shop{answers: map[string]loyalty.Answer{}, left: 6}
		till := &till{left: map[int]int{0: 6, 1: 1000}}
		people := []*shopper{{newPerson(t, prog, "2026-03-01"), till}, {newPerson(t, prog, "2026-03-01"), till}}
		owner := map[string]int{}
		type memory struct {
			who, at  int64
			expected []string
		}
		var past []memory
		now := func() int64 { return people[0].now }
		today := func() int64 { return prog.Zone.DateOf(now()) }
		drawn := func(rt *rapid.T) (*shopper, *piece) {
			c := rapid.SampledFrom(s.pieces).Draw(rt, "code")
			return people[owner[c.code]], c
		}
		key := rapid.StringMatching(`K[1-6]`)
		// settle holds an answer to what the model says of the request: refused for a reason, done before, or done.
		settle := func(rt *rapid.T, request string, got loyalty.Answer, err error, why loyalty.Reason, do func()) {
			if before, again := s.answers[request]; again {
				before.Again = true
				if err != nil || !same(before, got) {
					rt.Fatalf("%s again: %+v, %v; before %+v", request, got, err, before)
				}
				return
			}
			if why != "" {
				if !errors.Is(err, &loyalty.Refusal{Reason: why}) {
					rt.Fatalf("%s: %+v, %v; want %s", request, got, err, why)
				}
				return
			}
			if err != nil || got.Again {
				rt.Fatalf("%s: %+v, %v", request, got, err)
			}
			s.answers[request] = got
			do()
		}
		// state says why a code cannot be used now by whoever names a reservation; "" if it can.
		state := func(c *piece, reservation string) loyalty.Reason {
			switch {
			case c.void:
				return loyalty.WhyVoid
			case c.used:
				return loyalty.WhyUsed
			case today() > c.last:
				return loyalty.WhyExpired
			case today() < c.first:
				return loyalty.WhyTooEarly
			case now() < c.until && c.key != reservation:
				return loyalty.WhyReserved
			}
			return ""
		}
		some := func() bool { return len(s.pieces) > 0 }
		rt.Repeat(map[string]func(*rapid.T){
			"issue": func(rt *rapid.T) {
				who, coupon, k := rapid.IntRange(0, len(people)-1).Draw(rt, "who"), rapid.IntRange(0, 1).Draw(rt, "coupon"), key.Draw(rt, "key")
				got, err := people[who].issue(coupon, k)
				why := loyalty.Reason("")
				had := 0
				for _, c := range s.pieces {
					if owner[c.code] == who && c.coupon == 0 && !c.void && prog.Zone.DateOf(c.issued) > today()-4 {
						had++
					}
				}
				switch {
				case coupon == 0 && had >= 3:
					why = loyalty.WhyAtMost
				case coupon == 0 && s.left == 0:
					why = loyalty.WhySoldOut
				case coupon == 1 && today() > day(t, prog, "2026-03-06"):
					why = loyalty.WhyEnded
				}
				settle(rt, "issue "+itoa(int64(who))+" "+itoa(int64(coupon))+k, got, err, why, func() {
					c := &piece{code: got.Code, coupon: coupon, issued: now(), first: today(), last: today() + 3}
					if coupon == 1 {
						c.first, c.last = day(t, prog, "2026-03-04"), day(t, prog, "2026-03-06")
					} else {
						s.left--
					}
					s.pieces = append(s.pieces, c)
					owner[c.code] = who
				})
			},
			"use": func(rt *rapid.T) {
				if !some() {
					return
				}
				p, c := drawn(rt)
				k, reservation := key.Draw(rt, "key"), rapid.StringMatching(`(K[1-3])?`).Draw(rt, "reservation")
				amount := int64(60_000)
				got, err := p.use(c.coupon, c.code, amount, k, reservation)
				settle(rt, "use "+c.code+k, got, err, state(c, reservation), func() {
					if want := []int64{10_000, 30_000}[c.coupon]; got.Worth != want {
						rt.Fatalf("worth %d, want %d", got.Worth, want)
					}
					c.used, c.until, c.usedAt = true, 0, now()
				})
			},
			"check": func(rt *rapid.T) {
				if !some() {
					return
				}
				p, c := drawn(rt)
				amount := rapid.SampledFrom([]int64{40_000, 60_000}).Draw(rt, "amount")
				_, err := p.open().Check(c.coupon, c.code, loyalty.Purchase{Amount: &amount})
				why := state(c, "")
				if why == "" && c.coupon == 0 && amount < 50_000 {
					why = loyalty.WhyMinSpend
				}
				if why == "" && err != nil || why != "" && !errors.Is(err, &loyalty.Refusal{Reason: why}) {
					rt.Fatalf("%v, want %q", err, why)
				}
			},
			"return": func(rt *rapid.T) {
				if !some() {
					return
				}
				p, c := drawn(rt)
				k := key.Draw(rt, "key")
				got, err := p.giveBack(c.coupon, c.code, k)
				why := loyalty.WhyNotUsed
				if c.used {
					why = ""
				}
				settle(rt, "return "+c.code+k, got, err, why, func() { c.used = false })
			},
			"void": func(rt *rapid.T) {
				if !some() {
					return
				}
				p, c := drawn(rt)
				k := key.Draw(rt, "key")
				got, err := p.void(c.coupon, c.code, k)
				why := state(c, c.key)
				if why == loyalty.WhyTooEarly {
					why = ""
				}
				settle(rt, "void "+c.code+k, got, err, why, func() {
					c.void = true
					if c.coupon == 0 {
						s.left++
					}
				})
			},
			"reserve": func(rt *rapid.T) {
				if !some() {
					return
				}
				p, c := drawn(rt)
				k, span := key.Draw(rt, "key"), rapid.Int64Range(1, 3000).Draw(rt, "minutes")*minute
				got, err := p.reserve(c.coupon, c.code, span, k)
				settle(rt, "reserve "+c.code+k, got, err, state(c, ""), func() {
					c.key, c.until = k, min(now()+span, prog.Zone.Midnight(c.last+1))
					if got.Until != c.until {
						rt.Fatalf("until %d, want %d", got.Until, c.until)
					}
				})
			},
			"release": func(rt *rapid.T) {
				if !some() {
					return
				}
				p, c := drawn(rt)
				k, reservation := key.Draw(rt, "key"), rapid.StringMatching(`K[1-3]`).Draw(rt, "reservation")
				got, err := p.release(c.coupon, c.code, reservation, k)
				why := loyalty.Reason("")
				switch {
				case now() >= c.until || c.void || c.used:
					why = loyalty.WhyNotReserved
				case c.key != reservation:
					why = loyalty.WhyReserved
				}
				settle(rt, "release "+c.code+k, got, err, why, func() { c.until = 0 })
			},
			"time": func(rt *rapid.T) {
				to := now() + rapid.Int64Range(1, 2000).Draw(rt, "minutes")*minute
				for _, p := range people {
					p.step(to)
				}
			},
			"merge": func(rt *rapid.T) {
				if len(people) == 1 || rapid.IntRange(0, 4).Draw(rt, "merge") > 0 {
					return
				}
				people[0].join(people[1].person)
				people = people[:1]
				for code := range owner {
					owner[code] = 0
				}
				for request, a := range s.answers { // whoever asks now gets the first answer of the two
					if len(request) > 7 && request[:7] == "issue 1" {
						if _, both := s.answers["issue 0"+request[7:]]; !both {
							s.answers["issue 0"+request[7:]] = a
						} else if first := s.answers["issue 0"+request[7:]]; a.At < first.At {
							s.answers["issue 0"+request[7:]] = a
						}
					}
				}
				past = nil
			},
			"": func(rt *rapid.T) {
				for who, p := range people {
					holds, issued, recent, used, lately := [2]string{"false", "false"}, [2]int64{}, int64(0), int64(0), int64(0)
					for _, c := range s.pieces {
						if owner[c.code] != who {
							continue
						}
						if c.usable(now(), today()) {
							holds[c.coupon] = "true"
						}
						if !c.void {
							issued[c.coupon]++
							if c.coupon == 0 && prog.Zone.DateOf(c.issued) > today()-2 {
								recent++
							}
						}
						if c.used && c.coupon == 0 {
							used++
							if prog.Zone.DateOf(c.usedAt) > today()-2 {
								lately++
							}
						}
					}
					expected := []string{
						"back100", holds[0], "early", holds[1], "issued(back100)", itoa(issued[0]), "issued(early)", itoa(issued[1]),
						"issued(back100) in last 2 days", itoa(recent), "used(back100)", itoa(used), "used(back100) in last 2 days", itoa(lately),
					}
					p.hold(rt, expected)
					past = slices.DeleteFunc(past, func(m memory) bool { return m.at == now() && m.who == int64(who) })
					past = append(past, memory{int64(who), now(), expected})
				}
				if got := till.left[0]; got != s.left {
					rt.Fatalf("%d are left, want %d", got, s.left)
				}
				// The past answers as it did.
				m := rapid.SampledFrom(past).Draw(rt, "past")
				p, present := people[m.who], now()
				p.now = m.at
				p.hold(rt, m.expected)
				p.now = present
			},
		})
	})
}

func same(a, b loyalty.Answer) bool {
	return a.Code == b.Code && a.Done == b.Done && a.At == b.At && a.Worth == b.Worth && a.Amount == b.Amount && a.Until == b.Until &&
		a.Expires == b.Expires && a.Again == b.Again
}

func day(t testing.TB, p *ir.Program, text string) int64 { return p.Zone.DateOf(at(t, p, text)) }

// hold holds expressions to values.
func (p *person) hold(rt *rapid.T, pairs []string) {
	for i := 0; i < len(pairs); i += 2 {
		if got := p.ask(pairs[i]); got != pairs[i+1] {
			rt.Fatalf("at %d %s is %s, want %s", p.now, pairs[i], got, pairs[i+1])
		}
	}
}

// join makes the history of another person part of this one's, as a merge of members does.
func (p *person) join(other *person) {
	for kind := range p.prog.Events {
		decl := p.prog.Events[kind]
		h := identity.History[exprplan.Event]{
			At: func(e exprplan.Event) int64 { return e.At },
			Key: func(e exprplan.Event) string {
				if decl.Key < 0 {
					return ""
				}
				return e.Fields[decl.Key].S
			},
		}
		p.events[kind], _ = h.Merge(p.events[kind], other.events[kind])
	}
}
