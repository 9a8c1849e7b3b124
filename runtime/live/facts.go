package live

import (
	"fmt"
	"iter"

	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/runtime/programme"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// outcome is what loyalty and campaigns made of one member in an entry of the journal. It is read back as it was written
// and never worked out again.
type outcome struct {
	// Input is the place of the input that it followed from among the entry's, from 1; 0 where time alone has passed.
	Input  int `json:",omitempty"`
	Member uint32
	Facts  []fact    `json:",omitempty"`
	Lists  []listing `json:",omitempty"`
}

// listing puts a member on a list, or takes it off.
type listing struct {
	List string
	On   bool
}

func (g *group) listing(c programme.ListChange) listing {
	return listing{g.engine.prog.Lists[c.List].Name, c.On}
}

func (l listing) apply(m *member) {
	if l.On {
		m.setLists()[l.List] = true
	} else {
		delete(m.setLists(), l.List)
	}
}

// keep keeps what has followed for a member.
func (g *group) keep(m *member, t *turn) {
	if len(t.facts)+len(t.lists) > 0 {
		g.outcomes = append(g.outcomes, outcome{Input: m.input, Member: m.number, Facts: t.facts, Lists: t.lists})
	}
	for _, one := range t.Outcome().Messages {
		g.messages = append(g.messages, storage.Message{
			Sink: g.engine.prog.Sinks[one.Sink].Name, Key: one.Key, Member: m.number, At: g.now, IDs: g.engine.idsOf(m),
			Template: one.Template, Values: one.Values,
		})
	}
}

// fact is an event of a hidden type. At is 0 where it happened at the clock of the entry.
type fact struct {
	Type   string
	At     int64 `json:",omitempty"`
	Fields fields
}

// fact puts a fact into the engine's terms.
func (g *group) fact(f loyalty.Fact) fact {
	of := g.engine.prog.Events[f.Type]
	out := fact{Type: of.Name, Fields: storedFields(f.Event, of)}
	if f.Event.At != g.now {
		out.At = f.Event.At
	}
	return out
}

// add puts a fact into a member's history.
func (m *member) add(f fact, clock int64) {
	at := f.At
	if at == 0 {
		at = clock
	}
	m.insert(f.Type, event{at: at, fields: f.Fields})
}

// apply puts the facts of an outcome into a member's history.
func (o outcome) apply(m *member, clock int64) {
	for _, f := range o.Facts {
		m.add(f, clock)
	}
	for _, l := range o.Lists {
		l.apply(m)
	}
}

// learn takes in how facts are stored of which neither the rules in force nor the store know.
func (k *kinds) learn(facts []fact) {
	for _, f := range facts {
		k.learnFields(f.Type, f.Fields.all())
	}
}

// learnFields takes in how the fields of an event are stored.
func (k *kinds) learnFields(of string, values iter.Seq2[string, column.Value]) {
	known := k.fields[of]
	if known == nil {
		known = map[string]column.Kind{}
		k.fields[of] = known
	}
	for name, v := range values {
		if known[name] == 0 && v.Kind != 0 {
			known[name] = v.Kind
		}
	}
}

// replayOutcomes puts in what followed from an input, or from time.
func (g *group) replayOutcomes(all []outcome, input int) ([]outcome, error) {
	for len(all) > 0 && all[0].Input == input {
		m, err := g.member(all[0].Member)
		if err != nil {
			return nil, err
		}
		if m.number >= g.members {
			return nil, fmt.Errorf("what followed from an input is of member %d, and there is none", m.number)
		}
		all[0].apply(m, g.now)
		g.engine.kinds.learn(all[0].Facts)
		all = all[1:]
	}
	return all, nil
}
