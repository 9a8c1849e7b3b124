package exprplan

import (
	"slices"
	"sort"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
)

// Slot is an aggregate over the member's events, and those events that counted, in order: in the window, not after now,
// taken by the where, with a known value where one is asked for.
func (e *Evaluator) Slot(w *World, m *Member, a *ir.Aggregate) (ir.Value, []Event, error) {
	if err := e.begin(w, m); err != nil {
		return ir.Value{}, nil, err
	}
	v, err := e.slot(a)
	if err != nil {
		e.Reset()
		return ir.Value{}, nil, err
	}
	counted, err := e.counted(a)
	if err != nil {
		e.Reset()
		return ir.Value{}, nil, err
	}
	events := make([]Event, len(counted))
	for i, c := range counted {
		events[i] = *c.event
	}
	return boxed(v, a.Type.Kind), events, nil
}

// slot is an aggregate, worked out once per member.
func (e *Evaluator) slot(a *ir.Aggregate) (any, error) {
	if v, ok := e.slots[a]; ok {
		return v, nil
	}
	counted, err := e.counted(a)
	if err != nil {
		return nil, err
	}
	var v any
	if a.Fn == ir.AggTop {
		v, err = e.top(a, counted)
	} else {
		v = fold(a.Fn, a.Value, counted)
	}
	if err != nil {
		return nil, err
	}
	e.slots[a] = v
	return v, nil
}

// counts is an event that counts, with its value.
type counts struct {
	event *Event
	value any
}

func (e *Evaluator) counted(a *ir.Aggregate) ([]counts, error) {
	if e.member.Events == nil {
		return nil, nil
	}
	before := e.event
	defer func() { e.event = before }()
	var out []counts
	events := e.member.Events(a.Event)
	for _, in := range e.window(a.Window) {
		from := sort.Search(len(events), func(i int) bool { return events[i].At >= in.Lo })
		for i := from; i < len(events) && events[i].At < in.Hi; i++ {
			e.event = &events[i]
			if a.Where != nil {
				taken, err := e.ofEvent(a.Where)
				if err != nil {
					return nil, err
				}
				if taken != true {
					continue
				}
			}
			c := counts{event: e.event}
			if a.Value != nil {
				v, err := e.ofEvent(a.Value)
				if err != nil {
					return nil, err
				}
				if v == nil {
					continue
				}
				c.value = v
			}
			out = append(out, c)
		}
	}
	return out, nil
}

func (e *Evaluator) window(w ir.Window) []calendar.Interval {
	p := e.plans.program
	return p.Zone.Window(w.Kind, w.N, w.Unit, e.bound(w.From), e.bound(w.To), e.now, p.WeekStart)
}

func (e *Evaluator) bound(b ir.Bound) calendar.Bound {
	kind := calendar.NoBound
	switch b.Kind {
	case ir.StartBound: // strictly after
		return calendar.Bound{Kind: calendar.TimeBound, Value: e.world.Start + 1}
	case ir.DateBound:
		kind = calendar.DateBound
	case ir.TimeBound:
		kind = calendar.TimeBound
	case ir.TodayBound:
		kind = calendar.TodayBound
	}
	return calendar.Bound{Kind: kind, Value: b.Value}
}

// ofEvent is a per-event node for the event in hand.
func (e *Evaluator) ofEvent(n *ir.Node) (any, error) {
	switch n.Op {
	case ir.OpField:
		return native(e.event.Fields[n.Index]), nil
	case ir.OpAt:
		return e.event.At, nil
	}
	return e.value(n)
}

// top is the value with the largest measure. Of equal measures the value with the latest event wins; a value whose
// measure is unknown does not compete.
func (e *Evaluator) top(a *ir.Aggregate, counted []counts) (any, error) {
	type rival struct {
		value    any
		last     int
		measured []counts
	}
	rivals := map[any]*rival{}
	for i, c := range counted {
		r := rivals[c.value]
		if r == nil {
			r = &rival{value: c.value}
			rivals[c.value] = r
		}
		r.last = i
		if a.By == nil {
			r.measured = append(r.measured, c)
			continue
		}
		by, err := e.measure(a.By, c.event)
		if err != nil {
			return nil, err
		}
		if by != nil {
			r.measured = append(r.measured, counts{c.event, by})
		}
	}
	var best *rival
	var most any
	for _, r := range rivals {
		measure := fold(a.ByFn, a.By, r.measured)
		if measure == nil {
			continue
		}
		if best != nil {
			if c := compare(measure, most); c < 0 || c == 0 && r.last < best.last {
				continue
			}
		}
		best, most = r, measure
	}
	if best == nil {
		return nil, nil
	}
	return best.value, nil
}

func (e *Evaluator) measure(by *ir.Node, event *Event) (any, error) {
	before := e.event
	defer func() { e.event = before }()
	e.event = event
	return e.ofEvent(by)
}

// fold is an aggregate function over known values in order of time. Value tells their kind, nil for count and has.
func fold(fn ir.AggFn, value *ir.Node, in []counts) any {
	switch fn {
	case ir.AggCount:
		return int64(len(in))
	case ir.AggHas:
		return len(in) > 0
	case ir.AggDistinct:
		different := map[any]bool{}
		for _, c := range in {
			different[c.value] = true
		}
		return int64(len(different))
	case ir.AggSet:
		return setOf(value.Type, in)
	case ir.AggSum:
		return sum(value.Type.Kind, in)
	}
	if len(in) == 0 {
		return nil
	}
	switch fn {
	case ir.AggAvg:
		return mean(value.Type.Kind, in)
	case ir.AggFirst:
		return in[0].value
	case ir.AggLast:
		return in[len(in)-1].value
	}
	best := in[0].value // min and max
	for _, c := range in {
		if d := compare(c.value, best); d < 0 && fn == ir.AggMin || d > 0 && fn == ir.AggMax {
			best = c.value
		}
	}
	return best
}

// setOf is the different texts of strings, rows or enum values, ascending.
func setOf(t ir.Type, in []counts) []string {
	texts := make([]string, 0, len(in))
	for _, c := range in {
		text, ok := c.value.(string)
		if !ok {
			text, ok = enumText(c.value.(int64), t.Enum)
		}
		if ok {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}
