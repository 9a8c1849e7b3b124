package audit

import (
	"context"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
)

// moving is a server whose member 4 does something between looks, for as many as said.
type moving struct {
	view  *runtime.View
	now   *runtime.View // in which it has been done
	looks int
}

func (m *moving) View() *runtime.View {
	if m.looks == 0 {
		return m.now
	}
	m.looks--
	return m.view
}

func (m *moving) People(_ *runtime.View, numbers []uint32) (func(int) (*runtime.Person, error), error) {
	return func(i int) (*runtime.Person, error) { return m.now.Person(numbers[i]) }, nil
}

func TestWhatChangesBetweenLooksIsNoDifference(t *testing.T) {
	tree, _ := dsl.Parse(diag.NewFile("rules.muster", rules))
	prog, found := compiler.Compile([]*dsl.RuleFile{tree})
	if found.HasErrors() {
		t.Fatal(found)
	}
	for _, c := range []struct{ looks, differences int }{{0, 0}, {rounds - 1, 0}, {rounds, 5}} {
		before := runtime.New(prog, shop(t, false), runtime.Options{}).AsOf(1000)
		after := runtime.New(prog, shop(t, true), runtime.Options{}).AsOf(1000)
		report, err := RecomputeLive(context.Background(), &moving{before, after, c.looks}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if report.Members != 10 || report.Recomputed != 10 || report.Tags != 3 || report.Segments != 1 || len(report.Differences) != c.differences {
			t.Errorf("after %d looks: %+v", c.looks, report)
		}
	}
}
