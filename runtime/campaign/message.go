package campaign

import (
	"encoding/json"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/asjson"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// Message is something that a sink is to get.
type Message struct {
	Sink int // of Program.Sinks
	// Key tells the message from every other one: the campaign, the run, the step and the member.
	Key      string
	Template string
	// Values is a JSON object of the values in the order in which they are written: numbers as numbers (money exactly, in the
	// major unit), dates and times as ISO 8601 texts, null for unknown. Nil where there are none.
	Values json.RawMessage
}

const (
	whatSent    = "sent"
	whatRelease = "release"
)

// whyNoID is why a message cannot be sent: nobody outside would know whom it is for.
const whyNoID = "the member has no id"

// send hands a message to a sink, unless the sink's cap is reached.
func (d deed) send() (did []loyalty.Field, why string, err error) {
	s := d.frame.s
	sink := s.p.prog.Sinks[d.index]
	if !s.hasID() {
		return nil, whyNoID, nil
	}
	fields := []loyalty.Field{
		loyalty.Text(ir.FactMessage, d.key), loyalty.Text(ir.FactRule, d.action.Template), loyalty.Number(ir.FactStep, int64(d.step)),
	}
	for _, limit := range sink.Caps {
		if s.sent(sink, limit) >= limit.N {
			s.account.Record(sink.Facts, whatDrop, d.cause, append(fields, loyalty.Text(ir.FactWhy, whyCap))...)
			s.acted = true
			return []loyalty.Field{loyalty.Text(ir.FactWhy, whyCap)}, "", nil
		}
	}
	values, err := d.values()
	if err != nil {
		return nil, "", err
	}
	s.account.Record(sink.Facts, whatSent, d.cause, append(fields, loyalty.Number(ir.FactSent, 1))...)
	s.messages = append(s.messages, Message{Sink: d.index, Key: d.key, Template: d.action.Template, Values: values})
	s.acted = true
	return []loyalty.Field{loyalty.Text(ir.FactMessage, d.key)}, "", nil
}

func (s *Scene) hasID() bool {
	if s.member.Attribute == nil {
		return false
	}
	for i, a := range s.p.prog.Attributes {
		if a.ID != nil && s.member.Attribute(i).Known {
			return true
		}
	}
	return false
}

// sent is how many messages the member was sent through a sink in the period of a cap that now is in.
func (s *Scene) sent(sink *ir.Sink, limit ir.Cap) (n int64) {
	from, to := s.p.keeper.Span(limit, s.now())
	for _, e := range s.account.Facts(sink.Facts) {
		if from <= e.At && e.At <= to {
			n += s.p.keeper.Field(sink.Facts, e, ir.FactSent).I
		}
	}
	return n
}

// values evaluates what a message says.
func (d deed) values() (json.RawMessage, error) {
	if len(d.action.With) == 0 {
		return nil, nil
	}
	p := d.frame.v.prog
	out := []byte("{")
	for i, entry := range d.action.With {
		v, err := d.frame.value(entry.Value)
		if err != nil {
			return nil, err
		}
		key, err := json.Marshal(entry.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(asjson.Value(p, v, entry.Value.Type))
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}'), nil
}
