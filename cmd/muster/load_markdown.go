package main

import (
	"fmt"
	"io"
)

// loadMarkdownHead is the head of the table of docs/performance.md.
const loadMarkdownHead = `| what | a request | durable/s | p50 | p90 | p99 | max | CPU/event | questions p99 | questions max | peak memory | meanwhile |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
`

// writeMarkdown writes the measurement as a row under loadMarkdownHead.
func (m *measurement) writeMarkdown(w io.Writer) error {
	var p99, slowest string
	if m.Questions != nil {
		p99, slowest = string(m.Questions.P99)+" ms", string(m.Questions.Max)+" ms"
	}
	_, err := fmt.Fprintf(w, "| %s | %s | %s | %s ms | %s ms | %s ms | %s ms | %s µs | %s | %s | %s MiB | %s |\n",
		cellText(m.What), count(int64(m.Batch)), count(m.PerSecond), m.Answers.P50, m.Answers.P90, m.Answers.P99, m.Answers.Max,
		m.CPU, p99, slowest, count(m.PeakMiB), cellText(m.meanwhile()))
	return err
}
