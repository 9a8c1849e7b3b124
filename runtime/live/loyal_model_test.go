package live

import (
	"fmt"
	"slices"
	"sort"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/programme"
)

// loyalModel takes inputs one at a time and does what package programme says, member by member, with expression plans:
// no groups, no waves, no columns.
type loyalModel struct {
	prog      *ir.Program
	eval      *exprplan.Evaluator
	conductor *programme.Conductor
	people    []*loyalPerson
	byPhone   map[string]int
	clock     int64
	stamps    int64
	made      int
	issued    map[int]int64
	log       []Crossing
	messages  []string
}

type loyalPerson struct {
	number int
	phone  string
	vip    ir.Value
	events map[int][]exprplan.Event
	lists  map[int]bool
	inside []bool
	exprplan.Member
}

func newLoyalModel(prog *ir.Program, clock int64) (*loyalModel, error) {
	c, err := programme.New(prog, loyalty.RevisionOf(prog))
	if err != nil {
		return nil, err
	}
	eval, err := exprplan.New(prog)
	return &loyalModel{prog: prog, eval: eval, conductor: c, byPhone: map[string]int{}, clock: clock, issued: map[int]int64{}}, err
}

func (m *loyalModel) world() *exprplan.World { return &exprplan.World{Program: m.prog, Now: m.clock} }

// of returns the member with a phone, new if there is none.
func (m *loyalModel) of(phone string) *loyalPerson {
	if n, ok := m.byPhone[phone]; ok {
		return m.people[n]
	}
	p := &loyalPerson{
		number: len(m.people), phone: phone, vip: ir.Unknown(ir.Bool), events: map[int][]exprplan.Event{}, lists: map[int]bool{},
		inside: make([]bool, len(m.prog.Segments)),
	}
	m.byPhone[phone] = p.number
	p.Member = exprplan.Member{
		Number: uint32(p.number),
		Attribute: func(i int) ir.Value {
			if m.prog.Attributes[i].ID != nil {
				return ir.StringValue(p.phone)
			}
			return p.vip
		},
		OnList: func(i int) bool { return p.lists[i] },
		Events: func(i int) []exprplan.Event { return p.events[i] },
	}
	m.people = append(m.people, p)
	return p
}

func (p *loyalPerson) insert(kind int, e exprplan.Event) {
	all := p.events[kind]
	i := sort.Search(len(all), func(i int) bool { return all[i].At > e.At })
	p.events[kind] = slices.Insert(slices.Clone(all), i, e)
}

func (m *loyalModel) begin(p *loyalPerson, in programme.Input) *programme.Turn {
	m.eval.Reset()
	member := p.Member
	return m.conductor.Begin(m.world(), &member, programme.Hands{
		Stamp: func() int64 { m.stamps++; return m.stamps },
		Supply: loyalty.Supply{
			Take: func(i int) bool {
				if stock := m.prog.Coupons[i].Stock; stock != nil && m.issued[i] >= *stock {
					return false
				}
				m.issued[i]++
				return true
			},
			Give: func(i int) { m.issued[i]-- },
			Code: func() (string, error) { m.made++; return fmt.Sprint("code ", m.made), nil },
		},
	}, in)
}

// finish settles a turn, follows its crossings and keeps what comes of it; the first kept facts are in the history.
func (m *loyalModel) finish(p *loyalPerson, t *programme.Turn, kept int, cause string) error {
	if err := t.Settle(); err != nil {
		return err
	}
	for more := true; more; {
		crossings, err := m.cross(p, t.Member(), cause)
		if err != nil {
			return err
		}
		if more, err = t.Crossed(crossings); err != nil {
			return err
		}
	}
	m.keep(p, t, kept)
	return nil
}

func (m *loyalModel) keep(p *loyalPerson, t *programme.Turn, kept int) {
	out := t.Outcome()
	for _, f := range out.Facts[kept:] {
		p.insert(f.Type, f.Event)
	}
	for _, c := range out.Lists {
		p.lists[c.List] = c.On
	}
	for _, one := range out.Messages {
		m.messages = append(m.messages, fmt.Sprint(p.number, " ", one.Template, " ", string(one.Values)))
	}
}

func (m *loyalModel) cross(p *loyalPerson, as *exprplan.Member, cause string) (out []programme.Crossing, err error) {
	m.eval.Reset()
	w := m.world()
	for i, s := range m.prog.Segments {
		v, err := m.eval.Value(w, as, s.Expr)
		if err != nil {
			return nil, err
		}
		if in := v.True(); in != p.inside[i] {
			p.inside[i] = in
			m.log = append(m.log, Crossing{uint64(len(m.log)) + 1, s.Name, uint32(p.number), in, m.clock, cause})
			out = append(out, programme.Crossing{Segment: i, Entered: in})
		}
	}
	return out, nil
}

// pass lets time pass through every instant at which something may happen.
func (m *loyalModel) pass(to int64) error {
	for {
		next := m.prog.Zone.NextDateChange(m.clock)
		if at, ok := m.conductor.NextSchedule(m.clock); ok {
			next = min(next, at)
		}
		m.eval.Reset()
		for _, p := range m.people {
			if at, ok := m.conductor.Next(m.world(), &p.Member); ok {
				next = min(next, at)
			}
		}
		if next > to {
			m.clock = max(m.clock, to)
			return nil
		}
		m.clock = next
		if err := m.instant(); err != nil {
			return err
		}
	}
}

// instant does what is due, for everybody, in rounds.
func (m *loyalModel) instant() error {
	turns, kept := make([]*programme.Turn, len(m.people)), make([]int, len(m.people))
	for i, p := range m.people {
		turns[i] = m.begin(p, programme.Input{})
		if err := turns[i].Due(); err != nil {
			return err
		}
		if err := turns[i].Settle(); err != nil {
			return err
		}
	}
	if err := m.rounds(turns, kept); err != nil {
		return err
	}
	campaigns := m.conductor.Scheduled(m.clock)
	of := make([][]int, len(m.people))
	for i, p := range m.people {
		for _, c := range campaigns {
			if p.inside[m.prog.Campaigns[c].Trigger.Index] {
				of[i] = append(of[i], c)
			}
		}
	}
	later := make([]*programme.Turn, len(m.people))
	for i, p := range m.people {
		if len(of[i]) == 0 {
			continue
		}
		t := m.begin(p, programme.Input{})
		more, err := t.Scheduled(of[i])
		if err != nil {
			return err
		}
		if more {
			later[i] = t
		} else {
			m.keep(p, t, 0)
		}
	}
	return m.rounds(later, make([]int, len(m.people)))
}

// rounds evaluates the members with turns, one round after another, and keeps what follows.
func (m *loyalModel) rounds(turns []*programme.Turn, kept []int) error {
	going := slices.Clone(turns)
	for {
		var crossed [][]programme.Crossing
		for i, t := range going {
			var own []programme.Crossing
			if t != nil {
				var err error
				if own, err = m.cross(m.people[i], t.Member(), "time"); err != nil {
					return err
				}
			}
			crossed = append(crossed, own)
		}
		any := false
		for i, t := range going {
			if t == nil {
				continue
			}
			m.eval.Reset()
			more, err := t.Crossed(crossed[i])
			if err != nil {
				return err
			}
			if any = any || more; !more {
				going[i] = nil
			}
		}
		if !any {
			break
		}
	}
	for i, t := range turns {
		if t != nil {
			m.keep(m.people[i], t, kept[i])
		}
	}
	return nil
}

// take takes an input that is accepted or not; it tells how it ends.
func (m *loyalModel) take(in Input) (Status, error) {
	if in.Kind == List {
		return m.list(in)
	}
	n, found := m.byPhone[in.IDs[0].Text]
	if !found && in.Kind != Event && in.Kind != Attributes {
		return Rejected, nil
	}
	switch in.Kind {
	case Event:
		return m.event(in)
	case Attributes:
		p := m.of(in.IDs[0].Text)
		p.vip = runtime.FromStored(in.Values["vip"], ir.Type{Kind: ir.Bool})
		t := m.begin(p, programme.Input{})
		t.Changed(loyalty.Cause{Kind: "attributes"})
		return Accepted, m.finish(p, t, 0, "input")
	case Retract:
		p, kind := m.people[n], m.kind(in.Type)
		i := slices.IndexFunc(p.events[kind], func(e exprplan.Event) bool { return e.Fields[m.prog.Events[kind].Key].S == in.Key })
		if i < 0 {
			return Rejected, nil
		}
		e := p.events[kind][i]
		p.events[kind] = slices.Delete(slices.Clone(p.events[kind]), i, i+1)
		t := m.begin(p, programme.Input{})
		if err := t.Retracted(kind, e); err != nil {
			return 0, err
		}
		return Accepted, m.finish(p, t, 0, "input")
	}
	return m.ask(m.people[n], in)
}

func (m *loyalModel) kind(name string) int {
	return slices.IndexFunc(m.prog.Events, func(e *ir.Event) bool { return e.Name == name })
}

func (m *loyalModel) event(in Input) (Status, error) {
	kind := m.kind(in.Type)
	decl := m.prog.Events[kind]
	p := m.of(in.IDs[0].Text)
	if in.Key != "" && slices.ContainsFunc(p.events[kind], func(e exprplan.Event) bool { return e.Fields[decl.Key].S == in.Key }) {
		return Duplicate, nil
	}
	at := in.At
	if !in.HasAt {
		at = m.clock
	}
	e := planEvents([]event{{at: at, fields: fieldsOf(in.Values)}}, decl, nil)[0]
	p.insert(kind, e)
	t := m.begin(p, programme.Input{At: at})
	if err := t.Happened(kind, e); err != nil {
		return 0, err
	}
	return Accepted, m.finish(p, t, 0, "input")
}

// list changes a list; crossings of one input are in order of members, round by round.
func (m *loyalModel) list(in Input) (Status, error) {
	list := slices.IndexFunc(m.prog.Lists, func(l *ir.List) bool { return l.Name == in.Name })
	var members []int
	for _, id := range in.IDs {
		if n, ok := m.byPhone[id.Text]; ok && !slices.Contains(members, n) {
			members = append(members, n)
		}
	}
	slices.Sort(members)
	turns := make([]*programme.Turn, len(m.people))
	for _, n := range members {
		m.people[n].lists[list] = in.Mode != Remove
		turns[n] = m.begin(m.people[n], programme.Input{})
		turns[n].Changed(loyalty.Cause{Kind: "list", Key: in.Name})
		if err := turns[n].Settle(); err != nil {
			return 0, err
		}
	}
	from := len(m.log)
	err := m.rounds(turns, make([]int, len(m.people)))
	for i := from; i < len(m.log); i++ {
		m.log[i].Cause = "input"
	}
	return Accepted, err
}

func (m *loyalModel) ask(p *loyalPerson, in Input) (Status, error) {
	if in.Kind == SetTier && *in.Ask.Until < m.prog.Zone.DateOf(m.clock) {
		return Rejected, nil
	}
	t := m.begin(p, programme.Input{})
	var err error
	switch a := t.Account(loyalty.Cause{Kind: in.kindName(), Key: in.askKey()}); in.Kind {
	case Spend:
		err = a.Spend(0, in.Ask.Points, in.Ask.Key)
	case Return:
		err = a.Return(0, in.Ask.Points, in.Ask.Spent, in.Ask.Key)
	case Adjust:
		err = a.Adjust(0, in.Ask.Points, in.Ask.Until, in.Ask.Key)
	case SetTier:
		a.SetTier(0, m.prog.Tiers[0].Enum.Ordinal(in.Ask.Tier), in.Ask.Until, in.Ask.By)
	}
	switch err {
	case nil:
		return Accepted, m.finish(p, t, 0, "input")
	case loyalty.ErrTwice:
		return Duplicate, nil
	}
	return Rejected, nil
}

func (in Input) kindName() string {
	return map[Kind]string{Spend: "spend", Return: "return", Adjust: "adjust", SetTier: "manual"}[in.Kind]
}

func (in Input) askKey() string { return in.Ask.Key }

// recorded are the facts of a member of one type, without what is numbered or made up on the way.
func recorded(decl *ir.Event, events []exprplan.Event) (out []string) {
	made := map[string]bool{
		ir.FactLot: true, ir.FactFor: true, ir.FactCode: true, ir.FactRun: true, ir.FactMessage: true, ir.FactCauseKey: true,
	}
	for _, e := range events {
		text := utc(e.At)
		for i, f := range decl.Fields {
			if v := e.Fields[i]; v.Known && !made[f.Name] {
				text += fmt.Sprintf(" %s=%d%s", f.Name, v.I, v.S)
			}
		}
		out = append(out, text)
	}
	return out
}
