package main

import (
	"strings"
	"testing"
)

func TestLoadMarkdown(t *testing.T) {
	m := &measurement{
		What: "8,000/s, a reload", Batch: 20, PerSecond: 7999, CPU: "61.5", PeakMiB: 5120,
		Answers:   answersJSON{P50: "1.0", P90: "2.0", P99: "9.5", Max: "30.1"},
		Questions: &answersJSON{P99: "12.0", Max: "17.3"},
		During:    &duringJSON{What: "reload", MS: "4100.2"},
	}
	var b strings.Builder
	if err := m.writeMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	const want = "| 8,000/s, a reload | 20 | 7,999 | 1.0 ms | 2.0 ms | 9.5 ms | 30.1 ms | 61.5 µs | 12.0 ms | 17.3 ms | 5,120 MiB | reload in 4100.2 ms |\n"
	if b.String() != want {
		t.Errorf("got  %swant %s", b.String(), want)
	}
	for row := range strings.Lines(loadMarkdownHead) {
		if strings.Count(row, "|") != strings.Count(want, "|") {
			t.Errorf("a row has other columns than the head: %s", row)
		}
	}
}
