package api

import (
	"net/http"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
)

// explanation says why a condition holds for a member, or where a value comes from.
type explanation struct {
	Member    uint32 `json:"member"`
	AsOf      string `json:"as_of"`
	Condition string `json:"condition"`
	Clause    clause `json:"clause"`
}

// clause is an expression with its value and those of its parts.
type clause struct {
	Text     string   `json:"text"`
	Name     string   `json:"name,omitempty"`
	Type     string   `json:"type"`
	Value    any      `json:"value"`
	Counted  int      `json:"counted,omitempty"`
	Events   []event  `json:"events,omitempty"`
	Children []clause `json:"children,omitempty"`
}

func (s *Server) getExplanation(w http.ResponseWriter, r *http.Request) error {
	q, number, _, err := s.person(r)
	if err != nil {
		return err
	}
	text := r.URL.Query().Get("condition")
	if text == "" {
		return fail(http.StatusBadRequest, "say what to explain, with the parameter condition")
	}
	query, err := q.compile("condition", text)
	if err != nil {
		return err
	}
	defer q.view.Forget(query.Slots)
	ctx, done, err := s.question(r.Context())
	if err != nil {
		return err
	}
	defer done()
	p, err := s.engine.Person(q.view, number)
	if err != nil {
		return err
	}
	why, err := p.Why(ctx, query.Node)
	if err != nil {
		return err
	}
	return send(w, explanation{number, q.asOf(), text, q.clause(why)})
}

// compile reads an expression that a request gives in a parameter.
func (q *asked) compile(param, text string) (*ir.Query, error) {
	query, found := compiler.CompileQuery(q.prog, diag.NewFile(param, text), nil)
	if query == nil || found.HasErrors() {
		return nil, wrongExpression(param, found)
	}
	q.undeclared = q.undeclared || len(query.Slots) > 0
	if q.now && len(query.Slots) > 0 && Stale(q.engine) {
		q.view = q.engine.AsOf(q.engine.Present())
	}
	return query, nil
}

// Stale reports whether the standing view is too old for an aggregate that the rules do not declare: those that they do
// are right in it, but the time at which another one would have changed has gone by unnoticed.
func Stale(source interface {
	View() *runtime.View
	Present() int64
}) bool {
	const little = 1e6 // µs
	return source.Present()-source.View().Now() >= little
}

func (q *asked) clause(c *exprplan.Clause) clause {
	out := clause{Text: c.Text, Name: c.Name, Type: c.Node.Type.Kind.String(), Value: q.vs.json(c.Value, c.Node.Type), Counted: c.Counted}
	if c.Node.Agg != nil {
		for _, e := range c.Events {
			out.Events = append(out.Events, q.vs.event(q.prog.Events[c.Node.Agg.Event], e.At, e.Fields))
		}
	}
	for _, child := range c.Children {
		out.Children = append(out.Children, q.clause(child))
	}
	return out
}
