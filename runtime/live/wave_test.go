package live

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// TestEachInputHasItsCrossings hands over many inputs of few members at once: every one of them is an edge.
func TestEachInputHasItsCrossings(t *testing.T) {
	prog, _ := compileRules(t, &ruleSet{name: "rules", text: `
settings { language 1  timezone "UTC" }
member { phone id  on bool }
tag is_on = on
segment lit = is_on`})
	store, err := storage.Open(filepath.Join(t.TempDir(), "store"), storage.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	e, err := Open(context.Background(), Options{Store: store, Program: prog, System: func() int64 { return 1e15 }})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	const members = most + 20 // member k has k+1 inputs: more waves than are held
	var in []Input
	var want []Crossing
	for round := range members {
		for k := round; k < members; k++ {
			on := round%2 == 0
			in = append(in, Input{Kind: Attributes, IDs: []ID{{"phone", fmt.Sprint(k)}}, Values: map[string]column.Value{"on": column.Int(map[bool]int64{true: 1}[on])}})
			want = append(want, Crossing{Seq: uint64(len(in)), Segment: "lit", Member: uint32(k), Entered: on, At: 1e15, Cause: "input"})
		}
	}
	if _, err := e.Submit(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	got, err := e.Crossings(0, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %d crossings, and want %d:\n%v\n%v", len(got), len(want), got, want)
	}
	lit, err := e.View().Select(context.Background(), prog.Segments[0].Expr)
	if err != nil || lit.GetCardinality() != members/2 {
		t.Fatalf("%d of %d members are lit: %v", lit.GetCardinality(), members, err)
	}
}
