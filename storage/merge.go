package storage

import (
	"maps"
	"slices"

	"github.com/muster-engine/muster/storage/column"
)

// Hidden names under which a store keeps what identity needs, beside what the rules declare; the language has no such
// names.
const (
	// SetName is the attribute with the stamp of the record that first set anything of a member.
	SetName = "@set"
	// SetSuffix makes of an attribute's name, or of a manual tag's, that of the attribute with the stamp of the record that
	// set or cleared it last. It is there only where that differs from SetName's, or where the attribute was cleared.
	SetSuffix = "@set"
	// OfField is the field of every type of event with the number of the absorbed member that brought it; unknown means
	// that it is the member's own.
	OfField = "@of"
)

// ID is a value of an id attribute, normalised.
type ID struct{ Attribute, Text string }

// Stamped is a value of an attribute or a manual tag, of kind 0 if it was cleared, with when it was set.
type Stamped struct {
	Value column.Value `json:",omitzero"`
	// Stamp orders what was set: 0 for a value from before stamps were kept.
	Stamp int64 `json:",omitempty"`
	// At and By are of a manual tag.
	At int64  `json:",omitempty"`
	By string `json:",omitempty"`
}

// Double is an event that a merge left out, because the survivor had one with the same key.
type Double struct {
	Event  string
	Key    string
	At     int64
	Fields map[string]column.Value `json:",omitempty"` // the key and OfField among them
}

// Merge is the record of a member that became part of another: what undoing it needs.
type Merge struct {
	Absorbed, Survivor uint32
	At                 int64 // microseconds since 1970
	// IDs, Attributes (manual tags among them, with their prefix) and Lists are those of the absorbed member.
	IDs        []ID
	Attributes map[string]Stamped `json:",omitempty"`
	Lists      []string           `json:",omitempty"`
	// Replaced is what the survivor had where it took over what the absorbed member had; a name without a value there was
	// never set. OnlyLists are the lists that it came on by the merge.
	Replaced  map[string]Stamped `json:",omitempty"`
	OnlyLists []string           `json:",omitempty"`
	Doubles   []Double           `json:",omitempty"`
}

// Clone returns a copy that can be changed without changing m.
func (m *Merge) Clone() *Merge {
	c := *m
	c.IDs, c.Lists, c.OnlyLists = slices.Clone(m.IDs), slices.Clone(m.Lists), slices.Clone(m.OnlyLists)
	c.Attributes, c.Replaced = maps.Clone(m.Attributes), maps.Clone(m.Replaced)
	c.Doubles = slices.Clone(m.Doubles)
	return &c
}

// Conflict is a record whose ids belong to members that cannot be one.
type Conflict struct {
	Number int64 // from 1; given when it is stored
	At     int64 // microseconds since 1970
	IDs    []ID  // of the record, in the order in which the rules declare them; a digest's Text is empty
	Member uint32
	Others []uint32 `json:",omitempty"` // whom the other ids belong to, ascending
	// Attribute is the id of which the members together would have two values.
	Attribute string
}
