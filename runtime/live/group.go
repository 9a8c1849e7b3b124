package live

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/identity"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// group is some inputs on their way into the state: what they change lies here until it is durable.
type group struct {
	engine   *Engine
	ctx      context.Context
	now      int64
	taken    int   // accepted inputs, the one in hand included
	at       int64 // the instant that the input in hand gives, 0 for the present
	touched  map[uint32]*member
	seen     map[uint32]*member // of those that are not touched, as they are
	part     int                // of the input in hand
	cause    string             // of what its part does to members, "" if it is the input itself
	byID     map[ID]uint32      // ids that come to a member, or to nobody
	members  uint32             // how many numbers have been given, this group's included
	accepted []Input
	waves    [][]*member
	ran      int // how many of them

	// What has come of it so far.
	view     *runtime.View // that members are evaluated in
	judge    func(context.Context, []*member) ([]crossing, error)
	changes  changes
	found    []crossing
	outcomes []outcome
	messages []storage.Message
	dues     []runtime.Flip
	stamps   identity.Stamps

	absorbed  map[uint32][]absorption // by survivor, where it is another than the engine's
	conflicts []storage.Conflict
	erased    storage.Erasure

	loyal     bool // there is a programme
	replaying bool // what followed is read back
	quiet     bool // it starts no campaigns
	scheduled bool // campaigns were scheduled for its instant
	dealt     dealt
	world     *exprplan.World
}

// nobody is whose an id is that was given up.
const nobody = ^uint32(0)

func (e *Engine) newGroup(ctx context.Context, now int64) *group {
	e.room.Reset()
	g := &group{
		engine: e, ctx: ctx, now: now, touched: make(map[uint32]*member), seen: make(map[uint32]*member), byID: make(map[ID]uint32), members: e.members,
		view: e.View(), stamps: e.stamps, loyal: e.loyal(), quiet: e.byHand,
		absorbed: make(map[uint32][]absorption),
	}
	g.judge = g.evaluate
	return g
}

// take works one input into the group.
func (g *group) take(in Input) (Outcome, error) {
	var out Outcome
	var err error
	g.taken, g.part, g.cause, g.at = len(g.accepted)+1, 0, "", 0
	switch in.Kind {
	case Event:
		if !in.HasAt {
			in.At, in.HasAt = g.now, true
		}
		g.at = in.At
		out, err = g.event(&in)
	case Attributes:
		out, err = g.attributes(&in)
	case Manual:
		if in.At == 0 {
			in.At = g.now
		}
		g.at = in.At
		out, err = g.manual(&in)
	case List:
		out, err = g.list(in)
	case Retract:
		out, err = g.retract(in)
	case Spend, Return, Adjust:
		out, err = g.points(in)
	case SetTier:
		out, err = g.tier(in)
	case Coupon:
		out, err = g.coupon(in)
	case Change:
		out, err = g.change(&in)
	case Split:
		out, err = g.split(&in)
	case Forget:
		out, err = g.forget(&in)
	default:
		return Outcome{}, fmt.Errorf("an input of kind %d is none that the engine knows", in.Kind)
	}
	if err == nil && out.Status == Accepted {
		g.accepted = append(g.accepted, in)
	}
	return out, err
}

func rejected(format string, args ...any) (Outcome, error) {
	return Outcome{Status: Rejected, Reason: fmt.Sprintf(format, args...)}, nil
}

// member returns a member to be changed by the input in hand.
func (g *group) member(number uint32) (*member, error) {
	m, err := g.peek(number)
	if err != nil {
		return nil, err
	}
	if g.touched[number] == m {
		if m.input == g.taken && m.part == g.part && m.wave >= g.ran {
			m.at, m.cause = g.at, g.cause // the input before may have been refused
			return m, nil
		}
		if m.wave >= g.ran {
			if err := g.beforeOthers(); err != nil {
				return nil, err
			}
		}
	}
	m = m.clone()
	g.place(m)
	delete(g.seen, number)
	return m, nil
}

// lookup finds who has an id, this group's members included.
func (g *group) lookup(id ID) (uint32, bool) {
	if n, ok := g.byID[id]; ok {
		return n, n != nobody
	}
	index := g.engine.ids[id.Attribute]
	if index == nil {
		return 0, false
	}
	return index.Lookup([]byte(id.Text))
}

// known finds the one member that ids name, some of which may be nobody's. Ids of two members are refused.
func (g *group) known(ids []ID) (number uint32, reason string) {
	found := false
	for _, id := range ids {
		n, ok := g.lookup(id)
		switch {
		case !ok:
		case found && n != number:
			return 0, "the ids belong to two members"
		default:
			number, found = n, true
		}
	}
	switch {
	case len(ids) == 0:
		return 0, "no usable id"
	case !found:
		return 0, "nobody has this id"
	}
	return number, ""
}

func (g *group) event(in *Input) (Outcome, error) {
	w, conflict, reason, err := g.whose(in)
	if err != nil || reason != "" {
		return Outcome{Status: Rejected, Reason: reason}, err
	}
	if !w.New && in.Key != "" {
		for _, number := range append([]uint32{w.Member}, w.Absorbed...) {
			m, err := g.peek(number)
			if err != nil {
				return Outcome{}, err
			}
			if m.find(in.Type, in.Key) >= 0 {
				return Outcome{Status: Duplicate, Member: number}, nil
			}
		}
	}
	m, err := g.who(w, conflict)
	if err != nil {
		return Outcome{}, err
	}
	e := event{at: in.At, fields: fieldsOf(in.Values)}
	e.key = e.fields.shared(in.Key)
	if of, found := g.origin(m.number, in.IDs); found {
		e.fields = e.of(of)
	}
	m.insert(in.Type, e)
	return w.accepted(conflict), g.happened(m, in.Type, e)
}

// accepted is the outcome of an input that was taken.
func (w *Whose) accepted(conflict *storage.Conflict) Outcome {
	return Outcome{Status: Accepted, Member: w.Member, Absorbed: len(w.Absorbed), Conflict: conflict != nil}
}

// peek returns a member for reading.
func (g *group) peek(number uint32) (*member, error) {
	if m, ok := g.touched[number]; ok {
		return m, nil
	}
	if m, ok := g.seen[number]; ok {
		return m, nil
	}
	m, err := g.engine.current(number)
	if err == nil {
		g.seen[number] = m
	}
	return m, err
}

func (g *group) attributes(in *Input) (Outcome, error) {
	w, conflict, reason, err := g.whose(in)
	if err != nil || reason != "" {
		return Outcome{Status: Rejected, Reason: reason}, err
	}
	m, err := g.who(w, conflict)
	if err != nil {
		return Outcome{}, err
	}
	g.stamp(in)
	m.changeAttributes(func(values map[string]column.Value) {
		for _, name := range slices.Sorted(maps.Keys(in.Values)) {
			identity.Put(values, g.engine.isID, name, in.Values[name], in.Stamp)
		}
	})
	g.changedBeside(m, loyalty.Cause{Kind: "attributes"})
	return w.accepted(conflict), nil
}

// stamp gives an input that sets something its stamp, unless it is read back with one.
func (g *group) stamp(in *Input) {
	if in.Stamp == 0 {
		in.Stamp = g.stamps.Next(g.now)
	}
}

func (g *group) manual(in *Input) (Outcome, error) {
	number, reason := g.known(in.IDs)
	if reason != "" {
		return rejected("%s", reason)
	}
	m, err := g.member(number)
	if err != nil {
		return Outcome{}, err
	}
	name := storage.ManualPrefix + in.Tag
	g.stamp(in)
	m.changeAttributes(func(values map[string]column.Value) {
		identity.Put(values, g.engine.isID, name, in.Value, in.Stamp)
		if in.Value.Kind == 0 {
			delete(values, name+storage.ManualAtSuffix)
			delete(values, name+storage.ManualBySuffix)
		} else {
			values[name+storage.ManualAtSuffix], values[name+storage.ManualBySuffix] = column.Int(in.At), column.Text(in.By)
		}
	})
	g.changedBeside(m, loyalty.Cause{Kind: "tag", Key: in.Tag})
	return Outcome{Status: Accepted, Member: number}, nil
}

// list changes a list. Ids that nobody has are passed over.
func (g *group) list(in Input) (Outcome, error) {
	if err := g.beforeOthers(); err != nil {
		return Outcome{}, err
	}
	on := make(map[uint32]bool, len(in.IDs))
	for _, id := range in.IDs {
		if n, ok := g.lookup(id); ok {
			on[n] = true
		}
	}
	if in.Mode == Replace {
		before, err := g.listed(in.Name)
		if err != nil {
			return Outcome{}, err
		}
		for _, n := range before {
			if !on[n] {
				if err := g.enlist(in.Name, n, false); err != nil {
					return Outcome{}, err
				}
			}
		}
	}
	for _, n := range slices.Sorted(maps.Keys(on)) {
		if err := g.enlist(in.Name, n, in.Mode != Remove); err != nil {
			return Outcome{}, err
		}
	}
	return Outcome{Status: Accepted}, nil
}

func (g *group) enlist(list string, number uint32, on bool) error {
	m, err := g.member(number)
	if err != nil {
		return err
	}
	if on {
		m.setLists()[list] = true
		records, err := g.records(number)
		if err != nil {
			return err
		}
		identity.Enlisted(records, list)
	} else {
		delete(m.setLists(), list)
	}
	g.changedBeside(m, loyalty.Cause{Kind: "list", Key: list})
	return nil
}

// listed returns everybody on a list, by number.
func (g *group) listed(list string) ([]uint32, error) {
	stored, err := g.engine.base.List(list)
	if err != nil {
		return nil, err
	}
	var out []uint32
	if stored != nil {
		for it := stored.Iterator(); it.HasNext(); {
			n := it.Next()
			if lists, differs := g.listsOf(n); !differs || lists[list] {
				out = append(out, n)
			}
		}
	}
	for _, numbers := range []iter.Seq[uint32]{maps.Keys(g.touched), maps.Keys(g.engine.overlay)} {
		for n := range numbers {
			if lists, _ := g.listsOf(n); lists[list] && (stored == nil || !stored.Contains(n)) {
				out = append(out, n)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// listsOf are the lists of a member that differs from the store.
func (g *group) listsOf(n uint32) (lists map[string]bool, differs bool) {
	if m := g.touched[n]; m != nil {
		return m.lists, true
	}
	if r := g.engine.overlay[n]; r != nil {
		return r.lists, true
	}
	return nil, false
}

func (g *group) retract(in Input) (Outcome, error) {
	if in.Key == "" {
		return rejected("only an event with a key can be taken back")
	}
	number, reason := g.known(in.IDs)
	if reason != "" {
		return rejected("%s", reason)
	}
	m, err := g.peek(number)
	if err != nil {
		return Outcome{}, err
	}
	at := m.find(in.Type, in.Key)
	if at < 0 {
		return rejected("there is no %s with the key %q", in.Type, in.Key)
	}
	if err := g.retractDoubles(number, in.Type, in.Key); err != nil {
		return Outcome{}, err
	}
	if m, err = g.member(number); err != nil {
		return Outcome{}, err
	}
	e := m.events.of(in.Type)[at]
	m.remove(in.Type, at)
	return Outcome{Status: Accepted, Member: number}, g.retracted(m, in.Type, e)
}
