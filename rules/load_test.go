package rules_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/muster-engine/muster/rules"
)

const settings = `settings { language 1  timezone "UTC"  currency CNY }` + "\n"

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

func names(set *rules.Set) string {
	var out []string
	for _, s := range set.Sources {
		out = append(out, s.Name)
	}
	return strings.Join(out, " ")
}

func TestLoadTakesTheRuleFilesOfATree(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"z.muster":            "\ufeff" + settings + "member { phone id }\r\n",
		"a/tags.muster":       "tag n = count(order)\r\n",
		"a/b/event.muster":    "event order { amount money }",
		"a/notes.md":          "not rules",
		".git/x.muster":       "not read",
		"a/.draft.muster":     "not read",
		"a/upper.MUSTER":      "not read",
		"dir.muster/q.muster": "segment s = n > 1",
	})
	t.Chdir(dir)
	set, err := rules.Load(".")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(set), "a/b/event.muster a/tags.muster dir.muster/q.muster z.muster"; got != want {
		t.Errorf("read %s, want %s", got, want)
	}
	if len(set.Diags) > 0 || set.Program == nil || len(set.Program.Segments) != 1 {
		t.Errorf("findings %v", set.Diags)
	}
	if len(set.Files) != 4 || len(set.Trees) != 4 || set.Files[0].Name != set.Sources[0].Name {
		t.Error("files and trees are not those of the sources")
	}
}

func TestLoadShowsPathsAsGiven(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"rules/one.muster": settings, "two.rules": settings})
	t.Chdir(dir)
	for path, want := range map[string]string{"rules": "rules/one.muster", "./rules/": "rules/one.muster", "two.rules": "two.rules"} {
		set, err := rules.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := names(set); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestLoadFollowsLinksToFiles(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"..data/one.muster": settings, "other/two.muster": "tag x ="})
	link := func(to, name string) {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	link(filepath.Join("..data", "one.muster"), "one.muster")
	if err := os.Remove(filepath.Join(dir, "other", "two.muster")); err != nil {
		t.Fatal(err)
	}
	set, err := rules.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(set); !strings.HasSuffix(got, "/one.muster") || strings.Contains(got, "..data") {
		t.Errorf("read %s", got)
	}
	link("nowhere", "gone.muster")
	if _, err := rules.Load(dir); err == nil || !strings.Contains(err.Error(), "gone.muster: no such file") {
		t.Errorf("a link to nothing: %v", err)
	}
}

func TestLoadSaysWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{"empty/readme.md": ""})
	if _, err := rules.Load(filepath.Join(dir, "empty")); !errors.Is(err, rules.ErrNoRules) {
		t.Errorf("a directory without rules: %v", err)
	}
	nowhere := filepath.Join(dir, "nowhere")
	if _, err := rules.Load(nowhere); err == nil || err.Error() != nowhere+": no such file or directory" {
		t.Errorf("no such path: %v", err)
	}
}

func TestErrorsLeaveNoProgram(t *testing.T) {
	set := rules.FromSources([]rules.Source{
		{Name: "b.muster", Text: "tag broken = count(ordre)\ntag also = = 1"},
		{Name: "a.muster", Text: settings + "member { phone id }\nevent order { amount money }\ntag worse = cuont(order)"},
	})
	if set.Program != nil || !set.Diags.HasErrors() {
		t.Fatal("faulty rules made a program")
	}
	var at []string
	for _, d := range set.Diags {
		at = append(at, d.Span.String())
	}
	if got, want := strings.Join(at, " "), "a.muster:4:13 b.muster:1:20 b.muster:2:12"; got != want {
		t.Errorf("findings at %s, want %s", got, want)
	}
}

func TestHashIsOfTextsAndNames(t *testing.T) {
	hash := func(sources ...rules.Source) string { return rules.FromSources(sources).Hash }
	a, b := rules.Source{Name: "a", Text: "x"}, rules.Source{Name: "b", Text: "y"}
	if hash(a, b) != hash(b, a) {
		t.Error("the order of files changes the hash")
	}
	seen := map[string]bool{}
	for _, h := range []string{
		hash(a, b), hash(a), hash(b), hash(rules.Source{Name: "a", Text: "x "}, b), hash(rules.Source{Name: "c", Text: "x"}, b),
		hash(rules.Source{Name: "ax", Text: ""}, b),
	} {
		if seen[h] {
			t.Error("different sets share a hash")
		}
		seen[h] = true
	}
}

func TestLoadFS(t *testing.T) {
	set, err := rules.LoadFS(fstest.MapFS{"x/y.muster": {Data: []byte(settings)}, "x/.z.muster": {Data: []byte("?")}})
	if err != nil || names(set) != "x/y.muster" {
		t.Errorf("read %v, %v", set, err)
	}
}
