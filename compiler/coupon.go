package compiler

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
)

func (c *compilation) lowerCoupon(info *couponInfo, p *ir.Coupon) {
	d, owner := info.decl, info.sym.String()
	p.PriceIn = -1
	c.lowerWorth(info, p)
	switch {
	case d.Dates != nil:
		p.Dates = dates(d.Dates)
	case d.Valid != nil:
		if limit := c.limit(owner, d.Valid); limit != nil {
			p.Valid = *limit
		}
	default:
		c.missing(info.sym, "write `valid 30 days` or `valid 2026-11-01 to 2026-11-11`", "a coupon needs to say how long it is valid")
	}
	if d.Stock != nil {
		if d.Stock.Value < 1 {
			c.report("M0709", d.Stock.At, owner, "leave `stock` out where there is no limit", "a stock of less than 1")
		}
		p.Stock = &d.Stock.Value
	}
	p.Caps = c.caps(owner, d.Caps, false)
	if d.Price != nil {
		if d.Price.N.Value < 1 {
			c.report("M0709", d.Price.N.At, owner, "leave `price` out where it costs nothing", "a price of less than 1 point")
		}
		if sym := c.called(owner, c.names, "points", d.Price.Points); sym != nil {
			p.Price, p.PriceIn = d.Price.N.Value, sym.index
		}
	}
	p.When, _ = c.memberScope(owner).clauseCondition(d.When)
}

// lowerWorth reads what a coupon is worth: money off, a percentage off, or a gift.
func (c *compilation) lowerWorth(info *couponInfo, p *ir.Coupon) {
	d, owner := info.decl, info.sym.String()
	percent, isPercent := d.Off.(*dsl.PercentLit)
	switch {
	case d.Off == nil && d.Gift == nil:
		c.missing(info.sym, "write `off 100`, `off 10%` or `gift \"…\"`", "a coupon needs to say what it is worth")
	case d.Off != nil && d.Gift != nil:
		c.report("M0706", d.Gift.At, owner, "make two coupons of it", "a coupon is money off or a gift, not both")
	case d.Gift != nil:
		p.Gift = d.Gift.Value
	case isPercent:
		p.IsPercent = true
		p.Percent, _ = c.fraction(owner, percent)
	default:
		p.Off, _ = c.amount(owner, d.Off)
	}
	if d.UpTo != nil {
		if isPercent {
			limit, _ := c.amount(owner, d.UpTo)
			p.UpTo = &limit
		} else {
			c.report("M0706", d.UpTo.Span(), owner, "", "`up to` limits a percentage, and this is an amount already")
		}
	}
	if d.MinSpend != nil {
		p.MinSpend, _ = c.amount(owner, d.MinSpend)
	}
	if p.Off > 0 && p.MinSpend > 0 && p.Off > p.MinSpend {
		c.warning("M0821", d.Off.Span(), owner, "", "more off than must be spent")
	}
}
