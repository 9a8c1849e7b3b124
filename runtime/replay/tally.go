package replay

import (
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/campaign"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/programme"
)

// Row is what is counted.
type Row struct {
	Kind ir.FactKind
	// Name is the declaration.
	Name string
	What What
	// Of divides it further: the template of messages, the tiers of a move, the tier of a standing; empty for the whole.
	Of string
}

// What is what of a declaration is counted.
type What string

const (
	// Of points. Liability is those in lots at the end, active or pending.
	Liability What = "liability"
	Earned    What = "earned"
	Given     What = "given"
	Reversed  What = "reversed"
	Expired   What = "expired"
	Spent     What = "spent"
	Capped    What = "capped"
	// Of tiers: members of a tier at the end, and moves meanwhile.
	Members What = "members"
	Rises   What = "rises"
	Falls   What = "falls"
	// Of coupons; expired too.
	Issued What = "issued"
	Used   What = "used"
	// Of campaigns: runs that began, those of them that act on nothing, goals, triggers beyond a cap or during a run.
	Started   What = "started"
	HeldOut   What = "held out"
	Converted What = "converted"
	Dropped   What = "dropped"
	// Of sinks; dropped too.
	Sent What = "sent"
	// Of cases.
	Opened  What = "opened"
	Overdue What = "overdue"
	// Usable codes of a coupon, runs of a campaign under way, cases open: see [Player.Stand].
	Usable   What = "usable"
	UnderWay What = "under way"
	Open     What = "open"
	// Refused is what was asked and could not be done by these rules.
	Refused What = "refused"
)

// Tally is what has followed for a member.
type Tally struct {
	Rows map[Row]int64
	// Facts are what the rules yield, in order.
	Facts []loyalty.Fact
	// Messages are what was sent, as template and values, by sink.
	Messages map[string][]string
	tiers    map[int]int64 // by fact type: the tier that a move came to last
}

func newTally() *Tally { return &Tally{Rows: map[Row]int64{}} }

func (t *Tally) count(kind ir.FactKind, name string, what What, of string, n int64) {
	if n != 0 {
		t.Rows[Row{kind, name, what, of}] += n
	}
}

func (t *Tally) refused(q ask) { t.count(q.kind, q.name, Refused, "", 1) }

// add counts the outcome of a turn, whose facts are in the history.
func (t *Tally) add(y *play, out programme.Outcome) {
	t.Facts = append(t.Facts, out.Facts...)
	for _, m := range out.Messages {
		if t.Messages == nil {
			t.Messages = map[string][]string{}
		}
		sink := y.prog.Sinks[m.Sink].Name
		t.Messages[sink] = append(t.Messages[sink], m.Template+" "+string(m.Values))
	}
	for _, fact := range out.Facts {
		f, e, name := y.facts[fact.Type], fact.Event, y.nameOf(fact.Type)
		what := f.text(e, ir.FactWhat)
		count := func(w What, of string, n int64) { t.count(f.kind, name, w, of, n) }
		switch f.kind {
		case ir.PointsFacts:
			change := f.number(e, ir.FactActive) + f.number(e, ir.FactPending)
			switch what {
			case "earn":
				count(Earned, "", change)
				count(Capped, "", max(0, f.number(e, ir.FactWanted)-change))
			case "capped":
				count(Capped, "", f.number(e, ir.FactWanted))
			case "give":
				count(Given, "", change)
			case "reverse", "retract":
				count(Reversed, "", -change)
			case "expire":
				count(Expired, "", -change)
			}
			count(Spent, "", f.number(e, ir.FactSpent))
		case ir.TiersFacts:
			t.moved(y, fact.Type, f.number(e, ir.FactTier))
		case ir.CouponFacts:
			count(Issued, "", f.number(e, ir.FactIssued))
			count(Used, "", f.number(e, ir.FactUsed))
			if what == "expire" {
				count(Expired, "", 1)
			}
		case ir.CampaignFacts:
			switch what {
			case "start":
				count(Started, "", 1)
				count(HeldOut, "", f.number(e, ir.FactHoldout))
			case "drop":
				count(Dropped, "", 1)
			}
			count(Converted, "", f.number(e, ir.FactConverted))
		case ir.SinkFacts:
			n := f.number(e, ir.FactSent)
			count(Sent, "", n)
			if template := f.text(e, ir.FactRule); template != "" {
				count(Sent, template, n)
			}
			if what == "drop" {
				count(Dropped, "", 1)
			}
		case ir.CaseFacts:
			count(Opened, "", max(0, f.number(e, ir.FactOpen)))
			count(Overdue, "", f.number(e, ir.FactOverdue))
		}
	}
}

// moved counts a rise or a fall.
func (t *Tally) moved(y *play, event int, tier int64) {
	i := slices.IndexFunc(y.prog.Tiers, func(x *ir.Tiers) bool { return x.Facts == event })
	before, known := t.tiers[event]
	if !known {
		before = y.tierAt(event)
	}
	if t.tiers == nil {
		t.tiers = map[int]int64{}
	}
	t.tiers[event] = tier
	if before == tier {
		return
	}
	ladder := y.prog.Tiers[i]
	move := Rises
	if tier < before {
		move = Falls
	}
	of := ladder.Tiers[before].Name + " → " + ladder.Tiers[tier].Name
	t.count(ir.TiersFacts, ladder.Name, move, "", 1)
	t.count(ir.TiersFacts, ladder.Name, move, of, 1)
}

// tierAt is the tier at the first instant.
func (y *play) tierAt(event int) (tier int64) {
	all := y.stored.Events(event)
	for _, e := range all[:upTo(all, y.after)] {
		if v := y.facts[event].value(e, ir.FactTier); v.Known {
			tier = v.I
		}
	}
	return tier
}

// close counts how the member stands at the end.
func (t *Tally) close(y *play) {
	t.stand(y.conductor.Keeper().Open(y.shared, &y.member, nil), y.prog)
}

// stand counts points that are owed, and on which tiers the member is.
func (t *Tally) stand(a *loyalty.Account, prog *ir.Program) {
	for i, p := range prog.Points {
		for _, l := range a.Lots(i) {
			if l.ID != 0 { // the debt
				t.count(ir.PointsFacts, p.Name, Liability, "", l.Active+l.Pending)
			}
		}
	}
	for i, x := range prog.Tiers {
		t.count(ir.TiersFacts, x.Name, Members, x.Tiers[a.Standing(i).Tier].Name, 1)
	}
}

// Stand is how a member stands at an instant by the recorded facts: what it is owed, on which tiers it is, which codes it
// has been issued and can use, which runs and cases go on.
func (p *Player) Stand(stored *exprplan.Member, now int64) *Tally {
	t, a := newTally(), p.Keeper().Open(p.world(now), until(stored, now), nil)
	t.stand(a, p.prog)
	for i, c := range p.prog.Coupons {
		if len(a.Facts(c.Facts)) == 0 {
			continue
		}
		for _, e := range a.Facts(c.Facts) {
			t.count(ir.CouponFacts, c.Name, Issued, "", p.facts[c.Facts].number(e, ir.FactIssued))
		}
		for _, code := range a.Codes(i) {
			switch code.State {
			case loyalty.CodeWaiting, loyalty.CodeUsable, loyalty.CodeReserved:
				t.count(ir.CouponFacts, c.Name, Usable, "", 1)
			}
		}
	}
	for i, c := range p.prog.Campaigns {
		for _, r := range campaign.Runs(p.Keeper(), a, c.Facts, i) {
			if !r.Ended {
				t.count(ir.CampaignFacts, c.Name, UnderWay, "", 1)
			}
		}
	}
	for _, c := range p.prog.Cases {
		for _, e := range a.Facts(c.Facts) {
			t.count(ir.CaseFacts, c.Name, Open, "", p.facts[c.Facts].number(e, ir.FactOpen))
		}
	}
	return t
}
