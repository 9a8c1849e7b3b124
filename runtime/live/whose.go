package live

import (
	"slices"

	"github.com/muster-engine/muster/runtime/identity"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// whose decides whose an input is; nothing changes yet. conflict is nil unless the ids belong to members that cannot be
// one. Where the decision would not be made again from the ids alone the input notes it.
func (g *group) whose(in *Input) (w Whose, conflict *storage.Conflict, reason string, err error) {
	if in.Whose != nil {
		return *in.Whose, nil, "", nil
	}
	if len(in.IDs) == 1 && len(in.Hashed) == 0 {
		if n, ok := g.lookup(in.IDs[0]); ok {
			return Whose{Member: n}, nil, "", nil
		}
		return Whose{New: true, Member: g.members, Attach: in.IDs}, nil, "", nil
	}
	r := &resolving{group: g, order: g.engine.idOrder}
	claims, ids := r.claims(in)
	d, err := identity.Resolve(claims, r)
	if err != nil {
		return Whose{}, nil, "", err
	}
	if d.Nobody {
		if len(in.Hashed) > 0 {
			return Whose{}, nil, "no usable id: no member is known by this hash", nil
		}
		return Whose{}, nil, "no usable id", nil
	}
	w = Whose{New: d.New, Member: d.Member, Absorbed: d.Absorbed}
	if d.New {
		w.Member = g.members
	}
	for _, i := range d.Attach {
		w.Attach = append(w.Attach, ids[i])
	}
	if d.Conflict != nil {
		conflict = &storage.Conflict{At: g.now, Member: w.Member, Others: d.Conflict.Others, Attribute: r.name(d.Conflict.Attribute)}
		for _, name := range r.order {
			for i, id := range ids {
				if id.Attribute == name && claims[i].Digest {
					conflict.IDs = append(conflict.IDs, storage.ID{Attribute: name})
				} else if id.Attribute == name {
					conflict.IDs = append(conflict.IDs, storage.ID(id))
				}
			}
		}
	}
	if len(d.Absorbed) > 0 || conflict != nil || len(in.Hashed) > 0 {
		noted := w
		in.Whose, in.Hashed = &noted, nil
	}
	return w, conflict, "", nil
}

// resolving is what is known of members while a decision is made. order are the id attributes as the rules declare them,
// and behind them those that only an input names.
type resolving struct {
	*group
	order []string
}

// claims are the ids of an input with what is known of them; of hashed ones the id has no text.
func (r *resolving) claims(in *Input) (claims []identity.Claim, ids []ID) {
	add := func(id ID, digest bool, n uint32, known bool) {
		place := slices.Index(r.order, id.Attribute)
		if place < 0 {
			place = len(r.order)
			r.order = append(slices.Clone(r.order), id.Attribute)
		}
		claims = append(claims, identity.Claim{Attribute: place, Text: id.Text, Digest: digest, Known: known, Member: n})
		ids = append(ids, id)
	}
	for _, id := range in.IDs {
		n, known := r.lookup(id)
		add(id, false, n, known)
	}
	for _, id := range in.Hashed {
		n, known := r.lookupHashed(id)
		add(id, true, n, known)
	}
	return claims, ids
}

func (r *resolving) name(attribute int) string { return r.order[attribute] }

// Attributes implements identity.Members.
func (r *resolving) Attributes() int { return len(r.order) }

// Single implements identity.Members.
func (r *resolving) Single(attribute int) bool {
	return r.engine.kinds.attributes[r.order[attribute]] != column.Sets
}

// Holds implements identity.Members.
func (r *resolving) Holds(number uint32, attribute int) (string, bool, error) {
	m, err := r.peek(number)
	if err != nil {
		return "", false, err
	}
	v := m.attributes.get(r.order[attribute])
	return v.Text, v.Kind != 0, nil
}

// who makes a decision come about, and returns the member with all of its ids.
func (g *group) who(w Whose, conflict *storage.Conflict) (*member, error) {
	if w.New {
		g.members = max(g.members, w.Member+1)
		g.place(newMember(w.Member))
	}
	if len(w.Absorbed) > 0 {
		if err := g.becomes(causeMerge); err != nil {
			return nil, err
		}
		for _, absorbed := range w.Absorbed {
			if err := g.merge(w.Member, absorbed); err != nil {
				return nil, err
			}
		}
		g.part, g.cause = g.part+1, ""
	}
	m, err := g.member(w.Member)
	if err != nil {
		return nil, err
	}
	for _, id := range w.Attach {
		g.attach(m, id)
	}
	if conflict != nil {
		g.conflicts = append(g.conflicts, *conflict)
	}
	return m, nil
}

// attach gives a member an id that nobody has.
func (g *group) attach(m *member, id ID) {
	g.byID[id] = m.number
	m.addID(id, g.engine.kinds.attributes[id.Attribute])
}

func (m *member) addID(id ID, kind column.Kind) {
	if kind != column.Sets {
		m.attributes = m.attributes.with(id.Attribute, column.Text(id.Text))
		return
	}
	has := m.attributes.get(id.Attribute).Set
	if !slices.Contains(has, id.Text) {
		m.attributes = m.attributes.with(id.Attribute, column.Set(append(slices.Clip(slices.Clone(has)), id.Text)...))
	}
}

func (m *member) dropID(id ID) {
	v := m.attributes.get(id.Attribute)
	switch {
	case v.Kind == column.Texts && v.Text == id.Text:
		m.attributes = m.attributes.without(id.Attribute)
	case v.Kind == column.Sets:
		left := slices.DeleteFunc(slices.Clone(v.Set), func(text string) bool { return text == id.Text })
		if len(left) == 0 {
			m.attributes = m.attributes.without(id.Attribute)
		} else {
			m.attributes = m.attributes.with(id.Attribute, column.Set(left...))
		}
	}
}

// idsOf are the ids of a member, in the order in which the rules declare their attributes.
func (e *Engine) idsOf(m *member) (ids []storage.ID) {
	for _, name := range e.idOrder {
		switch v := m.attributes.get(name); v.Kind {
		case column.Texts:
			ids = append(ids, storage.ID{Attribute: name, Text: v.Text})
		case column.Sets:
			for _, text := range v.Set {
				ids = append(ids, storage.ID{Attribute: name, Text: text})
			}
		}
	}
	return ids
}

// isID reports whether an attribute is an id.
func (e *Engine) isID(name string) bool { return e.ids[name] != nil }
