package ingest

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-engine/muster/storage"
)

const cellRules = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { id id }
table store { code key  name string }
event e {
  whole int  amount money  ratio number  flag bool  text string  grade enum "gold" "银"  d date  t time  shop store
  tags set of string  grades set of enum "a" "b"
  d2 date  t2 time  t3 time  t4 time  pay enum "cash" "card"  many set of enum "cash" "card"
}
source s gives e {
  id from "id"  at from "at"  whole from "whole"  amount from "amount"  ratio from "ratio"  flag from "flag"
  text from "text"  grade from "grade"  d from "d"  t from "t"  shop from "shop"
  tags from "tags" split ";"  grades from "grades" split ","
  d2 from "d2" format "02/01/2006"  t2 from "t2" format "unix"  t3 from "t3" format "unix_ms"
  t4 from "t4" format "2006年01月02日 15:04"
  pay from "pay" map { "现金": "cash", "卡": "card" }  many from "many" split "/" map { "现金": "cash", "卡": "card" }
}
`

var cellColumns = strings.Fields("id at whole amount ratio flag text grade d t shop tags grades d2 t2 t3 t4 pay many")

// utc is microseconds since 1970 of a time in RFC 3339.
func utc(t testing.TB, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMicro()
}

func TestCells(t *testing.T) {
	p := compileRules(t, cellRules)
	day := func(text string) string { return fmt.Sprint(utc(t, text+"T00:00:00Z") / 86_400_000_000) }
	at := func(text string) string { return fmt.Sprint(utc(t, text)) }
	cases := []struct {
		column, cell string
		json         string // the same in JSON if it is not the cell as a string
		want         string // the value kept, "" for unknown
		fault        string
	}{
		{column: "whole", cell: "42", json: "42", want: "42"},
		{column: "whole", cell: " -7 ", want: "-7"},
		{column: "whole", cell: "+7", want: "7"},
		{column: "whole", cell: "5.000", json: "5.000", want: "5"},
		{column: "whole", cell: "9223372036854775807", json: "9223372036854775807", want: "9223372036854775807"},
		{column: "whole", cell: "-9223372036854775808", want: "-9223372036854775808"},
		{column: "whole", cell: "9223372036854775808", fault: `"9223372036854775808" is too large`},
		{column: "whole", cell: "99999999999999999999999999", fault: `"99999999999999999999999999" is too large`},
		{column: "whole", cell: "1.5", json: "1.5", fault: `"1.5" is not a whole number`},
		{column: "whole", cell: "1,000", fault: `"1,000" is not a whole number`},
		{column: "whole", cell: "1e3", fault: `"1e3" is not a whole number`},
		{column: "whole", cell: "-", fault: `"-" is not a whole number`},
		{column: "whole", cell: ".", fault: `"." is not a whole number`},
		{column: "whole", cell: "true", json: "true", fault: `"true" is not a whole number`},
		{column: "whole", cell: "", want: ""},
		{column: "whole", cell: "   ", want: ""},
		{column: "whole", cell: "　", want: ""},

		{column: "amount", cell: "12.5", json: "12.5", want: "1250"},
		{column: "amount", cell: "12.50", want: "1250"},
		{column: "amount", cell: "0.290000", json: "0.290000", want: "29"},
		{column: "amount", cell: "-0.01", json: "-0.01", want: "-1"},
		{column: "amount", cell: ".5", want: "50"},
		{column: "amount", cell: "007", want: "700"},
		{column: "amount", cell: "90071992547409.93", json: "90071992547409.93", want: "9007199254740993"},
		{column: "amount", cell: "1.005", json: "1.005", fault: `"1.005" has more decimals than the currency`},
		{column: "amount", cell: "1,234.50", fault: `"1,234.50" is not an amount`},
		{column: "amount", cell: "¥5", fault: `"¥5" is not an amount`},
		{column: "amount", cell: "NaN", fault: `"NaN" is not an amount`},
		{column: "amount", cell: "92233720368547758.08", fault: `"92233720368547758.08" is too large`},

		{column: "ratio", cell: "0.1", json: "0.1", want: "0.1"},
		{column: "ratio", cell: "-1.5E-3", json: "-1.5E-3", want: "-0.0015"},
		{column: "ratio", cell: "-0", want: "0"},
		{column: "ratio", cell: "NaN", fault: `"NaN" is not a number`},
		{column: "ratio", cell: "Inf", fault: `"Inf" is not a number`},
		{column: "ratio", cell: "1e400", json: "1e400", fault: `"1e400" is too large`},
		{column: "ratio", cell: "0x10", fault: `"0x10" is not a number`},
		{column: "ratio", cell: "1_000", fault: `"1_000" is not a number`},

		{column: "flag", cell: "TRUE", json: "true", want: "1"},
		{column: "flag", cell: "no", json: "false", want: "0"},
		{column: "flag", cell: "1", json: "1", want: "1"},
		{column: "flag", cell: "2", fault: `"2" is not true or false (yes, no, 1, 0)`},
		{column: "flag", cell: "y", fault: `"y" is not true or false (yes, no, 1, 0)`},

		{column: "text", cell: "  as it is ", want: `"  as it is "`},
		{column: "text", cell: "12.50", json: "12.50", want: `"12.50"`},
		{column: "text", cell: "", want: ""},
		{column: "grade", cell: " 银 ", want: `"银"`},
		{column: "grade", cell: "Gold", fault: `"Gold" is not one of "gold" "银"`},
		{column: "shop", cell: " 0012 ", want: `"0012"`},
		{column: "pay", cell: "现金", want: `"cash"`},
		{column: "pay", cell: " 卡", want: `"card"`},
		{column: "pay", cell: "card", want: `"card"`},
		{column: "pay", cell: "支票", fault: `"支票" is not one of "cash" "card"`},

		{column: "tags", cell: "b; a;;b ; c d", json: `["b","a",null,"b","c d"]`, want: `["a" "b" "c d"]`},
		{column: "tags", cell: ";", want: ""},
		{column: "tags", cell: "", json: "[]", want: "[]"},
		{column: "grades", cell: "b,a", json: `["b","a"]`, want: `["a" "b"]`},
		{column: "grades", cell: "b,x", json: `["b","x"]`, fault: `"x" is not one of "a" "b"`},
		{column: "many", cell: "卡/现金/卡", json: `["卡","cash","卡"]`, want: `["card" "cash"]`},

		{column: "d", cell: "2024-02-29", want: day("2024-02-29")},
		{column: "d", cell: "1899-12-31", want: day("1899-12-31")},
		{column: "d", cell: "2023-02-29", fault: `"2023-02-29" is not a date such as 2026-06-01`},
		{column: "d", cell: "2023-2-9", fault: `"2023-2-9" is not a date such as 2026-06-01`},
		{column: "d", cell: "2023-02-09 10:00", fault: `"2023-02-09 10:00" is not a date such as 2026-06-01`},
		{column: "d2", cell: "31/12/2023", want: day("2023-12-31")},
		{column: "d2", cell: "12/31/2023", fault: `"12/31/2023" is not a date like "02/01/2006"`},

		{column: "t", cell: "2026-06-01T10:30:05.123456789Z", want: at("2026-06-01T10:30:05.123456Z")},
		{column: "t", cell: "2026-06-01t10:30:05+05:30", want: at("2026-06-01T10:30:05+05:30")},
		{column: "t", cell: "2026-06-01T10:30:05-08:00", want: at("2026-06-01T10:30:05-08:00")},
		{column: "t", cell: "2026-06-01 10:30", want: at("2026-06-01T10:30:00+08:00")},
		{column: "t", cell: "2026-06-01T10:30:05", want: at("2026-06-01T10:30:05+08:00")},
		{column: "t", cell: "2026-06-01 10:30:05.5", want: at("2026-06-01T10:30:05.5+08:00")},
		{column: "t", cell: "2026-06-01 24:00", fault: `"2026-06-01 24:00" is not a time such as 2026-06-01T10:30:05+08:00 or 2026-06-01 10:30`},
		{column: "t", cell: "2026-06-01", fault: `"2026-06-01" is not a time such as 2026-06-01T10:30:05+08:00 or 2026-06-01 10:30`},
		{column: "t", cell: "2026-06-01 10:30:5", fault: `"2026-06-01 10:30:5" is not a time such as 2026-06-01T10:30:05+08:00 or 2026-06-01 10:30`},
		{column: "t2", cell: "1780281005", json: "1780281005", want: "1780281005000000"},
		{column: "t2", cell: "1780281005.25", json: "1780281005.25", want: "1780281005250000"},
		{column: "t2", cell: "1780281005.123456789", json: "1780281005.123456789", want: "1780281005123456"},
		{column: "t2", cell: "-1", want: "-1000000"},
		{column: "t2", cell: "soon", fault: `"soon" is not a time in seconds since 1970`},
		{column: "t3", cell: "1780281005123", json: "1.780281005123e12", want: "1780281005123000"},
		{column: "t3", cell: "", json: "{}", fault: `"{}" is an object, not one value`},
		{column: "whole", cell: "", json: "[1]", fault: `"[1]" is a list, not one value`},
		{column: "t4", cell: "2026年06月01日 10:30", want: at("2026-06-01T10:30:00+08:00")},
		{column: "t4", cell: "2026年06月01日 25:30", fault: `"2026年06月01日 25:30" is not a time like "2006年01月02日 15:04"`},
	}
	forms := map[string]string{
		"csv":    strings.Join(cellColumns, ",") + "\n",
		"ndjson": "{}\n",
	}
	for i, c := range cases {
		json := c.json
		if json == "" {
			json = fmt.Sprintf("%q", c.cell)
		}
		id := fmt.Sprintf("case %d", i)
		cell := c.cell
		if cell == "" && c.json != "" {
			cell = "not in CSV"
		}
		forms["csv"] += csvRow(map[string]string{"id": id, c.column: cell})
		forms["ndjson"] += fmt.Sprintf(`{"id":%q,"at":"2020-01-01 00:00",%q:%s}`, id, c.column, json) + "\n"
	}
	for format, text := range forms {
		st := newStore(t)
		r := importFiles(t, Options{Store: st, Program: p, Source: p.Sources[0], Files: []string{"-"}, Stdin: strings.NewReader(text), Format: format, MaxRejects: -1})
		faults := map[string]string{} // by line
		for _, row := range readCSV(t, r.RejectsFile)[1:] {
			faults[row[1]] = row[2] + ": " + row[3]
		}
		accepted := map[string]event{} // by id
		ids := attributesIn(t, st)
		for _, e := range eventsIn(t, st, "e") {
			accepted[ids[e.member]["id"]] = e
		}
		for i, c := range cases {
			if format == "csv" && c.cell == "" && c.json != "" {
				continue
			}
			fault, rejected := faults[fmt.Sprint(i+2)]
			if rejected || c.fault != "" {
				if want := c.column + ": " + c.fault; fault != want {
					t.Errorf("%s %s %q: got %q, want %q", format, c.column, c.cell, fault, want)
				}
				continue
			}
			got, known := accepted[fmt.Sprintf("%q", fmt.Sprintf("case %d", i))].fields[c.column]
			if got != c.want || known != (c.want != "") {
				t.Errorf("%s %s %q: got %s, want %s", format, c.column, c.cell, got, c.want)
			}
		}
	}
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// csvRow is a row for the source of cellRules.
func csvRow(cells map[string]string) string {
	values := make([]string, len(cellColumns))
	for i, c := range cellColumns {
		switch v, ok := cells[c]; {
		case ok:
			values[i] = v
		case c == "id":
			values[i] = "x"
		case c == "at":
			values[i] = "2020-01-01 00:00"
		}
	}
	return string(writeRows([][]string{values}, ','))
}

// A time of day that the clock skips or repeats is the first instant at or after it.
func TestLocalTimesAtClockChanges(t *testing.T) {
	rules := `
		settings { language 1  timezone "America/New_York" }
		member { id id }
		event e { n int  t time }
		source s gives e { id from "id"  at from "at"  t from "t" format "02.01.2006 15:04:05" }`
	p := compileRules(t, rules)
	st := newStore(t)
	text := `id,at,t
a,2026-03-08 01:59:59,08.03.2026 01:59:59
a,2026-03-08 02:30,08.03.2026 02:30:00
a,2026-03-08 02:30:00.5,08.03.2026 03:00:00
a,2026-11-01 01:30,01.11.2026 01:30:00
a,2026-11-01 02:00,01.11.2026 02:00:00
a,2026-11-01T01:30:00-05:00,01.11.2026 00:59:59
`
	importFiles(t, Options{Store: st, Program: p, Source: p.Sources[0], Files: []string{"-"}, Stdin: strings.NewReader(text)})
	var got []string
	for _, e := range eventsIn(t, st, "e") {
		got = append(got, time.UnixMicro(e.at).UTC().Format("02T15:04:05.9")+" "+e.fields["t"])
	}
	slices.Sort(got)
	at := func(text string) string { return fmt.Sprint(utc(t, text)) }
	want := []string{
		"01T05:30:00 " + at("2026-11-01T05:30:00Z"),
		"01T06:30:00 " + at("2026-11-01T04:59:59Z"),
		"01T07:00:00 " + at("2026-11-01T07:00:00Z"),
		"08T06:59:59 " + at("2026-03-08T06:59:59Z"),
		"08T07:00:00 " + at("2026-03-08T07:00:00Z"),
		"08T07:00:00 " + at("2026-03-08T07:00:00Z"),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// An event without a time happened when it was accepted.
func TestEventWithoutTime(t *testing.T) {
	p := compileRules(t, cellRules)
	st := newStore(t)
	importFiles(t, Options{
		Store: st, Program: p, Source: p.Sources[0], Files: []string{"-"}, Now: func() int64 { return 77_000_000 },
		Stdin: strings.NewReader(strings.Join(cellColumns, ",") + "\n" + csvRow(map[string]string{"at": " "})),
	})
	if e := eventsIn(t, st, "e"); len(e) != 1 || e[0].at != 77_000_000 {
		t.Errorf("got %v", e)
	}
}

func TestMemberSource(t *testing.T) {
	p := compileRules(t, `
		settings { language 1  timezone "Asia/Shanghai"  currency CNY }
		member { phone id phone "CN"  name string  city string  vip bool  likes set of string }
		source people gives member {
		  phone from "phone"  name from "person.name"  city from "city"  vip from "vip"  likes from "likes" split ","
		}
		source crm gives member { phone from "phone"  city = "上海"  vip = true }`)
	st := newStore(t)
	run := func(source, format, text string) Result {
		t.Helper()
		return importFiles(t, Options{Store: st, Program: p, Source: sourceOf(t, p, source), Files: []string{"-"}, Stdin: strings.NewReader(text), Format: format, Again: true, MaxRejects: -1})
	}
	r := run("people", "ndjson", `{"phone":"138 0013 8000","person":{"name":" Lin "},"city":"北京","vip":true,"likes":["tea"]}
{"phone":13900139000,"person.name":"Wu"}
{"phone":"+86 138-0013-8000","city":""}
`)
	if r.Accepted != 3 || r.NewMembers != 2 {
		t.Errorf("got %+v", r)
	}
	want := []string{`map[city:"北京" likes:["tea"] name:" Lin " phone:"+8613800138000" vip:1]`, `map[name:"Wu" phone:"+8613900139000"]`}
	check := func(step string) {
		t.Helper()
		for i, a := range attributesIn(t, st) {
			if got := fmt.Sprint(a); got != want[i] {
				t.Errorf("%s: got %s\nwant %s", step, got, want[i])
			}
		}
	}
	check("first")
	// Absent and empty leave, null clears, a value replaces, the last row wins.
	run("people", "ndjson", `{"phone":"13800138000","city":null,"vip":"","likes":["tea","go"]}
{"phone":"13900139000","person":{"name":null},"vip":false}
{"phone":"13900139000","person":{"name":"Wu Li"}}
`)
	want = []string{`map[likes:["go" "tea"] name:" Lin " phone:"+8613800138000" vip:1]`, `map[name:"Wu Li" phone:"+8613900139000" vip:0]`}
	check("second")
	run("crm", "csv", "phone\n13900139000\n")
	want[1] = `map[city:"上海" name:"Wu Li" phone:"+8613900139000" vip:1]`
	check("constants")
}

func TestTableSource(t *testing.T) {
	p := compileRules(t, `
		settings { language 1  timezone "Asia/Shanghai"  currency CNY }
		member { id id  home store }
		table store { name string  code key  rent money  region region }
		table region { key key  title string }
		source stores gives store { code from "code"  name from "name"  rent from "rent"  region from "region" }`)
	st := newStore(t)
	run := func(text string) Result {
		return importFiles(t, Options{Store: st, Program: p, Source: p.Sources[0], Files: []string{"-"}, Stdin: strings.NewReader(text), MaxRejects: -1})
	}
	r := run("code;name;rent;region\nS1; One ;1.50;east\nS2;;;\n S1 ;again;2;west\n;no key;1;\nS3;x;many;\n")
	if r.Read != 5 || r.Accepted != 2 || r.Rejected != 3 {
		t.Errorf("got %+v", r)
	}
	var reasons []string
	for _, reason := range r.Reasons {
		reasons = append(reasons, reason.Column+" "+reason.Example)
	}
	slices.Sort(reasons)
	if got, want := strings.Join(reasons, "\n"), "code standard input:4: \"S1\" is the key of an earlier row\ncode standard input:5: the key is empty\nrent standard input:6: \"many\" is not an amount"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	expect := func(want string) {
		t.Helper()
		table, err := st.Snapshot().Table("store")
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for i, key := range table.Keys {
			rows = append(rows, fmt.Sprintf("%s %v %v %v", key, table.Columns["name"].Value(i), table.Columns["rent"].Value(i), table.Columns["region"].Value(i)))
		}
		if got := strings.Join(rows, "\n"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	unknown := storageUnknown()
	expect("S1 \" One \" 150 \"east\"\nS2 " + unknown + " " + unknown + " " + unknown)
	run("name,code,rent,region\nNine,S9,9,west\n")
	expect(`S9 "Nine" 900 "west"`)
}

// storageUnknown is how an unknown value shows.
func storageUnknown() string {
	m := storage.NewMemory()
	m.NewMember()
	c, _ := m.Attribute("none", 0)
	return c.Value(0).String()
}
