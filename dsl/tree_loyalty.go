package dsl

import "github.com/muster-engine/muster/dsl/diag"

// The declarations of loyalty: points, tiers, coupons and cases, and the parts that they share with campaigns.

type (
	// Cap is at most N [points|times] [per PERIOD].
	Cap struct {
		At diag.Span
		N  *IntLit
		// What is the word points or times; nil if neither is written.
		What *Name
		// Per is nil for a cap that holds for ever.
		Per *Period
	}
	// Period is a calendar period (Unit) or a span that ends now (Span, not nil).
	Period struct {
		At   diag.Span
		Unit Unit
		Span *SpanLit
	}
	// Limit says how long something lasts: never ends, a span, or to the end of this or the next calendar period.
	Limit struct {
		At    diag.Span
		Never bool
		Span  *SpanLit
		// Next and Unit are of end of this|next month|year.
		Next bool
		Unit Unit
	}
	// Dates are D to D, both included.
	Dates struct {
		At       diag.Span
		From, To *DateLit
	}
	// Clocks are A to B: from A, up to B and without it, over midnight if A is later than B.
	Clocks struct {
		At       diag.Span
		From, To *ClockLit
	}

	// Points is points NAME ["Title"] { … }. Clauses that are absent are nil.
	Points struct {
		At       diag.Span
		Name     Name
		Title    *StringLit
		Start    *DateLit
		Expire   *Limit
		Pending  *SpanLit
		Earns    []*Earn
		Boosts   []*Boost
		Reverses []*Reverse
	}
	// Earn is earn NAME on EVENT { give E  [when C]  [at most …]… }.
	Earn struct {
		At    diag.Span
		Name  Name
		Event Name
		Give  Expr
		When  Expr
		Caps  []*Cap
	}
	// Boost is boost NAME on EVENT { factor N  [during D to D]  [when C] }.
	Boost struct {
		At     diag.Span
		Name   Name
		Event  Name
		Factor Expr // a literal
		During *Dates
		When   Expr
	}
	// Reverse is reverse EVENT on EVENT2 matching FIELD [by FIELD2].
	Reverse struct {
		At       diag.Span
		Event    Name
		On       Name
		Matching Name
		By       *Name
	}

	// Tiers is tiers NAME ["Title"] { … }.
	Tiers struct {
		At    diag.Span
		Name  Name
		Title *StringLit
		By    Expr
		Tiers []*Tier
		Keep  *Limit
		// Drop is the word one of drop one, nil where a fall may be of any depth.
		Drop *Name
	}
	// Tier is tier "T" [from N] [{ PROP N … }].
	Tier struct {
		At    diag.Span
		Title *StringLit
		From  Expr // a literal; nil for the lowest
		Props []*Prop
	}
	// Prop is PROP N of a tier.
	Prop struct {
		At    diag.Span
		Name  Name
		Value Expr // a literal
	}

	// Coupon is coupon NAME ["Title"] { … }.
	Coupon struct {
		At       diag.Span
		Name     Name
		Title    *StringLit
		Off      Expr // money or a percentage; nil for a gift
		UpTo     Expr // money
		Gift     *StringLit
		MinSpend Expr // money
		Valid    *Limit
		Dates    *Dates // valid D to D, instead of Valid
		Stock    *IntLit
		Caps     []*Cap
		Price    *Price
		When     Expr
	}
	// Price is price N POINTS.
	Price struct {
		At     diag.Span
		N      *IntLit
		Points Name
	}

	// Case is case NAME ["Title"] { … }.
	Case struct {
		At       diag.Span
		Name     Name
		Title    *StringLit
		Open     *Name
		Close    *Name
		Matching *Name
		Due      *SpanLit
		Workdays *IntLit // due N workdays, instead of Due
		DueAt    diag.Span
		By       []Name
		Overdue  []*Action
	}
)

func (d *Points) Span() diag.Span { return d.At }
func (d *Tiers) Span() diag.Span  { return d.At }
func (d *Coupon) Span() diag.Span { return d.At }
func (d *Case) Span() diag.Span   { return d.At }

func (d *Points) Head() Name { return d.Name }
func (d *Tiers) Head() Name  { return d.Name }
func (d *Coupon) Head() Name { return d.Name }
func (d *Case) Head() Name   { return d.Name }

func (*Points) Kind() string { return "points" }
func (*Tiers) Kind() string  { return "tiers" }
func (*Coupon) Kind() string { return "coupon" }
func (*Case) Kind() string   { return "case" }

func (*Points) declNode() {}
func (*Tiers) declNode()  {}
func (*Coupon) declNode() {}
func (*Case) declNode()   {}
