package main

import (
	"context"
	"fmt"
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
	p, err := q.person(ctx, number)
	if err != nil {
		return err
	}
	clause, err := p.why(query.Node)
	if err != nil {
		return err
	}
	if q.format == formatJSON {
		return writeJSON(q.out, map[string]any{
			"member": number, "as_of": q.vs.rfc3339(q.view.Now()), "clause": q.clauseJSON(clause),
		})
	}
	q.writeClause(clause, 0)
	return nil
}

// writeClause prints a clause, what it is made of below it, and the events behind an aggregate.
func (q *asker) writeClause(c *exprplan.Clause, depth int) {
	s := q.style(q.out)
	indent := strings.Repeat("  ", depth)
	text := oneLine(c.Text)
	if text == "" {
		for _, child := range c.Children {
			q.writeClause(child, depth)
		}
		return
	}
	switch {
	case c.Node.Type.Kind == ir.Bool && c.Value.True():
		fmt.Fprintf(q.out, "%s%s %s\n", indent, s.green("yes"), text)
	case c.Node.Type.Kind == ir.Bool:
		fmt.Fprintf(q.out, "%s%s  %s\n", indent, s.red("no"), text)
	default:
		fmt.Fprintf(q.out, "%s%s  %s\n", indent, text, s.bold(q.vs.text(c.Value, c.Node.Type)))
	}
	q.writeParts(c, c.Text, depth)
}

// writeParts prints what a clause is made of. A part of the same text, such as a conversion, says nothing of its own.
func (q *asker) writeParts(c *exprplan.Clause, text string, depth int) {
	if c.Node.Agg != nil {
		q.writeEvents(c, strings.Repeat("  ", depth+2))
	}
	for _, child := range c.Children {
		if child.Text == text {
			q.writeParts(child, text, depth)
			continue
		}
		q.writeClause(child, depth+1)
	}
}

// writeEvents lists the last events behind an aggregate.
func (q *asker) writeEvents(c *exprplan.Clause, indent string) {
	if c.Counted == 0 {
		return
	}
	s := q.style(q.out)
	event := q.prog.Events[c.Node.Agg.Event]
	list := eventList{Event: event, total: c.Counted}
	for _, e := range c.Events {
		list.last = append(list.last, eventLine{e.At, e.Fields})
	}
	head := many(c.Counted, "event")
	if c.Counted > len(c.Events) {
		head += fmt.Sprintf(", the last %d:", len(c.Events))
	}
	fmt.Fprintf(q.out, "%s%s\n", indent, s.faint(head))
	_ = list.table(q.vs).write(q.out, indent, s)
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

func (q *asker) clauseJSON(c *exprplan.Clause) clauseJSON {
	out := clauseJSON{
		Text: c.Text, Name: c.Name, Type: c.Node.Type.Kind.String(),
		Value: q.vs.json(c.Value, c.Node.Type), Counted: c.Counted,
	}
	if c.Node.Agg != nil {
		event := q.prog.Events[c.Node.Agg.Event]
		for _, e := range c.Events {
			one := eventJSON{event.Name, q.vs.rfc3339(e.At), map[string]any{}}
			for i, f := range event.Fields {
				one.Fields[f.Name] = q.vs.json(e.Fields[i], f.Type)
			}
			out.Events = append(out.Events, one)
		}
	}
	for _, child := range c.Children {
		out.Children = append(out.Children, q.clauseJSON(child))
	}
	return out
}
