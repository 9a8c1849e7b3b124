package live

import (
	"context"
	"maps"
	"slices"

	"github.com/muster-engine/muster/runtime/identity"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Held is all that is held of a member, in the terms of the store.
type Held struct {
	Number    uint32
	Live      bool
	IDs       []storage.ID
	Set       map[string]storage.Stamped // attributes and manual tags, by stored name, with when they were set
	Lists     []string
	Events    map[string][]Moment // by type, facts among them
	Merges    []*storage.Merge    // of those who became part of it, or of one who did
	Conflicts []storage.Conflict  // in which it or one of those takes part
	Crossings []Crossing          // of it and of those
	Messages  []storage.Message   // that are not handed over yet
}

// Moment is an event as it is stored; Of is the absorbed member that brought it, if one did.
type Moment struct {
	At     int64
	Fields map[string]column.Value
	Of     *uint32
}

// Held returns all that is held of a member; of one who became part of another, what is held of that one.
func (e *Engine) Held(number uint32) (*Held, error) {
	m, err := e.current(number)
	if err != nil {
		return nil, err
	}
	for !m.live && m.merge != nil {
		if m, err = e.current(m.merge.Survivor); err != nil {
			return nil, err
		}
	}
	h := &Held{
		Number: m.number, Live: m.live, IDs: e.idsOf(m), Set: identity.Read(m.attributes.values(), e.isID),
		Lists: slices.Sorted(maps.Keys(m.lists)), Events: map[string][]Moment{},
	}
	for _, of := range m.events {
		kind := of.kind
		for _, one := range of.events {
			at := Moment{At: one.at, Fields: one.fields.values()}
			if of := one.fields.get(storage.OfField); of.Kind != 0 {
				n := uint32(of.Int)
				at.Of = &n
			}
			h.Events[kind] = append(h.Events[kind], at)
		}
	}
	of := map[uint32]bool{m.number: true}
	if err := e.heldMerges(h, m.number, of); err != nil {
		return nil, err
	}
	return h, e.heldBeside(h, of)
}

func (e *Engine) heldMerges(h *Held, survivor uint32, of map[uint32]bool) error {
	e.mu.RLock()
	all := e.absorbed[survivor]
	e.mu.RUnlock()
	for _, a := range all {
		m, err := e.current(a.member)
		if err != nil {
			return err
		}
		if m.merge == nil { // it was given back meanwhile
			continue
		}
		of[a.member] = true
		h.Merges = append(h.Merges, m.merge)
		if err := e.heldMerges(h, a.member, of); err != nil {
			return err
		}
	}
	return nil
}

// heldBeside reads what does not lie with the members.
func (e *Engine) heldBeside(h *Held, of map[uint32]bool) error {
	err := e.store.Conflicts(0, func(c storage.Conflict) (bool, error) {
		if of[c.Member] || slices.ContainsFunc(c.Others, func(n uint32) bool { return of[n] }) {
			h.Conflicts = append(h.Conflicts, c)
		}
		return true, nil
	})
	if err != nil {
		return err
	}
	err = e.store.Crossings(0, func(_ uint64, record []byte) (bool, error) {
		list, err := decodeCrossings(record)
		for _, c := range list {
			if of[c.Member] {
				h.Crossings = append(h.Crossings, c)
			}
		}
		return true, err
	})
	if err != nil {
		return err
	}
	sinks, err := e.store.Sinks()
	for _, sink := range sinks {
		for after := uint64(0); err == nil; {
			var some []storage.Message
			if some, err = e.store.Pending(sink.Sink, after, 1000); len(some) == 0 {
				break
			}
			for _, one := range some {
				if of[one.Member] {
					h.Messages = append(h.Messages, one)
				}
			}
			after = some[len(some)-1].Seq
		}
	}
	return err
}

// ReadHeld is [Engine.Held] of a store that no engine keeps and that has no journal.
func ReadHeld(_ context.Context, opt Options, number uint32) (*Held, error) {
	e, err := newEngine(opt)
	if err != nil {
		return nil, err
	}
	return e.Held(number)
}

// Merges returns the records of all merges that hold, by the absorbed members' numbers.
func (e *Engine) Merges() ([]*storage.Merge, error) {
	e.mu.RLock()
	var numbers []uint32
	for _, of := range e.absorbed {
		for _, a := range of {
			numbers = append(numbers, a.member)
		}
	}
	e.mu.RUnlock()
	slices.Sort(numbers)
	var out []*storage.Merge
	for _, n := range numbers {
		m, err := e.current(n)
		if err != nil {
			return nil, err
		}
		if m.merge != nil {
			out = append(out, m.merge)
		}
	}
	return out, nil
}

// texts are everything in words that is held of a member: what an erasure has to leave no trace of. Codes of enums are
// among them, which others have too.
func (h *Held) texts() []string {
	all := map[string]bool{}
	add := func(v column.Value) {
		if v.Kind == column.Texts {
			all[v.Text] = true
		}
		for _, text := range v.Set {
			all[text] = true
		}
	}
	for _, s := range h.Set {
		add(s.Value)
	}
	for _, events := range h.Events {
		for _, e := range events {
			for _, v := range e.Fields {
				add(v)
			}
		}
	}
	for _, m := range h.Merges {
		for _, set := range []map[string]storage.Stamped{m.Attributes, m.Replaced} {
			for _, s := range set {
				add(s.Value)
			}
		}
		for _, d := range m.Doubles {
			for _, v := range d.Fields {
				add(v)
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// Traces are the texts that an erasure is held to: the ids in all their spellings, and whatever is long enough to tell one
// member from another.
func (h *Held) Traces() []string {
	const telling = 8 // bytes
	var out []string
	for _, id := range h.IDs {
		out = append(out, identity.Spellings(id.Text)...)
	}
	for _, m := range h.Merges {
		for _, id := range m.IDs {
			out = append(out, identity.Spellings(id.Text)...)
		}
	}
	for _, text := range h.texts() {
		if len(text) >= telling {
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(text string) bool { return len(text) < 4 })
}
