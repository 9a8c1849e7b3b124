package main

import (
	"strings"
	"testing"
	"time"
)

func TestTableLinesUpWideCharacters(t *testing.T) {
	tab := table{columns: []col{{head: "name"}, {head: "title"}, {head: "members", right: true}}}
	tab.add("vip", "高价值", "1,204")
	tab.add("生命周期", "life cycle", "7")
	tab.add("x", "", "31")
	var out strings.Builder
	if err := tab.write(&out, "  ", style{}); err != nil {
		t.Fatal(err)
	}
	want := `
  name      title       members
  vip       高价值        1,204
  生命周期  life cycle        7
  x                          31
`[1:]
	if out.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", out.String(), want)
	}
}

func TestTableCSVUsesKeys(t *testing.T) {
	tab := table{columns: []col{{head: "of all", key: "share"}, {head: "name"}}}
	tab.add("0.5", `a "b", c`)
	var out strings.Builder
	if err := tab.writeCSV(&out); err != nil {
		t.Fatal(err)
	}
	if want := "share,name\n0.5,\"a \"\"b\"\", c\"\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

func TestNumbersForPeople(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{count(0), "0"},
		{count(999), "999"},
		{count(-1000), "-1,000"},
		{count(uint64(1234567)), "1,234,567"},
		{many(1, "file"), "1 file"},
		{many(1000, "file"), "1,000 files"},
		{share(1, 3), "33.3%"},
		{share(0, 0), "-"},
		{bar(0, 10, 8), ""},
		{bar(10, 10, 8), "████████"},
		{bar(1, 10_000, 8), "▏"},
		{bar(7, 16, 8), "███▌"},
		{bar(20, 10, 2), "██"},
		{took(5 * time.Microsecond), "5 µs"},
		{took(1250 * time.Microsecond), "1.2 ms"},
		{took(44 * time.Millisecond), "44 ms"},
		{took(3400 * time.Millisecond), "3.4 s"},
		{took(125 * time.Second), "2 min 5 s"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
