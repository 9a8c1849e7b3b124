package live

import (
	"strings"
	"sync"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/storage/column"
)

// CouponCount is how many codes of a coupon there are.
type CouponCount struct {
	Issued int64 // and not void
	Used   int64 // and not returned
	Usable int64
	Worth  int64 // taken off in all uses, in minor units
}

// tills know every code: whose it is, and how many there are of each coupon. They hold what the facts of all members say,
// are counted from them at the start, and follow them from then on. The loop changes them, others read.
type tills struct {
	mu      sync.RWMutex
	holders map[string]uint32 // by code
	counts  map[string]CouponCount
}

// couponOf is the coupon that the facts of a type are of.
func couponOf(kind string) (name string, ok bool) {
	return strings.CutPrefix(kind, string(ir.CouponFacts)+":")
}

// take lets facts that have become durable count.
func (t *tills) take(all []outcome) {
	for _, o := range all {
		for _, f := range o.Facts {
			if name, ok := couponOf(f.Type); ok {
				t.mu.Lock()
				t.add(name, o.Member, func(field string) column.Value { return f.Fields.get(field) })
				t.mu.Unlock()
			}
		}
	}
}

// add counts one fact. The holders of codes are kept for good: what cannot be used any more is refused by its own reason.
func (t *tills) add(coupon string, member uint32, field func(string) column.Value) {
	n := t.counts[coupon]
	n.Issued += field(ir.FactIssued).Int
	n.Used += field(ir.FactUsed).Int
	n.Usable += field(ir.FactHeld).Int
	n.Worth += field(ir.FactWorth).Int
	t.counts[coupon] = n
	t.holders[strings.Clone(field(ir.FactCode).Text)] = member
}

// give notes whose the codes of a member are that was parted from another.
func (t *tills) give(m *member) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, of := range m.events {
		if _, ok := couponOf(of.kind); ok {
			for _, e := range of.events {
				t.holders[strings.Clone(e.fields.get(ir.FactCode).Text)] = m.number
			}
		}
	}
}

// holder returns who has a code.
func (t *tills) holder(code string) (uint32, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	n, ok := t.holders[code]
	return n, ok
}

func (t *tills) count(coupon string) CouponCount {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.counts[coupon]
}

// CouponCount returns how many codes of a coupon there are.
func (e *Engine) CouponCount(coupon string) CouponCount { return e.tills.count(coupon) }

// countCodes reads the facts of everybody: the store's columns, but for members that differ from them.
func (e *Engine) countCodes() (*tills, error) {
	t := &tills{holders: make(map[string]uint32), counts: make(map[string]CouponCount)}
	for _, r := range e.overlay {
		for _, kind := range r.kinds() {
			if name, ok := couponOf(kind); ok {
				for _, one := range r.events(kind) {
					t.add(name, r.number, func(field string) column.Value { return one.fields.get(field) })
				}
			}
		}
	}
	for _, s := range e.base.now.Load().schema.Events {
		name, ok := couponOf(s.Name)
		if !ok {
			continue
		}
		for block := 0; block*column.Block < int(e.base.Members()); block++ {
			if err := e.countBlock(t, name, s.Name, block); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

// countBlock is countCodes of the stored facts of one coupon in one block.
func (e *Engine) countBlock(t *tills, coupon, kind string, block int) error {
	h, err := e.base.History(kind, block)
	if err != nil || h == nil {
		return err
	}
	columns := make(map[string]*column.Column)
	for _, name := range []string{ir.FactIssued, ir.FactUsed, ir.FactHeld, ir.FactWorth, ir.FactCode} {
		if columns[name], err = h.Field(name); err != nil {
			return err
		}
	}
	starts := h.Starts()
	for low := 0; low+1 < len(starts); low++ {
		number := uint32(block*column.Block + low)
		if e.overlay[number] != nil {
			continue
		}
		for row := int(starts[low]); row < int(starts[low+1]); row++ {
			t.add(coupon, number, func(field string) column.Value { return columns[field].Value(row) })
		}
	}
	return nil
}

// dealt is what a group has taken from the stock of coupons beyond what is counted, and the codes that it has made.
type dealt struct {
	taken map[string]int64  // by coupon
	codes map[string]uint32 // whose they are
}

// left reports whether a piece of a coupon is left in a group.
func (g *group) left(c *ir.Coupon) bool {
	return c.Stock == nil || g.engine.tills.count(c.Name).Issued+g.dealt.taken[c.Name] < *c.Stock
}

// supply is where the coupons of a group come from. What it takes is lost with a group that does not take effect, and
// counted by the facts of one that does.
func (g *group) supply() loyalty.Supply {
	coupons := g.engine.prog.Coupons
	move := func(coupon int, n int64) {
		if g.dealt.taken == nil {
			g.dealt.taken = make(map[string]int64)
		}
		g.dealt.taken[coupons[coupon].Name] += n
	}
	return loyalty.Supply{
		Take: func(coupon int) bool {
			if !g.left(coupons[coupon]) {
				return false
			}
			move(coupon, 1)
			return true
		},
		Give: func(coupon int) { move(coupon, -1) },
		Code: g.newCode,
	}
}

// newCode makes a code that nobody has.
func (g *group) newCode() (string, error) {
	for {
		code, err := loyalty.NewCode(g.engine.opt.Random)
		if err != nil {
			return "", err
		}
		if _, taken := g.engine.tills.holder(code); !taken {
			return code, nil
		}
	}
}
