package reference

import (
	"time"

	"github.com/muster-engine/muster/dsl"
)

// name is what a bare name stands for: a field of the event in hand and nothing else, or something of the member.
func (s scope) name(name string) operand {
	if s.fields != nil {
		return s.field(name)
	}
	return s.at.memberName(s.member, name)
}

// memberName is an attribute, a tag, a segment or a list of a member, or the clock.
func (at *Instant) memberName(member *Member, name string) operand {
	m := at.model
	if _, ok := m.attributes[name]; ok {
		return load(member.Attributes[name])
	}
	if m.tags[name] != nil {
		return at.tag(member, name)
	}
	if segment := m.segments[name]; segment != nil {
		return at.segment(member, segment)
	}
	switch {
	case m.lists[name]:
		return member.Lists[name]
	case name == "now":
		return at.now
	case name == "today":
		return at.today
	}
	panic(faultf("nothing is called %s", name))
}

// tag is the value of a tag, rounded and widened to the tag's type.
func (at *Instant) tag(member *Member, name string) operand {
	tag := at.model.tags[name]
	if tag.Expr == nil {
		return at.manualTag(member, tag)
	}
	k := memberTag{member, name}
	if x, ok := at.tags[k]; ok {
		return x
	}
	x := scope{at: at, member: member, declared: true}.eval(tag.Expr)
	x = at.model.settle(at.model.widen(x, at.model.typeOfTag(tag)))
	at.tags[k] = x
	return x
}

// segment reports whether a member is in a segment.
func (at *Instant) segment(member *Member, segment *dsl.Segment) bool {
	return scope{at: at, member: member, declared: true}.holds(segment.Expr)
}

// manualTag is the value that was set by hand, unless it has lapsed: set on day D, it holds through day D + span.
func (at *Instant) manualTag(member *Member, tag *dsl.Tag) operand {
	manual, ok := member.Manual[tag.Name.Text]
	if !ok {
		return nil
	}
	if span := tag.For; span != nil {
		last := dayOf(instant(manual.SetAt), at.model.zone).add(span.N, span.Unit)
		if at.today > last {
			return nil
		}
	}
	return load(manual.Value)
}

// field is a field of the event in hand, its at or its day. A computed field is rounded to its declared type.
func (s scope) field(name string) operand {
	switch name {
	case "at":
		return instant(s.event.At)
	case "day":
		return dayOf(instant(s.event.At), s.at.model.zone)
	}
	t, ok := s.fields.types[name]
	if !ok {
		panic(faultf("event %s has no field %s", s.fields.name, name))
	}
	if computed := s.fields.computed[name]; computed != nil {
		return s.at.model.settle(s.at.model.widen(s.eval(computed), t))
	}
	return load(s.event.Fields[name])
}

// column is a column of a row: unknown if the row is, or if the table has no such row. The key column is the key itself,
// which is known in any case.
func (at *Instant) column(row operand, of typ, name string) operand {
	key, ok := row.(string)
	if !ok {
		return nil
	}
	at.model.typeOfColumn(of, name) // raises a fault if the table has no such column
	if name == at.model.tables[of.table].key {
		return key
	}
	columns, ok := at.world.Tables[of.table][key]
	if !ok {
		return nil
	}
	return load(columns[name])
}

func monthOf(m int) time.Month { return time.Month(m) }
