package reference

import (
	"sort"
)

// World is all that is known of the live members. The evaluator changes nothing in it.
type World struct {
	// Members are the live members, in any order.
	Members []*Member
	// Tables are the lookup tables, by name: rows by key, columns by name. A column that a row lacks is unknown.
	Tables map[string]map[string]map[string]Value
}

// Member is one member.
type Member struct {
	// Number is the member number, which decides chance.
	Number uint32
	// Attributes by name; one that is missing is unknown.
	Attributes map[string]Value
	// Manual are the manual tags that were set, by name.
	Manual map[string]ManualTag
	// Lists are the lists that the member is on.
	Lists map[string]bool
	// Events are in the order in which they were accepted, whatever their times. An event whose key an earlier event of
	// its type has is a duplicate and counts for nothing.
	Events []Event
}

// ManualTag is a tag that was set by hand.
type ManualTag struct {
	Value Value
	// SetAt is when, in microseconds since 1970-01-01T00:00:00Z.
	SetAt int64
}

// Event is one event as it was accepted.
type Event struct {
	Type string
	// At is when it happened, in microseconds since 1970-01-01T00:00:00Z.
	At int64
	// Fields are the stored fields by name, the key included; one that is missing is unknown.
	Fields map[string]Value
}

// Instant answers questions about a world as the clock stands at one instant. It keeps what it has computed, and so
// must not be used after the world has changed, nor concurrently.
type Instant struct {
	model *Model
	world *World
	now   instant
	today day

	// cuts is the instant whose cuts the ntiles of tags and segments use: this one, or an earlier one.
	cuts   *Instant
	ranks  map[ntileCall]*ranking
	tags   map[memberTag]operand
	events map[memberTag][]*Event
}

type memberTag struct {
	member *Member
	name   string
}

// At fixes the clock, in microseconds since 1970-01-01T00:00:00Z. The cuts of ntile are those of this instant.
func (m *Model) At(w *World, now int64) *Instant {
	at := &Instant{
		model:  m,
		world:  w,
		now:    instant(now),
		today:  dayOf(instant(now), m.zone),
		ranks:  map[ntileCall]*ranking{},
		tags:   map[memberTag]operand{},
		events: map[memberTag][]*Event{},
	}
	at.cuts = at
	return at
}

// WithCutsOf returns the same instant with the cuts that were taken at another for the ntiles of tags and segments. An
// ntile in an expression that is asked ad hoc takes its cuts at the instant asked all the same.
func (at *Instant) WithCutsOf(earlier *Instant) *Instant {
	later := at.model.At(at.world, int64(at.now))
	later.cuts = earlier
	return later
}

// history is the member's events of one type that have happened by now, in time order, ties in order of arrival.
func (at *Instant) history(member *Member, event string) []*Event {
	k := memberTag{member, event}
	if h, ok := at.events[k]; ok {
		return h
	}
	key := at.model.events[event].key
	seen := map[string]bool{}
	h := []*Event{}
	for i := range member.Events {
		e := &member.Events[i]
		if e.Type != event {
			continue
		}
		if id := e.Fields[key]; key != "" && id.Kind == Text {
			if seen[id.Text] {
				continue
			}
			seen[id.Text] = true
		}
		if e.At <= int64(at.now) {
			h = append(h, e)
		}
	}
	sort.SliceStable(h, func(i, j int) bool { return h[i].At < h[j].At })
	at.events[k] = h
	return h
}
