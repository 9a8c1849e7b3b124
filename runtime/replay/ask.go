package replay

import (
	"errors"
	"slices"
	"strings"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/programme"
)

// ask is something that was asked of the programme, as the facts that followed tell.
type ask struct {
	cause loyalty.Cause
	// do asks it again.
	do func(y *play, a *loyalty.Account) error
	// of is the declaration that was asked.
	kind ir.FactKind
	name string
}

// asked reads from recorded facts of a type what was asked, and which codes were issued.
func (y *play) asked(event int, recorded []exprplan.Event) {
	places := y.facts[event]
	switch places.kind {
	case ir.PointsFacts:
		y.askedOfPoints(event, recorded)
	case ir.TiersFacts:
		y.askedOfTiers(event, recorded)
	case ir.CouponFacts:
		y.askedOfCoupon(event, recorded)
	}
}

// listing is what is known of a member and a list at the first instant.
type listing struct {
	at    int64 // of the fact that tells it
	on    bool
	since bool // a campaign has changed it since
}

// listed puts the member on the lists on which it must have been at first: what a campaign did last by then is so;
// otherwise what one did first since was not yet so. Lists that no campaign has changed since are as they are now.
func (y *play) listed() map[int]bool {
	known := map[int]listing{}
	for i, decl := range y.prog.Events {
		if decl.Facts != ir.CampaignFacts {
			continue
		}
		for _, e := range y.stored.Events(i) {
			list, on := y.changed(i, e)
			if list < 0 {
				continue
			}
			l, told := known[list]
			switch {
			case e.At <= y.after && (!told || l.at > y.after || l.at <= e.At):
				l.at, l.on = e.At, on
			case e.At > y.after && (!told || l.at > e.At):
				l.at, l.on = e.At, !on
			}
			l.since = l.since || e.At > y.after
			known[list] = l
		}
	}
	out := map[int]bool{}
	for list, l := range known {
		if l.since {
			out[list] = l.on
		}
	}
	return out
}

// changed is the list that a fact of a campaign put the member on or took it off; -1 if none.
func (y *play) changed(event int, e exprplan.Event) (list int, add bool) {
	f := y.facts[event]
	rule := f.text(e, ir.FactRule)
	name, add := strings.CutPrefix(rule, string(dsl.AddTo)+" ")
	if !add {
		var remove bool
		if name, remove = strings.CutPrefix(rule, string(dsl.RemoveFrom)+" "); !remove {
			return -1, false
		}
	}
	if f.text(e, ir.FactWhat) != "act" {
		return -1, false
	}
	return slices.IndexFunc(y.prog.Lists, func(l *ir.List) bool { return l.Name == name }), add
}

func (y *play) come(at int64, a ask) { y.coming = append(y.coming, arrival{at: at, event: -1, ask: a}) }

// nameOf is the declaration that the facts of a type are of.
func (y *play) nameOf(event int) string {
	_, name, _ := strings.Cut(y.prog.Events[event].Name, ":")
	return name
}

// paidFor is how the keys begin of points that were spent for a code.
const paidFor = "coupon "

func (y *play) askedOfPoints(event int, recorded []exprplan.Event) {
	which := slices.IndexFunc(y.prog.Points, func(p *ir.Points) bool { return p.Facts == event })
	f, name := y.facts[event], y.nameOf(event)
	type request struct {
		at    int64
		what  string
		cause loyalty.Cause
		rule  string
	}
	open := map[request]*int64{} // how many points; a request has a fact for each lot that it touched
	for _, e := range recorded {
		what, cause, rule := f.text(e, ir.FactWhat), loyalty.Cause{Kind: f.text(e, ir.FactCause), Key: f.text(e, ir.FactCauseKey)}, f.text(e, ir.FactRule)
		var n int64
		switch what {
		case "spend", "return":
			if strings.HasPrefix(cause.Key, paidFor) {
				continue
			}
			n = max(f.number(e, ir.FactSpent), -f.number(e, ir.FactSpent))
		case "adjust":
			var until *int64
			if v := f.value(e, ir.FactExpires); v.Known {
				until = &v.I
			}
			n := f.number(e, ir.FactActive)
			y.come(e.At, ask{cause: cause, kind: f.kind, name: name, do: func(_ *play, a *loyalty.Account) error { return a.Adjust(which, n, until, cause.Key) }})
			continue
		case "take off":
			n = f.number(e, ir.FactActive)
		default:
			continue
		}
		same := request{at: e.At, what: what, cause: cause}
		if what == "return" {
			same.rule = rule // names the request; that of other entries is the lot's
		}
		if sum := open[same]; sum != nil {
			*sum += n
			continue
		}
		sum := &n
		open[same] = sum
		y.come(e.At, ask{cause: cause, kind: f.kind, name: name, do: func(_ *play, a *loyalty.Account) error {
			switch what {
			case "spend":
				return a.Spend(which, *sum, cause.Key)
			case "return":
				return a.Return(which, *sum, cause.Key, rule)
			}
			return a.Adjust(which, *sum, nil, cause.Key)
		}})
	}
}

func (y *play) askedOfTiers(event int, recorded []exprplan.Event) {
	which := slices.IndexFunc(y.prog.Tiers, func(t *ir.Tiers) bool { return t.Facts == event })
	f, name := y.facts[event], y.nameOf(event)
	for _, e := range recorded {
		// The tier of the fact is a higher one where the member had that already; its rule is the one that was given.
		tier := slices.IndexFunc(y.prog.Tiers[which].Tiers, func(t ir.Tier) bool { return t.Name == f.text(e, ir.FactRule) })
		if f.text(e, ir.FactWhat) != "manual" || tier < 0 {
			continue
		}
		var until *int64
		if v := f.value(e, ir.FactKeep); v.Known {
			until = &v.I
		}
		by := f.text(e, ir.FactCauseKey)
		y.come(e.At, ask{cause: loyalty.Cause{Kind: "manual", Key: by}, kind: f.kind, name: name, do: func(_ *play, a *loyalty.Account) error {
			a.SetTier(which, tier, until, by)
			return nil
		}})
	}
}

// byRequest is the cause of what somebody asked of a coupon.
const byRequest = "request"

func (y *play) askedOfCoupon(event int, recorded []exprplan.Event) {
	which := slices.IndexFunc(y.prog.Coupons, func(c *ir.Coupon) bool { return c.Facts == event })
	f, name := y.facts[event], y.nameOf(event)
	for _, e := range recorded {
		what, code := f.text(e, ir.FactWhat), f.text(e, ir.FactCode)
		if what == "issue" {
			y.codes.recorded[which] = append(y.codes.recorded[which], code)
		}
		cause := loyalty.Cause{Kind: f.text(e, ir.FactCause), Key: f.text(e, ir.FactCauseKey)}
		if cause.Kind != byRequest {
			continue
		}
		amount, until := f.value(e, ir.FactAmount), f.number(e, ir.FactUntil)
		y.come(e.At, ask{cause: cause, kind: f.kind, name: name, do: func(y *play, a *loyalty.Account) (err error) {
			c, _ := a.Find(code)
			switch what {
			case "issue":
				_, err = a.Issue(which, cause, loyalty.Supply{Take: y.codes.take, Code: y.codes.next})
			case "use":
				purchase := loyalty.Purchase{Reservation: c.Reservation}
				if amount.Known {
					purchase.Amount = &amount.I
				}
				_, err = a.Use(which, code, purchase, cause)
			case "return":
				_, err = a.ReturnCode(which, code, cause)
			case "void":
				_, err = a.Void(which, code, cause, loyalty.Supply{})
			case "reserve":
				_, err = a.Reserve(which, code, until-a.World().Now, cause)
			case "release":
				_, err = a.Release(which, code, c.Reservation, cause)
			}
			return err
		}})
	}
}

// again asks something again. What cannot be done by these rules is counted.
func (y *play) again(q ask) error {
	t := y.turn(programme.Input{})
	err := q.do(y, t.Account(q.cause))
	var refusal *loyalty.Refusal
	switch {
	case errors.As(err, &refusal), errors.Is(err, loyalty.ErrShort), errors.Is(err, loyalty.ErrUnspent), errors.Is(err, loyalty.ErrAmount):
		y.tally.refused(q)
		y.stale()
		return nil
	case errors.Is(err, loyalty.ErrTwice):
		y.stale()
		return nil
	case err != nil:
		return err
	}
	if err := t.Settle(); err != nil {
		return err
	}
	return y.finish(t)
}
