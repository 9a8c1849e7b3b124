package dsl

var pointsWords = []string{"start", "expire", "pending", "earn", "boost", "reverse"}

func (c *converter) points(g *gPoints) Decl {
	_, name := c.head(g.Word, g.Name, "a name for these points")
	d := &Points{Name: name, Title: c.title(g.Title)}
	open, ok := c.open(g.Open, "the name of the points")
	if !ok {
		return d
	}
	k := c.clauses("points")
	for _, item := range g.Items {
		if c.pointsItem(d, item, k); c.failed {
			break
		}
	}
	c.close(g.Close, open, "clause of points", pointsWords...)
	d.At = c.from(g.Word)
	return d
}

func (c *converter) pointsItem(d *Points, g *gPointsItem, k *clauses) {
	switch {
	case g.Start != nil:
		if !k.once(g.Start) {
			return
		}
		if g.Date == nil {
			c.expected("M0111", "a date such as `2026-01-01` after `start`")
			return
		}
		d.Start = dateLit(c.file, c.take(g.Date))
	case g.Expire != nil:
		if k.once(g.Expire) {
			d.Expire = c.limit(g.Limit, "`never`, `after` and a span, or `end of next year` after `expire`", *g.Expire)
		}
	case g.Pending != nil:
		if k.once(g.Pending) {
			d.Pending = c.spanLit(g.Span, "pending")
		}
	case g.Earn != nil:
		c.earning(d, g.Earn)
	case g.Reverse != nil:
		if r := c.reverse(g.Reverse); !c.failed {
			d.Reverses = append(d.Reverses, r)
		}
	}
}

// earning converts an earn or a boost.
func (c *converter) earning(d *Points, g *gEarn) {
	word := g.Word.Value
	c.spanOf(g.Word)
	name := c.name(g.Name, "a name after `"+word+"`")
	if c.failed {
		return
	}
	if g.On == nil {
		c.expected("M0111", "`on` and an event after the name", "on")
		return
	}
	c.take(g.On)
	event := c.name(g.Event, "the name of an event after `on`")
	open, ok := c.open(g.Open, "the name of the event")
	if !ok {
		return
	}
	earn, boost := &Earn{Name: name, Event: event}, &Boost{Name: name, Event: event}
	words := []string{"give", "when", "at"}
	k := c.clauses("`earn`")
	if word == "boost" {
		words = []string{"factor", "during", "when"}
		k = c.clauses("`boost`")
	}
	for _, item := range g.Items {
		if word == "earn" {
			c.earnItem(earn, item, k)
		} else {
			c.boostItem(boost, item, k)
		}
		if c.failed {
			return
		}
	}
	c.close(g.Close, open, "clause of `"+word+"`", words...)
	if c.failed {
		return
	}
	if word == "earn" {
		earn.At = c.from(g.Word)
		d.Earns = append(d.Earns, earn)
	} else {
		boost.At = c.from(g.Word)
		d.Boosts = append(d.Boosts, boost)
	}
}

func (c *converter) earnItem(e *Earn, g *gEarnItem, k *clauses) {
	switch {
	case g.Give != nil:
		if k.once(g.Give) {
			e.Give = c.clauseExpr(g.GiveX, "how many points after `give`")
		}
	case g.When != nil:
		if k.once(g.When) {
			e.When = c.clauseExpr(g.WhenX, "a condition after `when`")
		}
	case g.Cap != nil:
		if limit := c.cap(g.Cap); !c.failed {
			e.Caps = append(e.Caps, limit)
		}
	case g.Factor != nil:
		k.alien(g.Factor, "a factor belongs to a `boost`")
	case g.During != nil:
		k.alien(g.During, "dates belong to a `boost`; here write `when day between 2026-11-01 and 2026-11-11`")
	}
}

func (c *converter) boostItem(b *Boost, g *gEarnItem, k *clauses) {
	switch {
	case g.Factor != nil:
		if k.once(g.Factor) {
			b.Factor = c.simple(g.Number, "a number such as `1.5` after `factor`")
		}
	case g.During != nil:
		if k.once(g.During) {
			b.During = c.dates(g.Dates, "during")
		}
	case g.When != nil:
		if k.once(g.When) {
			b.When = c.clauseExpr(g.WhenX, "a condition after `when`")
		}
	case g.Give != nil:
		k.alien(g.Give, "what is given is said by `earn`; a boost multiplies it")
	case g.Cap != nil:
		k.alien(&g.Cap.At, "a cap belongs to an `earn`")
	}
}

func (c *converter) reverse(g *gReverse) *Reverse {
	d := &Reverse{}
	c.spanOf(g.Word)
	d.Event = c.name(g.Event, "the event that earned, after `reverse`")
	switch {
	case c.failed:
		return d
	case g.On == nil:
		c.expected("M0111", "`on` and the event that takes back", "on")
		return d
	}
	c.take(g.On)
	d.On = c.name(g.Event2, "the event that takes back, after `on`")
	switch {
	case c.failed:
		return d
	case g.Matching == nil:
		c.expected("M0111", "`matching` and the field that both events have", "matching")
		return d
	}
	c.take(g.Matching)
	d.Matching = c.name(g.Field, "the field that both events have, after `matching`")
	if g.By != nil && !c.failed {
		c.take(g.By)
		by := c.name(g.Field2, "the field that says how much is taken back, after `by`")
		d.By = &by
	}
	d.At = c.from(g.Word)
	return d
}

var tiersWords = []string{"by", "tier", "keep", "drop"}

func (c *converter) tiers(g *gTiers) Decl {
	_, name := c.head(g.Word, g.Name, "a name for these tiers")
	d := &Tiers{Name: name, Title: c.title(g.Title)}
	open, ok := c.open(g.Open, "the name of the tiers")
	if !ok {
		return d
	}
	k := c.clauses("tiers")
	for _, item := range g.Items {
		if c.tiersItem(d, item, k); c.failed {
			break
		}
	}
	c.close(g.Close, open, "clause of tiers", tiersWords...)
	d.At = c.from(g.Word)
	return d
}

func (c *converter) tiersItem(d *Tiers, g *gTiersItem, k *clauses) {
	switch {
	case g.By != nil:
		if k.once(g.By) {
			d.By = c.clauseExpr(g.ByX, "what is measured after `by`")
		}
	case g.Keep != nil:
		if !k.once(g.Keep) {
			return
		}
		if g.Limit != nil && (g.Limit.Never != nil || g.Limit.After != nil) {
			c.expected("M0111", "a span, or `end of this year`, after `keep`")
			return
		}
		d.Keep = c.limit(g.Limit, "a span, or `end of this year`, after `keep`", *g.Keep)
	case g.Drop != nil:
		if !k.once(g.Drop) {
			return
		}
		if g.One == nil {
			c.expected("M0111", "`one` after `drop`", "one")
			return
		}
		one := c.name(g.One, "")
		d.Drop = &one
	case g.Tier != nil:
		if t := c.tier(g.Tier); !c.failed {
			d.Tiers = append(d.Tiers, t)
		}
	}
}

func (c *converter) tier(g *gTier) *Tier {
	t := &Tier{}
	c.spanOf(g.Word)
	t.Title = c.text(g.Title, "the name of the tier in quotes")
	if g.From != nil && !c.failed {
		c.take(g.From)
		t.From = c.simple(g.N, "a number after `from`")
	}
	if g.Open != nil && !c.failed {
		open := c.take(g.Open)
		for _, item := range g.Items {
			p := &Prop{Name: c.name(&item.Name, "")}
			p.Value = c.simple(item.Value, "a number after `"+clip(p.Name.Text)+"`")
			if c.failed {
				return t
			}
			p.At = c.from(item.Name)
			t.Props = append(t.Props, p)
		}
		c.close(g.Close, open, "name with its number")
	}
	t.At = c.from(g.Word)
	return t
}

var couponWords = []string{"off", "gift", "min_spend", "valid", "stock", "at", "price", "when"}

func (c *converter) coupon(g *gCoupon) Decl {
	_, name := c.head(g.Word, g.Name, "a name for this coupon")
	d := &Coupon{Name: name, Title: c.title(g.Title)}
	open, ok := c.open(g.Open, "the name of the coupon")
	if !ok {
		return d
	}
	k := c.clauses("a coupon")
	for _, item := range g.Items {
		if c.couponItem(d, item, k); c.failed {
			break
		}
	}
	c.close(g.Close, open, "clause of a coupon", couponWords...)
	d.At = c.from(g.Word)
	return d
}

func (c *converter) couponItem(d *Coupon, g *gCouponItem, k *clauses) {
	switch {
	case g.Off != nil:
		if k.once(g.Off) {
			c.off(d, g)
		}
	case g.Gift != nil:
		if k.once(g.Gift) {
			d.Gift = c.text(g.What, "what is given, in quotes, after `gift`")
		}
	case g.MinSpend != nil:
		if k.once(g.MinSpend) {
			d.MinSpend = c.simple(g.MinN, "an amount after `min_spend`")
		}
	case g.Valid != nil:
		if k.once(g.Valid) {
			c.valid(d, g)
		}
	case g.Stock != nil:
		if k.once(g.Stock) {
			d.Stock = c.number(g.StockN, "how many there are after `stock`")
		}
	case g.Cap != nil:
		if limit := c.cap(g.Cap); !c.failed {
			d.Caps = append(d.Caps, limit)
		}
	case g.Price != nil:
		if k.once(g.Price) {
			c.price(d, g)
		}
	case g.When != nil:
		if k.once(g.When) {
			d.When = c.clauseExpr(g.WhenX, "a condition after `when`")
		}
	}
}

func (c *converter) off(d *Coupon, g *gCouponItem) {
	if d.Off = c.simple(g.OffN, "an amount or a percentage after `off`"); c.failed || g.Up == nil {
		return
	}
	c.take(g.Up)
	if g.To == nil {
		c.expected("M0111", "`to` and an amount after `up`", "to")
		return
	}
	c.take(g.To)
	d.UpTo = c.simple(g.UpN, "an amount after `up to`")
}

func (c *converter) valid(d *Coupon, g *gCouponItem) {
	switch {
	case g.Dates != nil:
		d.Dates = c.dates(g.Dates, "valid")
	case g.Span != nil:
		if span := c.spanLit(g.Span, "valid"); span != nil {
			d.Valid = &Limit{At: span.At, Span: span}
		}
	default:
		c.expected("M0111", "a span such as `30 days`, or two dates, after `valid`")
	}
}

func (c *converter) price(d *Coupon, g *gCouponItem) {
	p := &Price{N: c.number(g.PriceN, "how many points after `price`")}
	if c.failed {
		return
	}
	p.Points = c.name(g.Points, "the name of points after the price")
	p.At = c.from(*g.Price)
	d.Price = p
}

var caseWords = []string{"open", "close", "matching", "due", "by", "overdue"}

func (c *converter) caseDecl(g *gCase) Decl {
	_, name := c.head(g.Word, g.Name, "a name for this case")
	d := &Case{Name: name, Title: c.title(g.Title)}
	open, ok := c.open(g.Open, "the name of the case")
	if !ok {
		return d
	}
	k := c.clauses("a case")
	for _, item := range g.Items {
		if c.caseItem(d, item, k); c.failed {
			break
		}
	}
	c.close(g.Close, open, "clause of a case", caseWords...)
	d.At = c.from(g.Word)
	return d
}

func (c *converter) caseItem(d *Case, g *gCaseItem, k *clauses) {
	switch {
	case g.Side != nil:
		if !k.once(g.Side) {
			return
		}
		if g.On == nil {
			c.expected("M0111", "`on` and an event after `"+g.Side.Value+"`", "on")
			return
		}
		c.take(g.On)
		event := c.name(g.Event, "the name of an event after `on`")
		if g.Side.Value == "open" {
			d.Open = &event
		} else {
			d.Close = &event
		}
	case g.Matching != nil:
		if k.once(g.Matching) {
			field := c.name(g.Field, "the field that both events have, after `matching`")
			d.Matching = &field
		}
	case g.Due != nil:
		if k.once(g.Due) {
			c.due(d, g)
		}
	case g.By != nil:
		if k.once(g.By) {
			d.By = c.names(g.First, g.Rest, "the name of a field")
		}
	case g.Overdue != nil:
		if k.once(g.Overdue) {
			d.Overdue = c.actions(g.Actions, "overdue")
		}
	}
}

func (c *converter) due(d *Case, g *gCaseItem) {
	n := c.number(g.N, "a span such as `24 hours` or `1 workday` after `due`")
	if c.failed {
		return
	}
	if g.Unit == nil {
		c.expected("M0119", "a unit after `"+g.N.Value+"`: `workdays`, "+either(unitWords), append([]string{"workdays"}, unitWords...)...)
		return
	}
	unit := c.take(g.Unit)
	d.DueAt = n.At.To(unit.Span(c.file))
	if u := unitOf(unit.Text); u == "workday" {
		d.Workdays = n
	} else {
		d.Due = &SpanLit{At: d.DueAt, N: n.Value, Unit: u}
	}
}
