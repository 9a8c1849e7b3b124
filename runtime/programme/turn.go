package programme

import (
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/runtime/campaign"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// Turn is one member while one input is worked on, or while the member is due.
type Turn struct {
	c       *Conductor
	world   *exprplan.World
	in      Input
	hands   Hands
	base    *exprplan.Member
	member  *exprplan.Member // base without the lists that campaigns have changed; nil where none do
	account *loyalty.Account
	scene   *campaign.Scene
	lists   []ListChange

	events   []inHand // those that happened in this turn
	cause    loyalty.Cause
	changed  bool // something besides events did
	passed   bool // time alone did
	joined   bool // several members have become this one
	overdue  []loyalty.Overdue
	settled  int // how many of the facts the tiers have seen
	measured bool
	played   int // how many of the facts campaigns have seen
	rounds   int
}

// inHand is an event that came, or went, in a turn.
type inHand struct {
	event int
	e     exprplan.Event
	gone  bool
}

// Happened says that an event has come into the history. One that lies ahead does nothing until it is due.
func (t *Turn) Happened(event int, e exprplan.Event) error {
	if err := t.happened(event, e); err != nil {
		return err
	}
	t.overdue = append(t.overdue, t.account.DueCases()...)
	return nil
}

func (t *Turn) happened(event int, e exprplan.Event) error {
	if e.At > t.world.Now || !t.c.concerns[event] {
		return nil
	}
	t.events = append(t.events, inHand{event: event, e: e})
	t.cause = t.c.keeper.CauseOf(event, e)
	return t.account.Happened(event, e)
}

// Retracted says that an event was taken out of the history.
func (t *Turn) Retracted(event int, e exprplan.Event) error {
	if e.At > t.world.Now || !t.c.concerns[event] {
		return nil
	}
	t.events = append(t.events, inHand{event: event, e: e, gone: true})
	cause := t.c.keeper.CauseOf(event, e)
	t.cause = loyalty.Cause{Kind: "retract", Key: cause.Kind + " " + cause.Key}
	return t.account.Retracted(event, e)
}

// Changed says that something of the member besides events is other than before: an attribute, a manual tag, a list.
// cause is what facts say that they follow from.
func (t *Turn) Changed(cause loyalty.Cause) {
	t.changed = true
	t.cause = cause
	t.account.Stale()
}

// Joined says that several members have become this one, whose history is theirs together. before are they as they were.
func (t *Turn) Joined(before ...*exprplan.Member) {
	t.joined = true
	t.cause = loyalty.Cause{Kind: "merge"}
	t.account.Joined(before...)
}

// Parted says that the member was one with another and is so no more.
func (t *Turn) Parted() { t.account.Parted() }

// Due does what is due at the instant: pending points become active, points and codes expire, reservations lapse; then
// events happen that were sent ahead of their time; then deadlines of cases pass.
func (t *Turn) Due() error {
	t.passed = true
	t.cause = loyalty.Cause{Kind: "time"}
	t.account.Midnight()
	for event, concerns := range t.c.concerns {
		if !concerns || t.base.Events == nil {
			continue
		}
		for _, e := range at(t.base.Events(event), t.world.Now) {
			if err := t.happened(event, e); err != nil {
				return err
			}
		}
	}
	t.overdue = append(t.overdue, t.account.DueCases()...)
	return nil
}

// at are the events of an instant.
func at(events []exprplan.Event, now int64) []exprplan.Event {
	from := after(events, now-1)
	return events[from:after(events, now)]
}

// after is the place of the first event after an instant.
func after(events []exprplan.Event, now int64) int {
	i, _ := slices.BinarySearchFunc(events, now, func(e exprplan.Event, now int64) int {
		if e.At <= now {
			return -1
		}
		return 1
	})
	return i
}

// Account is the member's account, for what is asked of it: to spend points, to give a tier by hand. cause is what
// follows from it is put down to.
func (t *Turn) Account(cause loyalty.Cause) *loyalty.Account {
	t.cause = cause
	return t.account
}

// Settle brings the tiers up to what has happened so far. Call it before segments are evaluated, and at a local midnight
// after cuts were taken.
func (t *Turn) Settle() error {
	before := t.before()
	if t.passed {
		t.account.Stale() // cuts may have been taken
	}
	for i := range t.c.prog.Tiers {
		if !t.touches(i) {
			continue
		}
		if err := t.account.Measure(i, before, t.cause); err != nil {
			return err
		}
	}
	t.settled, t.measured = len(t.account.Added()), true
	return nil
}

// touches reports whether the measure of a ladder may be another since it was settled last.
func (t *Turn) touches(ladder int) bool {
	r := t.c.ladders[ladder]
	if !t.measured {
		if t.passed || t.joined || t.changed && r.member {
			return true
		}
		for _, h := range t.events {
			if r.events[h.event] {
				return true
			}
		}
	}
	for _, f := range t.account.Added()[t.settled:] {
		if r.events[f.Type] {
			return true
		}
	}
	return false
}

// before is the member as it was before what happened; nil where only time has passed. (The values of before a change of
// attributes are not known: such a change lowers no tier that is kept.)
func (t *Turn) before() *exprplan.Member {
	if (t.passed || t.joined) && len(t.events) == 0 || t.base.Events == nil {
		return nil
	}
	if len(t.events) == 0 {
		return t.base
	}
	m := *t.base
	m.Events = func(event int) []exprplan.Event {
		list := t.base.Events(event)
		for _, h := range t.events {
			if h.event == event {
				list = h.undo(list)
			}
		}
		return list
	}
	return &m
}

// undo is the events of a type as they were before one came or went.
func (h inHand) undo(list []exprplan.Event) []exprplan.Event {
	if h.gone {
		return slices.Insert(slices.Clone(list), after(list, h.e.At), h.e)
	}
	from := after(list, h.e.At-1)
	for i := after(list, h.e.At) - 1; i >= from; i-- {
		if same(list[i], h.e) {
			return slices.Delete(slices.Clone(list), i, i+1)
		}
	}
	return list
}

// same reports whether two events of a type are equal in all fields.
func same(x, y exprplan.Event) bool {
	if x.At != y.At || len(x.Fields) != len(y.Fields) {
		return false
	}
	for i := range x.Fields {
		a, b := x.Fields[i], y.Fields[i]
		if a.Known != b.Known || a.I != b.I || a.F != b.F || a.S != b.S || !slices.Equal(a.Set, b.Set) {
			return false
		}
	}
	return true
}

// Facts are the facts that have followed so far.
func (t *Turn) Facts() []loyalty.Fact { return t.account.Added() }

// Member is the member with the facts that have followed so far, to evaluate it. It is good until the next step.
func (t *Turn) Member() *exprplan.Member { return t.account.Member() }

// Next is the next instant, after the present one, at which the member is due; false if there is none.
func (t *Turn) Next() (at int64, ok bool) {
	zone := t.c.prog.Zone
	sooner := func(x int64) {
		if !ok || x < at {
			at, ok = x, true
		}
	}
	// What a midnight has left undone, as of lots that a merge brought, is done at the next.
	midnight := func(day int64) { sooner(max(zone.Midnight(day), zone.NextDateChange(t.world.Now))) }
	for _, next := range []func() (int64, bool){t.account.NextCoupons, t.account.NextCases} {
		if x, due := next(); due {
			sooner(max(x, t.world.Now+1))
		}
	}
	if day, due := t.account.NextMidnight(); due {
		midnight(day)
	}
	if day, due := t.account.NextMeasure(); due {
		midnight(day)
	}
	if t.base.Events == nil {
		return at, ok
	}
	if due, waits := t.stage().Next(); waits {
		sooner(max(due, t.world.Now+1))
	}
	for event, concerns := range t.c.concerns {
		if !concerns {
			continue
		}
		if x, there := t.later(event); there {
			sooner(x)
		}
	}
	for _, r := range t.c.ladders {
		if r.rises && t.hasAny(r) {
			sooner(zone.NextDateChange(t.world.Now))
		}
	}
	return at, ok
}

// later is the instant of the first event of a type that is still to come.
func (t *Turn) later(event int) (int64, bool) {
	if t.hands.Later != nil {
		return t.hands.Later(event, t.world.Now)
	}
	list := t.base.Events(event)
	if i := after(list, t.world.Now); i < len(list) {
		return list[i].At, true
	}
	return 0, false
}

// hasAny reports whether the member has anything that the measure of a ladder reads.
func (t *Turn) hasAny(r reads) bool {
	if r.member {
		return true
	}
	for event := range r.events {
		if len(t.account.Facts(event)) > 0 {
			return true
		}
	}
	return false
}
