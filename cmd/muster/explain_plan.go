package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
)

// explainPlan shows how a condition is answered for everybody; of a value, how it is spread.
func (q *asker) explainPlan(ctx context.Context, text string) error {
	query, err := q.compile(text)
	if err != nil {
		return err
	}
	if !query.Condition {
		return q.spread(ctx, text, query)
	}
	node := query.Node
	if node.Op == ir.OpSegment {
		node = q.prog.Segments[node.Index].Expr
	}
	got, err := q.view.Explain(ctx, node)
	if err != nil {
		return err
	}
	if q.format == formatJSON {
		return writeJSON(q.out, map[string]any{
			"condition": text, "members": got.Members, "of": got.Of, "as_of": q.vs.rfc3339(q.instant()),
			"prepare_ms": milliseconds(got.Prepare), "took_ms": milliseconds(got.Run), "plan": newStepJSON(got.Plan),
		})
	}
	s := q.style(q.out)
	if query.Node.Op == ir.OpSegment {
		q.writeDeclaration(q.prog.Segments[query.Node.Index])
	}
	fmt.Fprintf(q.out, "%s of %s (%s) as of %s\n", s.bold(count(got.Members)), many(got.Of, "member"),
		share(uint64(got.Members), uint64(got.Of)), q.vs.time(q.instant()))
	fmt.Fprintf(q.out, "%s to gather what it needs, %s to answer\n\n", took(got.Prepare), took(got.Run))
	t := table{columns: []col{
		{head: "step"}, {head: "members", right: true}, {head: "asked of", right: true}, {head: "unknown", right: true},
		{head: "time", right: true}, {head: "answered by"},
	}}
	addSteps(&t, got.Plan, 0)
	return t.write(q.out, "", s)
}

func (q *asker) writeDeclaration(segment *ir.Segment) {
	s := q.style(q.out)
	fmt.Fprintf(q.out, "%s  %s  %s\n", s.bold(segment.Name), segment.Title, s.faint(segment.Source.String()))
	fmt.Fprintf(q.out, "  %s\n\n", oneLine(segment.Expr.Source.Text()))
}

func addSteps(t *table, step *runtime.Step, depth int) {
	unknown := ""
	if step.Unknown > 0 {
		unknown = count(step.Unknown)
	}
	label := strings.Repeat("  ", depth) + stepLabel(step)
	if step.Skipped {
		t.add(label, "-", "-", unknown, "-", "not needed")
	} else {
		t.add(label, count(step.Out), count(step.In), unknown, took(step.Took), step.How)
	}
	for _, kid := range step.Kids {
		addSteps(t, kid, depth+1)
	}
}

// stepLabel is the operator of a step that has others below it, else the condition that it answers.
func stepLabel(step *runtime.Step) string {
	text := ""
	if step.Cond != nil {
		text = oneLine(step.Cond.Source.Text())
	}
	if len(step.Kids) > 0 || text == "" {
		return step.Op
	}
	return text
}

// oneLine is a text with its white space collapsed, cut where it gets long.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if cells.StringWidth(text) > 72 {
		return cells.Truncate(text, 72, "…")
	}
	return text
}

type stepJSON struct {
	Step     string     `json:"step"`
	Text     string     `json:"text,omitempty"`
	How      string     `json:"how,omitempty"`
	Members  int64      `json:"members"`
	AskedOf  int64      `json:"asked_of"`
	Unknown  int64      `json:"unknown,omitempty"`
	Skipped  bool       `json:"skipped,omitempty"`
	TookUS   int64      `json:"took_us"`
	Children []stepJSON `json:"children,omitempty"`
}

func newStepJSON(step *runtime.Step) stepJSON {
	out := stepJSON{
		Step: step.Op, How: step.How, Members: step.Out, AskedOf: step.In, Unknown: step.Unknown,
		Skipped: step.Skipped, TookUS: step.Took.Microseconds(),
	}
	if step.Cond != nil {
		out.Text = strings.Join(strings.Fields(step.Cond.Source.Text()), " ")
	}
	for _, kid := range step.Kids {
		out.Children = append(out.Children, newStepJSON(kid))
	}
	return out
}
