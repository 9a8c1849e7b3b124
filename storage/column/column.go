// Package column is the packed form of values: one attribute over the members of a block, or one field over the events
// of a block.
//
// A [Column] is immutable once built; readers share it without locks. Integers are kept as unsigned offsets from a base
// in units of a scale (a frame of reference), one, two, four or eight bytes wide; texts are codes into a dictionary of
// the column's own; floats are kept as they are; sets are runs of codes. Columns that are resident and columns that are
// stored have the same shape, so reading one is a copy of its bytes.
package column

// Block is how many members a block holds: one Roaring container.
const Block = 1 << 16

// Kind is how the values are held.
type Kind uint8

const (
	Ints   Kind = iota + 1 // bool (0, 1), int, money, date, time: anything that is an int64
	Floats                 // number
	Texts                  // string, enum, row, key, id: codes into Dict
	Sets                   // set of texts: codes into Dict
)

func (k Kind) String() string {
	return [...]string{"nothing", "ints", "floats", "texts", "sets"}[k]
}

// Column holds Len values, some of them unknown.
type Column struct {
	Kind Kind
	Len  int
	// Known has a bit per row, 64 a word, unused high bits of the last word zero; nil means that all rows are known. The
	// slot of an unknown row holds an arbitrary value (code or offset 0).
	Known []uint64

	// Ints: row i is Base + Scale*u, where u is the i-th element of the one slice below that Width selects (0 means that
	// every u is 0 and there is no slice). Texts: u is the code, Base 0 and Scale 1.
	Base, Scale int64
	Width       uint8 // 0, 1, 2, 4, 8 bytes
	U8          []uint8
	U16         []uint16
	U32         []uint32
	U64         []uint64

	// Floats.
	F64 []float64

	// Dict holds the different texts of Texts and Sets, in order of first appearance.
	Dict []string

	// Sets: row i has the codes Codes[Starts[i]:Starts[i+1]], in ascending order of their texts. A known row may be empty.
	Starts []uint32
	Codes  []uint32
}

// IsKnown reports whether row i is known.
func (c *Column) IsKnown(i int) bool {
	return c.Known == nil || c.Known[i>>6]>>(uint(i)&63)&1 != 0
}

// CountKnown returns how many rows are known of those from one on and before another, none beyond the end.
func (c *Column) CountKnown(from, end int) (n int) {
	if c == nil {
		return 0
	}
	for i := from; i < min(end, c.Len); i++ {
		if c.IsKnown(i) {
			n++
		}
	}
	return n
}

// Raw returns the packed element of row i: the offset of Ints, the code of Texts.
func (c *Column) Raw(i int) uint64 {
	switch c.Width {
	case 1:
		return uint64(c.U8[i])
	case 2:
		return uint64(c.U16[i])
	case 4:
		return uint64(c.U32[i])
	case 8:
		return c.U64[i]
	}
	return 0
}

// Int returns the integer of row i of a column of Ints; meaningless if the row is unknown.
func (c *Column) Int(i int) int64 { return c.Base + c.Scale*int64(c.Raw(i)) }

// Text returns the text of row i of a column of Texts; meaningless if the row is unknown.
func (c *Column) Text(i int) string { return c.Dict[c.Raw(i)] }
