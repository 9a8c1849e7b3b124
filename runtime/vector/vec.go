// Package vector evaluates typed expressions over many rows at once.
//
// A [Vec] holds the values of one expression for the lanes of a batch: up to [Lanes] members of a block, or events of
// its history. A [Batch] evaluates nodes of package ir over its lanes, each node once however often it is used; leaves
// (attributes, tags, slots, fields) come from the caller. All operations yield unknown where ir says so and never fail,
// so branches are computed for all lanes and chosen afterwards.
//
// A failure to read a leaf (a damaged store) travels as a panic of type [Failure] up to [Catch], which turns it into an
// error: evaluation code stays free of error plumbing, and no other panic is caught.
package vector

import (
	"math/bits"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
)

// Lanes is the largest batch: small enough that a handful of vectors stay in a core's cache.
const Lanes = 4096

// Words is how many 64-bit words hold n bits.
func Words(n int) int { return (n + 63) >> 6 }

// Vec is the values of one expression. Which slice holds them depends on Kind: B for bool, I for int, money, date, time
// and enum ordinals, F for number, D for exact money, T (codes into Dict) for strings and rows, S for sets. Lanes that
// are unknown hold arbitrary values (a valid code, for T). Bits beyond the last lane are zero in Known and B.
type Vec struct {
	Kind ir.Kind
	N    int
	// Uniform says that all lanes equal lane 0, the only one stored (bit 0 of B and Known).
	Uniform bool
	// Known is nil where all lanes are known.
	Known []uint64
	B     []uint64
	I     []int64
	F     []float64
	D     []decimal.Decimal
	T     []uint32
	Dict  []string
	S     [][]string
}

// IsKnown reports whether lane i is known.
func (v *Vec) IsKnown(i int) bool {
	if v.Uniform {
		i = 0
	}
	return v.Known == nil || v.Known[i>>6]>>(uint(i)&63)&1 != 0
}

// Value returns lane i as a value of the given kind (enum ordinals and the like keep their kind).
func (v *Vec) Value(i int) ir.Value {
	if !v.IsKnown(i) {
		return ir.Unknown(v.Kind)
	}
	if v.Uniform {
		i = 0
	}
	out := ir.Value{Known: true, Kind: v.Kind}
	switch v.Kind {
	case ir.Bool:
		out.I = int64(v.B[i>>6] >> (uint(i) & 63) & 1)
	case ir.Number:
		out.F = v.F[i]
	case ir.Exact:
		out.D = v.D[i]
	case ir.String, ir.Row:
		out.S = v.Dict[v.T[i]]
	case ir.Set:
		out.Set = v.S[i]
	default:
		out.I = v.I[i]
	}
	return out
}

// Failure is the panic value for a leaf that could not be read.
type Failure struct{ Err error }

// Catch runs f and returns the error of a [Failure] that it panics with.
func Catch(f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			fail, ok := r.(Failure)
			if !ok {
				panic(r)
			}
			err = fail.Err
		}
	}()
	f()
	return nil
}

// Fail panics with a [Failure] if err is not nil.
func Fail(err error) {
	if err != nil {
		panic(Failure{err})
	}
}

// FillOnes sets the first n bits and clears the rest.
func FillOnes(w []uint64, n int) {
	for i := range w {
		switch left := n - i*64; {
		case left >= 64:
			w[i] = ^uint64(0)
		case left > 0:
			w[i] = 1<<uint(left) - 1
		default:
			w[i] = 0
		}
	}
}

// Ones counts the set bits.
func Ones(w []uint64) int {
	n := 0
	for _, x := range w {
		n += bits.OnesCount64(x)
	}
	return n
}

// stack hands out scratch slices that are all taken back at once.
type stack[T any] struct {
	bufs [][]T
	next int
}

func (s *stack[T]) get(n int) []T {
	if s.next == len(s.bufs) {
		s.bufs = append(s.bufs, make([]T, max(n, Lanes)))
	}
	b := s.bufs[s.next]
	if cap(b) < n {
		b = make([]T, n)
		s.bufs[s.next] = b
	}
	s.next++
	return b[:n]
}

// Scratch is the reusable memory of one worker's batches. Vectors of a batch live until the next batch that is started
// on the same Scratch.
type Scratch struct {
	ints   stack[int64]
	floats stack[float64]
	words  stack[uint64]
	codes  stack[uint32]
	exact  stack[decimal.Decimal]
	vecs   []*Vec
	nvecs  int
	memo   map[*ir.Node]*Vec // of the batch
}

func (s *Scratch) reset() {
	s.ints.next, s.floats.next, s.words.next, s.codes.next, s.exact.next = 0, 0, 0, 0, 0
	s.nvecs = 0
}

// vec returns an empty vector header that lives as long as the batch.
func (s *Scratch) vec() *Vec {
	if s.nvecs == len(s.vecs) {
		s.vecs = append(s.vecs, new(Vec))
	}
	s.nvecs++
	return s.vecs[s.nvecs-1]
}

// each calls f with the place of every set bit.
func each(w []uint64, f func(i int)) {
	for k, x := range w {
		for ; x != 0; x &= x - 1 {
			f(k*64 + bits.TrailingZeros64(x))
		}
	}
}
