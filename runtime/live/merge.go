package live

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/identity"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Causes of crossings of members that a merge, a split or an erasure changes.
const (
	causeMerge   = "merge"
	causeSplit   = "split"
	causeErasure = "erasure"
)

// becomes begins an input that makes something else of members, or a part of one.
func (g *group) becomes(cause string) error {
	if err := g.beforeOthers(); err != nil {
		return err
	}
	g.cause = cause
	return nil
}

// absorption is a member that became part of another, with the ids that it had.
type absorption struct {
	member uint32
	ids    []storage.ID
}

// byKey puts the histories of members together and apart.
var byKey = identity.History[event]{
	At:  func(e event) int64 { return e.at },
	Key: func(e event) string { return e.key },
}

// absorbedBy are the members that became part of one and are not given back, by number.
func (g *group) absorbedBy(survivor uint32) []absorption {
	if of, ok := g.absorbed[survivor]; ok {
		return of
	}
	return g.engine.absorbed[survivor]
}

// below calls f for everybody who became part of a member, or of one who did.
func (g *group) below(survivor uint32, f func(absorption) error) error {
	for _, a := range g.absorbedBy(survivor) {
		if err := f(a); err != nil {
			return err
		}
		if err := g.below(a.member, f); err != nil {
			return err
		}
	}
	return nil
}

// survivor is the member that one has become part of, itself if it has not.
func (g *group) survivor(number uint32) (uint32, error) {
	for {
		m, err := g.peek(number)
		if err != nil || m.live || m.merge == nil {
			return number, err
		}
		number = m.merge.Survivor
	}
}

// record returns the record of a member's merge, to be changed.
func (g *group) record(absorbed uint32) (*storage.Merge, error) {
	m, err := g.member(absorbed)
	if err != nil {
		return nil, err
	}
	if m.merge == nil {
		return nil, corruptMerge(absorbed)
	}
	m.merge = m.merge.Clone()
	return m.merge, nil
}

// records are those of everybody whom a member absorbed.
func (g *group) records(survivor uint32) (out []*storage.Merge, err error) {
	for _, a := range g.absorbedBy(survivor) {
		r, err := g.record(a.member)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// identified is a member as package identity sees it.
func (g *group) identified(m *member) *identity.Member {
	return &identity.Member{
		Number: m.number, IDs: g.engine.idsOf(m), Set: identity.Read(m.attributes.values(), g.engine.isID), Lists: maps.Clone(m.lists),
	}
}

// assume makes a member what package identity made of it.
func (g *group) assume(m *member, is *identity.Member) {
	m.attributes, m.lists, m.ownLists = fieldsOf(identity.Write(is.Set)), is.Lists, true
	for _, id := range is.IDs {
		m.addID(ID(id), g.engine.kinds.attributes[id.Attribute])
	}
}

// merge makes a member part of one with a lower number.
func (g *group) merge(survivor, absorbed uint32) error {
	s, err := g.member(survivor)
	if err != nil {
		return err
	}
	a, err := g.member(absorbed)
	if err != nil {
		return err
	}
	before := g.asTheyAre(s, a)
	one, other := g.identified(s), g.identified(a)
	record := identity.Merge(one, other, g.now)
	g.assume(s, one)
	for _, of := range a.events {
		kind, theirs := of.kind, slices.Clone(of.events)
		for i, e := range theirs {
			if e.fields.get(storage.OfField).Kind == 0 {
				theirs[i].fields = e.of(absorbed)
			}
		}
		merged, doubles := byKey.Merge(s.events.of(kind), theirs)
		s.events.set(kind, merged)
		for _, d := range doubles {
			record.Doubles = append(record.Doubles, storage.Double{Event: kind, Key: d.key, At: d.at, Fields: d.fields.values()})
		}
	}
	a.empty()
	a.live, a.merge = false, record
	for _, id := range record.IDs {
		g.byID[ID(id)] = survivor
	}
	all := append(slices.Clone(g.absorbedBy(survivor)), absorption{absorbed, record.IDs})
	slices.SortFunc(all, func(a, b absorption) int { return cmp.Compare(a.member, b.member) })
	g.setAbsorbed(survivor, all)
	return g.joined(s, a, before)
}

// of are the fields of an event, with the member who brought it.
func (e event) of(member uint32) fields {
	return e.fields.with(storage.OfField, column.Int(int64(member)))
}

func (g *group) setAbsorbed(survivor uint32, of []absorption) { g.absorbed[survivor] = of }

// origin finds the member that a survivor absorbed and that a record with these ids would be of, had there been no merge:
// what is recorded of an event, so that it goes with that member if the merge is undone.
func (g *group) origin(survivor uint32, ids []ID) (of uint32, found bool) {
	if len(ids) == 0 {
		return 0, false
	}
	for _, a := range g.absorbedBy(survivor) {
		if !slices.ContainsFunc(ids, func(id ID) bool { return !slices.Contains(a.ids, storage.ID(id)) }) {
			if deeper, ok := g.origin(a.member, ids); ok {
				return deeper, true
			}
			return a.member, true
		}
	}
	return 0, false
}

// split undoes the merge of the member that an id came from, or that the input numbers.
func (g *group) split(in *Input) (Outcome, error) {
	absorbed, reason := g.splitting(in)
	if reason != "" {
		return rejected("%s", reason)
	}
	a, err := g.peek(absorbed)
	if err != nil {
		return Outcome{}, err
	}
	if a.live || a.merge == nil {
		return rejected("member #%d has not become part of another", absorbed)
	}
	record := a.merge
	survivor := record.Survivor
	s, err := g.peek(survivor)
	if err != nil {
		return Outcome{}, err
	}
	if !s.live && s.merge != nil {
		return rejected("member #%d became part of #%d, and that of #%d: split #%d first", absorbed, survivor, s.merge.Survivor, survivor)
	}
	if !s.live {
		return rejected("member #%d has been erased", survivor)
	}
	if err := g.becomes(causeSplit); err != nil {
		return Outcome{}, err
	}
	if s, err = g.member(survivor); err != nil {
		return Outcome{}, err
	}
	record = record.Clone()
	record.IDs = slices.DeleteFunc(record.IDs, func(id storage.ID) bool { // who changed hands since
		n, ok := g.lookup(ID(id))
		return !ok || n != survivor
	})
	left := slices.DeleteFunc(slices.Clone(g.absorbedBy(survivor)), func(x absorption) bool { return x.member == absorbed })
	g.setAbsorbed(survivor, left)
	others, err := g.records(survivor)
	if err != nil {
		return Outcome{}, err
	}
	one := g.identified(s)
	back := identity.Split(one, record, others)
	g.assume(s, one)
	given, err := g.member(absorbed)
	if err != nil {
		return Outcome{}, err
	}
	given.empty()
	given.live, given.unmerged = true, true
	g.assume(given, back)
	if err := g.partEvents(s, given, record, others); err != nil {
		return Outcome{}, err
	}
	for _, id := range record.IDs {
		g.byID[ID(id)] = absorbed
	}
	if err := g.parted(s, given); err != nil {
		return Outcome{}, err
	}
	*in = Input{Kind: Split, Member: absorbed, By: in.By}
	return Outcome{Status: Accepted, Member: absorbed}, nil
}

// splitting finds whom a split gives back.
func (g *group) splitting(in *Input) (absorbed uint32, reason string) {
	if len(in.IDs) == 0 {
		if in.Member >= g.members {
			return 0, "there is no member with this number"
		}
		return in.Member, ""
	}
	id := in.IDs[0]
	survivor, ok := g.lookup(id)
	if !ok {
		return 0, "nobody has this id"
	}
	for _, a := range g.absorbedBy(survivor) {
		if slices.Contains(a.ids, storage.ID(id)) {
			return a.member, ""
		}
	}
	return 0, "this id did not come to the member by a merge"
}

// partEvents gives a member back the events that it brought, or that its ids brought since, and whom it had absorbed.
func (g *group) partEvents(s, given *member, record *storage.Merge, others []*storage.Merge) error {
	theirs := map[uint32]bool{given.number: true}
	if err := g.below(given.number, func(a absorption) error { theirs[a.member] = true; return nil }); err != nil {
		return err
	}
	kinds := map[string]bool{}
	for _, of := range s.events {
		kinds[of.kind] = true
	}
	doubles := map[string][]event{}
	for _, d := range record.Doubles {
		kinds[d.Event] = true
		doubles[d.Event] = append(doubles[d.Event], event{d.At, d.Key, fieldsOf(d.Fields)})
	}
	for kind := range kinds {
		stay, going := byKey.Split(s.events.of(kind), doubles[kind], func(e event) bool {
			of := e.fields.get(storage.OfField)
			return of.Kind != 0 && theirs[uint32(of.Int)]
		})
		for i, e := range going {
			if e.fields.get(storage.OfField).Int == int64(given.number) {
				going[i].fields = e.fields.without(storage.OfField)
			}
		}
		s.events.set(kind, stay)
		given.events.set(kind, going)
	}
	for _, other := range others { // what had not counted beside the events that went
		other.Doubles = slices.DeleteFunc(other.Doubles, func(d storage.Double) bool {
			counts := s.find(d.Event, d.Key) < 0
			if counts {
				s.insert(d.Event, event{d.At, d.Key, fieldsOf(d.Fields)})
			}
			return counts
		})
	}
	return nil
}

// change gives a member another id in the place of one.
func (g *group) change(in *Input) (Outcome, error) {
	if len(in.IDs) != 1 || in.To == nil || in.IDs[0].Attribute != in.To.Attribute {
		return rejected("a change is of one id to another of the same kind")
	}
	old, to := in.IDs[0], *in.To
	number, found := g.lookup(old)
	if !found {
		return rejected("nobody has this id")
	}
	other, taken := g.lookup(to)
	switch {
	case old == to:
		return rejected("that is the id already")
	case taken && other != number && !in.Join:
		return rejected("%s %q belongs to another member", to.Attribute, to.Text)
	case taken && other != number:
		if reason, err := g.joinable(number, other, old); reason != "" || err != nil {
			return Outcome{Status: Rejected, Reason: reason}, err
		}
	}
	cause := ""
	if taken && other != number {
		cause = causeMerge
	}
	if err := g.becomes(cause); err != nil {
		return Outcome{}, err
	}
	m, err := g.member(number)
	if err != nil {
		return Outcome{}, err
	}
	m.dropID(old)
	g.byID[old] = nobody
	if err := g.renameAbsorbed(number, storage.ID(old), storage.ID(to), taken); err != nil {
		return Outcome{}, err
	}
	if !taken {
		g.attach(m, to)
		return Outcome{Status: Accepted, Member: number}, nil
	}
	if other == number {
		return Outcome{Status: Accepted, Member: number}, nil
	}
	survivor := min(number, other)
	if err := g.merge(survivor, max(number, other)); err != nil {
		return Outcome{}, err
	}
	return Outcome{Status: Accepted, Member: survivor, Absorbed: 1}, nil
}

// joinable says why two members cannot be one when the first has lost an id; "" if they can.
func (g *group) joinable(number, other uint32, without ID) (string, error) {
	r := &resolving{group: g, order: g.engine.idOrder}
	for i, name := range r.order {
		if !r.Single(i) || name == without.Attribute {
			continue
		}
		a, has, err := r.Holds(number, i)
		if err != nil {
			return "", err
		}
		b, also, err := r.Holds(other, i)
		if err != nil {
			return "", err
		}
		if has && also && a != b {
			return "the members cannot be one: each has its own " + name, nil
		}
	}
	return "", nil
}

// renameAbsorbed lets an absorbed member that brought an id have the new one when it is given back.
func (g *group) renameAbsorbed(survivor uint32, old, to storage.ID, dropped bool) error {
	of := slices.Clone(g.absorbedBy(survivor))
	for i, a := range of {
		place := slices.Index(a.ids, old)
		if place < 0 {
			continue
		}
		r, err := g.record(a.member)
		if err != nil {
			return err
		}
		if r.IDs[place] = to; dropped {
			r.IDs = slices.Delete(r.IDs, place, place+1)
		}
		of[i].ids = r.IDs
		g.setAbsorbed(survivor, of)
		if err := g.renameAbsorbed(a.member, old, to, dropped); err != nil {
			return err
		}
	}
	return nil
}

// retractDoubles drops what an absorbed member had of an event that is taken back.
func (g *group) retractDoubles(survivor uint32, kind, key string) error {
	return g.below(survivor, func(a absorption) error {
		m, err := g.peek(a.member)
		if err != nil || m.merge == nil {
			return err
		}
		is := func(d storage.Double) bool { return d.Event == kind && d.Key == key }
		if !slices.ContainsFunc(m.merge.Doubles, is) {
			return nil
		}
		if err := g.beforeOthers(); err != nil {
			return err
		}
		r, err := g.record(a.member)
		if err == nil {
			r.Doubles = slices.DeleteFunc(r.Doubles, is)
		}
		return err
	})
}

// forget erases a member and everybody who became part of it.
func (g *group) forget(in *Input) (Outcome, error) {
	number := in.Member
	if len(in.IDs) > 0 {
		n, found := g.lookup(in.IDs[0])
		if !found {
			return rejected("nobody has this id")
		}
		number = n
	}
	if number >= g.members {
		return rejected("there is no member with this number")
	}
	number, err := g.survivor(number)
	if err != nil {
		return Outcome{}, err
	}
	m, err := g.peek(number)
	if err != nil {
		return Outcome{}, err
	}
	if !m.live {
		return rejected("this member has been erased")
	}
	for _, id := range g.engine.idsOf(m) {
		g.byID[ID(id)] = nobody
	}
	erased := []uint32{m.number}
	err = g.below(m.number, func(a absorption) error { erased = append(erased, a.member); return nil })
	if err != nil {
		return Outcome{}, err
	}
	g.erased.Members = append(g.erased.Members, erased...)
	for _, id := range g.engine.idsOf(m) {
		g.erased.Texts = append(g.erased.Texts, identity.Spellings(id.Text)...)
	}
	if err := g.becomes(causeErasure); err != nil {
		return Outcome{}, err
	}
	for _, n := range erased {
		gone, err := g.member(n)
		if err != nil {
			return Outcome{}, err
		}
		gone.empty()
		gone.live, gone.unmerged = false, true
		g.dues = append(g.dues, runtime.Flip{Member: n, At: runtime.Never})
		g.setAbsorbed(n, nil)
	}
	*in = Input{Kind: Forget, Member: m.number, By: in.By}
	return Outcome{Status: Accepted, Member: m.number}, nil
}

func corruptMerge(absorbed uint32) error {
	return fmt.Errorf("member #%d became part of another, and there is no record of it", absorbed)
}
