package dsl_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestErrors compares whole error texts, carets included. In testdata/errors/*.txtar each NAME.muster is a rule file
// (NAME.expr an expression) and the NAME.txt after it what is printed for it.
func TestErrors(t *testing.T) {
	paths, err := filepath.Glob("testdata/errors/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".txt") {
				want[f.Name] = string(f.Data)
			}
		}
		fresh := &txtar.Archive{Comment: archive.Comment}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".txt") {
				continue
			}
			golden := strings.TrimSuffix(f.Name, filepath.Ext(f.Name)) + ".txt"
			got := rendered(f)
			fresh.Files = append(fresh.Files, f, txtar.File{Name: golden, Data: []byte(got)})
			t.Run(strings.TrimSuffix(golden, ".txt"), func(t *testing.T) {
				if !*update && got != want[golden] {
					t.Errorf("%s in %s:\n--- got\n%s--- want\n%s", f.Name, path, got, want[golden])
				}
			})
		}
		if *update {
			if err := os.WriteFile(path, txtar.Format(fresh), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func rendered(f txtar.File) string {
	text := string(f.Data)
	var diags diag.List
	if filepath.Ext(f.Name) == ".expr" {
		_, diags = dsl.ParseExpr(diag.NewFile("condition", strings.TrimSuffix(text, "\n")))
	} else {
		_, diags = dsl.Parse(diag.NewFile(f.Name, text))
	}
	var b bytes.Buffer
	diag.Render(&b, diags, diag.RenderOptions{})
	return b.String()
}
