package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/effect"
	"github.com/muster-engine/muster/runtime/replay"
)

// parseReplay reads how many days are gone through again: 30d, 4w, or 0 for none.
func parseReplay(text string) (days int64, err error) {
	number, unit := text, int64(1)
	switch {
	case strings.HasSuffix(text, "d"):
		number = strings.TrimSuffix(text, "d")
	case strings.HasSuffix(text, "w"):
		number, unit = strings.TrimSuffix(text, "w"), 7
	case text != "0":
		return 0, usageError("plan", fmt.Sprintf("--replay takes days or weeks, such as 30d or 4w, or 0 for none, not %q", text))
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n*unit > mostReplay {
		return 0, usageError("plan", fmt.Sprintf("--replay takes from 0 to %d days, such as 30d or 4w, not %q", mostReplay, text))
	}
	return n * unit, nil
}

// mostReplay is how many days can be gone through again.
const mostReplay = 3660

// programmeTable is what is shown of one time.
type programmeTable struct {
	head string
	rows []programmeRow
}

// programmeRow is one line of it. The first of a declaration has its name.
type programmeRow struct {
	name, title, mark string
	effect.Line
}

// itemNouns are what declarations are called.
var itemNouns = map[ir.FactKind]string{
	ir.PointsFacts: "points", ir.TiersFacts: "tiers", ir.CouponFacts: "coupon", ir.CampaignFacts: "campaign", ir.SinkFacts: "sink", ir.CaseFacts: "case",
}

// lineTexts are what is said of numbers that do not say it themselves.
var lineTexts = map[replay.What]string{
	effect.Reworded: "with another text", effect.Up: "reach more", effect.Down: "reach less", effect.Kept: "of these, kept for now", effect.Measured: "reach", replay.Liability: "owed at the end",
	replay.Members: "members at the end:", replay.Started: "runs", replay.Capped: "cut by caps", replay.Refused: "refused requests",
}

// nowTexts are what is said of the present.
var nowTexts = map[replay.What]string{replay.Liability: "owed", replay.Members: "members:"}

// lineText says what a line counts.
func lineText(l effect.Line) string {
	text := string(l.What)
	if t := lineTexts[l.What]; t != "" {
		text = t
	}
	if l.When == effect.Now && nowTexts[l.What] != "" {
		text = nowTexts[l.What]
	}
	return strings.TrimSpace(text + " " + l.Of)
}

// affected are the declarations of the programme with an effect; silent are the names of those that mean something else
// without one.
func (p *planned) affected() (items []effect.Item, silent []string) {
	if p.report.Programme == nil {
		return nil, nil
	}
	for _, x := range p.report.Programme.Items {
		switch {
		case x.HasEffect():
			items = append(items, x)
		case x.Status == effect.Changed:
			silent = append(silent, x.Name)
		}
	}
	return items, silent
}

// programmeTables are the tables of the programme, and the declarations that come or go and do nothing else.
func (p *planned) programmeTables() (tables []programmeTable, bare []string) {
	items, _ := p.affected()
	if len(items) == 0 {
		return nil, nil
	}
	r, vs := p.report.Programme, valuesOf(p.after)
	heads := []struct {
		when effect.When
		head string
	}{
		{effect.Now, "now, by what is written"},
		{effect.Ahead, "up to " + vs.time(r.Until) + ", if only time passes"},
		{effect.Past, "again from " + vs.time(r.After+1) + " on, by either rules"},
	}
	shown := map[string]bool{}
	for _, h := range heads {
		t := programmeTable{head: h.head}
		for _, x := range items {
			first := true
			for _, l := range x.Lines {
				if l.When != h.when {
					continue
				}
				row := programmeRow{Line: l}
				if first {
					row.name, row.title, row.mark = itemNouns[x.Kind]+" "+x.Name, x.Title, statusMark(x.Status)
				}
				first, shown[x.Name] = false, true
				t.rows = append(t.rows, row)
			}
		}
		if len(t.rows) > 0 {
			tables = append(tables, t)
		}
	}
	for _, x := range items {
		if !shown[x.Name] {
			bare = append(bare, itemNouns[x.Kind]+" "+x.Name+" "+statusMark(x.Status))
		}
	}
	return tables, bare
}

// notes are what is to be known of the numbers: who was gone through, and which coupons would run out.
func (p *planned) notes() (out []string) {
	if text := p.gone(); text != "" {
		out = append(out, text)
	}
	items, _ := p.affected()
	for _, x := range items {
		if n := x.Short(); n > 0 {
			out = append(out, fmt.Sprintf("coupon %s: %s left of its stock, and days like these take %s", x.Name, count(*x.Left), count(*x.Left+n)))
		}
	}
	return out
}

// gone says who was gone through, where that is not everybody.
func (p *planned) gone() string {
	r := p.report.Programme
	if items, _ := p.affected(); len(items) == 0 || !r.Sampled() {
		return ""
	}
	return fmt.Sprintf("estimated for all from %s of %s, always the same ones; --sample takes more", many(r.Members, "member"), count(r.Of))
}

// difference is a change with its sign.
func difference(before, after int64) string {
	if after > before {
		return "+" + count(after-before)
	}
	return count(after - before)
}

func (p *planned) writeProgramme(w io.Writer, s style) error {
	tables, bare := p.programmeTables()
	for _, x := range tables {
		t := table{columns: []col{
			{paint: s.bold}, {}, {}, {}, {head: "before", right: true}, {head: "after", right: true},
			{head: "change", right: true}, {head: "members", right: true},
		}}
		for _, r := range x.rows {
			t.add(r.name, r.title, r.mark, lineText(r.Line), count(r.Before), count(r.After), difference(r.Before, r.After), count(r.Members))
		}
		fmt.Fprintf(w, "\n%s\n", s.bold(x.head))
		if err := t.write(w, "  ", s); err != nil {
			return err
		}
	}
	if len(bare) > 0 {
		fmt.Fprintf(w, "\n%s\n", strings.Join(bare, ", "))
	}
	for i, text := range p.notes() {
		if i == 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, text)
	}
	return nil
}

// programmeDetails are examples of members, for the first line of each declaration and time.
func (p *planned) programmeDetails() (out []detail) {
	items, _ := p.affected()
	for _, x := range items {
		d := detail{name: itemNouns[x.Kind] + " " + x.Name}
		var last effect.When
		for _, l := range x.Lines {
			if l.When == last || l.Members == 0 {
				continue
			}
			last = l.When
			for _, e := range l.Examples {
				change := moveOf(x.Lines, e.Member)
				if l.When != effect.Now || change == "" {
					change = lineText(l) + ": " + count(e.Before) + " → " + count(e.After)
				}
				d.lines = append(d.lines, detailLine{"such as", p.ids[e.Member], change, lineTime[l.When]})
			}
		}
		if len(d.lines) > 0 {
			out = append(out, d)
		}
	}
	return out
}

// lineTime is when a line is about, shortly.
var lineTime = map[effect.When]string{effect.Now: "now", effect.Ahead: "up to midnight", effect.Past: "again"}

// moveOf is between which tiers a member's measure moves, where the lines have it as an example.
func moveOf(lines []effect.Line, member uint32) string {
	for _, l := range lines {
		if l.When != effect.Now || l.Of == "" || l.What != effect.Up && l.What != effect.Down {
			continue
		}
		for _, e := range l.Examples {
			if e.Member == member {
				return l.Of
			}
		}
	}
	return ""
}

func (p *planned) markdownProgramme(b *strings.Builder) {
	tables, bare := p.programmeTables()
	for _, x := range tables {
		fmt.Fprintf(b, "\n%s:\n\n| | | | before | after | change | members |\n| --- | --- | --- | ---: | ---: | ---: | ---: |\n", cellText(capital(x.head)))
		for _, r := range x.rows {
			name := ""
			if r.name != "" {
				name = ruleCell(r.name, r.title)
			}
			fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", name, r.mark, cellText(lineText(r.Line)),
				count(r.Before), count(r.After), difference(r.Before, r.After), count(r.Members))
		}
	}
	if len(bare) > 0 {
		fmt.Fprintf(b, "\n%s\n", cellText(strings.Join(bare, ", ")))
	}
	for i, text := range p.notes() {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "- %s\n", cellText(text))
	}
}

// capital begins a text with a capital letter.
func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// planProgramme is the effect on points, tiers, coupons and campaigns, for programs.
type planProgramme struct {
	// From is the instant from which on members are gone through again, null if they are not; Until the end of what lies
	// ahead.
	From  *string `json:"from"`
	Until string  `json:"until"`
	// Members were gone through, of Of; where they are not all, every number below is an estimate for all.
	Members   uint64     `json:"members"`
	Of        uint64     `json:"of"`
	Estimated bool       `json:"estimated"`
	Items     []planItem `json:"items"`
	Unchanged int        `json:"unchanged"`
}

type planItem struct {
	Kind   ir.FactKind   `json:"kind"`
	Name   string        `json:"name"`
	Title  string        `json:"title,omitempty"`
	Status effect.Status `json:"status"`
	// Left is what is left of a coupon's stock now; absent where there is none.
	Left  *int64     `json:"left,omitempty"`
	Lines []planLine `json:"lines"`
}

type planLine struct {
	When     effect.When       `json:"when"`
	What     replay.What       `json:"what"`
	Of       string            `json:"of,omitempty"`
	Before   int64             `json:"before"`
	After    int64             `json:"after"`
	Members  uint64            `json:"members"`
	Examples []planLineExample `json:"examples"`
}

type planLineExample struct {
	Member string `json:"member"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
}

func (p *planned) programmeJSON() *planProgramme {
	r, vs := p.report.Programme, valuesOf(p.after)
	if r == nil {
		return nil
	}
	out := &planProgramme{
		Until: vs.rfc3339(r.Until), Members: r.Members, Of: r.Of, Estimated: r.Sampled(), Items: []planItem{}, Unchanged: r.Same,
	}
	if r.Days > 0 {
		from := vs.rfc3339(r.After + 1)
		out.From = &from
	}
	for _, x := range r.Items {
		item := planItem{Kind: x.Kind, Name: x.Name, Title: x.Title, Status: x.Status, Left: x.Left, Lines: []planLine{}}
		for _, l := range x.Lines {
			line := planLine{When: l.When, What: l.What, Of: l.Of, Before: l.Before, After: l.After, Members: l.Members, Examples: []planLineExample{}}
			for _, e := range l.Examples {
				line.Examples = append(line.Examples, planLineExample{p.ids[e.Member], e.Before, e.After})
			}
			item.Lines = append(item.Lines, line)
		}
		out.Items = append(out.Items, item)
	}
	return out
}
