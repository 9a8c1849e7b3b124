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

// A conformance is a rule set over one set of data, with folders of cases that were worked out in SQL over the raw
// files (expected.sql beside the cases, where it is known).
type conformance struct {
	rules   string
	imports []conformanceImport
	clock   string
	asOf    string
	members uint64
	folders map[string]int // how many cases each has
}

type conformanceImport struct {
	source, file             string
	read, accepted, rejected int64
}

var conformances = []conformance{
	{
		rules:   "online_retail",
		imports: []conformanceImport{{"online_retail", "online_retail/transactions.csv.gz", 541_909, 406_829, 135_080}},
		clock:   "2011-12-10T00:00", asOf: "2011-12-10T00:00:00Z", members: 4_372,
		folders: map[string]int{"online_retail": 31, "online_retail_more": 49},
	},
	{
		rules: "complete_journey",
		imports: []conformanceImport{
			{"products", "complete_journey/products.csv.gz", 92_331, 92_331, 0},
			{"campaigns", "complete_journey/campaign_descriptions.csv.gz", 27, 27, 0},
			{"households", "complete_journey/demographics.csv.gz", 801, 801, 0},
			{"mailings", "complete_journey/campaigns.csv.gz", 6_589, 6_589, 0},
			{"lines", "complete_journey/transactions_sample.csv.gz", 75_000, 74_999, 1},
			{"redemptions", "complete_journey/coupon_redemptions.csv.gz", 2_102, 2_102, 0},
		},
		clock: "2017-08-27T10:30", asOf: "2017-08-27T10:30:00-04:00", members: 2_379,
		folders: map[string]int{"complete_journey": 263},
	},
	{
		rules:   "cdnow",
		imports: []conformanceImport{{"cdnow", "cdnow/transactions.csv.gz", 69_659, 69_659, 0}},
		clock:   "1998-05-31T00:00", asOf: "1998-05-31T00:00:00-10:00", members: 23_570,
		folders: map[string]int{"cdnow": 34},
	},
}

// TestConformance imports real data and holds every count of the conformance cases to what the command line answers.
func TestConformance(t *testing.T) {
	for _, c := range conformances {
		t.Run(c.rules, c.run)
	}
}

func (c conformance) run(t *testing.T) {
	root := filepath.Join("..", "..", "testdata")
	must := mustCommand(t, c.rules)
	for _, i := range c.imports {
		var got importAnswer
		out := must(t, "import", "--format", "json", "--source", i.source, filepath.Join(root, filepath.FromSlash(i.file)))
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		if got.Read != i.read || got.Accepted != i.accepted || got.Rejected != i.rejected {
			t.Errorf("%s: imported %+v", i.source, got)
		}
	}
	must(t, "clock", "pin", c.clock)

	for folder, want := range c.folders {
		cases, err := os.ReadFile(filepath.Join(root, "conformance", folder, "expected.tsv"))
		if err != nil {
			t.Fatal(err)
		}
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
			t.Run("", func(t *testing.T) {
				t.Parallel()
				var got countAnswer
				if err := json.Unmarshal([]byte(must(t, "query", "--format", "json", condition)), &got); err != nil {
					t.Fatal(err)
				}
				if got.Members != want || got.Of != c.members || got.AsOf != c.asOf {
					t.Errorf("%s: %d of %d as of %s, want %d", condition, got.Members, got.Of, got.AsOf, want)
				}
			})
		}
		if n != want {
			t.Errorf("%s: %d cases, want %d", folder, n, want)
		}
	}
}

// TestPublishedTotals holds what CDNOW's data are known for to a query for values.
func TestPublishedTotals(t *testing.T) {
	must := mustCommand(t, "cdnow")
	must(t, "import", filepath.Join("..", "..", "testdata", "cdnow", "transactions.csv.gz"))
	must(t, "clock", "pin", "1998-07-01T00:00")
	for expression, want := range map[string]valueTotals{
		"sum(purchase.amount)": {Known: 23_570, Min: "0.00", Max: "13990.93", sum: 2_500_315.63},
		"sum(purchase.units)":  {Known: 23_570, Min: "1", Max: "1033", sum: 167_881},
		"count(purchase)":      {Known: 23_570, Min: "1", Max: "217", sum: 69_659},
	} {
		var got valueTotals
		if err := json.Unmarshal([]byte(must(t, "query", "--format", "json", expression)), &got); err != nil {
			t.Fatal(err)
		}
		if sum := got.Mean * 23_570; sum < want.sum-1e-4 || sum > want.sum+1e-4 || got.Known != want.Known || got.Min != want.Min || got.Max != want.Max {
			t.Errorf("%s: %+v, sum %.4f, want %+v", expression, got, sum, want)
		}
	}
	var best countAnswer
	if err := json.Unmarshal([]byte(must(t, "query", "--format", "json", `spend = 13_990.93 and customer = "07592"`)), &best); err != nil || best.Members != 1 {
		t.Errorf("the best customer: %+v %v", best, err)
	}
}

type valueTotals struct {
	Known    uint64
	Min, Max json.Number
	Mean     float64
	sum      float64
}

// mustCommand returns how to run command lines on a new store with the rules of a conformance folder.
func mustCommand(t *testing.T, rules string) func(t *testing.T, args ...string) string {
	env := map[string]string{
		"MUSTER_RULES": filepath.Join("..", "..", "testdata", "conformance", rules, "rules.muster"),
		"MUSTER_STORE": filepath.Join(t.TempDir(), "store.db"),
	}
	return func(t *testing.T, args ...string) string {
		t.Helper()
		status, out, msg := command(t, env, args...)
		if status != exitFine {
			t.Fatalf("muster %s: status %d\n%s%s", strings.Join(args, " "), status, out, msg)
		}
		return out
	}
}
