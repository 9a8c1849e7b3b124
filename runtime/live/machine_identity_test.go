package live

import (
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// person is a member as the model knows it: what it was itself given, and whom it has absorbed. What counts is worked out
// from all layers whenever it is asked.
type person struct {
	number   uint32
	set      map[string]setting
	ids      map[ID]bool
	events   map[string][]happened // in order of acceptance; those of the absorbed lie with the survivor
	own      map[string]bool       // lists on which it was put itself
	lists    map[string]bool       // on which it is
	absorbed []*person             // by number
	into     *person
	doubles  []double // events of an absorbed member of which the survivor had the same
	erased   bool
}

// setting is what was set of an attribute or a manual tag.
type setting struct {
	value  column.Value
	at     int64 // of a manual tag
	serial int
}

// happened is an event; of is the absorbed member that it is of, nil for the member's own.
type happened struct {
	event
	of *person
}

type double struct {
	kind string
	happened
}

func (p *person) live() bool { return p.into == nil && !p.erased }

// everybody is the member with all who became part of it.
func (p *person) everybody() []*person {
	out := []*person{p}
	for _, a := range p.absorbed {
		out = append(out, a.everybody()...)
	}
	return out
}

func (p *person) has(kind, key string) int {
	return slices.IndexFunc(p.events[kind], func(e happened) bool { return e.key == key })
}

func (p *person) allIDs() map[ID]bool {
	out := map[ID]bool{}
	for _, x := range p.everybody() {
		maps.Copy(out, x.ids)
	}
	return out
}

func (m *model) set(p *person, name string, s setting) {
	m.serial++
	s.serial = m.serial
	p.set[name] = s
}

// attributes are what counts of a member: of each what was set last, and the ids.
func (m *model) attributes(p *person) map[string]column.Value {
	last, out := map[string]setting{}, map[string]column.Value{}
	for _, x := range p.everybody() {
		for name, s := range x.set {
			if s.serial > last[name].serial {
				last[name] = s
			}
		}
	}
	for name, s := range last {
		if s.value.Kind != 0 {
			out[name] = s.value
			if s.at != 0 {
				out[name+storage.ManualAtSuffix] = column.Int(s.at)
			}
		}
	}
	for id := range p.allIDs() {
		if m.single(id.Attribute) {
			out[id.Attribute] = column.Text(id.Text)
		} else {
			out[id.Attribute] = column.Set(append(slices.Clone(out[id.Attribute].Set), id.Text)...)
		}
	}
	return out
}

func (m *model) single(attribute string) bool {
	for _, a := range m.prog.Attributes {
		if a.Name == attribute {
			return !a.ID.Many
		}
	}
	return false
}

// owners are the members that ids name, ascending.
func (m *model) owners(ids []ID) (out []uint32) {
	for _, id := range ids {
		if n, ok := m.byID[id]; ok {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// ordered are ids in the order in which the rules declare their attributes.
func (m *model) ordered(ids []ID) (out []ID) {
	for _, a := range m.prog.Attributes {
		for _, id := range ids {
			if id.Attribute == a.Name {
				out = append(out, id)
			}
		}
	}
	return out
}

// disputed returns the first single id of which there would be two values, "" if there is none.
func (m *model) disputed(ids []ID, owners []uint32) string {
	for _, a := range m.prog.Attributes {
		if a.ID == nil || a.ID.Many {
			continue
		}
		values := map[string]bool{}
		fresh := false
		for _, id := range ids {
			if _, known := m.byID[id]; !known && id.Attribute == a.Name {
				values[id.Text], fresh = true, true
			}
		}
		if !fresh && len(owners) < 2 {
			continue
		}
		for _, n := range owners {
			for id := range m.people[n].allIDs() {
				if id.Attribute == a.Name {
					values[id.Text] = true
				}
			}
		}
		if len(values) > 1 {
			return a.Name
		}
	}
	return ""
}

// record takes an event or attributes.
func (m *model) record(in Input, now int64) Outcome {
	owners := m.owners(in.IDs)
	if len(in.IDs) == 0 {
		return refused
	}
	ids := m.ordered(in.IDs)
	attribute := m.disputed(ids, owners)
	out := Outcome{Status: Accepted, Conflict: attribute != ""}
	var others []uint32
	isNew := len(owners) == 0
	switch {
	case attribute != "":
		n, known := m.byID[ids[0]]
		isNew = !known
		for _, o := range owners {
			if isNew || o != n {
				others = append(others, o)
			}
		}
		if owners = nil; known {
			owners = []uint32{n}
		}
	}
	if in.Kind == Event && in.Key != "" {
		for _, n := range owners {
			if m.people[n].has(in.Type, in.Key) >= 0 {
				return Outcome{Status: Duplicate, Member: n}
			}
		}
	}
	var p *person
	if isNew {
		p = m.born()
	} else {
		p = m.people[owners[0]]
		for _, a := range owners[1:] {
			m.merge(p, m.people[a])
			out.Absorbed++
		}
		if len(owners) > 1 {
			m.change()
			if err := m.look(now, causeMerge); err != nil {
				panic(err)
			}
		}
	}
	for _, id := range ids {
		if _, known := m.byID[id]; known {
			continue
		}
		full := false
		for has := range p.allIDs() {
			full = full || has.Attribute == id.Attribute && m.single(id.Attribute)
		}
		if !full {
			m.byID[id], p.ids[id] = p.number, true
		}
	}
	if out.Member = p.number; out.Conflict {
		c := storage.Conflict{Number: int64(len(m.conflicts) + 1), At: now, Member: p.number, Others: others, Attribute: attribute}
		for _, id := range ids {
			c.IDs = append(c.IDs, storage.ID(id))
		}
		m.conflicts = append(m.conflicts, c)
	}
	if in.Kind == Attributes {
		for name, v := range in.Values {
			m.set(p, name, setting{value: v})
		}
		return out
	}
	if !in.HasAt {
		in.At = now
	}
	p.events[in.Type] = append(p.events[in.Type], happened{event{in.At, in.Key, fieldsOf(in.Values)}, p.origin(in.IDs)})
	return out
}

// origin is the absorbed member from which all ids came.
func (p *person) origin(ids []ID) *person {
	for _, a := range p.absorbed {
		has := a.allIDs()
		if !slices.ContainsFunc(ids, func(id ID) bool { return !has[id] }) {
			if deeper := a.origin(ids); deeper != nil {
				return deeper
			}
			return a
		}
	}
	return nil
}

func (m *model) merge(p, a *person) {
	a.into = p
	p.absorbed = append(p.absorbed, a)
	slices.SortFunc(p.absorbed, func(x, y *person) int { return int(x.number) - int(y.number) })
	for kind, events := range a.events {
		mine := slices.Clone(p.events[kind])
		slices.SortStableFunc(mine, byTime)
		slices.SortStableFunc(events, byTime)
		for _, e := range events {
			if e.of == nil {
				e.of = a
			}
			if e.key != "" && p.has(kind, e.key) >= 0 {
				a.doubles = append(a.doubles, double{kind, e})
			} else {
				mine = append(mine, e)
			}
		}
		p.events[kind] = mine
	}
	a.events = map[string][]happened{}
	for list := range a.lists {
		p.lists[list] = true
	}
	for id := range a.allIDs() {
		m.byID[id] = p.number
	}
	m.becomes = causeMerge
}

func byTime(a, b happened) int { return int(min(1, max(-1, a.at-b.at))) }

func (m *model) split(in Input) Outcome {
	var a *person
	if len(in.IDs) == 0 {
		if int(in.Member) >= len(m.people) {
			return refused
		}
		a = m.people[in.Member]
	} else if n, ok := m.byID[in.IDs[0]]; ok {
		for _, x := range m.people[n].absorbed {
			if x.allIDs()[in.IDs[0]] {
				a = x
			}
		}
	}
	if a == nil || a.into == nil || !a.into.live() {
		return refused
	}
	p := a.into
	a.into = nil
	p.absorbed = slices.DeleteFunc(p.absorbed, func(x *person) bool { return x == a })
	theirs := a.everybody()
	for kind, events := range p.events {
		var stay []happened
		for _, e := range events {
			if !slices.Contains(theirs, e.of) {
				stay = append(stay, e)
				continue
			}
			if e.of == a {
				e.of = nil
			}
			a.events[kind] = append(a.events[kind], e)
		}
		p.events[kind] = stay
	}
	for i := len(a.doubles) - 1; i >= 0; i-- {
		d := a.doubles[i]
		if d.of == a {
			d.of = nil
		}
		a.events[d.kind] = slices.Insert(a.events[d.kind], 0, d.happened)
	}
	a.doubles = nil
	for _, other := range p.absorbed {
		other.doubles = slices.DeleteFunc(other.doubles, func(d double) bool {
			counts := p.has(d.kind, d.key) < 0
			if counts {
				p.events[d.kind] = append(p.events[d.kind], d.happened)
			}
			return counts
		})
	}
	for list := range a.lists {
		others := slices.ContainsFunc(p.absorbed, func(x *person) bool { return x.lists[list] })
		if !p.own[list] && !others {
			delete(p.lists, list)
		}
	}
	for id := range a.allIDs() {
		m.byID[id] = a.number
	}
	m.becomes = causeSplit
	return Outcome{Status: Accepted, Member: a.number}
}

// rename gives a member another id; who brought the old one has the new one.
func (m *model) rename(in Input) Outcome {
	old, to := in.IDs[0], *in.To
	n, found := m.byID[old]
	other, taken := m.byID[to]
	if !found || old == to || taken && other != n && !in.Join {
		return refused
	}
	p := m.people[n]
	if taken && other != n {
		for id := range p.allIDs() {
			for theirs := range m.people[other].allIDs() {
				if id.Attribute == theirs.Attribute && id.Attribute != old.Attribute && m.single(id.Attribute) && id != theirs {
					return refused
				}
			}
		}
	}
	for _, x := range p.everybody() {
		if x.ids[old] {
			delete(x.ids, old)
			if !taken {
				x.ids[to] = true
			}
		}
	}
	delete(m.byID, old)
	if !taken {
		m.byID[to] = n
	}
	if taken && other != n {
		m.merge(m.people[min(n, other)], m.people[max(n, other)])
		return Outcome{Status: Accepted, Member: min(n, other), Absorbed: 1}
	}
	return Outcome{Status: Accepted, Member: n}
}

func (m *model) forget(in Input) Outcome {
	n, found := in.Member, int(in.Member) < len(m.people)
	if len(in.IDs) > 0 {
		n, found = m.byID[in.IDs[0]]
	}
	if !found {
		return refused
	}
	p := m.people[n]
	for p.into != nil {
		p = p.into
	}
	if p.erased {
		return refused
	}
	for id := range p.allIDs() {
		delete(m.byID, id)
	}
	for _, x := range p.everybody() {
		number := x.number
		*x = person{number: number, erased: true}
		m.becomes = causeErasure
		for i, c := range m.conflicts {
			if c.Member == number || slices.Contains(c.Others, number) {
				c.IDs = slices.Clone(c.IDs)
				for k := range c.IDs {
					c.IDs[k].Text = ""
				}
				m.conflicts[i] = c
			}
		}
	}
	return Outcome{Status: Accepted, Member: p.number}
}

// whoever draws ids of the members that there are, of two at times, and new ones. None is a word of an answer: an erasure
// would take it out of those that are kept.
func (m *machine) whoever(t *rapid.T) []ID {
	var out []ID
	for _, a := range m.prog.Attributes {
		if a.ID == nil {
			continue
		}
		for range rapid.IntRange(0, 2).Draw(t, a.Name) {
			id := ID{a.Name, string(rune('b' + rapid.IntRange(0, 6).Draw(t, "id")))}
			if !slices.Contains(out, id) && (a.ID.Many || !slices.ContainsFunc(out, func(x ID) bool { return x.Attribute == id.Attribute }) || rapid.IntRange(0, 5).Draw(t, "two") == 0) {
				out = append(out, id)
			}
		}
	}
	if len(out) > 1 && rapid.IntRange(0, 3).Draw(t, "turned") == 0 {
		slices.Reverse(out)
	}
	if len(out) == 0 {
		return []ID{{m.prog.Attributes[0].Name, "b"}}
	}
	return out
}

// identityInput draws a change, a split or an erasure.
func (m *machine) identityInput(t *rapid.T) Input {
	id := m.whoever(t)[:1]
	number := uint32(rapid.IntRange(0, max(0, len(m.model.people))).Draw(t, "number"))
	switch rapid.IntRange(0, 6).Draw(t, "identity") {
	case 0, 1:
		to := ID{id[0].Attribute, string(rune('b' + rapid.IntRange(0, 8).Draw(t, "to")))}
		return Input{Kind: Change, IDs: id, To: &to, Join: rapid.Bool().Draw(t, "join")}
	case 2, 3, 4:
		var absorbed []uint32
		for _, p := range m.model.people {
			if p.into != nil {
				absorbed = append(absorbed, p.number)
			}
		}
		if len(absorbed) > 0 && rapid.IntRange(0, 3).Draw(t, "absorbed") > 0 {
			return Input{Kind: Split, Member: rapid.SampledFrom(absorbed).Draw(t, "whom")}
		}
		if rapid.Bool().Draw(t, "by number") {
			return Input{Kind: Split, Member: number}
		}
		return Input{Kind: Split, IDs: id}
	}
	if rapid.Bool().Draw(t, "by number") {
		return Input{Kind: Forget, Member: number}
	}
	return Input{Kind: Forget, IDs: id}
}
