package testrun_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules/testrun"
)

// What was computed by hand for the reference evaluator holds for compiled rules, too.
func TestReferenceCases(t *testing.T) {
	files, err := filepath.Glob("../../compiler/reference/testdata/*.muster")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			tree, diags := dsl.Parse(diag.NewFile(name, string(text)))
			prog, more := compiler.Compile([]*dsl.RuleFile{tree})
			for _, d := range append(diags, more...) {
				if d.Severity == diag.Error {
					t.Errorf("%s: %s %s", d.Span, d.Code, d.Message)
				}
			}
			if prog == nil {
				return
			}
			for _, r := range testrun.Run(context.Background(), prog, testrun.Options{}) {
				if r.Err != nil {
					t.Errorf("%s: %v", r.Test.Title, r.Err)
				}
				for _, f := range r.Failures {
					t.Errorf("%s: %s: does not hold: %s", f.Span, r.Test.Title, f.Text)
				}
			}
		})
	}
}
