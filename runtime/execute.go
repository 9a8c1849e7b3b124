package runtime

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/compiler/plan"
	"github.com/muster-engine/muster/runtime/index"
	"github.com/muster-engine/muster/runtime/vector"
	"github.com/muster-engine/muster/storage/column"
)

// step is what a plan node did over all blocks: filled while explaining.
type step struct {
	in, out int64 // members asked, members left
	spent   time.Duration
	how     string
}

// trace collects steps by plan node; nil when nobody asks.
type trace map[*plan.Node]*step

// fewValues is how many value bitmaps are joined rather than comparing the column.
const fewValues = 8

// sparse is the number of candidates below which a column is probed row by row.
const sparse = column.Block / 64

// run sets out to the candidates for whom the plan holds. out must not be the candidates' set.
func (b *block) run(p *plan.Node, candidates, out index.Bits, tr trace) {
	var began time.Time
	var in int
	if tr != nil {
		began, in = time.Now(), candidates.Count()
	}
	how := b.dispatch(p, candidates, out, tr)
	if tr != nil {
		s := tr[p]
		if s == nil {
			s = &step{}
			tr[p] = s
		}
		s.in += int64(in)
		s.out += int64(out.Count())
		s.spent += time.Since(began)
		s.how = how
	}
}

func (b *block) dispatch(p *plan.Node, candidates, out index.Bits, tr trace) (how string) {
	switch p.Op {
	case plan.Everyone:
		copy(out, candidates)
	case plan.Nobody:
		clear(out)
	case plan.And:
		b.and(p, candidates, out, tr)
	case plan.Or:
		b.or(p, candidates, out, tr)
	case plan.Not:
		inner := b.bits()
		b.run(p.Kids[0], candidates, inner, tr)
		for i, w := range candidates {
			out[i] = w &^ inner[i]
		}
		b.worker.give(inner)
	case plan.Segment:
		intersect(out, candidates, b.segment(p.Index))
		return "segment"
	case plan.List:
		intersect(out, candidates, b.list(p.Index))
		return "list"
	case plan.Known:
		return b.known(p, candidates, out)
	case plan.Equal:
		return b.equal(p, candidates, out)
	case plan.Range:
		return b.ranged(p, candidates, out)
	case plan.Compute:
		b.compute(p.Cond, candidates, out)
		return "computed"
	}
	return ""
}

func intersect(out, x, y index.Bits) {
	for i, w := range x {
		out[i] = w & y[i]
	}
}

// order sorts operands: those that an index answers first, and of these the smallest.
func (b *block) order(kids []*plan.Node) []ranked {
	out := make([]ranked, len(kids))
	for i, k := range kids {
		class, size := b.cost(k)
		out[i] = ranked{k, class, size}
	}
	slices.SortStableFunc(out, func(x, y ranked) int {
		return cmp.Or(cmp.Compare(x.class, y.class), cmp.Compare(x.size, y.size))
	})
	return out
}

// ranked is a plan with what it costs.
type ranked struct {
	*plan.Node
	class, size int
}

// cost says how dear a plan is to run (0 cheap: a bitmap at hand) and how many members it may leave.
func (b *block) cost(p *plan.Node) (class, size int) {
	switch p.Op {
	case plan.Nobody, plan.Everyone:
		return 0, 0
	case plan.Segment:
		if s, ok := b.segments[p.Index]; ok {
			return 0, s.Count()
		}
		return 4, b.count
	case plan.List, plan.Known:
		return 1, b.count
	case plan.Equal:
		if r, ok := b.columns[b.view.leafKey(p.On)]; ok && r.values != nil && r.col != nil {
			n := 0
			for _, v := range p.Values {
				if raw, ok := rawOf(r.col, v); ok {
					n += r.values.Count(raw)
				}
			}
			return 0, n
		} else if !ok && p.On.Op != ir.OpAttr {
			return 4, b.count / 4
		}
		return 1, b.count / 4
	case plan.Range:
		if _, ok := b.columns[b.view.leafKey(p.On)]; !ok && p.On.Op != ir.OpAttr {
			return 4, b.count / 2
		}
		return 2, b.count / 2
	case plan.Compute:
		return 5, b.count
	}
	for _, k := range p.Kids {
		c, n := b.cost(k)
		class, size = max(class, c), size+n
	}
	if p.Op == plan.Not {
		size = b.count - size
	}
	return class, size
}

func (b *block) and(p *plan.Node, candidates, out index.Bits, tr trace) {
	left, next := b.bits(), b.bits()
	copy(left, candidates)
	for _, kid := range b.order(p.Kids) {
		if left.Empty() {
			break
		}
		b.run(kid.Node, left, next, tr)
		left, next = next, left
	}
	copy(out, left)
	b.worker.give(left)
	b.worker.give(next)
}

func (b *block) or(p *plan.Node, candidates, out index.Bits, tr trace) {
	left, part := b.bits(), b.bits()
	copy(left, candidates)
	clear(out)
	for _, kid := range b.order(p.Kids) {
		if left.Empty() {
			break
		}
		b.run(kid.Node, left, part, tr)
		for i, w := range part {
			out[i] |= w
			left[i] &^= w
		}
	}
	b.worker.give(left)
	b.worker.give(part)
}

// known answers from a column's known bits.
func (b *block) known(p *plan.Node, candidates, out index.Bits) string {
	r := b.column(p.On)
	if r.col == nil {
		clear(out)
		return "nothing stored"
	}
	copy(out, candidates)
	maskKnown(r.col, out)
	return "known"
}

// maskKnown clears the rows that are unknown or beyond the column.
func maskKnown(c *column.Column, out index.Bits) {
	for w := range out {
		if out[w] == 0 {
			continue
		}
		if w*64 >= c.Len {
			out[w] = 0
			continue
		}
		out[w] &= c.KnownWord(w)
	}
}

// rawOf returns the packed element that stands for a value in a column, if it has one.
func rawOf(c *column.Column, v ir.Value) (uint64, bool) {
	if c.Kind == column.Texts {
		for i, s := range c.Dict {
			if s == v.S {
				return uint64(i), true
			}
		}
		return 0, false
	}
	lo, hi, ok := index.Packed(c, v.I, v.I)
	return lo, ok && lo == hi
}

// indexValues gives a column its bitmaps by value, if it has few values.
func (r *resident) indexValues() *index.Values {
	if !r.tried {
		r.tried = true
		r.values = index.BuildValues(r.col)
	}
	return r.values
}

// equal answers equality with given values.
func (b *block) equal(p *plan.Node, candidates, out index.Bits) string {
	r := b.column(p.On)
	clear(out)
	if r.col == nil {
		return "nothing stored"
	}
	if r.col.Kind == column.Floats {
		part := b.bits()
		for _, v := range p.Values {
			index.ScanFloats(r.col.F64, v.F, v.F, false, false, part)
			for i, w := range part {
				out[i] |= w & candidates[i]
			}
		}
		b.worker.give(part)
		maskKnown(r.col, out)
		return "column compared"
	}
	how := "bitmap of values"
	var values *index.Values
	if b.view.opt.Index != IndexNever {
		values = r.indexValues()
	}
	part := b.bits()
	for _, v := range p.Values {
		raw, ok := rawOf(r.col, v)
		if !ok {
			continue
		}
		if values != nil {
			values.Add(raw, out)
			continue
		}
		how = b.elements(r, raw, raw, candidates, part)
		for i, w := range part {
			out[i] |= w
		}
	}
	b.worker.give(part)
	for i, w := range candidates {
		out[i] &= w
	}
	if values == nil {
		maskKnown(r.col, out)
	}
	return how
}

// ranged answers a range.
func (b *block) ranged(p *plan.Node, candidates, out index.Bits) string {
	r := b.column(p.On)
	clear(out)
	switch {
	case r.col == nil:
		return "nothing stored"
	case r.col.Kind == column.Floats:
		how := "column compared"
		if candidates.Count() < column.Block/8 {
			index.ProbeFloats(r.col.F64, p.Least, p.Most, p.OpenLeast, p.OpenMost, candidates, out)
			how = "rows probed"
		} else {
			index.ScanFloats(r.col.F64, p.Least, p.Most, p.OpenLeast, p.OpenMost, out)
		}
		for i, w := range candidates {
			out[i] &= w
		}
		maskKnown(r.col, out)
		return how
	}
	if p.Low == math.MinInt64 && p.High == math.MaxInt64 {
		return b.known(p, candidates, out)
	}
	lo, hi, ok := index.Packed(r.col, p.Low, p.High)
	if !ok {
		return "outside the values"
	}
	if r.values != nil && hi-lo < fewValues { // unknown rows are in none of its bitmaps
		r.values.AddRange(lo, hi, out)
		intersect(out, out, candidates)
		return "bitmap of values"
	}
	how := b.elements(r, lo, hi, candidates, out)
	intersect(out, out, candidates)
	maskKnown(r.col, out)
	return how
}

// elements sets out to rows whose packed element is in [lo, hi], at least among the candidates.
func (b *block) elements(r *resident, lo, hi uint64, candidates, out index.Bits) string {
	r.asked++
	mode := b.view.opt.Index
	if r.slices == nil && (mode == IndexAlways || mode == IndexAuto && r.asked > 1) {
		r.slices = index.Build(r.col)
	}
	if mode != IndexAlways && candidates.Count() < sparse {
		index.Probe(r.col, lo, hi, candidates, out)
		return "rows probed"
	}
	if r.slices != nil {
		r.slices.Range(lo, hi, out)
		return "bit slices"
	}
	index.Scan(r.col, lo, hi, out)
	return "column compared"
}

// compute evaluates a condition in vectors, for the batches that have candidates.
func (b *block) compute(n *ir.Node, candidates, out index.Bits) {
	clear(out)
	b.prepare(n)
	lanes := &lanes{block: b}
	batch := vector.NewBatch(b.at.env, &b.worker.scratch, lanes, 0)
	for from := 0; from < b.members; from += vector.Lanes {
		words := candidates[from/64 : min((from+vector.Lanes)/64, len(candidates))]
		if vector.Ones(words) == 0 {
			continue
		}
		lanes.first = from
		batch.Restart(min(vector.Lanes, b.members-from))
		for i, w := range batch.Cond(n) {
			out[from/64+i] = w & words[i]
		}
	}
}
