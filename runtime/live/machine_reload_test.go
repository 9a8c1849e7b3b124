package live

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
)

// reload edits the rules, at times while inputs arrive that make no difference to them.
func (m *machine) reload(t *rapid.T) {
	to := rapid.SampledFrom(m.versions).Draw(t, "rules")
	if rapid.Bool().Draw(t, "later") {
		m.setClock(m.drawClock(t))
	}
	now := m.now()
	out, err := m.engine.Reload(context.Background(), to.prog)
	m.must(err)
	if out.Same != (to.prog == m.prog) {
		t.Fatalf("the rules are the same: %t", out.Same)
	}
	m.must(m.model.pass(now))
	if out.Same {
		return
	}
	before := len(m.model.log)
	m.must(m.model.edit(to.prog, now))
	if crossings := len(m.model.log) - before; out.Crossings != crossings {
		t.Fatalf("the edit reports %d crossings, not %d", out.Crossings, crossings)
	}
	m.version = to
	m.crossings()
}

// edit puts other rules in force at an instant up to which time has passed. Ntiles that mean what one meant before keep their
// cuts. Members cross segments that both rule sets have.
func (m *model) edit(prog *ir.Program, at int64) error {
	old, cuts, was := m.prog, m.cuts, m.in
	m.prog, m.cuts = prog, map[string][]ir.Cut{}
	fresh := runtime.New(prog, m.built(), runtime.Options{Workers: 1, Cuts: func(n *ir.Ntile, now int64) ([]ir.Cut, int64, bool) {
		c, ok := m.cuts[n.Key]
		return c, now, ok
	}}).At(at)
	for _, n := range prog.Ntiles {
		i := slices.IndexFunc(old.Ntiles, func(o *ir.Ntile) bool { return o.Hash == n.Hash })
		if i >= 0 {
			m.cuts[n.Key] = cuts[old.Ntiles[i].Key]
		}
	}
	for _, n := range prog.Ntiles {
		if m.cuts[n.Key] != nil {
			continue
		}
		taken, err := fresh.Cuts(context.Background(), n)
		if err != nil {
			return err
		}
		m.cuts[n.Key] = taken
	}
	now, err := m.view(at).Segments(context.Background())
	if err != nil {
		return err
	}
	m.in = make([]*roaring.Bitmap, len(now))
	for i, s := range prog.Segments {
		m.in[i] = now[i] // of a new segment
		if j := slices.IndexFunc(old.Segments, func(o *ir.Segment) bool { return o.Name == s.Name }); j >= 0 {
			m.in[i] = was[j]
		}
	}
	return m.look(at, "rules")
}
