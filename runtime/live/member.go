package live

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// member is the whole state of one member, apart from the store's columns. It is changed only while it belongs to a
// group that is not yet applied, and is replaced by a changed copy.
type member struct {
	number     uint32
	live       bool
	attributes fields
	events     histories
	lists      map[string]bool
	// Lists are shared with the member that this one was made from until one of the two changes them.
	ownLists bool

	// Of a member of a group: the input that made it what it is, the wave that it is in, its turn there, and whether it
	// differs from what it was before the group.
	input, wave int
	at          int64 // that the input gives, 0 for the present
	turn        *turn
	told        []tidings // what its turn is still to hear
	altered     bool
	judged      bool // it has been evaluated, and nothing that tags or segments read has followed since
	// Of one input there may be two versions: part tells which, and cause is why, if it is not the input itself.
	part  int
	cause string

	// merge is the record of a member that became part of another; it is replaced and not changed.
	merge *storage.Merge
	// unmerged says that the store may still have a record of a merge that does not hold any more.
	unmerged bool
}

func newMember(number uint32) *member {
	return &member{number: number, live: true}
}

// empty takes everything from a member.
func (m *member) empty() {
	m.attributes, m.events, m.lists, m.merge = fields{}, nil, nil, nil
}

// event is one event.
type event struct {
	at     int64
	key    string
	fields fields
}

func (m *member) clone() *member {
	if m.ownLists { // one that others read has none of its own
		m.ownLists = false
	}
	out := *m
	out.turn, out.told, out.altered, out.judged = nil, nil, false, false
	out.events = slices.Clone(m.events)
	return &out
}

// changeAttributes lets f change the attributes, by stored name.
func (m *member) changeAttributes(f func(values map[string]column.Value)) {
	values := m.attributes.values()
	f(values)
	m.attributes = fieldsOf(values)
}

// setLists are the lists, to be changed.
func (m *member) setLists() map[string]bool {
	if !m.ownLists {
		m.lists, m.ownLists = maps.Clone(m.lists), true
	}
	if m.lists == nil {
		m.lists = make(map[string]bool)
	}
	return m.lists
}

// histories are all events of a member, by type: few types, in the order of their names.
type histories []typed

// typed are the events of a type, in order of time, then of arrival. They are replaced and not changed.
type typed struct {
	kind   string
	events []event
}

func (h histories) place(kind string) (int, bool) {
	return slices.BinarySearchFunc(h, kind, func(t typed, kind string) int { return strings.Compare(t.kind, kind) })
}

// of are the events of a type.
func (h histories) of(kind string) []event {
	if i, ok := h.place(kind); ok {
		return h[i].events
	}
	return nil
}

// set replaces the events of a type.
func (h *histories) set(kind string, events []event) {
	i, ok := h.place(kind)
	switch {
	case ok && len(events) == 0:
		*h = slices.Delete(*h, i, i+1)
	case ok:
		(*h)[i].events = events
	case len(events) > 0:
		*h = slices.Insert(*h, i, typed{kind, events})
	}
}

// find returns the place of the event with a key, or -1.
func (m *member) find(kind, key string) int {
	return keyed(m.events.of(kind), key)
}

// keyed is the place of the event with a key among some, or -1.
func keyed(events []event, key string) int {
	return slices.IndexFunc(events, func(e event) bool { return e.key == key })
}

// insert adds an event after those of the same time.
func (m *member) insert(kind string, e event) {
	all := m.events.of(kind)
	at := sort.Search(len(all), func(i int) bool { return all[i].at > e.at })
	with := append(make([]event, 0, len(all)+1), all[:at]...)
	m.events.set(kind, append(append(with, e), all[at:]...))
}

// remove takes an event out.
func (m *member) remove(kind string, at int) {
	m.events.set(kind, slices.Delete(slices.Clone(m.events.of(kind)), at, at+1))
}
