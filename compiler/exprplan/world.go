package exprplan

import (
	"sort"

	"github.com/muster-engine/muster/compiler/ir"
)

// World is what all members share. It must not change while it is in use, but for a new World.
type World struct {
	Program *ir.Program
	// Now is the clock, in microseconds since 1970.
	Now int64
	// Start is the start of the run of a campaign, for nodes that read it.
	Start int64
	// Cell is a column of a table for the row with that key: unknown if there is no such row or the cell is empty. Nil
	// means that every table is empty.
	Cell func(t *ir.Table, key string, column int) ir.Value
	// Cuts are the boundaries of an ntile, ascending. Nil means that there are none.
	Cuts func(n *ir.Ntile) []ir.Cut
}

// Member is one member. Functions that are nil stand for: nothing known, on no list, no events.
type Member struct {
	Number uint32
	// Attribute is attribute i of the program; an enum is its ordinal.
	Attribute func(i int) ir.Value
	// Manual is a manual tag of the program as it was last set, and when; whether it has lapsed since is worked out here.
	Manual func(tag int) (value ir.Value, set int64)
	OnList func(list int) bool
	// Events are all events of one type, ordered by time, then by arrival; those after now do no harm.
	Events func(event int) []Event
	// Room is where the values of events are that come while the member is in use; nil for memory of their own.
	Room *ir.Room
}

// Event is one event of a member. Fields has an entry for every stored field of its type.
type Event struct {
	At     int64
	Fields []ir.Value
}

// group is where a value falls among the cuts of an ntile.
func group(cuts []ir.Cut, v any) int64 {
	above := sort.Search(len(cuts), func(i int) bool { return compare(native(cuts[i].From), v) > 0 })
	if above == 0 {
		return 1
	}
	return cuts[above-1].Group
}
