package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/muster-engine/muster/runtime/load"
)

// measurement is one line of the table.
type measurement struct {
	What        string       `json:"what"`
	Members     int64        `json:"members"`
	Connections int          `json:"connections"`
	Batch       int          `json:"batch"`
	Rate        float64      `json:"rate"`
	Seconds     json.Number  `json:"seconds"`
	Sent        int64        `json:"sent"`
	Accepted    int64        `json:"accepted"`
	Duplicate   int64        `json:"duplicate"`
	Rejected    int64        `json:"rejected"`
	Refused     int64        `json:"refused_batches"`
	PerSecond   int64        `json:"durable_per_second"`
	CPU         json.Number  `json:"cpu_us_per_event"`
	Answers     answersJSON  `json:"answers_ms"`
	Questions   *answersJSON `json:"questions_ms,omitempty"`
	During      *duringJSON  `json:"during,omitempty"`
	Restart     *restartJSON `json:"restart,omitempty"`
	PeakMiB     int64        `json:"peak_memory_mib"`
}

// answersJSON is how long answers took, in milliseconds.
type answersJSON struct {
	Count int64       `json:"count"`
	P50   json.Number `json:"p50"`
	P90   json.Number `json:"p90"`
	P99   json.Number `json:"p99"`
	Max   json.Number `json:"max"`
}

// duringJSON is what happened in the middle of a run, how long it took, and by when the last of its crossings was
// reported.
type duringJSON struct {
	What      string      `json:"what"`
	MS        json.Number `json:"ms"`
	Crossings int64       `json:"crossings"`
	LateMS    json.Number `json:"crossings_late_ms"`
}

// restartJSON is how long a server took to come up again.
type restartJSON struct {
	MS      json.Number `json:"ms"`
	Journal int64       `json:"journalled_events"`
}

func answersOf(h *load.Histogram) *answersJSON {
	return &answersJSON{
		h.Count(), milliseconds(h.Quantile(0.5)), milliseconds(h.Quantile(0.9)), milliseconds(h.Quantile(0.99)), milliseconds(h.Max()),
	}
}

func (m *measurement) take(r *load.Result, cpu time.Duration) {
	m.Seconds = json.Number(strconv.FormatFloat(r.Elapsed.Seconds(), 'f', 3, 64))
	m.Sent, m.Accepted, m.Duplicate, m.Rejected, m.Refused = r.Sent, r.Accepted, r.Duplicate, r.Rejected, r.Refused
	m.PerSecond = int64(r.Durable())
	m.CPU = "0"
	if r.Accepted > 0 {
		m.CPU = json.Number(strconv.FormatFloat(float64(cpu.Microseconds())/float64(r.Accepted), 'f', 1, 64))
	}
	m.Answers = *answersOf(&r.Answers)
	m.PeakMiB = peakMemory() >> 20
}

func (a *app) showLoad(all []*measurement) error {
	if a.format == formatJSON {
		for _, m := range all {
			if err := writeJSON(a.out, m); err != nil {
				return err
			}
		}
		return nil
	}
	t := table{columns: []col{
		{head: "what"}, {head: "a request", right: true}, {head: "durable/s", right: true}, {head: "p50", right: true}, {head: "p90", right: true},
		{head: "p99", right: true}, {head: "max", right: true}, {head: "CPU/event", right: true}, {head: "questions p99", right: true}, {head: "meanwhile"},
	}}
	for _, m := range all {
		questions := ""
		if m.Questions != nil {
			questions = string(m.Questions.P99) + " ms"
		}
		t.add(m.What, count(int64(m.Batch)), count(m.PerSecond), string(m.Answers.P50), string(m.Answers.P90), string(m.Answers.P99),
			string(m.Answers.Max)+" ms", string(m.CPU)+" µs", questions, m.meanwhile())
	}
	if err := t.write(a.out, "", a.style(a.out)); err != nil {
		return err
	}
	last := all[len(all)-1]
	_, err := fmt.Fprintf(a.out, "%s, %s; %s accepted, %s duplicate, %s rejected\n", many(last.Members, "member"),
		many(int64(last.Connections), "connection"), count(last.Accepted), count(last.Duplicate), count(last.Rejected))
	return err
}

// meanwhile says what else happened.
func (m *measurement) meanwhile() string {
	switch {
	case m.During != nil && m.During.Crossings > 0:
		return fmt.Sprintf("%s in %s ms; %s, the last reported after %s ms", m.During.What, m.During.MS,
			many(m.During.Crossings, "crossing"), m.During.LateMS)
	case m.During != nil:
		return fmt.Sprintf("%s in %s ms", m.During.What, m.During.MS)
	case m.Restart != nil:
		return fmt.Sprintf("then killed: up again in %s ms, %s in the journal", m.Restart.MS, many(m.Restart.Journal, "event"))
	}
	return ""
}
