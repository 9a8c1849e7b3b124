package docs

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/muster-engine/muster/"

// below lists, for each part of the tree, the parts that it must not import.
var below = map[string][]string{
	"dsl":      {"compiler", "storage", "runtime", "rules", "cmd"},
	"compiler": {"storage", "runtime", "rules", "cmd"},
	"storage":  {"dsl", "compiler", "runtime", "rules", "cmd"},
	"runtime":  {"cmd"},
	"rules":    {"cmd"},
}

// TestDesign holds the tree to the design: imports point one way, and each package says what it is for.
func TestDesign(t *testing.T) {
	documented := map[string]bool{}
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && name != ".." && strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir
		}
		if entry.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			return err
		}
		place := strings.TrimPrefix(path.Dir(filepath.ToSlash(name)), "../")
		documented[place] = documented[place] || file.Doc != nil
		part, _, _ := strings.Cut(place, "/")
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			rest, ours := strings.CutPrefix(imported, module)
			target, _, _ := strings.Cut(rest, "/")
			for _, forbidden := range below[part] {
				if ours && target == forbidden {
					t.Errorf("%s imports %s: %s must not know %s", name, imported, part, forbidden)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(documented) < 15 {
		t.Errorf("found %d packages: the tree is not where this test looks", len(documented))
	}
	for place, has := range documented {
		if !has {
			t.Errorf("package %s does not say what it is for", place)
		}
	}
}
