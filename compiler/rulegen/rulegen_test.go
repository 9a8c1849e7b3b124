package rulegen_test

import (
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/rulegen"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// Most of what is made up must compile, or tests that pass over the rest would test little.
func TestMostCasesCompile(t *testing.T) {
	const cases = 300
	compiled, asked, answered := 0, 0, 0
	refused := map[string]int{}
	for seed := range uint64(cases) {
		c := rulegen.New(seed)
		file, diags := dsl.Parse(diag.NewFile("rules.muster", c.Rules()))
		prog, more := compiler.Compile([]*dsl.RuleFile{file})
		if diags = append(diags, more...); diags.HasErrors() {
			count(t, refused, diags)
			continue
		}
		compiled++
		for _, text := range c.Questions {
			asked++
			if _, diags := compiler.CompileQuery(prog, diag.NewFile("condition", text), nil); diags.HasErrors() {
				count(t, refused, diags)
			} else {
				answered++
			}
		}
	}
	t.Logf("%d of %d rule sets compile, %d of %d questions", compiled, cases, answered, asked)
	t.Logf("refused: %v", refused)
	if compiled < cases*3/4 || answered < asked*3/4 {
		t.Errorf("only %d of %d rule sets and %d of %d questions compile: %v", compiled, cases, answered, asked, refused)
	}
}

func count(t *testing.T, refused map[string]int, diags diag.List) {
	for _, d := range diags {
		if d.Severity == diag.Error {
			if refused[d.Code] == 0 {
				line, _ := d.Span.File.Line(d.Span.File.Position(d.Span.Start).Line)
				t.Logf("%s %s: %q in\n%s", d.Code, d.Message, d.Span.Text(), line)
			}
			refused[d.Code]++
		}
	}
}

// A seed is a case: failures can be run again.
func TestSeedsRepeat(t *testing.T) {
	for seed := range uint64(20) {
		if a, b := rulegen.New(seed).String(), rulegen.New(seed).String(); a != b {
			t.Fatalf("seed %d makes two cases:\n%s\n%s", seed, a, b)
		}
	}
}
