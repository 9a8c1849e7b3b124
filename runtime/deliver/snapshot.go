package deliver

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/klauspost/compress/s2"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/asjson"
	"github.com/muster-engine/muster/storage/column"
)

// snapshot is what a sync hands over of the members of a block: by name of segment and tag, and by the low 16 bits of the
// member's number. Its bytes are kept in the store between runs.
type snapshot struct {
	Live     []byte            // a Roaring bitmap
	Segments map[string][]byte // Roaring bitmaps
	Tags     map[string][]byte // packed columns of 65,536 rows at most

	live     *roaring.Bitmap
	segments map[string]*roaring.Bitmap
	tags     map[string]*column.Column
}

func (s *snapshot) encode() ([]byte, error) {
	var err error
	if s.Live, err = s.live.ToBytes(); err != nil {
		return nil, err
	}
	s.Segments, s.Tags = map[string][]byte{}, map[string][]byte{}
	for name, members := range s.segments {
		if s.Segments[name], err = members.ToBytes(); err != nil {
			return nil, err
		}
	}
	for name, c := range s.tags {
		s.Tags[name] = column.Encode(nil, c)
	}
	raw, err := json.Marshal(s)
	return s2.Encode(nil, raw), err
}

// decodeSnapshot reads what is kept; nil is a block of which nothing was handed over.
func decodeSnapshot(packed []byte) (*snapshot, error) {
	s := &snapshot{live: roaring.New(), segments: map[string]*roaring.Bitmap{}, tags: map[string]*column.Column{}}
	if packed == nil {
		return s, nil
	}
	raw, err := s2.Decode(nil, packed)
	if err == nil {
		err = json.Unmarshal(raw, s)
	}
	if err == nil {
		s.live, err = bitmap(s.Live)
	}
	for name, b := range s.Segments {
		if err == nil {
			s.segments[name], err = bitmap(b)
		}
	}
	for name, b := range s.Tags {
		if err == nil {
			s.tags[name], err = column.Decode(b)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("what was handed over last cannot be read: %w", err)
	}
	return s, nil
}

func bitmap(b []byte) (*roaring.Bitmap, error) {
	m := roaring.New()
	if err := m.UnmarshalBinary(b); err != nil {
		return nil, err
	}
	return m, m.Validate()
}

// take makes the snapshot of a part: the values of the segments, then those of the tags.
func (j *job) take(p runtime.Part) *snapshot {
	s := &snapshot{live: roaring.New(), segments: map[string]*roaring.Bitmap{}, tags: map[string]*column.Column{}}
	for _, m := range p.Members {
		s.live.Add(m - p.Base)
	}
	for i, segment := range j.segments {
		on := roaring.New()
		for _, m := range p.Members {
			if p.Values[i].Value(int(m - p.Base)).True() {
				on.Add(m - p.Base)
			}
		}
		s.segments[segment.Name] = on
	}
	rows := 0
	if n := len(p.Members); n > 0 {
		rows = int(p.Members[n-1]-p.Base) + 1
	}
	for i, tag := range j.tags {
		values, b, next := p.Values[len(j.segments)+i], column.NewBuilder(stored(tag.Type), rows), 0
		for _, m := range p.Members {
			for ; next < int(m-p.Base); next++ {
				b.AppendUnknown()
			}
			b.Append(packed(values.Value(next), tag.Type))
			next++
		}
		s.tags[tag.Name] = b.Column()
	}
	return s
}

// stored is how values of a type are kept.
func stored(t ir.Type) column.Kind {
	switch t.Kind {
	case ir.Number:
		return column.Floats
	case ir.String, ir.Enum, ir.Row:
		return column.Texts
	case ir.Set:
		return column.Sets
	}
	return column.Ints
}

// packed is a value as it is kept: enums by their text, exact money in minor units.
func packed(v ir.Value, t ir.Type) column.Value {
	if !v.Known {
		return column.Value{}
	}
	switch t.Kind {
	case ir.Number:
		if math.IsNaN(v.F) || math.IsInf(v.F, 0) {
			return column.Value{}
		}
		return column.Float(v.F)
	case ir.Enum:
		if t.Enum == nil || v.I < 0 || int(v.I) >= len(t.Enum.Values) {
			return column.Value{}
		}
		return column.Text(t.Enum.Values[v.I])
	case ir.String, ir.Row:
		return column.Text(v.S)
	case ir.Set:
		return column.Set(v.Set...)
	case ir.Exact:
		minor, ok := v.D.Minor()
		if !ok {
			return column.Value{}
		}
		return column.Int(minor)
	}
	return column.Int(v.I)
}

// shown is a kept value as it is handed over: nil if it is unknown, or of another kind than the tag is now.
func shown(prog *ir.Program, v column.Value, t ir.Type) any {
	if v.Kind == 0 || v.Kind != stored(t) {
		return nil
	}
	if v.Kind == column.Texts {
		return v.Text
	}
	kind := t.Kind
	if kind == ir.Exact {
		kind = ir.Money
	}
	return asjson.Value(prog, ir.Value{Known: true, Kind: kind, I: v.Int, F: v.Float, Set: v.Set}, t)
}
