package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBenchmarkCountsLikeTheSQLSide runs the benchmark through the command line, import included, and compares its
// answers with those that DuckDB gives over the same files.
func TestBenchmarkCountsLikeTheSQLSide(t *testing.T) {
	sizes := map[string][2]string{"100k": {"100000", "500000"}}
	if os.Getenv("MUSTER_LONG") != "" {
		sizes["1m"] = [2]string{"1000000", "5000000"}
	}
	for name, size := range sizes {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			run := func(args ...string) string {
				t.Helper()
				var out, err bytes.Buffer
				if status := Run(args, strings.NewReader(""), &out, &err); status != exitFine {
					t.Fatalf("muster %s: status %d\n%s", strings.Join(args, " "), status, err.String())
				}
				return out.String()
			}
			run("bench", "gen", dir, size[0], size[1])
			answers := map[string]string{}
			for line := range strings.Lines(run("bench", "run", dir, "--repeat", "2")) {
				cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
				answers[cells[0]] = cells[2]
			}
			expected, err := os.ReadFile(filepath.Join("..", "..", "runtime", "workload", "testdata", "expected_"+name+".tsv"))
			if err != nil {
				t.Fatal(err)
			}
			cases := 0
			for line := range strings.Lines(string(expected)) {
				condition, want, _ := strings.Cut(strings.TrimSpace(line), "\t")
				if cases++; answers[condition] != want {
					t.Errorf("%s: %s members, want %s", condition, answers[condition], want)
				}
			}
			if cases != 15 {
				t.Errorf("%d conditions were compared, want 15", cases)
			}
			if answers["import orders"] != size[1] {
				t.Errorf("%s orders were accepted, want %s", answers["import orders"], size[1])
			}
		})
	}
}
