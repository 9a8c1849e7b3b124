package vector

import (
	"fmt"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
)

// Env is what is the same for all lanes: the clock, the zone, tables and ntile cuts. It is safe for concurrent use.
type Env struct {
	Zone   *calendar.Zone
	Digits int   // of the currency's minor unit
	Now    int64 // microseconds
	Today  int64 // local date of Now
	// Lookup returns the rows of a table; nil if it has none.
	Lookup func(*ir.Table) *Rows
	// Cuts returns the cuts of an ntile, taken beforehand.
	Cuts func(*ir.Ntile) []ir.Cut
}

// Rows is a table made ready for look-ups: the row of each key, and each column's value by row.
type Rows struct {
	ByKey map[string]int
	Cells [][]ir.Value // [column][row]
}

// Leaves supplies the vectors of leaf nodes to a batch.
type Leaves interface {
	// Leaf returns the lanes of an attribute, tag, segment, list, slot, field, at, chance or member node. The vector may
	// be shared and is not written to.
	Leaf(b *Batch, n *ir.Node) *Vec
}

// Batch evaluates nodes over its lanes.
type Batch struct {
	Env    *Env
	N      int
	leaves Leaves
	// codesOf remembers codes of constants in dictionaries, over the batches of a block.
	codesOf map[dictText]int
	*Scratch
}

// NewBatch starts a batch of n lanes on a worker's scratch memory, which ends the batch before it.
func NewBatch(env *Env, s *Scratch, leaves Leaves, n int) *Batch {
	s.reset()
	if s.memo == nil {
		s.memo = make(map[*ir.Node]*Vec)
	}
	clear(s.memo)
	return &Batch{Env: env, N: n, leaves: leaves, Scratch: s}
}

// Restart makes the batch ready for the next n lanes.
func (b *Batch) Restart(n int) {
	b.reset()
	b.N = n
	clear(b.memo)
}

// New returns a vector of the batch's lanes with room for values of a kind. Known is nil.
func (b *Batch) New(k ir.Kind) *Vec { return b.alloc(k, b.N) }

func (b *Batch) alloc(k ir.Kind, n int) *Vec {
	v := b.vec()
	*v = Vec{Kind: k, N: b.N}
	switch k {
	case ir.Bool:
		v.B = b.words.get(Words(n))
	case ir.Number:
		v.F = b.floats.get(n)
	case ir.Exact:
		v.D = b.exact.get(n)
	case ir.String, ir.Row:
		v.T = b.codes.get(n)
	case ir.Set:
		v.S = make([][]string, n)
	default:
		v.I = b.ints.get(n)
	}
	return v
}

// Bits returns scratch words for the batch's lanes, not cleared.
func (b *Batch) Bits() []uint64 { return b.words.get(Words(b.N)) }

// Uniform returns a vector whose lanes are all the value.
func (b *Batch) Uniform(val ir.Value) *Vec {
	v := b.alloc(val.Kind, 1)
	v.Uniform = true
	if !val.Known {
		v.Known = b.words.get(1)
		v.Known[0] = 0
		switch {
		case v.T != nil:
			v.T[0], v.Dict = 0, []string{""}
		case v.B != nil:
			v.B[0] = 0
		}
		return v
	}
	switch val.Kind {
	case ir.Bool:
		v.B[0] = uint64(val.I)
	case ir.Number:
		v.F[0] = val.F
	case ir.Exact:
		v.D[0] = val.D
	case ir.String, ir.Row:
		v.T[0], v.Dict = 0, []string{val.S}
	case ir.Set:
		v.S[0] = val.Set
	default:
		v.I[0] = val.I
	}
	return v
}

// Full returns v with every lane stored.
func (b *Batch) Full(v *Vec) *Vec {
	if !v.Uniform {
		return v
	}
	out := b.New(v.Kind)
	if v.Known != nil && v.Known[0]&1 == 0 {
		out.Known = b.Bits()
		clear(out.Known)
	}
	switch {
	case v.B != nil:
		if v.B[0]&1 != 0 {
			FillOnes(out.B, b.N)
		} else {
			clear(out.B)
		}
	case v.F != nil:
		fill(out.F, v.F[0])
	case v.D != nil:
		fill(out.D, v.D[0])
	case v.T != nil:
		fill(out.T, v.T[0])
		out.Dict = v.Dict
	case v.S != nil:
		fill(out.S, v.S[0])
	default:
		fill(out.I, v.I[0])
	}
	return out
}

func fill[T any](dst []T, x T) {
	for i := range dst {
		dst[i] = x
	}
}

// Eval returns the lanes of a node.
func (b *Batch) Eval(n *ir.Node) *Vec {
	if v, ok := b.memo[n]; ok {
		return v
	}
	v := b.compute(n)
	b.memo[n] = v
	return v
}

// Cond returns the lanes for which a condition holds, as bits. The words belong to the batch and must not be changed.
func (b *Batch) Cond(n *ir.Node) []uint64 {
	v := b.Full(b.Eval(n))
	if v.Known == nil {
		return v.B
	}
	out := b.Bits()
	for i := range out {
		out[i] = v.B[i] & v.Known[i]
	}
	return out
}

func (b *Batch) compute(n *ir.Node) *Vec {
	switch n.Op {
	case ir.OpConst:
		return b.Uniform(n.Const)
	case ir.OpNow:
		return b.Uniform(ir.IntLike(ir.Time, b.Env.Now))
	case ir.OpToday:
		return b.Uniform(ir.IntLike(ir.Date, b.Env.Today))
	case ir.OpAttr, ir.OpTag, ir.OpSegment, ir.OpList, ir.OpSlot, ir.OpChance, ir.OpField, ir.OpAt, ir.OpMember:
		return b.leaves.Leaf(b, n)
	case ir.OpColumn:
		return b.column(n)
	case ir.OpAnd, ir.OpOr, ir.OpNot, ir.OpTruth, ir.OpKnown:
		return b.logic(n)
	case ir.OpEq, ir.OpNe, ir.OpLt, ir.OpLe, ir.OpGt, ir.OpGe:
		return b.compare(n)
	case ir.OpIn:
		return b.in(n)
	case ir.OpContains, ir.OpStarts, ir.OpEnds, ir.OpMatches:
		return b.stringTest(n)
	case ir.OpHas:
		return b.has(n)
	case ir.OpCoalesce, ir.OpWhen:
		return b.choose(n)
	case ir.OpAdd, ir.OpSub, ir.OpMul, ir.OpDiv, ir.OpNeg, ir.OpAbs, ir.OpLeast, ir.OpGreatest:
		return b.arithmetic(n)
	case ir.OpFloor, ir.OpCeil, ir.OpRound:
		return b.round(n)
	case ir.OpIntToNumber, ir.OpIntToMoney, ir.OpMoneyToExact, ir.OpNumberToExact, ir.OpExactToMoney, ir.OpFactor:
		return b.convert(n)
	case ir.OpEnumMap, ir.OpText, ir.OpLower, ir.OpLength:
		return b.textual(n)
	case ir.OpTimeToDate, ir.OpDaysBetween, ir.OpAddSpan, ir.OpHoursSince, ir.OpHoursUntil, ir.OpYear, ir.OpQuarter,
		ir.OpMonth, ir.OpDay, ir.OpWeekday, ir.OpHour, ir.OpAge, ir.OpAnniversary, ir.OpPeriodStart:
		return b.temporal(n)
	case ir.OpNtile:
		return b.ntile(n)
	case ir.OpBucket:
		return b.bucket(n)
	}
	panic(fmt.Sprintf("vector: operation %d has no kernel", n.Op))
}

// knownAnd returns the lanes in which all vectors are known: nil if all are.
func (b *Batch) knownAnd(vs ...*Vec) []uint64 {
	var out []uint64
	for _, v := range vs {
		if v.Known == nil {
			continue
		}
		if v.Uniform {
			if v.Known[0]&1 != 0 {
				continue
			}
			out = b.Bits()
			clear(out)
			return out
		}
		if out == nil {
			out = b.Bits()
			copy(out, v.Known)
			continue
		}
		for i, w := range v.Known {
			out[i] &= w
		}
	}
	return out
}

// unknownWhere clears the known bit of a lane, making the vector's Known if it has none.
func (b *Batch) unknownWhere(v *Vec, lane int) {
	if v.Known == nil {
		v.Known = b.Bits()
		FillOnes(v.Known, b.N)
	}
	v.Known[lane>>6] &^= 1 << (uint(lane) & 63)
}
