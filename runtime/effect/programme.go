package effect

import (
	"cmp"
	"maps"
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/replay"
	"github.com/muster-engine/muster/storage/column"
)

// Replay says how the effect on points, tiers, coupons and campaigns is looked for.
type Replay struct {
	// Days is how many local dates before today's are gone through again by either rules, with today so far; none if it is 0.
	Days int64
	// Members is about how many are gone through, chosen by their numbers alone; all if there are not more, or it is 0.
	Members uint64
	// Always goes through members even if nothing of the programme means anything else.
	Always bool
	// Earlier are rule sets that were in force before the two, by which runs of campaigns may be going on.
	Earlier []*ir.Program
}

// When is the time that a line of a programme is about.
type When string

const (
	// Now is the present: how members stand by what is written, and which tier the measure of a ladder reaches.
	Now When = "now"
	// Ahead is from now to the next local midnight, which is included, if nothing happens but that time passes.
	Ahead When = "ahead"
	// Past is the dates that are gone through again.
	Past When = "past"
)

// Programme is the effect of an edit on points, tiers, coupons, campaigns, sinks and cases.
type Programme struct {
	// After is the instant after which the past is gone through again, Until the end of what lies ahead.
	After, Until int64
	Days         int64
	// Members is how many were gone through, of how many. Where it is not all, every number is an estimate: what was counted
	// times Of by Members.
	Members, Of uint64
	// Items are what has another meaning, or does something else, in the order of their kinds.
	Items []Item
	// Same is how many declarations mean and do the same.
	Same  int
	lines map[lineKey]*Line
}

// Sampled reports whether not everybody was gone through.
func (p *Programme) Sampled() bool { return p.Members < p.Of }

// HasEffect reports whether anything of the programme comes, goes, or does something else.
func (p *Programme) HasEffect() bool {
	return p != nil && slices.ContainsFunc(p.Items, func(i Item) bool { return i.HasEffect() })
}

// Item is one declaration.
type Item struct {
	Kind        ir.FactKind
	Name, Title string
	Status      Status
	Lines       []Line
	// Left is what is left of a coupon's stock now, by the edited rules; nil of one without, and of everything else. What is
	// counted takes no heed of it.
	Left *int64
}

// Short is how many codes more than are left of a stock would be issued in the days that are gone through again; 0 if the
// stock is enough.
func (i *Item) Short() int64 {
	for _, l := range i.Lines {
		if i.Left != nil && l.When == Past && l.What == replay.Issued {
			return max(0, l.After-*i.Left)
		}
	}
	return 0
}

// HasEffect reports whether the declaration comes, goes, or does something else.
func (i *Item) HasEffect() bool {
	return i.Status == Added || i.Status == Removed || slices.ContainsFunc(i.Lines, func(l Line) bool { return l.Members > 0 })
}

// Line is one number that is another by the edited rules; of points that mean something else, also what is owed now, which
// is the same.
type Line struct {
	When          When
	What          replay.What
	Of            string
	Before, After int64
	// Members is for how many it is another.
	Members  uint64
	Examples []LineExample
}

// LineExample is the number of one member.
type LineExample struct {
	Member        uint32
	Before, After int64
}

// What a ladder makes of members, besides what package replay counts.
const (
	// Measured is the members whose measure reaches a tier.
	Measured replay.What = "measured"
	// Reworded is the messages that say something else, of those that are sent by either rules.
	Reworded replay.What = "reworded"
	// Up and Down are the members whose measure reaches a higher tier than it did, and a lower one.
	Up   replay.What = "up"
	Down replay.What = "down"
	// Kept is those of Down whose present tier is kept for a while all the same.
	Kept replay.What = "kept"
)

// declared is a declaration of a programme.
type declared struct {
	kind              ir.FactKind
	name, title, hash string
}

func declarations(p *ir.Program) (out []declared) {
	for _, x := range p.Points {
		out = append(out, declared{ir.PointsFacts, x.Name, x.Title, x.Hash})
	}
	for _, x := range p.Tiers {
		out = append(out, declared{ir.TiersFacts, x.Name, x.Title, x.Hash})
	}
	for _, x := range p.Coupons {
		out = append(out, declared{ir.CouponFacts, x.Name, x.Title, x.Hash})
	}
	for _, x := range p.Campaigns {
		out = append(out, declared{ir.CampaignFacts, x.Name, x.Title, x.Hash})
	}
	for _, x := range p.Sinks {
		out = append(out, declared{ir.SinkFacts, x.Name, x.Title, x.Hash})
	}
	for _, x := range p.Cases {
		out = append(out, declared{ir.CaseFacts, x.Name, x.Title, x.Hash})
	}
	return out
}

// kinds is the order in which declarations are shown.
var kinds = []ir.FactKind{ir.PointsFacts, ir.TiersFacts, ir.CouponFacts, ir.CampaignFacts, ir.SinkFacts, ir.CaseFacts}

// sameProgramme reports whether two programs do the same to members beside tags and segments.
func sameProgramme(p, q *ir.Program) bool {
	a, b := declarations(p), declarations(q)
	for _, list := range [][]declared{a, b} {
		for i := range list {
			list[i].title = ""
		}
		slices.SortFunc(list, func(x, y declared) int {
			return cmp.Or(cmp.Compare(x.kind, y.kind), cmp.Compare(x.name, y.name))
		})
	}
	return slices.Equal(a, b) && maps.Equal(followed(p), followed(q)) && p.Zone.Name() == q.Zone.Name() &&
		p.WeekStart == q.WeekStart && p.LateSpan.N == q.LateSpan.N && p.LateSpan.Unit == q.LateSpan.Unit &&
		slices.Equal(p.Holidays, q.Holidays) && slices.Equal(p.Workdays, q.Workdays)
}

// followed are the hashes of the segments that trigger campaigns, by name.
func followed(p *ir.Program) map[string]string {
	out := map[string]string{}
	for _, c := range p.Campaigns {
		switch c.Trigger.Kind {
		case dsl.OnEvent, dsl.OnUsed, dsl.OnReach:
		default:
			s := p.Segments[c.Trigger.Index]
			out[s.Name] = s.Hash
		}
	}
	return out
}

type lineKey struct {
	when When
	row  replay.Row
}

// programme goes through members by either rules.
func (c *comparison) programme() error {
	r := c.opt.Replay
	if r == nil || !r.Always && sameProgramme(c.before.prog, c.after.prog) {
		return nil
	}
	if len(declarations(c.before.prog))+len(declarations(c.after.prog)) == 0 {
		return nil
	}
	zone, now := c.after.prog.Zone, c.after.view.Now()
	out := &Programme{Of: c.report.Of, Days: r.Days, Until: zone.NextDateChange(now), After: now, lines: map[lineKey]*Line{}}
	if r.Days > 0 {
		out.After = zone.Midnight(zone.DateOf(now)-r.Days) - 1
	}
	w, err := c.walkers(out)
	if err != nil {
		return err
	}
	var wanted func(uint32) bool
	if r.Members > 0 && c.report.Of > r.Members {
		wanted = sample(r.Members, c.report.Of, c.after.view.Blocks())
	}
	views := []*runtime.View{c.before.view, c.after.view}
	err = runtime.Together(c.ctx, views, wanted, func(worker int, who runtime.Read) error { return w[worker].visit(who) })
	if err != nil {
		return err
	}
	for _, x := range w {
		out.Members += x.members
		x.into(out.lines, c.opt.Examples)
	}
	if out.Sampled() && out.Members > 0 {
		for _, l := range out.lines {
			l.Before, l.After = scaled(l.Before, out), scaled(l.After, out)
			l.Members = uint64(scaled(int64(l.Members), out))
		}
	}
	c.itemise(out)
	c.report.Programme = out
	return nil
}

// scaled is what a number of those who were gone through is for all, rounded.
func scaled(n int64, p *Programme) int64 {
	of, members := int64(p.Of), int64(p.Members)
	if n < 0 {
		return -scaled(-n, p)
	}
	return n/members*of + (n%members*of+members/2)/members
}

// mostBlocks is from how many blocks of members a sample is taken: a block must be read whole, however few are wanted of it.
const mostBlocks = 16

// sample wants about so many of all members, the same ones whenever it is asked: from blocks that lie evenly among all, since
// members of one block came at about the same time.
func sample(members, of uint64, blocks int) func(number uint32) bool {
	from := min(blocks, mostBlocks)
	chosen := make([]bool, blocks)
	for i := range from {
		chosen[i*blocks/from] = true
	}
	bound := ^uint64(0)
	if there := of / uint64(blocks) * uint64(from); members < there {
		bound = bound / there * members
	}
	return func(number uint32) bool {
		if block := int(number / column.Block); block >= blocks || !chosen[block] {
			return false
		}
		// SplitMix64: every bit of the number reaches every bit of the outcome.
		x := uint64(number) + 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		return x^x>>31 <= bound
	}
}

// walker goes through members for one worker.
type walker struct {
	before, after *replay.Player
	existing      []int // campaigns that begin with the edit
	ladders       []ladder
	now, today    int64 // the instant and its local date
	out           *Programme
	members       uint64
	lines         map[lineKey]*Line
	examples      int
}

// ladder is one that both rule sets have, and that means something else.
type ladder struct {
	old, new *ir.Tiers
	at, is   int // their places
}

func (c *comparison) walkers(out *Programme) ([]*walker, error) {
	before, err := replay.New(c.before.prog, c.before.view.World, c.opt.Replay.Earlier...)
	if err != nil {
		return nil, err
	}
	after, err := replay.New(c.after.prog, c.after.view.World, append([]*ir.Program{c.before.prog}, c.opt.Replay.Earlier...)...)
	if err != nil {
		return nil, err
	}
	var ladders []ladder
	for i, new := range c.after.prog.Tiers {
		for j, old := range c.before.prog.Tiers {
			if old.Name == new.Name && old.Hash != new.Hash {
				ladders = append(ladders, ladder{old, new, j, i})
			}
		}
	}
	all := make([]*walker, c.before.view.TogetherWorkers())
	for i := range all {
		all[i] = &walker{
			before: before.Fork(), after: after.Fork(), existing: after.Including(c.before.prog), ladders: ladders, now: c.report.Now, today: c.after.prog.Zone.DateOf(c.report.Now),
			out: out, lines: map[lineKey]*Line{}, examples: c.opt.Examples,
		}
	}
	return all, nil
}

// visit goes through one member, as either rule set reads it.
func (w *walker) visit(who runtime.Read) error {
	old, new := who.As[0], who.As[1]
	w.members++
	number := new.Number
	if w.out.Days > 0 {
		past := replay.Stretch{After: w.out.After, To: w.now, Set: who.Set}
		if err := w.compare(Past, number, old, new, past, past); err != nil {
			return err
		}
	}
	ahead := replay.Stretch{After: w.now, To: w.out.Until, Set: who.Set}
	included := ahead
	included.Existing = w.existing
	if err := w.compare(Ahead, number, old, new, ahead, included); err != nil {
		return err
	}
	w.pair(Now, number, w.before.Stand(old, w.now), w.after.Stand(new, w.now))
	for _, l := range w.ladders {
		if err := w.measure(number, old, new, l); err != nil {
			return err
		}
	}
	return nil
}

// compare goes through one stretch of a member's time by either rules.
func (w *walker) compare(when When, number uint32, old, new *exprplan.Member, was, is replay.Stretch) error {
	a, err := w.before.Play(old, was)
	if err != nil {
		return err
	}
	b, err := w.after.Play(new, is)
	if err != nil {
		return err
	}
	w.pair(when, number, a, b)
	for sink, texts := range b.Messages {
		if n := reworded(a.Messages[sink], texts); n > 0 {
			w.note(when, replay.Row{Kind: ir.SinkFacts, Name: sink, What: Reworded}, number, 0, n)
		}
	}
	return nil
}

// pair notes the numbers of a member by either rules.
func (w *walker) pair(when When, number uint32, a, b *replay.Tally) {
	for row, n := range a.Rows {
		w.note(when, row, number, n, b.Rows[row])
	}
	for row, n := range b.Rows {
		if _, both := a.Rows[row]; !both {
			w.note(when, row, number, 0, n)
		}
	}
}

// reworded is how many messages differ, of as many as both have.
func reworded(before, after []string) int64 {
	n := min(len(before), len(after))
	left := map[string]int{}
	for _, text := range before {
		left[text]++
	}
	for _, text := range after {
		if left[text] > 0 {
			left[text]--
			n--
		}
	}
	return int64(max(0, n))
}

// measure says what tier a member's measure reaches on either ladder.
func (w *walker) measure(number uint32, old, new *exprplan.Member, l ladder) error {
	was, err := w.before.Target(old, w.now, l.at)
	if err != nil {
		return err
	}
	is, err := w.after.Target(new, w.now, l.is)
	if err != nil {
		return err
	}
	from, to := l.old.Tiers[was].Name, l.new.Tiers[is].Name
	row := func(what replay.What, of string) replay.Row {
		return replay.Row{Kind: ir.TiersFacts, Name: l.new.Name, What: what, Of: of}
	}
	if from == to {
		w.note(Now, row(Measured, to), number, 1, 1)
		return nil
	}
	w.note(Now, row(Measured, from), number, 1, 0)
	w.note(Now, row(Measured, to), number, 0, 1)
	what := Up
	if at := slices.IndexFunc(l.new.Tiers, func(t ir.Tier) bool { return t.Name == from }); at > is || at < 0 && was > is {
		what = Down
	}
	if what == Down && w.before.Standing(old, w.now, l.at).Keep >= w.today {
		w.note(Now, row(Kept, ""), number, 0, 1)
	}
	w.note(Now, row(what, ""), number, 0, 1)
	w.note(Now, row(what, from+" → "+to), number, 0, 1)
	return nil
}

// note adds a member's numbers to a line. The members of one worker come in no particular order.
func (w *walker) note(when When, row replay.Row, number uint32, before, after int64) {
	l := w.lines[lineKey{when, row}]
	if l == nil {
		l = &Line{When: when, What: row.What, Of: row.Of}
		w.lines[lineKey{when, row}] = l
	}
	l.Before += before
	l.After += after
	if before != after {
		l.Members++
		l.Examples = kept(append(l.Examples, LineExample{number, before, after}), w.examples)
	}
}

// kept are the examples of the lowest numbers.
func kept(all []LineExample, n int) []LineExample {
	slices.SortFunc(all, func(a, b LineExample) int { return cmp.Compare(a.Member, b.Member) })
	return all[:min(len(all), max(0, n))]
}

// into adds the lines of a worker to those of all.
func (w *walker) into(all map[lineKey]*Line, examples int) {
	for key, l := range w.lines {
		sum := all[key]
		if sum == nil {
			all[key] = l
			continue
		}
		sum.Before += l.Before
		sum.After += l.After
		sum.Members += l.Members
		sum.Examples = kept(append(sum.Examples, l.Examples...), examples)
	}
}

// itemise puts the lines to the declarations that they are of, but for those where nothing differs.
func (c *comparison) itemise(out *Programme) {
	before, after := declarations(c.before.prog), declarations(c.after.prog)
	hashes := map[[2]string]string{}
	for _, d := range before {
		hashes[[2]string{string(d.kind), d.name}] = d.hash
	}
	var all []Item
	for _, d := range after {
		key := [2]string{string(d.kind), d.name}
		all = append(all, Item{Kind: d.kind, Name: d.name, Title: d.title, Status: status(hashes[key], d.hash)})
		delete(hashes, key)
	}
	for _, d := range before {
		if _, gone := hashes[[2]string{string(d.kind), d.name}]; gone {
			all = append(all, Item{Kind: d.kind, Name: d.name, Title: d.title, Status: Removed})
		}
	}
	slices.SortStableFunc(all, func(a, b Item) int { return cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)) })
	stock := map[string]int64{}
	for _, x := range c.after.prog.Coupons {
		if x.Stock != nil {
			stock[x.Name] = *x.Stock
		}
	}
	order := orderOf(c.before.prog, c.after.prog)
	for _, item := range all {
		for key, l := range out.lines {
			owed := l.When == Now && l.What == replay.Liability && item.Status == Changed
			comesOrGoes := item.Status == Removed || item.Status == Added
			if l.When == Ahead && (item.Status == Removed && l.What == replay.Liability || comesOrGoes && l.What == replay.Members) {
				continue // it is said of now
			}
			if key.row.Kind == item.Kind && key.row.Name == item.Name && (l.Members > 0 || owed) {
				item.Lines = append(item.Lines, *l)
			}
		}
		slices.SortFunc(item.Lines, func(a, b Line) int {
			return cmp.Or(
				cmp.Compare(slices.Index(whens, a.When), slices.Index(whens, b.When)),
				cmp.Compare(slices.Index(whats, a.What), slices.Index(whats, b.What)),
				cmp.Compare(order[a.Of], order[b.Of]), cmp.Compare(a.Of, b.Of),
			)
		})
		if n, limited := stock[item.Name]; limited && item.Kind == ir.CouponFacts {
			if l := out.lines[lineKey{Now, replay.Row{Kind: item.Kind, Name: item.Name, What: replay.Issued}}]; l != nil {
				n -= l.After
			}
			n = max(0, n)
			item.Left = &n
		}
		if item.Status == Unchanged && !item.HasEffect() {
			out.Same++
			continue
		}
		out.Items = append(out.Items, item)
	}
}

// whens and whats are the order of lines.
var (
	whens = []When{Now, Ahead, Past}
	whats = []replay.What{
		replay.Usable, replay.UnderWay, replay.Open, Up, Down, Kept, Measured, replay.Earned, replay.Given, replay.Reversed, replay.Expired, replay.Spent, replay.Capped, replay.Liability,
		replay.Rises, replay.Falls, replay.Members, replay.Issued, replay.Used, replay.Started, replay.HeldOut, replay.Converted,
		replay.Sent, Reworded, replay.Dropped, replay.Opened, replay.Overdue, replay.Refused,
	}
)

// orderOf are the places of tiers on their ladders, by name.
func orderOf(programs ...*ir.Program) map[string]int {
	out := map[string]int{}
	for _, p := range programs {
		for _, x := range p.Tiers {
			for i, t := range x.Tiers {
				out[t.Name] = i + 1
			}
		}
	}
	return out
}
