package replay

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/programme"
)

// Stretch is the time that is gone through: after one instant, up to and with another.
type Stretch struct {
	After, To int64
	// Existing are campaigns that come into force at the first instant and include existing members: they begin with the
	// member if it is in their segment, or on their tier.
	Existing []int
	// Set is when an attribute of the member was set first; 0 if that is not known. A member who has no event before the first
	// instant, and of whom nothing was set by then, comes with its first event or when something was set: it enters the
	// segments that it is in.
	Set int64
}

// Play goes through a member's time and returns what has followed.
func (p *Player) Play(stored *exprplan.Member, s Stretch) (*Tally, error) {
	play := p.begin(stored, s)
	if err := play.start(s.Existing); err != nil {
		return nil, err
	}
	if err := play.run(s.To); err != nil {
		return nil, err
	}
	play.tally.close(play)
	return play.tally, nil
}

// play is one member while its time is gone through.
type play struct {
	*Player
	member exprplan.Member
	stored *exprplan.Member
	after  int64 // the first instant
	clock  int64
	shared *exprplan.World // at the clock
	events [][]exprplan.Event
	lists  map[int]bool // that may not be as they are now
	coming []arrival
	inside []bool // by follows
	there  bool   // the member has come
	due    int64  // never if nothing is
	stamps int64
	codes  codes
	tally  *Tally
}

// never is later than all instants.
const never = 1<<63 - 1

// arrival is an event that comes, or something that is asked of the programme.
type arrival struct {
	at    int64
	event int // -1: it is asked; comes: the member itself comes
	e     exprplan.Event
	ask   ask
}

// comes is the arrival of the member itself.
const comes = -2

// begin sets the member up as it was at the first instant.
func (p *Player) begin(stored *exprplan.Member, s Stretch) *play {
	y := &play{
		Player: p, stored: stored, after: s.After, clock: s.After, events: make([][]exprplan.Event, len(p.prog.Events)), inside: make([]bool, len(p.follows)),
		due: never, stamps: s.After, tally: newTally(), codes: codes{recorded: map[int][]string{}},
	}
	y.there = s.Set != 0 && s.Set <= s.After
	for i, decl := range p.prog.Events {
		all := stored.Events(i)
		n := upTo(all, s.After)
		y.events[i] = all[:n:n]
		y.there = y.there || n > 0
		later := all[n:upTo(all, s.To)]
		if decl.Facts != "" {
			y.asked(i, later)
			continue
		}
		for _, e := range later {
			y.coming = append(y.coming, arrival{at: e.At, event: i, e: e})
		}
	}
	if !y.there && s.Set > s.After && s.Set <= s.To {
		y.coming = append([]arrival{{at: s.Set, event: comes}}, y.coming...)
	}
	y.there = y.there || len(y.coming) == 0
	slices.SortStableFunc(y.coming, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	y.lists = y.listed()
	y.member = *stored
	y.member.Events = func(event int) []exprplan.Event { return y.events[event] }
	y.member.OnList = func(list int) bool {
		if on, ok := y.lists[list]; ok {
			return on
		}
		return stored.OnList != nil && stored.OnList(list)
	}
	return y
}

// at moves the clock.
func (y *play) at(t int64) {
	y.clock, y.shared = t, y.world(t)
	y.stale()
}

// stale makes the evaluator look at the member again.
func (y *play) stale() { y.conductor.Keeper().Evaluator().Reset() }

// start finds out where the member is at the first instant, and begins the campaigns that include it.
func (y *play) start(existing []int) error {
	y.at(y.clock)
	if !y.there {
		return nil
	}
	for i, s := range y.follows {
		in, err := y.holds(&y.member, y.prog.Segments[s].Expr)
		if err != nil {
			return err
		}
		y.inside[i] = in
	}
	if at, ok := y.conductor.Next(y.shared, &y.member); ok {
		y.due = at
	}
	of, err := y.including(existing)
	if err != nil || len(of) == 0 {
		return err
	}
	t := y.turn(programme.Input{})
	if _, err := t.Existing(of); err != nil {
		return err
	}
	return y.finish(t)
}

// including are those of some campaigns that include the member as it is.
func (y *play) including(campaigns []int) (of []int, err error) {
	for _, i := range campaigns {
		in := false
		switch g := y.prog.Campaigns[i].Trigger; g.Kind {
		case dsl.OnReach:
			in = y.Keeper().Open(y.shared, &y.member, nil).Standing(g.Index).Tier == g.Tier
		default:
			if in, err = y.holds(&y.member, y.prog.Segments[g.Index].Expr); err != nil {
				return nil, err
			}
			in = in == (g.Kind != dsl.OnLeave)
		}
		if in {
			of = append(of, i)
		}
	}
	return of, nil
}

func (y *play) holds(m *exprplan.Member, n *ir.Node) (bool, error) {
	v, err := y.conductor.Keeper().Evaluator().Value(y.shared, m, n)
	return v.True(), err
}

func (y *play) turn(in programme.Input) *programme.Turn {
	return y.conductor.Begin(y.shared, &y.member, programme.Hands{
		Stamp:  func() int64 { y.stamps = max(y.clock, y.stamps+1); return y.stamps },
		Supply: loyalty.Supply{Take: y.codes.take, Code: y.codes.next},
	}, in)
}

// run goes through every instant at which something happens to the member.
func (y *play) run(to int64) error {
	for {
		next := y.next()
		if next > to {
			y.at(to)
			return nil
		}
		due := y.due <= next
		y.at(next)
		if err := y.instant(due); err != nil {
			return err
		}
	}
}

// next is the next instant at which something may happen.
func (y *play) next() int64 {
	if !y.there {
		return y.coming[0].at
	}
	next := y.due
	if slices.Contains(y.clocked, true) {
		next = min(next, y.prog.Zone.NextDateChange(y.clock))
	}
	if at, ok := y.moves.Next(y.clock, y.member.Events); ok {
		next = min(next, at)
	}
	if at, ok := y.conductor.NextSchedule(y.clock); ok {
		next = min(next, at)
	}
	if len(y.coming) > 0 {
		next = min(next, y.coming[0].at)
	}
	return next
}

// instant does what is due, then what the clock has changed, then what is scheduled, and then takes in what comes.
func (y *play) instant(due bool) error {
	if !y.there {
		return y.arrivals()
	}
	if due {
		t := y.turn(programme.Input{})
		if err := t.Due(); err != nil {
			return err
		}
		if err := t.Settle(); err != nil {
			return err
		}
		if err := y.finish(t); err != nil {
			return err
		}
	} else if err := y.drift(); err != nil {
		return err
	}
	if err := y.scheduled(); err != nil {
		return err
	}
	return y.arrivals()
}

// arrivals takes in what comes at the clock.
func (y *play) arrivals() error {
	for len(y.coming) > 0 && y.coming[0].at <= y.clock {
		a := y.coming[0]
		y.coming = y.coming[1:]
		if err := y.arrive(a); err != nil {
			return err
		}
	}
	return nil
}

// drift follows what the clock alone has changed.
func (y *play) drift() error {
	midnight := y.prog.Zone.DateOf(y.clock) != y.prog.Zone.DateOf(y.clock-1)
	if !midnight && len(y.moves) == 0 {
		return nil
	}
	return y.shift(func(i int) bool { return y.clocked[i] || len(y.moves) > 0 })
}

// shift follows what has changed without a turn, in some of the segments; nil is all.
func (y *play) shift(wanted func(i int) bool) error {
	crossings, err := y.crossed(&y.member, wanted)
	if err != nil || len(crossings) == 0 {
		return err
	}
	t := y.turn(programme.Input{})
	if err := t.Settle(); err != nil {
		return err
	}
	return y.follow(t, crossings)
}

// crossed compares where the member is with where it was.
func (y *play) crossed(m *exprplan.Member, wanted func(i int) bool) (out []programme.Crossing, err error) {
	for i, s := range y.follows {
		if wanted != nil && !wanted(i) {
			continue
		}
		in, err := y.holds(m, y.prog.Segments[s].Expr)
		if err != nil {
			return nil, err
		}
		if in != y.inside[i] {
			y.inside[i] = in
			out = append(out, programme.Crossing{Segment: s, Entered: in})
		}
	}
	return out, nil
}

// finish follows what a turn has changed to its end.
func (y *play) finish(t *programme.Turn) error {
	y.stale()
	crossings, err := y.crossed(t.Member(), nil)
	if err != nil {
		return err
	}
	return y.follow(t, crossings)
}

// follow lets campaigns act on crossings until nothing more follows, and keeps what has followed.
func (y *play) follow(t *programme.Turn, crossings []programme.Crossing) error {
	for {
		more, err := t.Crossed(crossings)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		y.stale()
		if crossings, err = y.crossed(t.Member(), nil); err != nil {
			return err
		}
	}
	out := t.Outcome()
	y.due = never
	if at, ok := t.Next(); ok {
		y.due = at
	}
	for _, f := range out.Facts {
		y.insert(f.Type, f.Event)
	}
	y.tally.add(y, out)
	for _, c := range out.Lists {
		y.lists[c.List] = c.On
	}
	y.stale()
	return nil
}

// insert puts a fact into the history, after those of the same time. No turn is open, whose list would change under it.
func (y *play) insert(event int, e exprplan.Event) {
	list := y.events[event]
	y.events[event] = slices.Insert(list, upTo(list, e.At), e) // the first one copies what is stored
}

// scheduled runs the campaigns that are scheduled for now.
func (y *play) scheduled() error {
	var of []int
	for _, i := range y.conductor.Scheduled(y.clock) {
		in, err := y.holds(&y.member, y.prog.Segments[y.prog.Campaigns[i].Trigger.Index].Expr)
		if err != nil {
			return err
		}
		if in {
			of = append(of, i)
		}
	}
	if len(of) == 0 {
		return nil
	}
	t := y.turn(programme.Input{})
	if _, err := t.Scheduled(of); err != nil {
		return err
	}
	return y.finish(t)
}

// arrive takes in an event, or asks what was asked.
func (y *play) arrive(a arrival) error {
	y.there = true
	if a.event == comes {
		return y.shift(nil)
	}
	if a.event < 0 {
		return y.again(a.ask)
	}
	n := len(y.events[a.event]) + 1 // events of a type come as they are stored
	y.events[a.event] = y.stored.Events(a.event)[:n:n]
	y.stale()
	t := y.turn(programme.Input{At: a.e.At})
	if err := t.Happened(a.event, a.e); err != nil {
		return err
	}
	if err := t.Settle(); err != nil {
		return err
	}
	return y.finish(t)
}

// codes deals out the codes that were recorded, in their order, so that what was done with them later finds them; then
// codes that nobody has.
type codes struct {
	recorded map[int][]string // by coupon
	of       int              // the coupon of which a code is dealt next
	made     int
}

func (c *codes) take(coupon int) bool { c.of = coupon; return true }

func (c *codes) next() (string, error) {
	if left := c.recorded[c.of]; len(left) > 0 {
		c.recorded[c.of] = left[1:]
		return left[0], nil
	}
	c.made++
	return fmt.Sprintf("replayed %d", c.made), nil
}
