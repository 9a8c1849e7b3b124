package main

import (
	"fmt"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/effect"
)

// planned is a report with what it takes to show it.
type planned struct {
	name, against string
	before, after *ir.Program
	view          *runtime.View
	report        *effect.Report
	breaches      []effect.Breach
	ids           map[uint32]string
}

// gatherIDs finds what the members of the examples are shown by.
func (p *planned) gatherIDs(q *asker) error {
	p.ids = map[uint32]string{}
	var examples []effect.Example
	for _, s := range p.report.Segments {
		examples = append(append(examples, s.Enters...), s.Leaves...)
	}
	for _, t := range p.report.Tags {
		examples = append(examples, t.Examples...)
	}
	if p.report.Programme != nil {
		for _, x := range p.report.Programme.Items {
			for _, l := range x.Lines {
				for _, e := range l.Examples {
					examples = append(examples, effect.Example{Member: e.Member})
				}
			}
		}
	}
	for _, e := range examples {
		if p.ids[e.Member] != "" {
			continue
		}
		ids, err := q.idsOf([]uint32{e.Member})
		if err != nil {
			return err
		}
		p.ids[e.Member] = ids[0]
	}
	return nil
}

// listed are the segments with an effect, and the tags; silent are the names of rules that mean something else without
// one.
func (p *planned) listed() (segments []effect.Segment, tags []effect.Tag, silent []string) {
	for _, s := range p.report.Segments {
		switch {
		case s.HasEffect():
			segments = append(segments, s)
		case s.Status == effect.Changed:
			silent = append(silent, s.Name)
		}
	}
	for _, t := range p.report.Tags {
		switch {
		case t.HasEffect():
			tags = append(tags, t)
		case t.Status == effect.Changed:
			silent = append(silent, t.Name)
		}
	}
	_, more := p.affected()
	return segments, tags, append(silent, more...)
}

// headline says what was compared.
func (p *planned) headline() string {
	return fmt.Sprintf("%s against %s: %s as of %s", p.name, p.against, many(p.report.Of, "member"), valuesOf(p.after).time(p.report.Now))
}

// verdict says in a sentence what comes of the edit.
func (p *planned) verdict() string {
	segments, tags, silent := p.listed()
	same := many(p.report.Same, "rule") + " as before"
	items, _ := p.affected()
	if len(segments)+len(tags)+len(items) == 0 {
		switch {
		case len(silent) > 0:
			return "no member's segments or tags change; " + same
		case p.before.Hash != p.after.Hash:
			return "no segment or tag means anything else; titles, sources or data are declared otherwise"
		}
		return "the rules mean the same"
	}
	var parts []string
	if n := len(segments); n > 0 {
		parts = append(parts, many(n, "segment"))
	}
	if n := len(tags); n > 0 {
		parts = append(parts, many(n, "tag"))
	}
	if n := len(items); n > 0 {
		parts = append(parts, many(n, "part")+" of the programme")
	}
	last := len(parts) - 1
	if last > 0 {
		parts = []string{strings.Join(parts[:last], ", ") + " and " + parts[last]}
	}
	return parts[0] + " with an effect; " + same
}

func statusMark(s effect.Status) string {
	switch s {
	case effect.Added:
		return "new"
	case effect.Removed:
		return "removed"
	}
	return ""
}

func (p *planned) write(a *app) error {
	s := a.style(a.out)
	fmt.Fprintln(a.out, s.bold(p.headline()))
	segments, tags, silent := p.listed()
	if len(segments) > 0 {
		t := table{columns: []col{
			{head: "segment", paint: s.bold}, {}, {}, {head: "before", right: true}, {head: "after", right: true},
			{head: "entering", right: true, paint: s.green}, {head: "leaving", right: true, paint: s.red},
		}}
		for _, x := range segments {
			t.add(x.Name, x.Title, statusMark(x.Status), count(x.Before), count(x.After), count(x.Entering), count(x.Leaving))
		}
		fmt.Fprintln(a.out)
		if err := t.write(a.out, "", s); err != nil {
			return err
		}
	}
	if len(tags) > 0 {
		t := table{columns: []col{
			{head: "tag", paint: s.bold}, {}, {}, {head: "known before", right: true}, {head: "after", right: true},
			{head: "other value", right: true}, {head: "newly known", right: true}, {head: "newly unknown", right: true},
		}}
		for _, x := range tags {
			t.add(x.Name, x.Title, statusMark(x.Status), count(x.Before), count(x.After), count(x.Changed), count(x.Known), count(x.Unknown))
		}
		fmt.Fprintln(a.out)
		if err := t.write(a.out, "", s); err != nil {
			return err
		}
	}
	if err := p.writeProgramme(a.out, s); err != nil {
		return err
	}
	for _, d := range p.details() {
		fmt.Fprintf(a.out, "\n%s\n", s.bold(d.name))
		t := table{columns: make([]col, 4)}
		t.columns[0].paint = func(cell string) string {
			switch strings.TrimSpace(cell) {
			case "enters":
				return s.green(cell)
			case "leaves":
				return s.red(cell)
			}
			return cell
		}
		for _, l := range d.lines {
			if l.change == "" {
				t.add(l.what, l.who, l.why, "")
				continue
			}
			t.add(l.what, l.who, l.change, l.why)
		}
		if err := t.write(a.out, "  ", s); err != nil {
			return err
		}
	}
	fmt.Fprintln(a.out)
	if len(silent) > 0 {
		fmt.Fprintf(a.out, "changed without effect: %s\n", strings.Join(silent, ", "))
	}
	for _, b := range p.breaches {
		fmt.Fprintf(a.out, "%s %s\n", s.red("too much:"), breachText(b))
	}
	_, err := fmt.Fprintln(a.out, p.verdict())
	return err
}

// detail is what is shown of one rule below the tables.
type detail struct {
	name  string
	lines []detailLine
}

type detailLine struct{ what, who, change, why string }

func (p *planned) details() (out []detail) {
	segments, tags, _ := p.listed()
	for _, x := range segments {
		d := detail{name: x.Name}
		for _, e := range x.Enters {
			d.lines = append(d.lines, detailLine{"enters", p.ids[e.Member], "", p.reason(e.Clause)})
		}
		for _, e := range x.Leaves {
			d.lines = append(d.lines, detailLine{"leaves", p.ids[e.Member], "", p.reason(e.Clause)})
		}
		if len(d.lines) > 0 {
			out = append(out, d)
		}
	}
	for _, x := range tags {
		d := detail{name: x.Name}
		for _, m := range x.Moves {
			d.lines = append(d.lines, detailLine{"goes", many(m.Members, "member"), p.change(&x, m.Before, m.After), ""})
		}
		for _, e := range x.Examples {
			d.lines = append(d.lines, detailLine{"such as", p.ids[e.Member], p.change(&x, e.Before, e.After), p.reason(e.Clause)})
		}
		if len(d.lines) > 0 {
			out = append(out, d)
		}
	}
	return append(out, p.programmeDetails()...)
}

// change shows a tag's value before and after.
func (p *planned) change(t *effect.Tag, before, after ir.Value) string {
	old, new := valuesOf(p.before).text(before, t.Old), valuesOf(p.after).text(after, t.New)
	switch t.Status {
	case effect.Added:
		return new
	case effect.Removed:
		return old
	}
	return old + " → " + new
}

// reason says which clause decides, what it comes to and of what.
func (p *planned) reason(c *effect.Clause) string {
	if c == nil {
		return ""
	}
	vs := valuesOf(p.after)
	text := "newly asked"
	if c.Side == effect.Before {
		vs = valuesOf(p.before)
		text = "no longer asked"
	}
	if c.Both {
		text = "other answer"
	}
	if c.In != "" {
		text += " in " + c.In
	}
	text += ": " + oneLine(c.Text)
	var found []string
	if c.Type.Kind == ir.Bool {
		found = append(found, yesNo(c.Value.True()))
		if c.Both {
			found[0] = yesNo(c.Value.True() == (c.Side == effect.After)) + " now"
		}
	} else {
		found = append(found, vs.text(c.Value, c.Type))
	}
	for _, part := range c.Parts {
		found = append(found, oneLine(part.Text)+" "+vs.text(part.Value, part.Type))
	}
	return text + " (" + strings.Join(found, "; ") + ")"
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// breachText says which limit is exceeded by how much.
func breachText(b effect.Breach) string {
	var text string
	switch b.Quantity {
	case "entering", "leaving", "changed", "up", "down":
		text = fmt.Sprintf("%s of %s %s", count(b.Members), count(b.Before), b.Quantity)
	case "members":
		text = fmt.Sprintf("%s of %s members afterwards", count(b.Members), count(b.Before))
	case "issued", "sent", "started":
		text = fmt.Sprintf("%s %s, %s by the rules in force", count(b.Members), b.Quantity, count(b.Before))
	default: // points
		text = fmt.Sprintf("%s other by %s of %s", b.Quantity, count(b.Members), count(b.Before))
	}
	if b.Before > 0 {
		text += " (" + share(b.Members, b.Before) + ")"
	}
	text = b.Limit + ": " + text
	if b.Name != "" && strings.HasPrefix(b.Limit, effect.Everything) {
		text = b.Name + ", " + text
	}
	return text
}
