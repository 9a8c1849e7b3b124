package ingest

import (
	"bytes"
	stdcsv "encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

const (
	onlineRetail = "../../testdata/online_retail/transactions.csv.gz"
	cdnow        = "../../testdata/cdnow/transactions.csv.gz"
)

// unpacked reads a bundled file.
func unpacked(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The counts are those published for the data set.
func TestOnlineRetail(t *testing.T) {
	rules, err := os.ReadFile("../../testdata/conformance/online_retail/rules.muster")
	if err != nil {
		t.Fatal(err)
	}
	p := compileRules(t, string(rules))
	st := newStore(t)
	r := importFiles(t, Options{Store: st, Program: p, Source: sourceOf(t, p, "online_retail"), Files: []string{onlineRetail}, MaxRejects: -1})
	if r.Read != 541_909 || r.Accepted != 406_829 || r.Rejected != 135_080 || r.Duplicate != 0 || r.NewMembers != 4_372 || st.Members() != 4_372 {
		t.Errorf("got %+v", r)
	}
	if len(r.Reasons) != 1 || r.Reasons[0].Count != 135_080 || r.Reasons[0].Column != "customer_id" {
		t.Errorf("reasons: %+v", r.Reasons)
	}
	if got, want := r.Reasons[0].Example, onlineRetail+":624: no usable id: the cell is empty"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := lineCount(t, r.RejectsFile); got < 135_081 {
		t.Errorf("%d lines of rejects", got)
	}
	if f := r.Files[0]; f.Name != onlineRetail || f.Read != r.Read || len(f.Ignored) != 0 {
		t.Errorf("file: %+v", f)
	}
}

func lineCount(t *testing.T, path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte("\n"))
}

const cdnowRules = `
settings { language 1  timezone "America/New_York"  currency USD }
member { customer id }
event purchase { quantity int  amount money }
source cdnow gives purchase {
  customer from "customer_id"  at from "date" format "2006-01-02"  quantity from "quantity"  amount from "amount"
}
`

// The totals are those published for the data set.
func TestCDNOW(t *testing.T) {
	p := compileRules(t, cdnowRules)
	st := newStore(t)
	r := importFiles(t, Options{Store: st, Program: p, Source: sourceOf(t, p, "cdnow"), Files: []string{cdnow}})
	if r.Read != 69_659 || r.Accepted != 69_659 || r.Rejected != 0 || r.RejectsFile != "" || st.Members() != 23_570 {
		t.Errorf("got %+v", r)
	}
	h, err := st.Snapshot().History("purchase", 0)
	if err != nil {
		t.Fatal(err)
	}
	if units, cents := sum(t, h, "quantity"), sum(t, h, "amount"); units != 167_881 || cents != 2_500_315_63 {
		t.Errorf("%d units, %d cents", units, cents)
	}
}

func sum(t *testing.T, h storage.History, field string) (total int64) {
	c, err := h.Field(field)
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Len {
		total += c.Int(i)
	}
	return total
}

// The same rows make the same store, however they are written down.
func TestFormsOfAFileMakeTheSameStore(t *testing.T) {
	p := compileRules(t, `
		settings { language 1  timezone "Asia/Shanghai"  currency CNY }
		member { customer id }
		event purchase { store string  quantity int  amount money }
		source cdnow gives purchase {
		  customer from "customer_id"  at from "date" format "2006-01-02"  quantity from "quantity"  amount from "amount"
		  store from "门店"
		}`)
	rows, err := stdcsv.NewReader(bytes.NewReader(unpacked(t, cdnow))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = rows[:8000]
	rows[0] = append(rows[0], "门店")
	for i := range rows[1:] {
		rows[i+1] = append(rows[i+1], []string{"", "南京路, \"旗舰\"\n店", "a|b;c\td", " 𠮷 "}[i%4])
	}
	comma := writeRows(rows, ',')
	forms := map[string][]byte{
		"plain.csv":      comma,
		"semicolons.csv": writeRows(rows, ';'),
		"tabs.tsv":       writeRows(rows, '\t'),
		"bars.txt":       writeRows(rows, '|'),
		"marked.csv":     append([]byte("\ufeff"), comma...),
		"windows.csv":    windowsLines(comma),
		"gb18030.csv":    gb18030(t, comma),
		"packed.csv.gz":  gzipped(comma),
		"packed.csv.zst": zstandard(comma),
		"rows.ndjson":    ndjsonRows(t, rows),
		"rows.json.zst":  zstandard(ndjsonRows(t, rows)),
		"no-name-ending": ndjsonRows(t, rows),
	}
	stores := map[string]*storage.Store{}
	for name, data := range forms {
		st := newStore(t)
		r := importFiles(t, Options{Store: st, Program: p, Source: sourceOf(t, p, "cdnow"), Files: []string{writeFile(t, name, string(data))}, Parallel: 3})
		if r.Accepted != 7_999 || r.Rejected != 0 {
			t.Errorf("%s: %+v", name, r)
		}
		stores[name] = st
	}
	for name, st := range stores {
		if diff, err := storage.Diff(stores["plain.csv"].Snapshot(), st.Snapshot()); diff != "" || err != nil {
			t.Errorf("%s: %s %v", name, diff, err)
		}
	}
	st := newStore(t)
	importFiles(t, Options{Store: st, Program: p, Source: sourceOf(t, p, "cdnow"), Files: []string{"-"}, Stdin: bytes.NewReader(forms["packed.csv.gz"])})
	if diff, err := storage.Diff(stores["plain.csv"].Snapshot(), st.Snapshot()); diff != "" || err != nil {
		t.Errorf("standard input: %s %v", diff, err)
	}
	h, err := st.Snapshot().History("purchase", 0)
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.Field("store")
	if err != nil {
		t.Fatal(err)
	}
	if c.IsKnown(0) || !c.Value(3).Equal(column.Text(" 𠮷 ")) {
		t.Errorf("got %v and %v", c.Value(0), c.Value(3))
	}
}

func writeRows(rows [][]string, delim rune) []byte {
	var b bytes.Buffer
	w := stdcsv.NewWriter(&b)
	w.Comma = delim
	_ = w.WriteAll(rows)
	return b.Bytes()
}

// windowsLines ends every line with \r\n, inside quotes too.
func windowsLines(data []byte) []byte { return bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")) }

func gb18030(t *testing.T, data []byte) []byte {
	out, err := simplifiedchinese.GB18030.NewEncoder().Bytes(data)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

func zstandard(data []byte) []byte {
	var b bytes.Buffer
	w, _ := zstd.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

// ndjsonRows writes rows as objects; amounts and quantities are numbers.
func ndjsonRows(t *testing.T, rows [][]string) []byte {
	var b bytes.Buffer
	for _, row := range rows[1:] {
		b.WriteByte('{')
		for i, name := range rows[0] {
			text, err := json.Marshal(row[i])
			if err != nil {
				t.Fatal(err)
			}
			if name == "amount" || name == "quantity" {
				text = []byte(row[i])
			}
			fmt.Fprintf(&b, "%s%q:%s", strings.Repeat(",", min(i, 1)), name, text)
		}
		b.WriteString("}\n")
	}
	return b.Bytes()
}
