package live

import (
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
)

// Members that become one have their lots, codes, runs and cases together, and the higher tier. What is done later with
// something that an absorbed member brought is of that member too, so that it goes with it when the merge is undone.

// asTheyAre are members before they become one.
func (g *group) asTheyAre(members ...*member) (out []*exprplan.Member) {
	if !g.conducts() {
		return nil
	}
	for _, m := range members {
		out = append(out, m.clone().person(g.engine.prog, g.room()))
	}
	return out
}

// joined tells the programme that a member has absorbed another.
func (g *group) joined(survivor, absorbed *member, before []*exprplan.Member) error {
	if !g.conducts() {
		return nil
	}
	g.dues = append(g.dues, runtime.Flip{Member: absorbed.number, At: runtime.Never})
	t := g.turn(survivor, 0)
	return steered(func() error {
		t.Joined(before...)
		return nil
	})
}

// parted tells the programme that members were one, and lets it be worked out when they are due.
func (g *group) parted(members ...*member) error {
	if !g.conducts() {
		return nil
	}
	return steered(func() error {
		for _, m := range members {
			g.turn(m, 0).Parted()
		}
		return nil
	})
}

// marks are the fields that tell what a fact is about.
var marks = []string{ir.FactLot, ir.FactFor, ir.FactCode, ir.FactRun, ir.FactTicket}

// attributed are the fields of a fact, which make it one of the absorbed member who brought what it is about, or whose the
// event is that it follows from.
func (g *group) attributed(m *member, f fact) fields {
	if len(g.absorbedBy(m.number)) == 0 {
		return f.Fields
	}
	of := m.turn.of
	for _, e := range m.events.of(f.Type) {
		if about(e.fields, f.Fields) {
			of = e.fields.get(storage.OfField)
			break
		}
	}
	if of.Kind == 0 {
		return f.Fields
	}
	return f.Fields.with(storage.OfField, of)
}

// about reports whether two facts of a type are about the same thing.
func about(a, b fields) bool {
	for _, name := range marks {
		x, y := a.get(name), b.get(name)
		if name == ir.FactLot { // of the debt: for which lot it is
			if x.Int == 0 {
				x = a.get(ir.FactFor)
			}
			if y.Int == 0 {
				y = b.get(ir.FactFor)
			}
		}
		if x.Kind != 0 && y.Kind != 0 {
			return x.Int == y.Int && x.Text == y.Text
		}
	}
	return false
}
