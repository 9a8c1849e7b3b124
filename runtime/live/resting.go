package live

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/muster-engine/muster/storage"
)

// resting is a member as it lies in the overlay, from the group that changed it until a checkpoint has put it into the
// columns. A hundred thousand do, with all their events, and a collection of garbage looks at each object that they are of:
// so whatever every member has is one text, and is made into a member again for whoever wants one. It is replaced and not
// changed.
//
// The text has the types of which the member has events, each with how many and how many bytes they take; the attributes;
// and the events, type by type.
type resting struct {
	number         uint32
	live, unmerged bool
	lists          map[string]bool
	merge          *storage.Merge
	of             *terms
	packed         string
}

// terms are what the texts of members that came to rest together name by its place.
type terms struct {
	kinds  []string
	shapes []*shape
}

// rester lays members to rest.
type rester struct {
	terms      *terms
	head, body recordWriter
}

// ownText is how many bytes a text has at least that is kept by itself. Shorter ones are parts of one text, which stays as
// long as one of them is in use.
const ownText = 2048

// atRest are those members at rest that are altered. They must not be changed any more.
func atRest(members map[uint32]*member) []resting {
	r := resters.Get().(*rester)
	defer func() {
		if cap(r.head.out) <= mostPooled {
			resters.Put(r)
		}
	}()
	r.terms, r.head.out = new(terms), r.head.out[:0]
	out, ends := make([]resting, 0, len(members)), make([]int, 0, len(members))
	for _, m := range members {
		if !m.altered {
			continue
		}
		out = append(out, resting{number: m.number, live: m.live, unmerged: m.unmerged, lists: m.lists, merge: m.merge, of: r.terms})
		from := len(r.head.out)
		r.write(m)
		if len(r.head.out)-from >= ownText {
			out[len(out)-1].packed = string(r.head.out[from:])
			r.head.out = r.head.out[:from]
		}
		ends = append(ends, len(r.head.out))
	}
	all, from := string(r.head.out), 0
	for i, end := range ends {
		if end > from {
			out[i].packed = all[from:end]
		}
		from = end
	}
	return out
}

// resters are used again, but for those that a large upload has made large.
const mostPooled = 4 << 20 // bytes

var resters = sync.Pool{New: func() any { return new(rester) }}

// write appends the text of a member.
func (r *rester) write(m *member) {
	r.body.out = r.body.out[:0]
	r.head.uvarint(uint64(len(m.events)))
	for _, t := range m.events {
		from := len(r.body.out)
		for i := range t.events {
			r.event(&t.events[i])
		}
		r.head.uvarint(uint64(placeIn(&r.terms.kinds, t.kind)))
		r.head.uvarint(uint64(len(t.events)))
		r.head.uvarint(uint64(len(r.body.out) - from))
	}
	r.fields(&r.head, m.attributes)
	r.head.out = append(r.head.out, r.body.out...)
}

// How the key of an event is told: there is none, it is a text by itself, or it is a field, by its place from keyField on.
const (
	keyNone = iota
	keyText
	keyField
)

func (r *rester) event(e *event) {
	r.body.out = binary.LittleEndian.AppendUint64(r.body.out, uint64(e.at))
	r.fields(&r.body, e.fields)
	switch place := e.fields.placeOf(e.key); {
	case e.key == "":
		r.body.uvarint(keyNone)
	case place < 0:
		r.body.uvarint(keyText)
		r.body.text(e.key)
	default:
		r.body.uvarint(uint64(keyField + place))
	}
}

func (r *rester) fields(to *recordWriter, fs fields) {
	if fs.of == nil {
		to.uvarint(0)
		return
	}
	to.uvarint(uint64(placeIn(&r.terms.shapes, fs.of)) + 1)
	to.text(fs.packed)
}

// placeIn is the place of a term among others, at the end if it is new.
func placeIn[T comparable](all *[]T, one T) int {
	if i := slices.Index(*all, one); i >= 0 {
		return i
	}
	*all = append(*all, one)
	return len(*all) - 1
}

// member is the member, which belongs to who asked for it. Its texts share the memory of what rests.
func (r *resting) member() *member {
	m := newMember(r.number)
	m.live, m.unmerged, m.lists, m.merge = r.live, r.unmerged, r.lists, r.merge
	in := recordReader{in: r.packed}
	m.events = make(histories, in.uvarint())
	total, types := 0, in
	for i := range m.events {
		of := r.typeOf(&in)
		m.events[i].kind = of.kind
		total += of.events
	}
	m.attributes = r.fields(&in)
	all := make([]event, total)
	for i := range m.events {
		n := r.typeOf(&types).events
		m.events[i].events, all = all[:n:n], all[n:]
		r.read(&in, m.events[i].events)
	}
	return m
}

// restingType is a type of which there are so many events, in so many bytes.
type restingType struct {
	kind   string
	events int
	size   uint64
}

func (r *resting) typeOf(in *recordReader) restingType {
	return restingType{r.of.kinds[in.uvarint()], int(in.uvarint()), in.uvarint()}
}

// fields are the attributes, or what an event has.
func (r *resting) fields(in *recordReader) fields {
	if shape := in.uvarint(); shape > 0 {
		return fields{r.of.shapes[shape-1], in.text()}
	}
	return fields{}
}

func (r *resting) read(in *recordReader, events []event) {
	for i := range events {
		e := &events[i]
		at := in.take(8)
		e.at = int64(uint64(at[0]) | uint64(at[1])<<8 | uint64(at[2])<<16 | uint64(at[3])<<24 |
			uint64(at[4])<<32 | uint64(at[5])<<40 | uint64(at[6])<<48 | uint64(at[7])<<56)
		e.fields = r.fields(in)
		switch key := in.uvarint(); key {
		case keyNone:
		case keyText:
			e.key = in.text()
		default:
			e.key = e.fields.rest(e.fields.slot(int(key - keyField)))
		}
	}
}

// attributes are those of the member, and events its events of a type: what does not need all of it.
func (r *resting) attributes() fields {
	in := recordReader{in: r.packed}
	for n := in.uvarint(); n > 0; n-- {
		r.typeOf(&in)
	}
	return r.fields(&in)
}

func (r *resting) events(kind string) []event {
	in := recordReader{in: r.packed}
	n, skip, found := 0, uint64(0), false
	for types := in.uvarint(); types > 0; types-- {
		of := r.typeOf(&in)
		switch {
		case of.kind == kind:
			n, found = of.events, true
		case !found:
			skip += of.size
		}
	}
	if !found {
		return nil
	}
	r.fields(&in)
	in.take(skip)
	out := make([]event, n)
	r.read(&in, out)
	return out
}

// kinds are the types of which the member has events.
func (r *resting) kinds() []string {
	in := recordReader{in: r.packed}
	out := make([]string, in.uvarint())
	for i := range out {
		out[i] = r.typeOf(&in).kind
	}
	return out
}

// has reports whether the member has events of a type.
func (r *resting) has(kind string) bool { return slices.Contains(r.kinds(), kind) }

// mention reports whether any of those who share the terms has a field.
func (t *terms) mention(field string) bool {
	return slices.ContainsFunc(t.shapes, func(s *shape) bool { return slices.Contains(s.names, field) })
}
