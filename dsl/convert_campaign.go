package dsl

var sinkWords = []string{"webhook", "secret", "file", "quiet", "at"}

func (c *converter) sink(g *gSink) Decl {
	_, name := c.head(g.Word, g.Name, "a name for this sink")
	d := &Sink{Name: name, Title: c.title(g.Title)}
	open, ok := c.open(g.Open, "the name of the sink")
	if !ok {
		return d
	}
	k := c.clauses("a sink")
	for _, item := range g.Items {
		if c.sinkItem(d, item, k); c.failed {
			break
		}
	}
	c.close(g.Close, open, "clause of a sink", sinkWords...)
	d.At = c.from(g.Word)
	return d
}

func (c *converter) sinkItem(d *Sink, g *gSinkItem, k *clauses) {
	switch {
	case g.Env != nil:
		if !k.once(g.Env) {
			return
		}
		if g.Word == nil {
			c.expected("M0111", "`env` and the name of an environment variable after `"+g.Env.Value+"`", "env")
			return
		}
		c.take(g.Word)
		name := c.text(g.Var, "the name of an environment variable in quotes after `env`")
		if g.Env.Value == "webhook" {
			d.Webhook = name
		} else {
			d.Secret = name
		}
	case g.File != nil:
		if k.once(g.File) {
			d.File = c.text(g.Path, "the path of a file in quotes after `file`")
		}
	case g.Quiet != nil:
		if k.once(g.Quiet) {
			d.Quiet = c.clocks(g.Hours)
		}
	case g.Cap != nil:
		if limit := c.cap(g.Cap); !c.failed {
			d.Caps = append(d.Caps, limit)
		}
	}
}

func (c *converter) sync(g *gSync) Decl {
	_, name := c.head(g.Word, g.Name, "a name for this sync")
	d := &Sync{Name: name, Title: c.title(g.Title)}
	switch {
	case c.failed:
		return d
	case g.To == nil:
		c.expected("M0111", "`to` and the name of a sink", "to")
		return d
	}
	c.take(g.To)
	d.To = c.name(g.Sink, "the name of a sink after `to`")
	switch {
	case c.failed:
		return d
	case g.Daily == nil:
		c.expected("M0111", "`daily at` and a clock time", "daily")
		return d
	}
	c.take(g.Daily)
	d.Daily = c.clock(g.At, g.Clock)
	open, ok := c.open(g.Open, "the clock time")
	if !ok {
		return d
	}
	k := c.clauses("a sync")
	for _, item := range g.Items {
		if !k.once(&item.Word) {
			return d
		}
		if item.Word.Value == "segments" {
			d.Segments = c.names(item.First, item.Rest, "the name of a segment")
		} else {
			d.Tags = c.names(item.First, item.Rest, "the name of a tag")
		}
		if c.failed {
			return d
		}
	}
	c.close(g.Close, open, "clause of a sync", "segments", "tags")
	d.At = c.from(g.Word)
	return d
}

// clock converts the at 10:00 of daily.
func (c *converter) clock(at, clock *tok) *ClockLit {
	if at == nil {
		c.expected("M0111", "`at` and a clock time after `daily`", "at")
		return nil
	}
	c.take(at)
	if clock == nil {
		c.expected("M0111", "a clock time such as `10:00` after `at`")
		return nil
	}
	return literalOf(c.file, c.take(clock)).(*ClockLit)
}

var campaignWords = []string{
	"on", "daily", "at", "when", "during", "holdout", "quiet", "include", "do", "goal", "target",
}

func (c *converter) campaign(g *gCampaign) Decl {
	_, name := c.head(g.Word, g.Name, "a name for this campaign")
	d := &Campaign{Name: name, Title: c.title(g.Title)}
	open, ok := c.open(g.Open, "the name of the campaign")
	if !ok {
		return d
	}
	k := c.clauses("a campaign")
	for _, item := range g.Items {
		if c.campaignItem(d, item, k); c.failed {
			break
		}
	}
	c.close(g.Close, open, "clause of a campaign", campaignWords...)
	d.At = c.from(g.Word)
	return d
}

func (c *converter) campaignItem(d *Campaign, g *gCampaignItem, k *clauses) {
	switch {
	case g.On != nil:
		c.trigger(d, c.on(g.On))
	case g.Daily != nil:
		t := &Trigger{Kind: Daily}
		c.spanOf(g.Daily.Word)
		if t.Daily = c.clock(g.Daily.At, g.Daily.Clock); !c.failed {
			t.Name = c.segmentAfterFor(g.Daily.For, g.Daily.Segment)
		}
		t.At = c.from(g.Daily.Word)
		c.trigger(d, t)
	case g.At != nil:
		c.atTime(d, g.At)
	case g.When != nil:
		if k.once(g.When) {
			d.When = c.clauseExpr(g.WhenX, "a condition after `when`")
		}
	case g.During != nil:
		if k.once(g.During) {
			d.During = c.dates(g.Dates, "during")
		}
	case g.Percent != nil:
		if k.once(g.Percent) {
			c.share(d, g)
		}
	case g.Quiet != nil:
		if k.once(g.Quiet) {
			d.Quiet = c.clocks(g.Hours)
		}
	case g.Include != nil:
		if !k.once(g.Include) {
			return
		}
		if g.Existing == nil {
			c.expected("M0111", "`existing` after `include`", "existing")
			return
		}
		existing := c.name(g.Existing, "")
		d.Existing = &existing
	case g.Do != nil:
		if k.once(g.Do) {
			d.DoAt = c.span(g.Do.Pos.Offset)
			d.Do = c.actions(g.Actions, "do")
		}
	case g.Goal != nil:
		if k.once(&g.Goal.Word) {
			d.Goal = c.goal(g.Goal)
		}
	}
}

// trigger sets the trigger of a campaign, which has one.
func (c *converter) trigger(d *Campaign, t *Trigger) {
	if c.failed {
		return
	}
	if d.Trigger != nil {
		c.twice("what starts the campaign", t.At, d.Trigger.At)
		return
	}
	d.Trigger = t
}

func (c *converter) on(g *gOn) *Trigger {
	t := &Trigger{Kind: OnEvent}
	c.spanOf(g.Word)
	switch {
	case g.How != nil:
		how := c.take(g.How).Text
		t.Kind = TriggerKind("on " + how)
		what := "the name of a segment after `" + how + "`"
		if t.Kind == OnUsed {
			what = "the name of a coupon after `used`"
		}
		t.Name = c.name(g.What, what)
	case g.Reach != nil:
		t.Kind = OnReach
		c.take(g.Reach)
		if t.Tier = c.text(g.Tier, "the name of a tier in quotes after `reach`"); c.failed {
			return t
		}
		if g.Of == nil {
			c.expected("M0111", "`of` and the name of tiers", "of")
			return t
		}
		c.take(g.Of)
		t.Name = c.name(g.Tiers, "the name of tiers after `of`")
	case g.Event != nil:
		t.Name = c.name(g.Event, "")
		if g.Where != nil {
			c.take(g.Where)
			t.Where = c.clauseExpr(g.WhereX, "a condition after `where`")
		}
	default:
		c.expectedName("an event, `used`, `enter`, `leave` or `reach` after `on`")
	}
	t.At = c.from(g.Word)
	return t
}

func (c *converter) segmentAfterFor(word, segment *tok) Name {
	if word == nil {
		c.expected("M0111", "`for` and the name of a segment", "for")
		return Name{}
	}
	c.take(word)
	return c.name(segment, "the name of a segment after `for`")
}

// atTime converts what begins with at: a trigger at one time, or a cap.
func (c *converter) atTime(d *Campaign, g *gAt) {
	switch {
	case g.Time != nil:
		t := &Trigger{Kind: AtTime}
		c.spanOf(g.Word)
		t.Time = literalOf(c.file, c.take(g.Time))
		t.Name = c.segmentAfterFor(g.For, g.Segment)
		t.At = c.from(g.Word)
		c.trigger(d, t)
	case g.Most != nil:
		limit := c.cap(&gCap{At: g.Word, Most: g.Most, N: g.N, What: g.What, Per: g.Per, By: g.By})
		if !c.failed {
			d.Caps = append(d.Caps, limit)
		}
	default:
		c.spanOf(g.Word)
		c.expected("M0111", "a date, a local time or `most` after `at`", "most")
	}
}

// share converts the percentage of holdout or target.
func (c *converter) share(d *Campaign, g *gCampaignItem) {
	if g.PercentN == nil || TokenKind(g.PercentN.Token.Type) != Percent {
		c.expected("M0112", "a percentage such as `10%` after `"+g.Percent.Value+"`")
		return
	}
	p := literalOf(c.file, c.take(&g.PercentN.Token)).(*PercentLit)
	if g.Percent.Value == "holdout" {
		d.Holdout = p
	} else {
		d.Target = p
	}
}

func (c *converter) goal(g *gGoal) *Goal {
	d := &Goal{}
	switch {
	case g.Used != nil:
		c.take(g.Used)
		d.Used = true
		d.Name = c.name(g.Coupon, "the name of a coupon after `used`")
	case g.Event != nil:
		d.Name = c.name(g.Event, "")
		if g.Where != nil {
			c.take(g.Where)
			d.Where = c.clauseExpr(g.WhereX, "a condition after `where`")
		}
	default:
		c.expectedName("an event, or `used` and a coupon, after `goal`")
	}
	switch {
	case c.failed:
		return d
	case g.Within == nil:
		c.expected("M0111", "`within` and a span: how long the goal may take", "within")
		return d
	}
	c.take(g.Within)
	d.Within = c.spanLit(g.Span, "within")
	d.At = c.from(g.Word)
	return d
}

var actionWords = []string{"issue", "give", "send", "add", "remove", "wait", "stop"}

// actions converts the block of do or overdue.
func (c *converter) actions(g *gActions, after string) (out []*Action) {
	if g == nil {
		c.open(nil, "`"+after+"`")
		return nil
	}
	open := c.take(&g.Open)
	for _, item := range g.Items {
		a := c.action(item)
		if c.failed {
			return out
		}
		out = append(out, a)
	}
	c.close(g.Close, open, "action", actionWords...)
	return out
}

func (c *converter) action(g *gAction) *Action {
	a := &Action{}
	at := c.at
	switch {
	case g.Issue != nil:
		c.take(g.Issue)
		a.Kind = Issue
		a.Name = c.name(g.Coupon, "the name of a coupon after `issue`")
	case g.Give != nil:
		c.take(g.Give)
		a.Kind = Give
		if a.Amount = c.clauseExpr(g.GiveX, "how many points after `give`"); !c.failed {
			a.Name = c.name(g.Points, "the name of points after how many")
		}
	case g.Send != nil:
		c.take(g.Send)
		a.Kind = SendTo
		if a.Name = c.name(g.Sink, "the name of a sink after `send`"); !c.failed {
			a.Template = c.text(g.Text, "the name of a message in quotes after the sink")
		}
		if g.With != nil && !c.failed {
			a.With = c.with(g.With)
		}
	case g.Change != nil:
		c.change(a, g)
	case g.Wait != nil:
		c.take(g.Wait)
		a.Kind = Wait
		a.Wait = c.spanLit(g.Span, "wait")
	default:
		c.take(g.Stop)
		a.Kind = Stop
	}
	if g.When != nil && !c.failed {
		c.take(g.When)
		a.When = c.clauseExpr(g.WhenX, "a condition after `when`")
	}
	if !c.failed {
		a.At = c.span(at).To(c.span(c.at - 1))
	}
	return a
}

// change converts add to LIST and remove from LIST.
func (c *converter) change(a *Action, g *gAction) {
	word := c.take(g.Change).Text
	way := "to"
	a.Kind = AddTo
	if word == "remove" {
		a.Kind, way = RemoveFrom, "from"
	}
	if g.Way == nil || g.Way.Value != way {
		c.expected("M0111", "`"+way+"` and the name of a list after `"+word+"`", way)
		return
	}
	c.take(g.Way)
	a.Name = c.name(g.List, "the name of a list after `"+way+"`")
}

func (c *converter) with(g *gWith) (out []*Entry) {
	c.spanOf(g.With)
	open, ok := c.open(g.Open, "`with`")
	if !ok {
		return nil
	}
	add := func(g *gEntry) {
		if e := c.entry(g); !c.failed {
			out = append(out, e)
		}
	}
	if g.First != nil {
		add(g.First)
	}
	for i, arm := range g.Rest {
		if c.failed {
			return out
		}
		c.spanOf(arm.Comma)
		switch {
		case arm.Entry != nil:
			add(arm.Entry)
		case i < len(g.Rest)-1 || g.Close == nil:
			c.expected("M0111", "a name after `,`")
			return out
		}
	}
	if c.failed {
		return out
	}
	if g.Close == nil {
		c.closing("`,` or `}`", open)
		return out
	}
	c.take(g.Close)
	return out
}

func (c *converter) entry(g *gEntry) *Entry {
	e := &Entry{Key: c.name(&g.Key, "")}
	if g.Colon == nil {
		c.expected("M0111", "`:` and a value after `"+clip(e.Key.Text)+"`")
		return e
	}
	c.take(g.Colon)
	c.ops = 0
	e.Value = c.expr(g.X, "a value after `:`")
	e.At = c.from(g.Key)
	return e
}
