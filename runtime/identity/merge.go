package identity

import (
	"maps"
	"slices"

	"github.com/muster-engine/muster/storage"
)

// Member is what a merge and a split are about, but for the events.
type Member struct {
	Number uint32
	IDs    []storage.ID
	// Set is what was ever set of the member: attributes and manual tags, by the names under which the store keeps them.
	Set   map[string]storage.Stamped
	Lists map[string]bool
}

// Merge makes one member part of another, which has the lower number and is changed, and returns the record of it; its
// Doubles are the caller's to add.
func Merge(survivor, absorbed *Member, at int64) *storage.Merge {
	m := &storage.Merge{
		Absorbed: absorbed.Number, Survivor: survivor.Number, At: at,
		IDs: slices.Clone(absorbed.IDs), Attributes: maps.Clone(absorbed.Set),
		Lists: slices.Sorted(maps.Keys(absorbed.Lists)),
	}
	for _, id := range absorbed.IDs {
		if !slices.Contains(survivor.IDs, id) {
			survivor.IDs = append(survivor.IDs, id)
		}
	}
	for name, theirs := range absorbed.Set {
		ours, ever := survivor.Set[name]
		if ever && ours.Stamp >= theirs.Stamp {
			continue
		}
		if m.Replaced == nil {
			m.Replaced = map[string]storage.Stamped{}
		}
		m.Replaced[name] = ours
		survivor.put(name, theirs)
	}
	for _, list := range m.Lists {
		if !survivor.Lists[list] {
			m.OnlyLists = append(m.OnlyLists, list)
			if survivor.Lists == nil {
				survivor.Lists = map[string]bool{}
			}
			survivor.Lists[list] = true
		}
	}
	return m
}

func (m *Member) put(name string, s storage.Stamped) {
	if m.Set == nil {
		m.Set = map[string]storage.Stamped{}
	}
	if s.Value.Kind == 0 && s.Stamp == 0 {
		delete(m.Set, name)
	} else {
		m.Set[name] = s
	}
}

// Split undoes a merge: it takes from the survivor, which is changed, what the merge gave it, and returns the member that
// it absorbed. others are the records of whoever else the survivor has absorbed and not given back; they are changed
// where they tell what the survivor had from this one.
func Split(survivor *Member, m *storage.Merge, others []*storage.Merge) *Member {
	back := &Member{Number: m.Absorbed, IDs: slices.Clone(m.IDs), Set: maps.Clone(m.Attributes), Lists: map[string]bool{}}
	if back.Set == nil {
		back.Set = map[string]storage.Stamped{}
	}
	survivor.IDs = slices.DeleteFunc(survivor.IDs, func(id storage.ID) bool { return slices.Contains(m.IDs, id) })
	for name, former := range m.Replaced {
		brought := m.Attributes[name]
		if present, ever := survivor.Set[name]; ever && same(present, brought) {
			survivor.put(name, uncover(name, former, others))
			continue
		}
		for _, other := range others {
			if replaced, took := other.Replaced[name]; took && same(replaced, brought) {
				other.Replaced[name] = uncover(name, former, others)
			}
		}
	}
	for _, list := range m.Lists {
		back.Lists[list] = true
	}
	for _, list := range m.OnlyLists {
		if !survivor.Lists[list] {
			continue
		}
		i := slices.IndexFunc(others, func(o *storage.Merge) bool { return slices.Contains(o.Lists, list) })
		if i < 0 {
			delete(survivor.Lists, list)
		} else if !slices.Contains(others[i].OnlyLists, list) { // it is on the list through another now
			others[i].OnlyLists = append(others[i].OnlyLists, list)
		}
	}
	return back
}

func same(a, b storage.Stamped) bool { return a.Stamp == b.Stamp && a.Value.Equal(b.Value) }

// uncover returns what counts of an attribute where a value is taken away that had come in the place of former: that, or
// what another absorbed member set later, which had not counted until now.
func uncover(name string, former storage.Stamped, others []*storage.Merge) storage.Stamped {
	var from *storage.Merge
	counts := former
	for _, other := range others {
		theirs, ever := other.Attributes[name]
		if _, took := other.Replaced[name]; !ever || took {
			continue
		}
		if never := counts.Value.Kind == 0 && counts.Stamp == 0; never || theirs.Stamp > counts.Stamp {
			from, counts = other, theirs
		}
	}
	if from != nil {
		if from.Replaced == nil {
			from.Replaced = map[string]storage.Stamped{}
		}
		from.Replaced[name] = former
	}
	return counts
}

// Enlisted notes in the records of a survivor's merges that it was itself put on a list: no split takes it off.
func Enlisted(merges []*storage.Merge, list string) (changed []*storage.Merge) {
	for _, m := range merges {
		if i := slices.Index(m.OnlyLists, list); i >= 0 {
			m.OnlyLists = slices.Delete(m.OnlyLists, i, i+1)
			changed = append(changed, m)
		}
	}
	return changed
}
