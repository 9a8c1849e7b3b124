package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// ciDocument is the recipe for build servers.
var ciDocument = filepath.Join("..", "..", "docs", "ci.md")

// TestRecipeForBuilds runs the recipe's tour as TestReadme runs that of the README.
func TestRecipeForBuilds(t *testing.T) { runTour(t, ciDocument, 8) }

// TestRecipeWorkflow runs the steps of the recipe's workflow, as written, over a repository with the recipe's files: the
// branch main has the rules in force, the branch at hand the edited ones.
func TestRecipeWorkflow(t *testing.T) {
	text, err := os.ReadFile(ciDocument)
	if err != nil {
		t.Fatal(err)
	}
	_, workflow, _ := strings.Cut(string(text), "```yaml\n")
	workflow, _, _ = strings.Cut(workflow, "```")
	var steps []string
	for line := range strings.Lines(workflow) {
		if step, ok := strings.CutPrefix(strings.TrimSpace(line), "- run: "); ok {
			steps = append(steps, step)
		}
	}
	install := slices.IndexFunc(steps, func(s string) bool { return strings.HasPrefix(s, "go install ") })
	if install != 0 || len(steps) != 5 || !strings.Contains(steps[0], " github.com/muster-engine/muster/cmd/muster@") {
		t.Fatalf("steps %q", steps)
	}
	var script strings.Builder
	script.WriteString(`[!exec:git] skip
[!exec:sh] skip
env GIT_CONFIG_GLOBAL=$WORK/gitconfig
env GIT_CONFIG_NOSYSTEM=1
exec muster import --rules live --source till till.csv
exec muster clock pin 2026-06-01
env MUSTER_STORE=$WORK/muster.db
exec git init -q
exec sh -ec 'mv rules edited && mv live rules'
exec git add rules/shop.muster
exec git commit -q -m one
exec git update-ref refs/remotes/origin/main HEAD
exec sh -ec 'mv edited/* rules'
exec git add rules
exec git commit -q -m two
env GITHUB_BASE_REF=main
env GITHUB_STEP_SUMMARY=$WORK/summary.md
`)
	for i, step := range steps[1:] {
		not := ""
		if strings.Contains(step, "--fail-on") { // the only VIP leaves
			not = "! "
		}
		script.WriteString(not + "exec sh -e step" + string(rune('1'+i)) + "\n")
	}
	script.WriteString(`grep '^rules against revision origin/main: 4 members as of 2026-06-01T00:00$' summary.md
grep '^- :no_entry: \*\*too much\*\*: vip, ' summary.md
-- gitconfig --
[user]
name = Lin
email = lin@shop.example
`)
	for i, step := range steps[1:] {
		script.WriteString("-- step" + string(rune('1'+i)) + " --\n" + step + "\n")
	}
	for _, f := range readTour(string(text)).files {
		script.WriteString("-- " + f[0] + " --\n" + f[1])
	}
	name := filepath.Join(t.TempDir(), "workflow.txtar")
	if err := os.WriteFile(name, []byte(script.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Files: []string{name}, Setup: setupScript})
}
