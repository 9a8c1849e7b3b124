package effect

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
)

// maxMoves is how many moves of a tag are kept.
const maxMoves = 10

func (c *comparison) tags() error {
	for _, new := range c.after.prog.Tags {
		if err := c.tag(c.before.tags[new.Name], new); err != nil {
			return fmt.Errorf("tag %s: %w", new.Name, err)
		}
	}
	for _, old := range c.before.prog.Tags {
		if c.after.tags[old.Name] == nil {
			if err := c.tag(old, nil); err != nil {
				return fmt.Errorf("tag %s: %w", old.Name, err)
			}
		}
	}
	return nil
}

func (c *comparison) tag(old, new *ir.Tag) error {
	var out Tag
	var oldHash, newHash string
	if old != nil {
		out.Name, out.Title, out.Old, oldHash = old.Name, old.Title, old.Type, old.Hash
	}
	if new != nil {
		out.Name, out.Title, out.New, newHash = new.Name, new.Title, new.Type, new.Hash
	}
	if out.Status = status(oldHash, newHash); out.Status == Unchanged {
		c.report.Same++
		if !c.count[out.Name] {
			return nil
		}
	}
	d := &differences{
		domain:  domainOf(out.Old, c.before.prog.Digits, out.New, c.after.prog.Digits),
		known:   roaring.New(),
		changed: roaring.New(), appeared: roaring.New(), vanished: roaring.New(),
	}
	if few(out.Old) && few(out.New) {
		d.moves = map[[2]code]*Move{}
		d.values = map[code]ir.Value{}
	}
	was, err := c.before.node(out.Name)
	if err != nil {
		return err
	}
	is, err := c.after.node(out.Name)
	if err != nil {
		return err
	}
	if was != nil {
		if err := c.before.view.Values(c.ctx, nil, []*ir.Node{was}, d.takeBefore); err != nil {
			return err
		}
	}
	out.Before = d.known.GetCardinality()
	if is != nil {
		if err := c.after.view.Values(c.ctx, nil, []*ir.Node{is}, d.takeAfter); err != nil {
			return err
		}
	}
	if is == nil {
		d.vanished = d.known
	}
	out.After = d.after
	out.Changed, out.Known, out.Unknown = d.changed.GetCardinality(), d.appeared.GetCardinality(), d.vanished.GetCardinality()
	if out.Status == Changed {
		out.Moves = d.commonest()
	}
	for _, m := range spread(c.opt.Examples, d.changed, d.appeared, d.vanished) {
		e := Example{Member: m, Before: ir.Unknown(out.Old.Kind), After: ir.Unknown(out.New.Kind)}
		if was != nil {
			if e.Before, err = c.before.valueOf(c.ctx, m, was); err != nil {
				return err
			}
		}
		if is != nil {
			if e.After, err = c.after.valueOf(c.ctx, m, is); err != nil {
				return err
			}
		}
		if out.Status == Changed {
			if e.Clause, err = c.whyValue(m, old, new); err != nil {
				return err
			}
		}
		out.Examples = append(out.Examples, e)
	}
	c.report.Tags = append(c.report.Tags, out)
	return nil
}

// few reports whether a type's values are few enough to count who moves from which to which.
func few(t ir.Type) bool { return t.Kind == ir.Bool || t.Kind == ir.Enum }

// spread takes n members from sets in turn and returns them set by set.
func spread(n int, sets ...*roaring.Bitmap) (out []uint32) {
	take := make([]int, len(sets))
	for left := n; left > 0; {
		before := left
		for i, set := range sets {
			if left > 0 && uint64(take[i]) < set.GetCardinality() {
				take[i]++
				left--
			}
		}
		if left == before {
			break
		}
	}
	for i, set := range sets {
		out = append(out, first(set, take[i])...)
	}
	return out
}

// code stands for a known value; different values have different codes.
type code struct {
	known bool
	bits  uint64
}

// differences gathers how the values of one tag differ: first all of before, then all of after.
type differences struct {
	domain   *domain
	codes    []uint64 // by member, where known
	known    *roaring.Bitmap
	after    uint64 // how many are known after
	changed  *roaring.Bitmap
	appeared *roaring.Bitmap
	vanished *roaring.Bitmap
	moves    map[[2]code]*Move // nil where they are not counted
	values   map[code]ir.Value // of before
}

func (d *differences) takeBefore(p runtime.Part) error {
	if need := int(p.Members[len(p.Members)-1]) + 1; need > len(d.codes) {
		d.codes = slices.Grow(d.codes, need-len(d.codes))[:need]
	}
	for _, m := range p.Members {
		v := p.Values[0].Value(int(m - p.Base))
		x := d.domain.old(v)
		if d.moves != nil {
			d.values[x] = v
		}
		if x.known {
			d.known.Add(m)
			d.codes[m] = x.bits
		}
	}
	return nil
}

func (d *differences) takeAfter(p runtime.Part) error {
	for _, m := range p.Members {
		v := p.Values[0].Value(int(m - p.Base))
		is, was := d.domain.new(v), code{}
		if d.known.Contains(m) {
			was = code{true, d.codes[m]}
		}
		if is.known {
			d.after++
		}
		switch {
		case !was.known && !is.known, was == is && !d.domain.apart:
			continue
		case !was.known:
			d.appeared.Add(m)
		case !is.known:
			d.vanished.Add(m)
		default:
			d.changed.Add(m)
		}
		if d.moves != nil {
			move := d.moves[[2]code{was, is}]
			if move == nil {
				move = &Move{Before: d.values[was], After: v}
				d.moves[[2]code{was, is}] = move
			}
			move.Members++
		}
	}
	return nil
}

func (d *differences) commonest() []Move {
	var out []Move
	for _, m := range d.moves {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b Move) int {
		return cmp.Or(
			-cmp.Compare(a.Members, b.Members),
			cmp.Compare(rank(a.Before), rank(b.Before)), cmp.Compare(rank(a.After), rank(b.After)),
		)
	})
	return out[:min(len(out), maxMoves)]
}

// rank puts unknown first, then values in their order.
func rank(v ir.Value) int64 {
	if !v.Known {
		return -1
	}
	return v.I
}

// domain is in what values of two types are compared: texts of strings, enums and rows, numbers of numbers, and so on.
type domain struct {
	old, new func(ir.Value) code
	// apart is set where no value of one type equals one of the other.
	apart bool
}

func domainOf(old ir.Type, oldDigits int, new ir.Type, newDigits int) *domain {
	switch {
	case new.Kind == ir.Invalid:
		new, newDigits = old, oldDigits
	case old.Kind == ir.Invalid:
		old, oldDigits = new, newDigits
	}
	seen := map[string]uint64{}
	interned := func(text func(ir.Value) string) func(ir.Value) code {
		return func(v ir.Value) code {
			if !v.Known {
				return code{}
			}
			key := text(v)
			n, ok := seen[key]
			if !ok {
				n = uint64(len(seen))
				seen[key] = n
			}
			return code{true, n}
		}
	}
	texts := func(t ir.Type) func(ir.Value) code {
		return interned(func(v ir.Value) string { return plainText(v, t) })
	}
	switch {
	case isText(old) && isText(new), old.Kind == ir.Set && new.Kind == ir.Set:
		return &domain{old: texts(old), new: texts(new)}
	case old.Kind == ir.Money && new.Kind == ir.Money && oldDigits != newDigits:
		amount := func(digits int) func(ir.Value) code {
			return interned(func(v ir.Value) string { return bare(decimal.FromMinor(v.I).Text(digits)) })
		}
		return &domain{old: amount(oldDigits), new: amount(newDigits)}
	case isNumber(old) && isNumber(new) && old.Kind != new.Kind:
		return &domain{old: asFloat, new: asFloat}
	case old.Kind == ir.Number && new.Kind == ir.Number:
		return &domain{old: asFloat, new: asFloat}
	}
	return &domain{old: asInt, new: asInt, apart: old.Kind != new.Kind}
}

func isText(t ir.Type) bool   { return t.Kind == ir.String || t.Kind == ir.Enum || t.Kind == ir.Row }
func isNumber(t ir.Type) bool { return t.Kind == ir.Int || t.Kind == ir.Number }

func asInt(v ir.Value) code { return code{v.Known, uint64(v.I)} }

func asFloat(v ir.Value) code {
	f := v.F
	if v.Kind == ir.Int {
		f = float64(v.I)
	}
	return code{v.Known, math.Float64bits(f + 0)} // + 0 makes one zero of two
}

// plainText is a known text, enum value, row or set as one text.
func plainText(v ir.Value, t ir.Type) string {
	switch v.Kind {
	case ir.Enum:
		if t.Enum != nil && v.I >= 0 && int(v.I) < len(t.Enum.Values) {
			return t.Enum.Values[v.I]
		}
		return ""
	case ir.Set:
		return strings.Join(v.Set, "\x00")
	}
	return v.S
}

// bare is an amount without the zeros behind its point.
func bare(amount string) string {
	if !strings.Contains(amount, ".") {
		return amount
	}
	return strings.TrimRight(strings.TrimRight(amount, "0"), ".")
}
