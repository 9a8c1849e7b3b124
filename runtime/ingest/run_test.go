package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const shopRules = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id phone "CN" }
event order { order_id key  amount money  note string }
source pos gives order {
  phone from "手机号"  order_id from "单号"  at from "销售时间" format "2006-01-02 15:04:05"  amount from "实付金额"  note from "备注"
}
source web gives order { phone from "user.phone"  order_id from "id"  at from "at"  amount from "amount" }
`

const shopHeader = "手机号,单号,销售时间,实付金额,备注\n"

func TestRejectsFile(t *testing.T) {
	p := compileRules(t, shopRules)
	st := newStore(t)
	dir := t.TempDir()
	first, second := filepath.Join(dir, "1.csv"), filepath.Join(dir, "2.csv")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(first, shopHeader+`13800138000,A1,2026-01-02 10:00:00,12.50,"two
lines"
13800138000,A2,2026-01-02 10:00:00,"1,250",x
13800138000,,2026-01-02 10:00:00,1,"a ""quoted""
key"

13800138000,A3,2026-13-02 10:00:00,1,
13800138000,A4,2026-01-02 10:00:00,1
,A5,2026-01-02 10:00:00,1,x
13800138000,A6,2026-01-02 10:00:00,1,5" wide
13800138000,A7,2026-01-02 10:00:00,1,"5" wide
13800138000,A8,2026-01-02 10:00:00,1,`+"\xff"+`
13800138000,A9,2026-01-02 10:00:00,2,ok
13800138000,B1,2026-01-02 10:00:00,2,"open
13800138000,B2,2026-01-02 10:00:00,3,ok
`)
	write(second, shopHeader+"13900139000,C1,2026-01-02 10:00:00,0.005,\n13900139000,C2,2026-01-02 10:00:00,5,\n13900139000,C2,2026-01-02 11:00:00,5,\n")
	rejects := filepath.Join(dir, "bad.csv")
	r := importFiles(t, Options{Store: st, Program: p, Source: p.Sources[0], Files: []string{first, second}, Rejects: rejects, MaxRejects: -1})
	got, err := os.ReadFile(rejects)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/rejects.golden.csv")
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.ReplaceAll(string(got), dir+"/", ""); text != string(want) {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if r.Read != 15 || r.Accepted != 4 || r.Duplicate != 1 || r.Rejected != 10 || r.RejectsFile != rejects {
		t.Errorf("got %+v", r)
	}
	if fmt.Sprint(r.Files[0].Read, r.Files[0].Rejected, r.Files[1].Read, r.Files[1].Rejected) != "12 9 3 1" {
		t.Errorf("files: %+v", r.Files)
	}
}

func TestRejectedLinesOfNDJSON(t *testing.T) {
	p := compileRules(t, shopRules)
	st := newStore(t)
	text := `{"user":{"phone":"13800138000"},"id":"1","at":"2026-01-02T10:00:00Z","amount":12345678901.23}
not json

{"user":{"phone":"13800138000"},"id":"2","amount":1e-3}
{"user":"13800138000","id":"3"}
{"user":{"phone":"13800138000"},"id":null}
`
	r := importFiles(t, Options{Store: st, Program: p, Source: p.Sources[1], Files: []string{"-"}, Stdin: strings.NewReader(text), MaxRejects: -1})
	var got []string
	for _, row := range readCSV(t, r.RejectsFile)[1:] {
		got = append(got, strings.Join(row, "|"))
	}
	want := []string{
		`standard input|2||no JSON object: a line must be a JSON object, beginning with { (character 1)|not json`,
		`standard input|4|amount|"1e-3" has more decimals than the currency|{"user":{"phone":"13800138000"},"id":"2","amount":1e-3}`,
		`standard input|5|user.phone|no usable id: the cell is empty|{"user":"13800138000","id":"3"}`,
		`standard input|6|id|the key is empty|{"user":{"phone":"13800138000"},"id":null}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if e := eventsIn(t, st, "order"); len(e) != 1 || e[0].fields["amount"] != "1234567890123" {
		t.Errorf("got %v", e)
	}
	if store := filepath.Base(r.RejectsFile); store != "shop.web.rejects.csv" || filepath.Dir(r.RejectsFile) != filepath.Dir(st.Path()) {
		t.Errorf("rejects in %s", r.RejectsFile)
	}
}

// rowsFrom returns a file of n good rows whose orders are numbered from first on.
func rowsFrom(first, n int) string {
	var b strings.Builder
	b.WriteString(shopHeader)
	for i := first; i < first+n; i++ {
		fmt.Fprintf(&b, "138%08d,N%d,2026-01-02 10:00:00,1.00,note\n", i%1000, i)
	}
	return b.String()
}

func TestMaxRejects(t *testing.T) {
	p := compileRules(t, shopRules)
	text := rowsFrom(0, 100) + "1,2,3\n" + strings.TrimPrefix(rowsFrom(100, 100), shopHeader) + ",X,2026-01-02 10:00:00,1,\n"
	for limit, ok := range map[int64]bool{-1: true, 2: true, 1: false, 0: false} {
		st := newStore(t)
		r, err := Run(t.Context(), Options{Store: st, Program: p, Source: p.Sources[0], Files: []string{"-"}, Stdin: strings.NewReader(text), MaxRejects: limit})
		if ok != (err == nil) {
			t.Errorf("limit %d: %v", limit, err)
		}
		if ok {
			continue
		}
		var tooMany *TooManyRejectsError
		if !errors.As(err, &tooMany) || tooMany.File != r.RejectsFile || r.Rejected != limit+1 {
			t.Errorf("limit %d: %v %+v", limit, err, r)
		}
		if len(readCSV(t, r.RejectsFile)) != int(limit)+2 {
			t.Errorf("limit %d: another number of rejects in the file", limit)
		}
		if st.Members() != 0 || len(st.Imports()) != 0 {
			t.Errorf("limit %d: something was imported", limit)
		}
		// The store takes the next import.
		importFiles(t, Options{Store: st, Program: p, Source: p.Sources[0], Files: []string{"-"}, Stdin: strings.NewReader(rowsFrom(0, 5))})
	}
}

func TestFilesAreTakenOnce(t *testing.T) {
	p := compileRules(t, shopRules)
	st := newStore(t)
	one, two := rowsFrom(0, 2000), rowsFrom(2000, 2000)
	a := writeFile(t, "a.csv", one)
	run := func(again bool, files ...string) (Result, error) {
		return Run(t.Context(), Options{Store: st, Program: p, Source: p.Sources[0], Files: files, Again: again, Now: func() int64 { return utc(t, "2026-03-04T00:00:00Z") }})
	}
	if r, err := run(false, a); err != nil || r.Accepted != 2000 {
		t.Fatal(r, err)
	}
	// The same content under another name, and packed.
	for _, file := range []string{a, writeFile(t, "b.csv", one), writeFile(t, "b.csv.gz", string(gzipped([]byte(one))))} {
		r, err := run(false, file)
		want := file + " was already imported on 2026-03-04: nothing is taken twice unless it is asked for"
		if !errors.Is(err, ErrAlreadyTaken) || err.Error() != want || len(r.Skipped) != 1 || r.Skipped[0].Before.Name != a {
			t.Errorf("got %v %+v", err, r)
		}
	}
	// Among others it is left out; within one import too.
	b := writeFile(t, "b.csv", two)
	r, err := run(false, a, b, writeFile(t, "c.csv", two))
	if err != nil || r.Accepted != 2000 || len(r.Skipped) != 2 || r.Duplicate != 0 {
		t.Errorf("got %v %+v", err, r)
	}
	if r, err := run(true, a); err != nil || r.Accepted != 0 || r.Duplicate != 2000 {
		t.Errorf("again: %v %+v", err, r)
	}
	// Standard input shows its content only at the end.
	_, err = Run(t.Context(), Options{Store: st, Program: p, Source: p.Sources[0], Files: []string{"-"}, Stdin: strings.NewReader(one)})
	if !errors.Is(err, ErrAlreadyTaken) {
		t.Errorf("standard input: %v", err)
	}
	// A content that only begins the same is another.
	if r, err := run(false, writeFile(t, "d.csv", one+strings.TrimPrefix(rowsFrom(9000, 1), shopHeader))); err != nil || r.Accepted != 1 {
		t.Errorf("longer: %v %+v", err, r)
	}
	if n := len(eventsIn(t, st, "order")); n != 4001 {
		t.Errorf("%d orders", n)
	}
	imports := st.Imports()
	if i := imports[0]; i.Name != a || i.Source != "pos" || i.Event != "order" || i.Read != 2000 || i.Accepted != 2000 || i.Rejected != 0 {
		t.Errorf("recorded: %+v", i)
	}
}

// TestReadWronglyIsNotTaken reads a file in a way that accepts nothing of it: that does not stand in the way of the right one.
func TestReadWronglyIsNotTaken(t *testing.T) {
	p := compileRules(t, shopRules)
	st := newStore(t)
	good := writeFile(t, "good.csv", rowsFrom(0, 3))
	take := func(format string) Result {
		t.Helper()
		r, err := Run(t.Context(), Options{Store: st, Program: p, Source: p.Sources[0], Files: []string{good}, Format: format, MaxRejects: -1, Rejects: filepath.Join(t.TempDir(), "rejects.csv")})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := take("ndjson"); r.Accepted != 0 || r.Rejected != 4 || len(st.Imports()) != 0 {
		t.Errorf("as NDJSON: %+v, recorded %v", r, st.Imports())
	}
	if r := take(""); r.Accepted != 3 || len(st.Imports()) != 1 {
		t.Errorf("as CSV: %+v, recorded %v", r, st.Imports())
	}
}

func TestRefusedInputs(t *testing.T) {
	p := compileRules(t, shopRules)
	dir := t.TempDir()
	for name, c := range map[string]struct{ content, want string }{
		"near.csv":    {"手机,单号,销售时间,实付金额,备注\n", `FILE has no column "手机号" (did you mean "手机"?), which source pos reads; its columns are "手机" "单号" "销售时间" "实付金额" "备注"`},
		"none.csv":    {"a;b\n1;2\n", `FILE has no column "手机号", "单号", "销售时间", "实付金额" and "备注", which source pos reads; its columns are "a" "b"`},
		"binary.csv":  {"\xd8Q\x9a\x00\x01;\x02,\x03\n1,2\n", "FILE is no text, so it cannot be read as CSV"},
		"twice.csv":   {"手机号,单号,销售时间,实付金额,备注,备注\n", `FILE has two columns "备注", and source pos reads one`},
		"empty.csv":   {"", "FILE is empty: a header with the names of the columns was expected"},
		"blank.csv":   {"\n\n", "FILE is empty: a header with the names of the columns was expected"},
		"quote.csv":   {"手机号,\"单号,销售时间\n", "the header of FILE cannot be read: a quote is opened and never closed"},
		"book.csv":    {"PK\x03\x04xxxx", "FILE is a zip archive or a workbook; unpack it or save it as CSV"},
		"list.json":   {"[\n{}]", "FILE holds one JSON list; an object on each line is needed"},
		"cut.csv.gz":  {string(gzipped([]byte(rowsFrom(0, 10_000))))[:5000], "FILE is damaged or cut short: nothing of it was taken"},
		"bad.csv.gz":  {"\x1f\x8bnothing", "FILE is damaged or cut short: nothing of it was taken"},
		"cut.csv.zst": {string(zstandard([]byte(rowsFrom(0, 100_000))))[:50_000], "FILE is damaged or cut short: nothing of it was taken"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
			t.Fatal(err)
		}
		st := newStore(t)
		_, err := Run(t.Context(), Options{Store: st, Program: p, Source: p.Sources[0], Files: []string{path}, MaxRejects: -1})
		if err == nil || strings.ReplaceAll(err.Error(), path, "FILE") != c.want {
			t.Errorf("%s: got %v\nwant %s", name, err, c.want)
		}
		if st.Members() != 0 {
			t.Errorf("%s: something was imported", name)
		}
	}
	good := writeFile(t, "good.csv", rowsFrom(0, 3))
	for want, opt := range map[string]Options{
		`the format "xml" is not known; it can be csv or ndjson`:                              {Files: []string{good}, Format: "xml"},
		`the encoding "ebcdic" is not known; it can be utf-8 or gb18030`:                      {Files: []string{good}, Encoding: "ebcdic"},
		`'，' cannot be a delimiter: it must be one ASCII character, and no quote or line end`: {Files: []string{good}, Delimiter: '，'},
		filepath.Join(dir, "gone.csv") + ": no such file or directory":                        {Files: []string{good, filepath.Join(dir, "gone.csv")}},
		dir + " is a directory":         {Files: []string{dir}},
		"standard input is given twice": {Files: []string{"-", "-"}, Stdin: strings.NewReader("")},
	} {
		st := newStore(t)
		opt.Store, opt.Program, opt.Source = st, p, p.Sources[0]
		if _, err := Run(t.Context(), opt); err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
		if st.Members() != 0 {
			t.Errorf("%s: something was imported", want)
		}
	}
}

func TestExtraColumnsAreIgnored(t *testing.T) {
	p := compileRules(t, shopRules)
	text := "x,备注,实付金额,y,销售时间,单号,手机号\n1,n,2.00,2,2026-01-02 10:00:00,A,13800138000\n"
	r := importFiles(t, Options{Store: newStore(t), Program: p, Source: p.Sources[0], Files: []string{"-"}, Stdin: strings.NewReader(text)})
	if !slices.Equal(r.Files[0].Ignored, []string{"x", "y"}) || r.Accepted != 1 {
		t.Errorf("got %+v", r)
	}
}

// Whatever the number of goroutines and wherever chunks are cut, rows arrive in the order of the file.
func TestArrivalIsTheOrderOfTheFile(t *testing.T) {
	p := compileRules(t, `
		settings { language 1  timezone "UTC" }
		member { id id }
		event e { n int }
		source s gives e { id from "id"  at from "at" format "unix"  n from "n" }`)
	var b strings.Builder
	b.WriteString("id,at,n\n")
	const n = 200_000
	for i := range n {
		fmt.Fprintf(&b, "m%d,0,%d\n", i%3, i)
	}
	st := newStore(t)
	importFiles(t, Options{Store: st, Program: p, Source: p.Sources[0], Files: []string{writeFile(t, "in.csv", b.String())}, Parallel: 4})
	h, err := st.Snapshot().History("e", 0)
	if err != nil {
		t.Fatal(err)
	}
	c, err := h.Field("n")
	if err != nil {
		t.Fatal(err)
	}
	starts := h.Starts()
	for m := range 3 {
		for i := int(starts[m]); i < int(starts[m+1]); i++ {
			if want := int64(m + 3*(i-int(starts[m]))); c.Int(i) != want {
				t.Fatalf("member %d: event %d is %d, want %d", m, i, c.Int(i), want)
			}
		}
	}
}

func TestCancelledImportLeavesNothing(t *testing.T) {
	p := compileRules(t, shopRules)
	st := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	path := writeFile(t, "in.csv", rowsFrom(0, 200_000))
	_, err := Run(ctx, Options{Store: st, Program: p, Source: p.Sources[0], Files: []string{path}, Progress: func(p Progress) { cancel() }})
	if !errors.Is(err, context.Canceled) || st.Members() != 0 || len(st.Imports()) != 0 {
		t.Errorf("got %v, %d members", err, st.Members())
	}
	if r := importFiles(t, Options{Store: st, Program: p, Source: p.Sources[0], Files: []string{path}}); r.Accepted != 200_000 {
		t.Errorf("then: %+v", r)
	}
}

func TestProgress(t *testing.T) {
	p := compileRules(t, shopRules)
	path := writeFile(t, "in.csv", rowsFrom(0, 100_000))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	var last Progress
	committed := false
	importFiles(t, Options{Store: newStore(t), Program: p, Source: p.Sources[0], Files: []string{path}, Progress: func(p Progress) {
		if p.Committing {
			committed = true
			return
		}
		if p.Rows < last.Rows || p.Bytes < last.Bytes || p.Size != info.Size() || p.File != path {
			t.Errorf("got %+v after %+v", p, last)
		}
		last = p
	}})
	if last.Rows != 100_000 || last.Bytes != info.Size() || !committed {
		t.Errorf("last: %+v, committed %v", last, committed)
	}
}
