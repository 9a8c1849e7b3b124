package compiler_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestDiagnostics compiles the rule sets of testdata/errors/*.txtar and compares everything that is reported, as it is
// printed, with the section "out".
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob("testdata/errors/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var trees []*dsl.RuleFile
			var found diag.List
			kept := archive.Files[:0:0]
			want := ""
			for _, f := range archive.Files {
				if f.Name == "out" {
					want = string(f.Data)
					continue
				}
				kept = append(kept, f)
				tree, diags := dsl.Parse(diag.NewFile(f.Name, string(f.Data)))
				trees, found = append(trees, tree), append(found, diags...)
			}
			p, diags := compiler.Compile(trees)
			found = append(found, diags...)
			found.Sort()
			if (p == nil) != found.HasErrors() {
				t.Errorf("program %v with %s", p, codes(diags))
			}
			var out strings.Builder
			diag.Render(&out, found, diag.RenderOptions{})
			got := out.String()
			if *update {
				archive.Files = append(kept, txtar.File{Name: "out", Data: []byte(got)})
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
