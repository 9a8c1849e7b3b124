package fold

import (
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage/column"
)

// rows is the values of a per-event expression over all rows of a block. Which slice holds them depends on kind, as in
// a vector; codes are into dict, which holds each text once.
type rows struct {
	kind  ir.Kind
	known []uint64 // nil: all
	i     []int64
	f     []float64
	d     []decimal.Decimal
	codes []uint32
	dict  []string
	sets  [][]string
}

// values evaluates a per-event expression over all rows, once.
func (b *Block) values(n *ir.Node) *rows {
	if r, ok := b.rows[n.Key]; ok {
		return r
	}
	r := &rows{kind: n.Type.Kind}
	b.rows[n.Key] = r
	b.bring(n)
	all := vector.NewCollector(n.Type.Kind, b.rowCount())
	b.batches(func(int) { all.Add(b.batch.Full(b.batch.Eval(n))) })
	v := all.Vec()
	r.known, r.i, r.f, r.d, r.codes, r.dict, r.sets = v.Known, v.I, v.F, v.D, v.T, v.Dict, v.S
	if v.Kind == ir.Bool {
		r.i = make([]int64, v.N)
		for i := range r.i {
			r.i[i] = int64(v.B[i>>6] >> (uint(i) & 63) & 1)
		}
	}
	return r
}

// field is a stored field made ready: enum texts are ordinals by code.
type field struct {
	col      *column.Column // nil: unknown everywhere
	ordinals []int64        // by code; -1 for a text that the enum has not
}

// Leaf implements vector.Leaves for the rows of the batch.
func (b *Block) Leaf(batch *vector.Batch, n *ir.Node) *vector.Vec {
	switch n.Op {
	case ir.OpAt:
		out := batch.New(ir.Time)
		b.at.ReadInts(out.I, b.first)
		return out
	case ir.OpMember:
		return b.memberLeaf(batch, n)
	default:
		return b.fieldLeaf(batch, n)
	}
}

// bring evaluates what a per-event expression takes from the member, before any batch over the events is begun: that
// may fold aggregates over the same events.
func (b *Block) bring(n *ir.Node) {
	if n.Op == ir.OpMember {
		if _, ok := b.members[n.Args[0]]; !ok {
			b.members[n.Args[0]] = b.Member(n.Args[0])
		}
		return
	}
	for _, a := range n.Args {
		b.bring(a)
	}
}

// memberLeaf spreads a value of the member over the member's rows.
func (b *Block) memberLeaf(batch *vector.Batch, n *ir.Node) *vector.Vec {
	src := b.members[n.Args[0]]
	if src.Uniform {
		return src
	}
	out := batch.New(n.Type.Kind)
	if src.Known != nil {
		out.Known = batch.Bits()
		clear(out.Known)
	}
	if out.B != nil {
		clear(out.B)
	}
	out.Dict = src.Dict
	for i, m := range b.owners()[b.first : b.first+batch.N] {
		if src.Known != nil {
			out.Known[i>>6] |= src.Known[m>>6] >> (m & 63) & 1 << (uint(i) & 63)
		}
		switch {
		case out.B != nil:
			out.B[i>>6] |= src.B[m>>6] >> (m & 63) & 1 << (uint(i) & 63)
		case out.F != nil:
			out.F[i] = src.F[m]
		case out.D != nil:
			out.D[i] = src.D[m]
		case out.T != nil:
			out.T[i] = src.T[m]
		case out.S != nil:
			out.S[i] = src.S[m]
		default:
			out.I[i] = src.I[m]
		}
	}
	return out
}

// field returns a stored field, read once.
func (b *Block) field(n *ir.Node) *field {
	f, ok := b.fields[n.Index]
	if ok {
		return f
	}
	f = &field{}
	if b.history != nil {
		col, err := b.history.Field(b.Event.Fields[n.Index].Name)
		vector.Fail(err)
		if f.col = col; col != nil && n.Type.Kind == ir.Enum {
			f.ordinals = Ordinals(col.Dict, n.Type.Enum)
		}
	}
	b.fields[n.Index] = f
	return f
}

// fieldLeaf reads a stored field.
func (b *Block) fieldLeaf(batch *vector.Batch, n *ir.Node) *vector.Vec {
	f := b.field(n)
	if f.col == nil {
		return batch.Uniform(ir.Unknown(n.Type.Kind))
	}
	return Read(batch, f.col, n.Type, f.ordinals, b.first)
}

// Ordinals translates a dictionary of texts into places of an enum; -1 where it has no such value.
func Ordinals(dict []string, enum *ir.EnumType) []int64 {
	out := make([]int64, len(dict))
	for i, s := range dict {
		out[i] = int64(enum.Ordinal(s))
	}
	return out
}
