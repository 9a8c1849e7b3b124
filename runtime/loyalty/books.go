package loyalty

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// Difference is one place where the ledger of a member is not what it must be.
type Difference struct {
	Lot int64 // 0 is the debt, or none
	// At is the instant of the entry that shows it, and What what that says it did; 0 and "" where no single one does.
	At   int64
	What string
	Text string
}

func (d Difference) String() string { return d.Text }

// RevisionOf is what facts say of the rule set that made them.
func RevisionOf(p *ir.Program) string { return p.Hash[:min(len(p.Hash), 12)] }

// Books returns the first of what [Account.Proof] finds; "" if the ledger is sound.
func (a *Account) Books(points int) string {
	if found := a.Proof(points); len(found) > 0 {
		return found[0].Text
	}
	return ""
}

// Proof checks the ledger of points of a member, from its entries alone, up to now: each entry against what it says that it
// did, each lot after each entry, what was spent against what was returned, the debt against the lots that it was charged
// for and that paid it off, what was earned and taken back against the events of the member, and the dates against today.
func (a *Account) Proof(points int) []Difference {
	p := &proof{
		a: a, points: points, decl: a.k.prog.Points[points], lots: map[int64]*proofLot{}, spent: map[spending]int64{},
		seen: map[request]bool{}, paid: map[int64]int64{},
	}
	for _, e := range a.until(p.decl.Facts) {
		p.entry(p.read(e))
	}
	p.atTheEnd()
	p.events()
	p.reversals()
	p.prices()
	return p.found
}

// entry is one entry of the ledger.
type entry struct {
	at                                     int64
	lot, forLot                            int64
	active, pending, earned, spent, wanted int64
	what, rule, revision                   string
	cause                                  Cause
	expires, due                           ir.Value
}

// request is what was asked for once, and leaves one entry on a lot.
type request struct {
	what, name string
	lot        int64
}

// request names what an entry was asked for by; no name if it was not, or may be asked for again.
func (e entry) request() request {
	r := request{what: e.what, lot: e.lot}
	switch e.what {
	case whatTakeOff:
		r.name = e.cause.Key
	case whatReturn:
		r.name = e.rule
	}
	return r
}

type proof struct {
	a      *Account
	points int
	decl   *ir.Points
	lots   map[int64]*proofLot
	order  []int64
	spent  map[spending]int64
	paid   map[int64]int64 // what lots have paid of the debt, less what the debt says that they have
	seen   map[request]bool
	found  []Difference
}

type proofLot struct {
	granted         *entry
	active, pending int64
}

// spending is what was spent with a key from a lot.
type spending struct {
	key string
	lot int64
}

func (p *proof) read(e exprplan.Event) entry {
	k, facts := p.a.k, p.decl.Facts
	number := func(name string) int64 { return k.field(facts, e, name).I }
	text := func(name string) string { return k.field(facts, e, name).S }
	return entry{
		at: e.At, lot: number(ir.FactLot), forLot: number(ir.FactFor),
		active: number(ir.FactActive), pending: number(ir.FactPending), earned: number(ir.FactEarned), spent: number(ir.FactSpent), wanted: number(ir.FactWanted),
		what: text(ir.FactWhat), rule: text(ir.FactRule), revision: text(ir.FactRevision), cause: Cause{text(ir.FactCause), text(ir.FactCauseKey)},
		expires: k.field(facts, e, ir.FactExpires), due: k.field(facts, e, ir.FactDue),
	}
}

func (p *proof) differ(lot int64, e *entry, format string, args ...any) {
	d := Difference{Lot: lot, Text: fmt.Sprintf(format, args...)}
	if e != nil {
		d.At, d.What = e.at, e.what
	}
	p.found = append(p.found, d)
}

// name is a lot for people.
func lotName(id int64) string {
	if id == debt {
		return "the debt"
	}
	return fmt.Sprintf("lot %d", id)
}

// entry checks one entry, and lets it take effect.
func (p *proof) entry(e entry) {
	if r := e.request(); r.name != "" {
		if p.seen[r] {
			p.differ(e.lot, &e, "%s: an entry of `%s` for the request %q is there twice", lotName(e.lot), e.what, r.name)
		}
		p.seen[r] = true
	}
	if !sound(e) {
		p.differ(e.lot, &e, "%s: an entry of `%s` cannot be %+d active, %+d pending, %+d earned, %+d spent", lotName(e.lot), e.what, e.active, e.pending, e.earned, e.spent)
	}
	l := p.lots[e.lot]
	if l == nil {
		l = &proofLot{}
		p.lots[e.lot] = l
		p.order = append(p.order, e.lot)
	}
	l.active += e.active
	l.pending += e.pending
	switch e.what {
	case whatEarn, whatGive, whatAdjust:
		p.grant(l, e)
	case "capped":
	case whatPayOff:
		if e.lot == debt {
			p.paid[e.forLot] -= e.active
		} else {
			p.paid[e.lot] -= e.active
		}
	case whatSpend, whatReturn:
		s := spending{e.cause.Key, e.lot}
		if e.what == whatSpend && p.spent[s] > 0 {
			p.differ(e.lot, &e, "%s: points were spent twice with the key %q", lotName(e.lot), s.key)
		}
		if p.spent[s] += e.spent; p.spent[s] < 0 {
			p.differ(e.lot, &e, "%s: %d points more were returned than were spent with the key %q", lotName(e.lot), -p.spent[s], s.key)
			p.spent[s] = 0
		}
	case whatExpire:
		if day := p.a.k.prog.Zone.DateOf(e.at); e.expires.Known && day <= e.expires.I {
			p.differ(e.lot, &e, "%s: it expired on %s, and holds through %s", lotName(e.lot), dateText(day), dateText(e.expires.I))
		}
	}
	if e.lot == debt {
		return
	}
	if l.granted == nil {
		p.differ(e.lot, &e, "lot %d: an entry of `%s`, and none that granted it", e.lot, e.what)
		l.granted = &entry{}
		return
	}
	if g := l.granted.expires; (e.expires.Known != g.Known || e.expires.I != g.I) && e.what != "capped" && l.granted.what != "" {
		p.differ(e.lot, &e, "lot %d: an entry of `%s` has another last date than the lot", e.lot, e.what)
	}
	if l.active < 0 || l.pending < 0 {
		p.differ(e.lot, &e, "lot %d: after an entry of `%s` it has %d active and %d pending points", e.lot, e.what, l.active, l.pending)
		l.active, l.pending = max(0, l.active), max(0, l.pending)
	}
}

func (p *proof) grant(l *proofLot, e entry) {
	if l.granted != nil {
		p.differ(e.lot, &e, "lot %d: it was granted twice", e.lot)
		return
	}
	l.granted = &e
	if n := e.active + e.pending; n > e.wanted {
		p.differ(e.lot, &e, "lot %d: %d points were granted, and its rule gave %d", e.lot, n, e.wanted)
	} else if n < e.wanted && p.uncapped(e) {
		p.differ(e.lot, &e, "lot %d: %d points were granted, its rule gave %d, and it has no cap", e.lot, n, e.wanted)
	}
}

// uncapped reports whether an entry comes from a rule that has no caps: of the rules in force, no others are known.
func (p *proof) uncapped(e entry) bool {
	if e.what != whatEarn {
		return true
	}
	for _, r := range p.decl.Earns {
		if r.Name == e.rule {
			return len(r.Caps) == 0 && e.revision == p.a.k.revision
		}
	}
	return false
}

// sound reports whether the numbers of an entry fit what it says that it did.
func sound(e entry) bool {
	still := e.active == 0 && e.pending == 0 && e.earned == 0 && e.spent == 0
	lot := e.lot != debt
	switch e.what {
	case "capped":
		return still
	case whatEarn:
		return lot && e.spent == 0 && (e.active > 0 && e.pending == 0 && e.earned == e.active || e.active == 0 && e.pending > 0 && e.earned == 0 && e.due.Known)
	case whatGive:
		return lot && e.active > 0 && e.pending == 0 && e.earned == e.active && e.spent == 0
	case whatAdjust:
		return lot && e.active > 0 && e.pending == 0 && e.earned == 0 && e.spent == 0
	case whatActivate:
		return lot && e.active > 0 && e.pending == -e.active && e.earned == e.active && e.spent == 0
	case whatPayOff:
		return e.active != 0 && e.pending == 0 && e.earned == 0 && e.spent == 0 && lot == (e.forLot == 0)
	case whatSpend:
		return lot && e.active < 0 && e.pending == 0 && e.earned == 0 && e.spent == -e.active
	case whatReturn:
		return lot && e.active > 0 && e.pending == 0 && e.earned == 0 && e.spent == -e.active
	case whatExpire:
		return lot && e.active <= 0 && e.pending <= 0 && e.active+e.pending < 0 && e.earned == 0 && e.spent == 0
	case whatReverse:
		return e.spent == 0 && e.earned == e.active && (lot && e.forLot == 0 && (e.active == 0) != (e.pending == 0) || !lot && e.forLot != 0 && e.active != 0 && e.pending == 0)
	case whatRetract:
		return e.spent == 0 && e.earned == e.active && (lot && e.forLot == 0 && (e.active == 0 || e.pending == 0) || !lot && e.forLot != 0 && e.active < 0 && e.pending == 0)
	case whatTakeOff:
		return e.active < 0 && e.pending == 0 && e.earned == 0 && e.spent == 0
	}
	return false
}

// atTheEnd checks what must hold of lots when all entries have taken effect.
func (p *proof) atTheEnd() {
	today := p.a.today()
	for id, n := range p.paid {
		if n != 0 {
			p.differ(id, nil, "lot %d: it paid %d points of the debt more than the debt was paid", id, n)
		}
	}
	for _, l := range p.a.Lots(p.points) {
		switch {
		case l.ID == debt && (l.Active > 0 || l.Pending != 0):
			p.differ(debt, nil, "the debt: it is %d active and %d pending points, and is never above nothing", l.Active, l.Pending)
		case l.ID == debt:
		case l.Taken < 0 || l.Taken > l.Granted:
			p.differ(l.ID, nil, "lot %d: it was granted %d points, and %d were taken back", l.ID, l.Granted, l.Taken)
		case l.Active+l.Pending > l.Granted:
			p.differ(l.ID, nil, "lot %d: it was granted %d points, and has %d", l.ID, l.Granted, l.Active+l.Pending)
		case l.Expires < today && l.Active+l.Pending > 0:
			p.differ(l.ID, nil, "lot %d: it held through %s, and still has %d points", l.ID, dateText(l.Expires), l.Active+l.Pending)
		case l.Pending > 0 && l.Due <= today:
			p.differ(l.ID, nil, "lot %d: %d points have been due since %s, and are pending", l.ID, l.Pending, dateText(l.Due))
		}
	}
}

// events holds what was earned to the events of the member: each was earned once, by an event that is there.
func (p *proof) events() {
	type earned struct {
		cause Cause
		rule  string
	}
	once := map[earned]int64{}
	there := map[Cause]bool{}
	looked := map[string]bool{}
	for _, l := range p.a.Lots(p.points) {
		granted := p.lots[l.ID].granted
		if l.ID == debt || granted == nil || granted.what != whatEarn || l.Void || l.Cause.Key == "" {
			continue
		}
		event := p.a.k.event(l.Cause.Kind)
		if event < 0 {
			continue // of an event that the rules do not have any more
		}
		if !looked[l.Cause.Kind] {
			looked[l.Cause.Kind] = true
			for _, e := range p.a.until(event) {
				there[p.a.k.causeOf(p.points, event, e)] = true
			}
		}
		if !there[l.Cause] {
			p.differ(l.ID, granted, "lot %d: it was earned by %s %q, which the member does not have", l.ID, l.Cause.Kind, l.Cause.Key)
		}
		what := earned{l.Cause, l.Rule}
		if first := once[what]; first != 0 && p.a.k.prog.Events[event].Key >= 0 {
			p.differ(l.ID, granted, "lot %d: %s %q earned by the rule %s already, lot %d", l.ID, l.Cause.Kind, l.Cause.Key, l.Rule, first)
		}
		once[what] = l.ID
	}
}

// event is the place of an event type, or -1.
func (k *Keeper) event(name string) int {
	for i, e := range k.prog.Events {
		if e.Name == name {
			return i
		}
	}
	return -1
}

// reversals holds what was taken back to what the events of the member say, where the rules have not changed since.
func (p *proof) reversals() {
	if p.changed() {
		return
	}
	for _, r := range p.decl.Reverses {
		texts := map[string]bool{}
		for _, e := range p.a.until(r.Event) {
			if text := p.a.k.textOf(r.Event, r.Matching, e); text != "" {
				texts[text] = true
			}
		}
		for _, text := range sortedKeys(texts) {
			causes := map[Cause]bool{}
			share := p.a.share(p.points, r, text, causes)
			var granted, taken int64
			var lot int64
			for _, l := range p.a.Lots(p.points) {
				if l.ID != debt && !l.Void && causes[l.Cause] {
					granted, taken, lot = granted+l.Granted, taken+l.Taken, l.ID
				}
			}
			if want := shareOf(share, granted); lot != 0 && want != taken {
				p.differ(lot, nil, "lot %d: of %d points, %d were taken back for %q, and the events say %d", lot, granted, taken, text, want)
			}
		}
	}
}

// changed reports whether an entry was made under other rules than those in force.
func (p *proof) changed() bool {
	for _, e := range p.a.until(p.decl.Facts) {
		if p.a.k.field(p.decl.Facts, e, ir.FactRevision).S != p.a.k.revision {
			return true
		}
	}
	return false
}

// prices holds what codes of coupons cost to what was spent for them.
func (p *proof) prices() {
	for i := range p.a.k.prog.Coupons {
		for _, c := range p.a.Codes(i) {
			if c.Terms.Price == 0 || c.Terms.Points != p.decl.Name {
				continue
			}
			var spent int64
			for s, n := range p.spent {
				if s.key == priceKey(c.Code) {
					spent += n
				}
			}
			switch {
			case c.State == CodeVoid:
			case spent != c.Terms.Price:
				p.differ(0, nil, "a code of %s costs %d points, and %d were spent for it", p.a.k.prog.Coupons[i].Name, c.Terms.Price, spent)
			}
		}
	}
}
