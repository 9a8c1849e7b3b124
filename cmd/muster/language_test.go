package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLanguage runs the suites of the language: rule sets whose tests say what points, tiers, coupons, campaigns and
// cases do, worked out by hand from the text of the language. Each suite is also free of faults, and laid out.
func TestLanguage(t *testing.T) {
	suites, err := filepath.Glob(filepath.Join("..", "..", "testdata", "language", "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(suites) < 6 {
		t.Fatalf("%d suites", len(suites))
	}
	for _, suite := range suites {
		t.Run(filepath.Base(suite), func(t *testing.T) {
			for _, command := range [][]string{{"check"}, {"fmt", "--check"}, {"test"}} {
				var out, faults bytes.Buffer
				status := run(append(command, suite), world{
					in: strings.NewReader(""), out: &out, err: &faults, now: time.Now, name: "muster",
					env: func(string) string { return "" },
				})
				if status != 0 || (command[0] == "check" && !strings.Contains(out.String(), "no faults")) {
					t.Errorf("muster %s: status %d\n%s%s", strings.Join(command, " "), status, &out, &faults)
				}
			}
			if _, err := os.Stat(filepath.Join(suite, "rules.muster")); err != nil {
				t.Error(err)
			}
		})
	}
}
