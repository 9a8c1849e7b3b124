package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
)

// explainMember shows for one member which clauses of a condition hold, or where a value comes from.
func (q *asker) explainMember(ctx context.Context, text, id string) error {
	query, err := q.compile(text)
	if err != nil {
		return err
	}
	number, err := q.find(id)
	if err != nil {
		return err
	}
	person, err := q.person(number)
	if err != nil {
		return err
	}
	clause, err := person.Why(ctx, query.Node)
	if err != nil {
		return err
	}
	if q.format == formatJSON {
		return writeJSON(q.out, map[string]any{
			"member": number, "as_of": q.vs.rfc3339(q.instant()), "clause": newClauseJSON(clause, q.prog),
		})
	}
	(&clauseWriter{q.out, q.style(q.out), q.vs, q.prog}).write(clause, 0)
	return nil
}

// clauseWriter prints clauses as a tree.
type clauseWriter struct {
	out  io.Writer
	s    style
	vs   values
	prog *ir.Program
}

// write prints a clause, what it is made of below it, and the events behind an aggregate.
func (w *clauseWriter) write(c *exprplan.Clause, depth int) {
	text := oneLine(c.Text)
	if text == "" {
		for _, child := range c.Children {
			w.write(child, depth)
		}
		return
	}
	indent := strings.Repeat("  ", depth)
	switch {
	case c.Node.Type.Kind != ir.Bool:
		fmt.Fprintf(w.out, "%s%s  %s\n", indent, text, w.s.bold(w.vs.text(c.Value, c.Node.Type)))
	case c.Value.True():
		fmt.Fprintf(w.out, "%s%s %s\n", indent, w.s.green("yes"), text)
	default:
		fmt.Fprintf(w.out, "%s%s  %s\n", indent, w.s.red("no"), text)
	}
	w.parts(c, c.Text, depth)
}

// parts prints what a clause is made of. A part of the same text, such as a conversion, says nothing of its own.
func (w *clauseWriter) parts(c *exprplan.Clause, text string, depth int) {
	if c.Node.Agg != nil {
		w.events(c, strings.Repeat("  ", depth+2))
	}
	for _, child := range c.Children {
		if child.Text == text {
			w.parts(child, text, depth)
			continue
		}
		w.write(child, depth+1)
	}
}

// events lists the last events behind an aggregate.
func (w *clauseWriter) events(c *exprplan.Clause, indent string) {
	if c.Counted == 0 {
		return
	}
	list := eventList{Event: w.prog.Events[c.Node.Agg.Event], total: c.Counted}
	for _, e := range c.Events {
		list.last = append(list.last, eventLine{e.At, e.Fields})
	}
	head := many(c.Counted, "event")
	if c.Counted > len(c.Events) {
		head += fmt.Sprintf(", the last %d:", len(c.Events))
	}
	fmt.Fprintf(w.out, "%s%s\n", indent, w.s.faint(head))
	_ = list.table(w.vs).write(w.out, indent, w.s)
}

type clauseJSON struct {
	Text     string       `json:"text"`
	Name     string       `json:"name,omitempty"`
	Type     string       `json:"type"`
	Value    any          `json:"value"`
	Counted  int          `json:"counted,omitempty"`
	Events   []eventJSON  `json:"events,omitempty"`
	Children []clauseJSON `json:"children,omitempty"`
}

func newClauseJSON(c *exprplan.Clause, prog *ir.Program) clauseJSON {
	vs := valuesOf(prog)
	out := clauseJSON{
		Text: c.Text, Name: c.Name, Type: c.Node.Type.Kind.String(),
		Value: vs.json(c.Value, c.Node.Type), Counted: c.Counted,
	}
	if c.Node.Agg != nil {
		event := prog.Events[c.Node.Agg.Event]
		for _, e := range c.Events {
			one := eventJSON{event.Name, vs.rfc3339(e.At), map[string]any{}}
			for i, f := range event.Fields {
				one.Fields[f.Name] = vs.json(e.Fields[i], f.Type)
			}
			out.Events = append(out.Events, one)
		}
	}
	for _, child := range c.Children {
		out.Children = append(out.Children, newClauseJSON(child, prog))
	}
	return out
}
