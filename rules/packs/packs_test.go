package packs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules"
)

func retail(t *testing.T) *rules.Set {
	t.Helper()
	set, err := rules.LoadFS(Retail())
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Diags) > 0 {
		var b strings.Builder
		diag.Render(&b, set.Diags, diag.RenderOptions{})
		t.Fatalf("findings in the starter rules:\n%s", b.String())
	}
	return set
}

func TestRetailIsCompleteAndTitled(t *testing.T) {
	p := retail(t).Program
	if n := len(p.Tags); n < 30 {
		t.Errorf("%d tags, want 30 at least", n)
	}
	if n := len(p.Segments); n < 12 {
		t.Errorf("%d segments, want 12 at least", n)
	}
	for _, tag := range p.Tags {
		if tag.Title == "" || tag.Group < 0 {
			t.Errorf("tag %s has no title or is in no group", tag.Name)
		}
	}
	for _, s := range p.Segments {
		if s.Title == "" {
			t.Errorf("segment %s has no title", s.Name)
		}
	}
}

// TestRetailIsTested holds that every tag and segment is named in an expect of the pack's own tests.
func TestRetailIsTested(t *testing.T) {
	set := retail(t)
	named := map[string]bool{}
	for _, tree := range set.Trees {
		for _, decl := range tree.Decls {
			test, ok := decl.(*dsl.Test)
			if !ok {
				continue
			}
			for _, step := range test.Steps {
				if expect, ok := step.(*dsl.Expect); ok {
					names(expect.Cond, named)
				}
			}
		}
	}
	for _, ref := range set.Program.Order {
		if name := nameOf(set.Program, ref); !named[name] {
			t.Errorf("no test expects anything of %s", name)
		}
	}
}

func nameOf(p *ir.Program, ref ir.Ref) string {
	if ref.Segment {
		return p.Segments[ref.Index].Name
	}
	return p.Tags[ref.Index].Name
}

// names collects the names that a condition of the pack's tests mentions.
func names(e dsl.Expr, into map[string]bool) {
	switch e := e.(type) {
	case *dsl.Ident:
		into[e.Name.Text] = true
	case *dsl.Paren:
		names(e.X, into)
	case *dsl.Unary:
		names(e.X, into)
	case *dsl.Binary:
		names(e.X, into)
		names(e.Y, into)
	case *dsl.Is:
		names(e.X, into)
	case *dsl.In:
		names(e.X, into)
	case *dsl.Between:
		names(e.X, into)
	case *dsl.IntLit, *dsl.DecimalLit, *dsl.PercentLit, *dsl.StringLit, *dsl.BoolLit, *dsl.DateLit, *dsl.Call:
	default:
		panic(fmt.Sprintf("a test uses %T, which this walk does not know", e))
	}
}
