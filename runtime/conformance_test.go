package runtime_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

const retail = "../testdata/conformance/online_retail/"

// mustCompile compiles a rule file, or fails the test with its diagnostics.
func mustCompile(t testing.TB, name, text string) *ir.Program {
	t.Helper()
	tree, found := dsl.Parse(diag.NewFile(name, text))
	prog, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() {
		var out strings.Builder
		diag.Render(&out, found, diag.RenderOptions{})
		t.Fatal(out.String())
	}
	return prog
}

func mustQuery(t testing.TB, prog *ir.Program, text string) *ir.Query {
	t.Helper()
	q, found := compiler.CompileQuery(prog, diag.NewFile("condition", text), nil)
	if found.HasErrors() {
		var out strings.Builder
		diag.Render(&out, found, diag.RenderOptions{})
		t.Fatal(out.String())
	}
	return q
}

// loadRetail reads the Online Retail data into memory, without the importer.
func loadRetail(t testing.TB, loc *time.Location) *storage.Memory {
	t.Helper()
	f, err := os.Open("../testdata/online_retail/transactions.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	rows := csv.NewReader(z)
	rows.ReuseRecord = true
	if _, err := rows.Read(); err != nil {
		t.Fatal(err)
	}
	m := storage.NewMemory()
	ids := make(map[string]uint32)
	for {
		r, err := rows.Read()
		if err == io.EOF {
			return m
		}
		if err != nil {
			t.Fatal(err)
		}
		customer := strings.TrimSpace(r[6])
		if customer == "" {
			continue
		}
		member, ok := ids[customer]
		if !ok {
			member = m.NewMember()
			ids[strings.Clone(customer)] = member
			m.Set("customer", member, column.Text(strings.Clone(customer)))
		}
		at, err := time.ParseInLocation("2006-01-02 15:04:05", r[4], loc)
		if err != nil {
			t.Fatal(err)
		}
		quantity, err := strconv.ParseInt(r[3], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		price, err := strconv.ParseFloat(r[5], 64)
		if err != nil {
			t.Fatal(err)
		}
		m.AddEvent("line", member, at.UnixMicro(), map[string]column.Value{
			"invoice": column.Text(strings.Clone(r[0])), "stock_code": column.Text(strings.Clone(r[1])),
			"quantity": column.Int(quantity), "unit_price": column.Float(price), "country": column.Text(strings.Clone(r[7])),
		})
	}
}

// TestOnlineRetail counts the members of conditions whose numbers were counted in SQL.
func TestOnlineRetail(t *testing.T) {
	rules, err := os.ReadFile(retail + "rules.muster")
	if err != nil {
		t.Fatal(err)
	}
	prog := mustCompile(t, "rules.muster", string(rules))
	data := loadRetail(t, prog.Zone.Location())
	now := time.Date(2011, 12, 10, 0, 0, 0, 0, prog.Zone.Location()).UnixMicro()
	cases, err := os.ReadFile(retail + "expected.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []runtime.IndexMode{runtime.IndexAuto, runtime.IndexAlways, runtime.IndexNever} {
		view := runtime.New(prog, data, runtime.Options{Index: mode}).At(now)
		for line := range strings.Lines(string(cases)) {
			condition, want, _ := strings.Cut(strings.TrimSpace(line), "\t")
			q := mustQuery(t, prog, condition)
			got, err := view.Count(context.Background(), q.Node)
			if err != nil {
				t.Fatal(err)
			}
			if strconv.Itoa(got) != want {
				t.Errorf("%s: %d members, want %s", condition, got, want)
			}
		}
	}
}
