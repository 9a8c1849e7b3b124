package live

import (
	"fmt"

	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/storage/column"
)

// outcome is what loyalty and campaigns made of one member in an entry of the journal. It is read back as it was written
// and never worked out again.
type outcome struct {
	// Input is the place of the input that it followed from among the entry's, from 1; 0 where time alone has passed.
	Input  int `json:",omitempty"`
	Member uint32
	Facts  []fact
}

// fact is an event of a hidden type. It happened at the clock of the entry, unless At says when.
type fact struct {
	Type   string
	At     int64 `json:",omitempty"`
	Fields map[string]column.Value
}

// fact puts a fact that follows at an instant into the engine's terms.
func (e *Engine) fact(f loyalty.Fact, now int64) fact {
	of := e.prog.Events[f.Type]
	out := fact{Type: of.Name, Fields: storedFields(f.Event, of)}
	if f.Event.At != now {
		out.At = f.Event.At
	}
	return out
}

// apply puts the facts of an outcome into a member's history.
func (o outcome) apply(m *member, at int64) {
	for _, f := range o.Facts {
		when := at
		if f.At != 0 {
			when = f.At
		}
		m.insert(f.Type, event{at: when, fields: f.Fields})
	}
}

// learn takes in how facts are stored of which neither the rules in force nor the store know.
func (k *kinds) learn(facts []fact) {
	for _, f := range facts {
		if k.fields[f.Type] == nil {
			k.fields[f.Type] = map[string]column.Kind{}
		}
		for name, v := range f.Fields {
			if _, ok := k.fields[f.Type][name]; !ok {
				k.fields[f.Type][name] = v.Kind
			}
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
