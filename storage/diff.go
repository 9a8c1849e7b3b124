package storage

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/storage/column"
)

// Described is a [Data] that can list what it holds; [Snapshot] and [Memory] can.
type Described interface {
	Data
	Schema() Schema
}

// Diff compares what two states show: members, attributes, histories, lists, tables and, of two snapshots, merges. It returns "" if all is the
// same, else words that name the first difference. How values are packed does not matter, nor does it matter whether
// something is absent or unknown throughout.
func Diff(a, b Described) (string, error) {
	if a.Members() != b.Members() {
		return fmt.Sprintf("%d members and %d", a.Members(), b.Members()), nil
	}
	sa, sb := a.Schema(), b.Schema()
	names := func(s Schema) (attributes, events []string) {
		for _, f := range s.Attributes {
			attributes = append(attributes, f.Name)
		}
		for _, e := range s.Events {
			events = append(events, e.Name)
		}
		return attributes, events
	}
	attributesA, eventsA := names(sa)
	attributesB, eventsB := names(sb)
	for block := range blocksOf(a.Members()) {
		la, err := a.Live(block)
		if err != nil {
			return "", err
		}
		lb, err := b.Live(block)
		if err != nil {
			return "", err
		}
		if !la.Equals(lb) {
			return fmt.Sprintf("block %d: other members live", block), nil
		}
		for _, name := range union(attributesA, attributesB) {
			if d, err := diffAttribute(a, b, name, block); d != "" || err != nil {
				return d, err
			}
		}
		for _, name := range union(eventsA, eventsB) {
			if d, err := diffHistory(a, b, name, block, fieldNames(sa, sb, name)); d != "" || err != nil {
				return d, err
			}
		}
	}
	for _, name := range union(sa.Lists, sb.Lists) {
		if d, err := diffList(a, b, name); d != "" || err != nil {
			return d, err
		}
	}
	var tables []string
	for _, t := range append(slices.Clone(sa.Tables), sb.Tables...) {
		tables = append(tables, t.Name)
	}
	for _, name := range union(tables, nil) {
		if d, err := diffTable(a, b, name); d != "" || err != nil {
			return d, err
		}
	}
	return diffMerges(a, b)
}

func diffMerges(a, b Data) (string, error) {
	sa, okA := a.(*Snapshot)
	sb, okB := b.(*Snapshot)
	if !okA || !okB {
		return "", nil
	}
	ma, err := sa.Merges()
	if err != nil {
		return "", err
	}
	mb, err := sb.Merges()
	if err != nil {
		return "", err
	}
	if len(ma) != len(mb) {
		return fmt.Sprintf("%d merged members and %d", len(ma), len(mb)), nil
	}
	for i := range ma {
		if !reflect.DeepEqual(ma[i], mb[i]) {
			return fmt.Sprintf("the merge of member %d: %+v and %+v", ma[i].Absorbed, *ma[i], *mb[i]), nil
		}
	}
	return "", nil
}

func union(a, b []string) []string {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

func fieldNames(sa, sb Schema, event string) []string {
	var names []string
	for _, s := range []Schema{sa, sb} {
		if e := s.Event(event); e != nil {
			for _, f := range e.Fields {
				names = append(names, f.Name)
			}
		}
	}
	return union(names, nil)
}

func diffAttribute(a, b Data, name string, block int) (string, error) {
	ca, err := a.Attribute(name, block)
	if err != nil {
		return "", err
	}
	cb, err := b.Attribute(name, block)
	if err != nil {
		return "", err
	}
	for i := range membersOfBlock(a.Members(), block) {
		if va, vb := ca.Value(i), cb.Value(i); !va.Equal(vb) {
			return fmt.Sprintf("attribute %q of member %d: %v and %v", name, block<<16+i, va, vb), nil
		}
	}
	return "", nil
}

// eventsOf is a history with all its columns.
type eventsOf struct {
	starts []uint32
	at     *column.Column
	fields map[string]*column.Column
}

func readHistory(d Data, name string, block int, fields []string) (e eventsOf, err error) {
	h, err := d.History(name, block)
	if h == nil || err != nil {
		return e, err
	}
	e.starts, e.fields = h.Starts(), map[string]*column.Column{}
	if e.at, err = h.At(); err != nil {
		return e, err
	}
	for _, f := range fields {
		if e.fields[f], err = h.Field(f); err != nil {
			return e, err
		}
	}
	return e, nil
}

// of returns the rows of a member.
func (e *eventsOf) of(i int) (from, to int) {
	if i+1 >= len(e.starts) {
		return 0, 0
	}
	return int(e.starts[i]), int(e.starts[i+1])
}

func diffHistory(a, b Data, name string, block int, fields []string) (string, error) {
	ea, err := readHistory(a, name, block, fields)
	if err != nil {
		return "", err
	}
	eb, err := readHistory(b, name, block, fields)
	if err != nil {
		return "", err
	}
	for i := range membersOfBlock(a.Members(), block) {
		fromA, toA := ea.of(i)
		fromB, toB := eb.of(i)
		member := block<<16 + i
		if toA-fromA != toB-fromB {
			return fmt.Sprintf("event %q: member %d has %d and %d", name, member, toA-fromA, toB-fromB), nil
		}
		for k := range toA - fromA {
			if ta, tb := ea.at.Int(fromA+k), eb.at.Int(fromB+k); ta != tb {
				return fmt.Sprintf("event %q %d of member %d: at %d and %d", name, k, member, ta, tb), nil
			}
			for _, f := range fields {
				if va, vb := ea.fields[f].Value(fromA+k), eb.fields[f].Value(fromB+k); !va.Equal(vb) {
					return fmt.Sprintf("event %q %d of member %d: %s is %v and %v", name, k, member, f, va, vb), nil
				}
			}
		}
	}
	return "", nil
}

func diffList(a, b Data, name string) (string, error) {
	la, err := a.List(name)
	if err != nil {
		return "", err
	}
	lb, err := b.List(name)
	if err != nil {
		return "", err
	}
	if la == nil {
		la = roaring.New()
	}
	if lb == nil {
		lb = roaring.New()
	}
	if !la.Equals(lb) {
		return fmt.Sprintf("list %q: %d members and %d, or others", name, la.GetCardinality(), lb.GetCardinality()), nil
	}
	return "", nil
}

func diffTable(a, b Data, name string) (string, error) {
	ta, err := a.Table(name)
	if err != nil {
		return "", err
	}
	tb, err := b.Table(name)
	if err != nil {
		return "", err
	}
	switch {
	case ta == nil && tb == nil:
		return "", nil
	case ta == nil || tb == nil:
		return fmt.Sprintf("table %q: only one has it", name), nil
	case !slices.Equal(ta.Keys, tb.Keys):
		return fmt.Sprintf("table %q: other keys", name), nil
	}
	columns := slices.Collect(maps.Keys(ta.Columns))
	for f := range tb.Columns {
		columns = append(columns, f)
	}
	for _, f := range union(columns, nil) {
		for i, key := range ta.Keys {
			if va, vb := ta.Columns[f].Value(i), tb.Columns[f].Value(i); !va.Equal(vb) {
				return fmt.Sprintf("table %q: %s of %q is %v and %v", name, f, key, va, vb), nil
			}
		}
	}
	return "", nil
}
