package vector

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/muster-engine/muster/compiler/ir"
)

// compareTexts evaluates = and != of two vectors of texts.
func (b *Batch) compareTexts(op ir.Op, x, y *Vec, out []uint64) {
	switch {
	case y.Uniform:
		if code := b.codeOf(x.Dict, y.Dict[y.T[0]]); code < 0 {
			clear(out)
		} else {
			eqConst(x.T, uint32(code), out)
		}
	case sameDict(x.Dict, y.Dict):
		eqLanes(x.T, y.T, out)
	default:
		for i := range x.T {
			setBit(out, i, x.Dict[x.T[i]] == y.Dict[y.T[i]])
		}
	}
	if op == ir.OpNe {
		for i := range out {
			out[i] = ^out[i]
		}
	}
}

// dictText asks for the code of a text in a dictionary, which is known by its first entry.
type dictText struct {
	dict *string
	size int
	text string
}

// codeOf returns the code of a text in a dictionary, which holds each text once, or -1.
func (b *Batch) codeOf(dict []string, text string) int {
	if len(dict) == 0 {
		return -1
	}
	key := dictText{&dict[0], len(dict), text}
	if code, ok := b.codesOf[key]; ok {
		return code
	}
	code := slices.Index(dict, text)
	if b.codesOf == nil {
		b.codesOf = make(map[dictText]int)
	}
	b.codesOf[key] = code
	return code
}

func sameDict(a, b []string) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// perText evaluates a property of texts once for each different code that occurs.
func perText(x *Vec, out []uint64, property func(string) bool) {
	const unset, no, yes = 0, 1, 2
	seen := make([]uint8, len(x.Dict))
	for i, code := range x.T {
		if seen[code] == unset {
			seen[code] = no
			if property(x.Dict[code]) {
				seen[code] = yes
			}
		}
		setBit(out, i, seen[code] == yes)
	}
}

// stringTest evaluates contains, starts with, ends with, matches.
func (b *Batch) stringTest(n *ir.Node) *Vec {
	x := b.Full(b.Eval(n.Args[0]))
	out := b.New(ir.Bool)
	if n.Op == ir.OpMatches {
		perText(x, out.B, n.Regexp.MatchString)
		b.maskKnown(out.B, x)
		return out
	}
	test := map[ir.Op]func(s, sub string) bool{
		ir.OpContains: strings.Contains, ir.OpStarts: strings.HasPrefix, ir.OpEnds: strings.HasSuffix,
	}[n.Op]
	y := b.Eval(n.Args[1])
	if y.Uniform {
		sub := y.Dict[y.T[0]]
		perText(x, out.B, func(s string) bool { return test(s, sub) })
	} else {
		for i := range x.T {
			setBit(out.B, i, test(x.Dict[x.T[i]], y.Dict[y.T[i]]))
		}
	}
	b.maskKnown(out.B, x, y)
	return out
}

// has evaluates set contains element.
func (b *Batch) has(n *ir.Node) *Vec {
	set, elem := b.Full(b.Eval(n.Args[0])), b.Full(b.Eval(n.Args[1]))
	out := b.New(ir.Bool)
	for i := range set.S {
		on := false
		if set.IsKnown(i) && elem.IsKnown(i) {
			text := b.textOf(n.Args[1], elem, i)
			at := sort.SearchStrings(set.S[i], text)
			on = at < len(set.S[i]) && set.S[i][at] == text
		}
		setBit(out.B, i, on)
	}
	return out
}

// textOf returns lane i of a string, row or enum vector as text.
func (b *Batch) textOf(n *ir.Node, v *Vec, i int) string {
	if v.Kind == ir.Enum {
		return n.Type.Enum.Values[v.I[i]]
	}
	return v.Dict[v.T[i]]
}

// interner collects different texts as a dictionary.
type interner struct {
	codes map[string]uint32
	dict  []string
}

func (d *interner) code(s string) uint32 {
	if c, ok := d.codes[s]; ok {
		return c
	}
	if d.codes == nil {
		d.codes = make(map[string]uint32)
	}
	c := uint32(len(d.dict))
	d.codes[s] = c
	d.dict = append(d.dict, s)
	return c
}

// textual evaluates enum mapping, conversion to text, lower and length.
func (b *Batch) textual(n *ir.Node) *Vec {
	x := b.Eval(n.Args[0])
	if x.Known != nil && x.Uniform && x.Known[0]&1 == 0 {
		return b.Uniform(ir.Unknown(n.Type.Kind))
	}
	x = b.Full(x)
	out := b.New(n.Type.Kind)
	out.Known = x.Known
	switch n.Op {
	case ir.OpEnumMap:
		for i, o := range x.I {
			if x.IsKnown(i) {
				out.I[i] = n.Map[o]
			}
		}
	case ir.OpText:
		if x.Kind == ir.Enum {
			out.Dict = n.Args[0].Type.Enum.Values
			for i, o := range x.I {
				out.T[i] = 0
				if x.IsKnown(i) {
					out.T[i] = uint32(o)
				}
			}
		} else {
			copy(out.T, x.T)
			out.Dict = x.Dict
		}
	case ir.OpLower:
		var in interner
		memo := make(map[uint32]uint32)
		for i, code := range x.T {
			c, ok := memo[code]
			if !ok {
				c = in.code(strings.ToLower(x.Dict[code]))
				memo[code] = c
			}
			out.T[i] = c
		}
		out.Dict = in.dict
	case ir.OpLength:
		for i, code := range x.T {
			out.I[i] = int64(utf8.RuneCountInString(x.Dict[code]))
		}
	}
	return out
}

// column looks table cells up by row.
func (b *Batch) column(n *ir.Node) *Vec {
	row := b.Full(b.Eval(n.Args[0]))
	table := b.Env.Lookup(n.Args[0].Type.Table)
	if table == nil {
		return b.Uniform(ir.Unknown(n.Type.Kind))
	}
	out := b.New(n.Type.Kind)
	out.Known = b.Bits()
	clear(out.Known)
	if n.Index == n.Args[0].Type.Table.Key {
		return b.keyColumn(row, table, out)
	}
	var in interner
	cells := table.Cells[n.Index]
	places := make(map[uint32]int)
	for i, code := range row.T {
		if out.T != nil {
			out.T[i] = 0
		}
		if !row.IsKnown(i) {
			continue
		}
		at, seen := places[code]
		if !seen {
			var ok bool
			if at, ok = table.ByKey[row.Dict[code]]; !ok {
				at = -1
			}
			places[code] = at
		}
		if at < 0 || !cells[at].Known {
			continue
		}
		out.Known[i>>6] |= 1 << (uint(i) & 63)
		cell := &cells[at]
		switch {
		case out.B != nil:
			setBitTo(out.B, i, cell.I != 0)
		case out.F != nil:
			out.F[i] = cell.F
		case out.T != nil:
			out.T[i] = in.code(cell.S)
		case out.S != nil:
			out.S[i] = cell.Set
		default:
			out.I[i] = cell.I
		}
	}
	if out.T != nil {
		if out.Dict = in.dict; len(out.Dict) == 0 {
			out.Dict = []string{""}
		}
	}
	return out
}

// keyColumn is the key of a row that the table has.
func (b *Batch) keyColumn(row *Vec, table *Rows, out *Vec) *Vec {
	copy(out.T, row.T)
	out.Dict = row.Dict
	for i, code := range row.T {
		if row.IsKnown(i) {
			if _, ok := table.ByKey[row.Dict[code]]; ok {
				out.Known[i>>6] |= 1 << (uint(i) & 63)
			}
		}
	}
	return out
}

func setBitTo(w []uint64, i int, on bool) {
	if on {
		w[i>>6] |= 1 << (uint(i) & 63)
	} else {
		w[i>>6] &^= 1 << (uint(i) & 63)
	}
}
