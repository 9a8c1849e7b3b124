package packs

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/dsl/format"
	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/rules/cover"
	"github.com/muster-engine/muster/rules/testrun"
)

// load returns a pack's rules, which have no findings.
func load(t *testing.T, p Pack) *rules.Set {
	t.Helper()
	set, err := rules.LoadFS(p.Files)
	if err != nil {
		t.Fatal(err)
	}
	found := set.Diags
	if len(found) > 0 {
		var b strings.Builder
		diag.Render(&b, found, diag.RenderOptions{})
		t.Fatalf("findings in the starter rules:\n%s", b.String())
	}
	return set
}

// Every pack is complete: titles and groups for whoever reads a list, and a README that names each file.
func TestPacksAreTitledAndExplained(t *testing.T) {
	least := map[string]struct{ tags, segments, campaigns int }{
		"retail": {30, 12, 0}, "shoes": {80, 12, 3}, "sports": {8, 5, 6},
	}
	for _, pack := range All() {
		p, want := load(t, pack).Program, least[pack.Name]
		if len(p.Tags) < want.tags || len(p.Segments) < want.segments || len(p.Campaigns) < want.campaigns {
			t.Errorf("%s has %d tags, %d segments, %d campaigns, want %+v at least", pack.Name, len(p.Tags), len(p.Segments), len(p.Campaigns), want)
		}
		for _, tag := range p.Tags {
			if tag.Title == "" || tag.Group < 0 {
				t.Errorf("%s: tag %s has no title or is in no group", pack.Name, tag.Name)
			}
		}
		for _, d := range titled(p) {
			if d.title == "" {
				t.Errorf("%s: %s has no title", pack.Name, d.name)
			}
		}
		readme, err := fs.ReadFile(pack.Files, "README.md")
		if err != nil {
			t.Fatal(err)
		}
		names, _ := fs.Glob(pack.Files, "*.muster")
		for _, name := range names {
			if !strings.HasSuffix(name, "_test.muster") && !strings.Contains(string(readme), "`"+name+"`") {
				t.Errorf("%s: the README says nothing of %s", pack.Name, name)
			}
		}
	}
}

type declared struct{ name, title string }

// titled lists what members or their data are shown by, but for tags.
func titled(p *ir.Program) (out []declared) {
	for _, x := range p.Segments {
		out = append(out, declared{x.Name, x.Title})
	}
	for _, x := range p.Points {
		out = append(out, declared{x.Name, x.Title})
	}
	for _, x := range p.Tiers {
		out = append(out, declared{x.Name, x.Title})
	}
	for _, x := range p.Coupons {
		out = append(out, declared{x.Name, x.Title})
	}
	for _, x := range p.Cases {
		out = append(out, declared{x.Name, x.Title})
	}
	for _, x := range p.Campaigns {
		out = append(out, declared{x.Name, x.Title})
	}
	return out
}

// Every file of every pack is laid out as the formatter lays it out.
func TestPacksAreLaidOut(t *testing.T) {
	for _, pack := range All() {
		for _, src := range load(t, pack).Sources {
			laid, found := format.Format(diag.NewFile(src.Name, src.Text))
			if found.HasErrors() || laid != src.Text {
				t.Errorf("%s/%s is not laid out as `muster fmt` does", pack.Name, src.Name)
			}
		}
	}
}

// The tests of every pack hold, and reach all of its rules; those of a brand also each branch, condition and bound.
func TestPacksHold(t *testing.T) {
	for _, pack := range All() {
		set := load(t, pack)
		reached, err := cover.New(set.Program)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range testrun.Run(context.Background(), set.Program, testrun.Options{Cover: reached}) {
			if r.Err != nil {
				t.Errorf("%s: %s: %v", pack.Name, r.Test.Title, r.Err)
			}
			for _, f := range r.Failures {
				t.Errorf("%s: %s: %s: expect %s: %s", pack.Name, r.Test.Title, f.Span, f.Member, f.Text)
			}
		}
		for _, i := range reached.Items {
			if (i.Kind == cover.Rule || pack.Name != "retail") && !i.Reached() {
				t.Errorf("%s: %s: no test reaches %s: %s", pack.Name, i.Span, i.Of, i.Text)
			}
		}
	}
}

// Every tag and segment, and every declaration of loyalty and campaigns, is named in an expect of the pack's own tests.
func TestPacksAreTested(t *testing.T) {
	for _, pack := range All() {
		set := load(t, pack)
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
				t.Errorf("%s: no test expects anything of %s", pack.Name, name)
			}
		}
		for _, name := range declarations(set.Program) {
			if !named[name] && !onlyAsked[pack.Name+"/"+name] {
				t.Errorf("%s: no test expects anything of %s", pack.Name, name)
			}
		}
	}
}

// onlyAsked are coupons that members ask for and no campaign issues, and sinks of a sync alone: tests of the language
// reach neither.
var onlyAsked = map[string]bool{"shoes/free_care": true, "sports/bottle": true, "shoes/crm": true, "sports/crm": true}

// declarations are the names of loyalty and campaigns.
func declarations(p *ir.Program) (out []string) {
	for _, x := range titled(p)[len(p.Segments):] {
		out = append(out, x.name)
	}
	for _, x := range p.Sinks {
		out = append(out, x.Name)
	}
	return out
}

func nameOf(p *ir.Program, ref ir.Ref) string {
	if ref.Segment {
		return p.Segments[ref.Index].Name
	}
	return p.Tags[ref.Index].Name
}

// names collects the names that a condition of the packs' tests mentions.
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
	case *dsl.Select:
		names(e.X, into)
	case *dsl.Call:
		for _, arg := range e.Args {
			names(arg, into)
		}
	case *dsl.IntLit, *dsl.DecimalLit, *dsl.PercentLit, *dsl.StringLit, *dsl.BoolLit, *dsl.DateLit:
	default:
		panic(fmt.Sprintf("a test uses %T, which this walk does not know", e))
	}
}
