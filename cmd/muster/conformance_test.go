package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// command runs a command line in this process and returns its status and what it prints.
func command(t *testing.T, env map[string]string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = run(args, world{
		in: strings.NewReader(""), out: &out, err: &err, name: "muster",
		env: func(name string) string { return env[name] },
		now: time.Now,
	})
	return status, out.String(), err.String()
}

// TestConformance imports the UCI Online Retail data and holds every count of the conformance cases, which were worked
// out in SQL over the raw file, to what the command line answers.
func TestConformance(t *testing.T) {
	root := filepath.Join("..", "..", "testdata")
	cases, err := os.ReadFile(filepath.Join(root, "conformance", "online_retail", "expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"MUSTER_RULES": filepath.Join(root, "conformance", "online_retail", "rules.muster"),
		"MUSTER_STORE": filepath.Join(t.TempDir(), "retail.db"),
	}
	must := func(args ...string) string {
		t.Helper()
		status, out, msg := command(t, env, args...)
		if status != exitFine {
			t.Fatalf("muster %s: status %d\n%s%s", strings.Join(args, " "), status, out, msg)
		}
		return out
	}
	var imported importAnswer
	out := must("import", "--format", "json", "--source", "online_retail", filepath.Join(root, "online_retail", "transactions.csv.gz"))
	if err := json.Unmarshal([]byte(out), &imported); err != nil {
		t.Fatal(err)
	}
	if imported.Read != 541_909 || imported.Accepted != 406_829 || imported.Rejected != 135_080 || imported.NewMembers != 4_372 {
		t.Errorf("imported %+v", imported)
	}
	must("clock", "pin", "2011-12-10T00:00")

	n := 0
	for line := range strings.Lines(string(cases)) {
		condition, expected, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			continue
		}
		n++
		want, err := strconv.ParseUint(expected, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		var got countAnswer
		if err := json.Unmarshal([]byte(must("query", "--format", "json", condition)), &got); err != nil {
			t.Fatal(err)
		}
		if got.Members != want || got.Of != 4_372 || got.AsOf != "2011-12-10T00:00:00Z" {
			t.Errorf("%s: %d of %d as of %s, want %d", condition, got.Members, got.Of, got.AsOf, want)
		}
	}
	if n != 31 {
		t.Errorf("%d cases, want 31", n)
	}
}
