package live

import (
	"errors"

	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// AsOf returns a view of what is known now as if the clock stood at another instant. It answers some questions and is
// then dropped: it does not follow later changes as a whole.
func (e *Engine) AsOf(at int64) *runtime.View {
	prog := e.View().Program()
	e.mu.RLock()
	members := e.members
	e.mu.RUnlock()
	view := runtime.New(prog, e.base, runtime.Options{}).BesideAsOf(at, members, &runtime.Upkeep{Changed: e.changed})
	return e.watched.add(view)
}

// Present is the instant that the store's clock shows. [Engine.View] may stand a little before it: at the last instant at
// which something that the rules declare has changed.
func (e *Engine) Present() int64 {
	return max(e.Clock(), e.store.Clock().Now(e.opt.System()))
}

// Holds is up to when what a view says holds: of the standing one the present, unless something that changes by then has
// not changed yet; of another one its instant.
func (e *Engine) Holds(view *runtime.View) int64 {
	if view != e.View() {
		return view.Now()
	}
	return max(view.Now(), min(e.Present(), e.next.Load()-1))
}

// Person returns a member, as of now, for questions at the instant of a view.
func (e *Engine) Person(view *runtime.View, number uint32) (*runtime.Person, error) {
	m, err := e.current(number)
	if err != nil {
		return nil, err
	}
	return view.PersonIn(e.rowsBeside([]*member{m}))
}

// People is [Engine.Person] of many: what it returns gives the i-th of them, and makes the one that it gave before another.
func (e *Engine) People(view *runtime.View, numbers []uint32) (func(i int) (*runtime.Person, error), error) {
	members := make([]*member, len(numbers))
	for i, number := range numbers {
		m, err := e.current(number)
		if err != nil {
			return nil, err
		}
		members[i] = m
	}
	p, err := view.PersonIn(e.rowsBeside(members))
	if err != nil {
		return nil, err
	}
	return func(i int) (*runtime.Person, error) { return p, p.Become(uint32(i)) }, nil
}

// Marked tells when a manual tag of a member was set, in microseconds, and by whom; false if it is not set.
func (e *Engine) Marked(number uint32, tag string) (at int64, by string, ok bool, err error) {
	m, err := e.current(number)
	if err != nil {
		return 0, "", false, err
	}
	name := storage.ManualPrefix + tag
	when := m.attributes.get(name + storage.ManualAtSuffix)
	return when.Int, m.attributes.get(name + storage.ManualBySuffix).Text, when.Kind != 0, nil
}

// IDs returns the ids that members have, for each in the order in which the rules declare them. The numbers ascend.
func (e *Engine) IDs(numbers []uint32) ([][]ID, error) {
	out := make([][]ID, len(numbers))
	for _, a := range e.View().Program().Attributes {
		if a.ID == nil {
			continue
		}
		texts := idReader{engine: e, attribute: a.Name, block: -1}
		for i, n := range numbers {
			v, err := texts.value(n)
			if err != nil {
				return nil, err
			}
			switch v.Kind {
			case column.Texts:
				out[i] = append(out[i], ID{a.Name, v.Text})
			case column.Sets:
				for _, text := range v.Set {
					out[i] = append(out[i], ID{a.Name, text})
				}
			}
		}
	}
	return out, nil
}

// idReader reads one attribute of members, block by block.
type idReader struct {
	engine    *Engine
	attribute string
	block     int
	column    *column.Column
	from      *stored
}

func (r *idReader) value(number uint32) (column.Value, error) {
	r.engine.mu.RLock()
	changed, from := r.engine.overlay[number], r.engine.base.now.Load()
	r.engine.mu.RUnlock()
	if changed != nil {
		return changed.attributes().get(r.attribute), nil
	}
	if block := int(number / column.Block); block != r.block || from != r.from {
		c, err := r.engine.base.Attribute(r.attribute, block)
		if err != nil {
			return column.Value{}, err
		}
		r.column, r.block, r.from = c, block, from
	}
	return r.column.Value(int(number % column.Block)), nil
}

// State is how an engine is doing.
type State struct {
	// Clock is the instant up to which time has passed, in microseconds; see [Engine.Holds].
	Clock int64
	// Members is how many numbers have been given; Changed how many members differ from the store's columns.
	Members, Changed int
	// Crossed is the number of the last crossing.
	Crossed uint64
	// Waiting is how many submissions have not been taken yet.
	Waiting int
	// Fault is why time cannot pass, or why the last checkpoint failed; nil when both go well.
	Fault error
}

// State tells how the engine is doing.
func (e *Engine) State() State {
	e.mu.RLock()
	s := State{Members: int(e.members), Changed: len(e.overlay)}
	e.mu.RUnlock()
	e.feed.mu.Lock()
	s.Crossed, s.Fault = e.feed.last, errors.Join(e.feed.faults[:]...)
	e.feed.mu.Unlock()
	s.Clock, s.Waiting = e.Holds(e.View()), len(e.queue)
	return s
}
