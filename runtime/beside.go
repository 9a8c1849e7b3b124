package runtime

import "github.com/muster-engine/muster/storage/column"

// BesideAsOf returns a view at any instant, as [Engine.AsOf] does, over the engine's data corrected for the members that
// up says have changed. It is made for some questions and not kept up to date.
func (e *Engine) BesideAsOf(now int64, members uint32, up *Upkeep) *View {
	v := e.AsOf(now)
	v.upkeep = up
	if members > 0 {
		v.extend(members - 1)
	}
	for _, b := range *v.blocks.Load() {
		b.members = column.Block
	}
	return v
}

// PersonIn returns the first member of rows as of the view's instant, ranked among the members of the view. It can become
// the others by their places in rows.
func (v *View) PersonIn(rows Rows) (*Person, error) {
	small := New(v.prog, rows, Options{Workers: 1, Index: IndexNever}).AsOf(v.Now())
	p, err := small.Person(0)
	if err != nil {
		return nil, err
	}
	p.ranked = v
	p.numbers = rows.Numbers()
	return p, p.Become(0)
}

// takeRanks gives a view the cuts that another one has.
func (v *View) takeRanks(from *View) {
	from.cutsMu.Lock()
	defer from.cutsMu.Unlock()
	v.cutsMu.Lock()
	defer v.cutsMu.Unlock()
	for key, cuts := range from.cuts {
		v.cuts[key] = cuts
	}
}
