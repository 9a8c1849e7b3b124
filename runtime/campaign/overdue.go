package campaign

import (
	"fmt"
	"slices"
	"strings"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/runtime/asjson"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// Overdue is a case whose deadline has passed while it was open.
type Overdue struct {
	Case   int // of Program.Cases
	Ticket string
	Opened int64
}

// Overdue does what the rules say of a case that is overdue, with the opening event in hand. A message in the quiet hours
// of its sink is held until they end; of what cannot be done nothing is recorded, and the rest is done.
func (s *Scene) Overdue(o Overdue) (acted bool, err error) {
	s.acted = false
	for step := range s.p.prog.Cases[o.Case].Overdue {
		if err := s.overdue(o, step); err != nil {
			return s.acted, err
		}
	}
	return s.acted, nil
}

func (s *Scene) overdue(o Overdue, step int) error {
	c := s.p.prog.Cases[o.Case]
	a := c.Overdue[step]
	v := &version{prog: s.p.prog, eval: s.p.keeper.Evaluator()}
	f := s.frame(v, &Run{Start: s.now()}, s.opening(o))
	if ok, err := f.holds(a.When); !ok || err != nil {
		return err
	}
	d := deed{
		frame: f, action: a, step: step, index: a.Index, name: c.Name,
		cause: loyalty.Cause{Kind: "case", Key: c.Name + "/" + o.Ticket},
		key:   fmt.Sprintf("%s:%s@%d:%d:%d", c.Name, o.Ticket, o.Opened, step, s.member.Number),
	}
	if a.Kind == dsl.SendTo {
		sink := s.p.prog.Sinks[a.Index]
		if until, ok := quiet(s.p.prog.Zone, sink.Quiet, s.now()); ok {
			s.account.Record(sink.Facts, whatHold, d.cause, loyalty.Text(ir.FactMessage, d.key), loyalty.Time(ir.FactUntil, until),
				loyalty.Number(ir.FactStep, int64(step)), loyalty.Time(ir.FactEventAt, o.Opened), loyalty.Text(ir.FactWhy, whyQuiet))
			s.acted = true
			return nil
		}
	}
	_, _, err := d.do()
	return err
}

// opening is the event that opened a case; its fields are unknown if it is in the history no more.
func (s *Scene) opening(o Overdue) *exprplan.Event {
	c := s.p.prog.Cases[o.Case]
	fields := s.p.prog.Events[c.Open].Fields
	for _, e := range s.account.Facts(c.Open) {
		if e.At == o.Opened && asjson.Value(s.p.prog, e.Fields[c.OpenMatch], fields[c.OpenMatch].Type) == any(o.Ticket) {
			return &e
		}
	}
	e := &exprplan.Event{At: o.Opened}
	for _, f := range fields {
		e.Fields = append(e.Fields, ir.Unknown(f.Type.Kind))
	}
	return e
}

// held is a message of a case that waits for the end of quiet hours.
type held struct {
	key   string
	until int64
	cause string // its name, a slash and the ticket
	at    int64
	step  int
}

// held are the messages of a sink that wait.
func (s *Scene) held(sink int) (out []held) {
	facts, k := s.p.prog.Sinks[sink].Facts, s.p.keeper
	for _, e := range s.account.Facts(facts) {
		number := func(name string) int64 { return k.Field(facts, e, name).I }
		key := k.Field(facts, e, ir.FactMessage).S
		switch k.Field(facts, e, ir.FactWhat).S {
		case whatHold:
			out = append(out, held{key, number(ir.FactUntil), k.Field(facts, e, ir.FactCauseKey).S, number(ir.FactEventAt), int(number(ir.FactStep))})
		case whatRelease:
			out = slices.DeleteFunc(out, func(h held) bool { return h.key == key })
		}
	}
	return out
}

// release sends what was held until now.
func (s *Scene) release() error {
	for i, sink := range s.p.prog.Sinks {
		for _, h := range s.held(i) {
			if h.until > s.now() {
				continue
			}
			name, ticket, _ := strings.Cut(h.cause, "/")
			s.account.Record(sink.Facts, whatRelease, loyalty.Cause{Kind: "case", Key: h.cause}, loyalty.Text(ir.FactMessage, h.key))
			s.acted = true
			c := slices.IndexFunc(s.p.prog.Cases, func(c *ir.Case) bool { return c.Name == name })
			if c < 0 || h.step >= len(s.p.prog.Cases[c].Overdue) {
				continue
			}
			if err := s.overdue(Overdue{Case: c, Ticket: ticket, Opened: h.at}, h.step); err != nil {
				return err
			}
		}
	}
	return nil
}
