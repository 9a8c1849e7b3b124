package dossier

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/asjson"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Dossier is all that is held of a member.
type Dossier struct {
	Member     uint32              `json:"member"`
	AsOf       string              `json:"as_of"`
	IDs        map[string][]string `json:"ids"`
	Attributes []Set               `json:"attributes"`
	ManualTags []Set               `json:"manual_tags"`
	Lists      []string            `json:"lists"`
	Events     []Event             `json:"events"`
	Facts      []Event             `json:"facts"`
	Merges     []Merge             `json:"merges"`
	Conflicts  []Conflict          `json:"conflicts"`
	Messages   []Message           `json:"messages"`
	Crossings  []Crossing          `json:"crossings"`
	Tags       map[string]any      `json:"tags"`
	Segments   []string            `json:"segments"`
}

// Set is a value with when it was set; a value of null was cleared. SetAt is absent where it was not noted.
type Set struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
	SetAt string `json:"set_at,omitempty"`
	SetBy string `json:"set_by,omitempty"`
}

// Event is an event or a fact. Of is the number of the absorbed member that brought it.
type Event struct {
	Type   string         `json:"type"`
	At     string         `json:"at"`
	Of     *uint32        `json:"of,omitempty"`
	Fields map[string]any `json:"fields"`
}

// Merge is the record of a member that became part of this one.
type Merge struct {
	Absorbed   uint32              `json:"absorbed"`
	Survivor   uint32              `json:"survivor"`
	At         string              `json:"at"`
	IDs        map[string][]string `json:"ids"`
	Attributes []Set               `json:"attributes"`
	Replaced   []Set               `json:"replaced"`
	Lists      []string            `json:"lists"`
	Doubles    []Event             `json:"doubles"`
}

// Conflict is a record whose ids belong to members that cannot be one.
type Conflict struct {
	Number    int64    `json:"number"`
	At        string   `json:"at"`
	Member    uint32   `json:"member"`
	Others    []uint32 `json:"others"`
	Attribute string   `json:"attribute"`
	IDs       []ID     `json:"ids"`
}

// ID is an id of a conflict; a value of "" is a channel's hash, or erased.
type ID struct {
	Attribute string `json:"attribute"`
	Value     string `json:"value"`
}

// Message waits to be handed to a sink.
type Message struct {
	Sink     string `json:"sink"`
	At       string `json:"at"`
	Template string `json:"template"`
	Values   any    `json:"values"`
}

// Crossing is an entering or leaving of a segment that was reported.
type Crossing struct {
	Seq     uint64 `json:"seq"`
	Segment string `json:"segment"`
	Member  uint32 `json:"member"`
	Entered bool   `json:"entered"`
	At      string `json:"at"`
	Cause   string `json:"cause"`
}

// New tells what is held of a member; person is that member in the view.
func New(ctx context.Context, view *runtime.View, person *runtime.Person, h *live.Held) (*Dossier, error) {
	w := &writer{view.Program()}
	d := &Dossier{
		Member: h.Number, AsOf: w.time(view.Now()), IDs: ids(h.IDs), Lists: h.Lists, Events: []Event{}, Facts: []Event{},
		Merges: []Merge{}, Conflicts: []Conflict{}, Messages: []Message{}, Crossings: []Crossing{},
		Tags: map[string]any{}, Segments: []string{},
	}
	if d.Lists == nil {
		d.Lists = []string{}
	}
	d.Attributes, d.ManualTags = w.set(h.Set)
	for _, kind := range slices.Sorted(maps.Keys(h.Events)) {
		into := &d.Events
		if w.isFact(kind) {
			into = &d.Facts
		}
		for _, e := range h.Events[kind] {
			*into = append(*into, w.event(kind, e.At, e.Fields, e.Of))
		}
	}
	for _, all := range [][]Event{d.Events, d.Facts} {
		slices.SortStableFunc(all, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	}
	for _, m := range h.Merges {
		d.Merges = append(d.Merges, w.merge(m))
	}
	for _, c := range h.Conflicts {
		d.Conflicts = append(d.Conflicts, NewConflict(view.Program(), c))
	}
	for _, m := range h.Messages {
		d.Messages = append(d.Messages, Message{m.Sink, w.time(m.At), m.Template, m.Values})
	}
	for _, c := range h.Crossings {
		d.Crossings = append(d.Crossings, Crossing{c.Seq, c.Segment, c.Member, c.Entered, w.time(c.At), c.Cause})
	}
	return d, d.now(ctx, view.Program(), person)
}

// now puts in the tags and segments of the present.
func (d *Dossier) now(ctx context.Context, prog *ir.Program, person *runtime.Person) error {
	for _, t := range prog.Tags {
		if t.Manual {
			continue
		}
		v, err := person.Value(ctx, t.Expr)
		if err != nil {
			return err
		}
		d.Tags[t.Name] = asjson.Value(prog, v, t.Type)
	}
	for _, s := range prog.Segments {
		v, err := person.Value(ctx, s.Expr)
		if err != nil {
			return err
		}
		if v.True() {
			d.Segments = append(d.Segments, s.Name)
		}
	}
	return nil
}

func ids(some []storage.ID) map[string][]string {
	out := map[string][]string{}
	for _, id := range some {
		out[id.Attribute] = append(out[id.Attribute], id.Text)
	}
	return out
}

// NewConflict tells of a conflict.
func NewConflict(prog *ir.Program, c storage.Conflict) Conflict {
	out := Conflict{Number: c.Number, At: asjson.Time(prog, c.At), Member: c.Member, Others: c.Others, Attribute: c.Attribute, IDs: []ID{}}
	if out.Others == nil {
		out.Others = []uint32{}
	}
	for _, id := range c.IDs {
		out.IDs = append(out.IDs, ID{id.Attribute, id.Text})
	}
	return out
}

// NewMerge tells of a merge.
func NewMerge(prog *ir.Program, m *storage.Merge) Merge { return (&writer{prog}).merge(m) }

// writer puts what is stored into the words of a program.
type writer struct{ prog *ir.Program }

func (w *writer) time(us int64) string { return asjson.Time(w.prog, us) }

func (w *writer) isFact(kind string) bool {
	for _, e := range w.prog.Events {
		if e.Name == kind {
			return e.Facts != ""
		}
	}
	return strings.Contains(kind, ":")
}

// value is a stored value; what the program does not declare any more is shown as it is stored.
func (w *writer) value(v column.Value, t ir.Type, declared bool) any {
	if declared {
		return asjson.Value(w.prog, runtime.FromStored(v, t), t)
	}
	switch v.Kind {
	case column.Ints:
		return v.Int
	case column.Floats:
		return v.Float
	case column.Texts:
		return v.Text
	case column.Sets:
		return v.Set
	}
	return nil
}

// set tells attributes and manual tags apart.
func (w *writer) set(all map[string]storage.Stamped) (attributes, tags []Set) {
	attributes, tags = []Set{}, []Set{}
	types := map[string]ir.Type{}
	for _, a := range w.prog.Attributes {
		types[a.Name] = a.Type
	}
	for _, t := range w.prog.Tags {
		types[storage.ManualPrefix+t.Name] = t.Type
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s := all[name]
		t, declared := types[name]
		one := Set{Name: name, Value: w.value(s.Value, t, declared), SetBy: s.By}
		switch {
		case s.At != 0:
			one.SetAt = w.time(s.At)
		case s.Stamp != 0:
			one.SetAt = w.time(s.Stamp)
		}
		if tag, manual := strings.CutPrefix(name, storage.ManualPrefix); manual {
			one.Name = tag
			tags = append(tags, one)
		} else {
			attributes = append(attributes, one)
		}
	}
	return attributes, tags
}

func (w *writer) event(kind string, at int64, fields map[string]column.Value, of *uint32) Event {
	out := Event{Type: kind, At: w.time(at), Of: of, Fields: map[string]any{}}
	types := map[string]ir.Type{}
	for _, e := range w.prog.Events {
		if e.Name == kind {
			for _, f := range e.Fields {
				types[f.Name] = f.Type
			}
		}
	}
	for name, v := range fields {
		if v.Kind != 0 && name != storage.OfField {
			t, declared := types[name]
			out.Fields[name] = w.value(v, t, declared)
		}
	}
	return out
}

func (w *writer) merge(m *storage.Merge) Merge {
	out := Merge{Absorbed: m.Absorbed, Survivor: m.Survivor, At: w.time(m.At), IDs: ids(m.IDs), Lists: m.Lists, Doubles: []Event{}}
	if out.Lists == nil {
		out.Lists = []string{}
	}
	both := func(set map[string]storage.Stamped) []Set {
		attributes, tags := w.set(set)
		return append(attributes, tags...)
	}
	out.Attributes, out.Replaced = both(m.Attributes), both(m.Replaced)
	for _, d := range m.Doubles {
		out.Doubles = append(out.Doubles, w.event(d.Event, d.At, d.Fields, nil))
	}
	return out
}
