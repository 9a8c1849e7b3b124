package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// openCases are the tickets that are open now, those that are due first before the others.
type openCases struct {
	AsOf    string     `json:"as_of"`
	Open    int        `json:"open"`
	Overdue int        `json:"overdue"`
	Cases   []openCase `json:"cases"` // at most as many as were asked for
}

// openCase is a ticket that is open.
type openCase struct {
	Case     string            `json:"case"`
	Ticket   string            `json:"ticket"`
	Member   uint32            `json:"member"`
	Opened   string            `json:"opened"`
	Due      string            `json:"due"`
	Overdue  bool              `json:"overdue"`
	Reopened bool              `json:"reopened"`
	By       map[string]string `json:"by"` // the fields by which the rules divide, of the event that opened it

	due int64
}

// mostCases is how many open cases are shown unless a request says so.
const mostCases = 100

func (s *Server) getCases(w http.ResponseWriter, r *http.Request) error {
	limit, err := numberParam(r, "limit", mostCases, 10_000)
	if err != nil {
		return err
	}
	only := r.URL.Query().Get("overdue")
	if only != "" && only != "true" {
		return fail(http.StatusUnprocessableEntity, "overdue=true asks for the overdue cases alone, and is left out for all open ones")
	}
	q, err := s.ask("")
	if err != nil {
		return err
	}
	name := r.URL.Query().Get("case")
	var names []string
	for _, c := range q.prog.Cases {
		names = append(names, c.Name)
	}
	if name != "" && !slices.Contains(names, name) {
		return unknownName("case", name, names)
	}
	ctx, done, err := s.question(r.Context())
	if err != nil {
		return err
	}
	defer done()
	out := openCases{AsOf: q.asOf(), Cases: []openCase{}}
	keeper, err := loyalty.New(q.prog, "")
	if err != nil {
		return err
	}
	for i, c := range q.prog.Cases {
		if name != "" && c.Name != name {
			continue
		}
		err := q.eachOpen(ctx, keeper, i, func(one openCase) {
			out.Open++
			if one.Overdue {
				out.Overdue++
			}
			if one.Overdue || only == "" {
				out.Cases = append(out.Cases, one)
			}
		})
		if err != nil {
			return err
		}
	}
	slices.SortStableFunc(out.Cases, func(a, b openCase) int { return cmp.Compare(a.due, b.due) })
	out.Cases = out.Cases[:min(len(out.Cases), limit)]
	return send(w, out)
}

// eachOpen calls f with every ticket of a case that is open.
func (q *asked) eachOpen(ctx context.Context, keeper *loyalty.Keeper, c int, f func(openCase)) error {
	decl := q.prog.Cases[c]
	query, err := q.compile("case", "`"+decl.Name+"`")
	if err != nil {
		return err
	}
	defer q.view.Forget(query.Slots)
	members, err := q.view.Select(ctx, query.Node)
	if err != nil {
		return err
	}
	for it := members.Iterator(); it.HasNext(); {
		number := it.Next()
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := q.engine.Person(q.view, number)
		if err != nil {
			return err
		}
		err = p.Read(ctx, nil, func(world *exprplan.World, m *exprplan.Member) error {
			for _, e := range keeper.Open(world, m, nil).Episodes(c) {
				if e.Open() {
					f(q.openCase(decl, number, e))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (q *asked) openCase(decl *ir.Case, number uint32, e loyalty.Episode) openCase {
	out := openCase{
		Case: decl.Name, Ticket: e.Ticket, Member: number, Opened: q.vs.time(e.Opened), Due: q.vs.time(e.Due),
		Overdue: e.Overdue, Reopened: e.Reopened, By: map[string]string{}, due: e.Due,
	}
	for i, field := range decl.By {
		if i < len(e.By) { // the rules may divide by more since
			out.By[q.prog.Events[decl.Open].Fields[field].Name] = e.By[i]
		}
	}
	return out
}
