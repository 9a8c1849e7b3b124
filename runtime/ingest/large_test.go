package ingest

import (
	"os"
	"testing"
	"time"
)

// TestLargeImport imports the file that MUSTER_IMPORT_FILE names with the source "orders" of the benchmark's rules and
// prints the time it takes.
func TestLargeImport(t *testing.T) {
	path := os.Getenv("MUSTER_IMPORT_FILE")
	if path == "" {
		t.Skip("MUSTER_IMPORT_FILE is not set")
	}
	rules, err := os.ReadFile("../../testdata/bench/rules.muster")
	if err != nil {
		t.Fatal(err)
	}
	p := compileRules(t, string(rules))
	st := newStore(t)
	name := "orders"
	if s := os.Getenv("MUSTER_IMPORT_SOURCE"); s != "" {
		name = s
	}
	start := time.Now()
	var staged time.Duration
	r := importFiles(t, Options{Store: st, Program: p, Source: sourceOf(t, p, name), Files: []string{path}, MaxRejects: -1, Progress: func(p Progress) {
		if p.Committing && staged == 0 {
			staged = time.Since(start)
		}
	}})
	t.Logf("%d rows, %d members, staged in %v, all in %v, store of %d MB", r.Read, r.NewMembers, staged, time.Since(start), st.Size()>>20)
}
