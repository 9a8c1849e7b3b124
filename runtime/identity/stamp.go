package identity

import (
	"strings"

	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Stamps gives the records that set attributes or manual tags their stamps, strictly ascending.
type Stamps struct{ Last int64 }

// Next returns the stamp of a record that is accepted when the clock shows an instant, in microseconds.
func (s *Stamps) Next(clock int64) int64 {
	s.Last = max(clock, s.Last+1)
	return s.Last
}

// Values are attributes and manual tags of a member as the store keeps them: by name, the hidden ones among them. What is
// absent is unknown.
type Values = map[string]column.Value

// Put sets an attribute that is no id, or clears it with a value of kind 0, by the record with a stamp. isID tells which
// attributes are ids. The at and by of a manual tag are for the caller to set.
func Put(values Values, isID func(name string) bool, name string, v column.Value, stamp int64) {
	mark := values[storage.SetName]
	if mark.Kind == 0 && v.Kind != 0 && !othersSet(values, isID, name) {
		mark = column.Int(stamp)
		values[storage.SetName] = mark
	}
	if v.Kind == 0 {
		delete(values, name)
	} else {
		values[name] = v
	}
	if v.Kind != 0 && mark.Kind != 0 && mark.Int == stamp {
		delete(values, name+storage.SetSuffix)
	} else {
		values[name+storage.SetSuffix] = column.Int(stamp)
	}
}

// othersSet reports whether anything but name has a value without a stamp of its own: what SetName said would count for
// that too.
func othersSet(values Values, isID func(name string) bool, name string) bool {
	for other := range values {
		if other != name && !strings.Contains(other, "@") && !isID(other) && values[other+storage.SetSuffix].Kind == 0 {
			return true
		}
	}
	return false
}

// StampOf returns when an attribute was set: v is its value, own that of NAME@set and first that of @set. If ever is
// false it was never set; a stamp of 0 is from before stamps were kept.
func StampOf(v, own, first column.Value) (stamp int64, ever bool) {
	switch {
	case own.Kind != 0:
		return own.Int, true
	case v.Kind != 0 && first.Kind != 0:
		return first.Int, true
	}
	return 0, v.Kind != 0
}

// Read returns what was ever set of a member, with its stamps. isID tells which attributes are ids, which are left out.
func Read(values Values, isID func(name string) bool) map[string]storage.Stamped {
	out := make(map[string]storage.Stamped)
	for stored, v := range values {
		name, suffix, hidden := strings.Cut(stored, "@")
		if name == "" || isID(name) || hidden && suffix != storage.SetSuffix[1:] {
			continue
		}
		if _, done := out[name]; done {
			continue
		}
		if hidden {
			v = values[name]
		}
		stamp, _ := StampOf(v, values[name+storage.SetSuffix], values[storage.SetName])
		s := storage.Stamped{Value: v, Stamp: stamp}
		if strings.HasPrefix(name, storage.ManualPrefix) {
			s.At, s.By = values[name+storage.ManualAtSuffix].Int, values[name+storage.ManualBySuffix].Text
		}
		out[name] = s
	}
	return out
}

// Write returns what was set as the store keeps it: the inverse of [Read]. The stamp that most have is the one of
// SetName.
func Write(set map[string]storage.Stamped) Values {
	out := make(Values, len(set)+1)
	count := map[int64]int{}
	first, most := int64(0), 0
	old := false
	for _, s := range set {
		switch {
		case s.Stamp == 0:
			old = true
		case s.Value.Kind != 0:
			count[s.Stamp]++
			if n := count[s.Stamp]; n > most || n == most && s.Stamp < first {
				first, most = s.Stamp, n
			}
		}
	}
	if most > 0 && !old {
		out[storage.SetName] = column.Int(first)
	}
	for name, s := range set {
		if s.Value.Kind != 0 {
			out[name] = s.Value
		}
		if s.Stamp != 0 && (old || s.Value.Kind == 0 || s.Stamp != first) {
			out[name+storage.SetSuffix] = column.Int(s.Stamp)
		}
		if strings.HasPrefix(name, storage.ManualPrefix) && (s.At != 0 || s.By != "") {
			out[name+storage.ManualAtSuffix], out[name+storage.ManualBySuffix] = column.Int(s.At), column.Text(s.By)
		}
	}
	return out
}
