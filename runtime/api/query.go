package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
)

// question is what is asked of all members.
type question struct {
	// Condition is a condition, or any other expression to be spread by its values.
	Condition string `json:"condition"`
	// By splits the members by the values of up to three expressions.
	By []string `json:"by"`
	// IDs lists the members, at most Limit of them.
	IDs   bool   `json:"ids"`
	Limit int    `json:"limit"`
	AsOf  string `json:"as_of"`
}

// reply answers a question. Members is for how many the condition holds, or the value is known.
type reply struct {
	Condition string   `json:"condition"`
	Type      string   `json:"type"`
	Members   int      `json:"members"`
	Of        int      `json:"of"`
	AsOf      string   `json:"as_of"`
	TookMS    float64  `json:"took_ms"`
	IDs       []string `json:"ids,omitempty"`
	By        []string `json:"by,omitempty"`
	Cells     []cell   `json:"cells,omitempty"`
}

// cell is how many members have certain values.
type cell struct {
	Values  []any `json:"values"`
	Members int   `json:"members"`
}

const (
	maxSides = 3
	maxCells = 10_000
	maxIDs   = 100_000
)

func (s *Server) postQuery(w http.ResponseWriter, r *http.Request) error {
	var in question
	if err := s.decode(w, r, &in); err != nil {
		return err
	}
	switch {
	case in.Condition == "":
		return fail(http.StatusUnprocessableEntity, "condition says what is asked, and it is empty")
	case in.IDs && len(in.By) > 0:
		return fail(http.StatusUnprocessableEntity, "ids lists members and by counts them; ask for one of the two")
	case len(in.By) > maxSides:
		return fail(http.StatusUnprocessableEntity, "by splits by up to %d expressions", maxSides)
	case in.Limit < 0 || in.Limit > maxIDs:
		return fail(http.StatusUnprocessableEntity, "limit is a whole number from 0 to %d", maxIDs)
	}
	began := s.opt.Now()
	q, err := s.ask(in.AsOf)
	if err != nil {
		return err
	}
	query, err := q.compile("condition", in.Condition)
	if err != nil {
		return err
	}
	defer q.view.Forget(query.Slots)
	ctx, done, err := s.question(r.Context())
	if err != nil {
		return err
	}
	defer done()
	out := reply{Condition: in.Condition, Type: query.Node.Type.Kind.String()}
	if out.Of, err = q.view.Of(ctx); err != nil {
		return err
	}
	switch {
	case !query.Condition && (in.IDs || len(in.By) > 0):
		return fail(http.StatusUnprocessableEntity, "ids and by are of the members of a condition, and %s is none", quote(in.Condition))
	case !query.Condition:
		err = q.spread(ctx, query, &out)
	case in.IDs:
		err = q.list(ctx, query, in.Limit, &out)
	case len(in.By) > 0:
		err = q.split(ctx, query, in.By, &out)
	default:
		out.Members, err = q.view.Count(ctx, query.Node)
	}
	if err != nil {
		return err
	}
	out.AsOf = q.asOf()
	out.TookMS = float64(s.opt.Now().Sub(began).Microseconds()) / 1000
	return send(w, out)
}

// list gives the members' ids.
func (q *asked) list(ctx context.Context, query *ir.Query, limit int, out *reply) error {
	chosen, err := q.view.Select(ctx, query.Node)
	if err != nil {
		return err
	}
	out.Members = int(chosen.GetCardinality())
	if limit == 0 {
		limit = maxIDs
	}
	var numbers []uint32
	for it := chosen.Iterator(); it.HasNext() && len(numbers) < limit; {
		numbers = append(numbers, it.Next())
	}
	out.IDs, err = q.shownIDs(numbers)
	return err
}

// split counts the members of a condition by the values of expressions.
func (q *asked) split(ctx context.Context, query *ir.Query, by []string, out *reply) error {
	var nodes []*ir.Node
	for i, text := range by {
		side, err := q.compile(fmt.Sprintf("by[%d]", i), text)
		if err != nil {
			return err
		}
		defer q.view.Forget(side.Slots)
		if side.Node.Type.Kind == ir.Set {
			return fail(http.StatusUnprocessableEntity, "%s is a set: a member could be in several cells", quote(text))
		}
		nodes = append(nodes, side.Node)
	}
	out.By = by
	t := newCells(q.vs, nodes)
	if err := q.view.Values(ctx, query.Node, nodes, t.add); err != nil {
		return err
	}
	for _, c := range t.cells {
		out.Members += c.Members
	}
	out.Cells = t.sorted()
	return nil
}

// spread counts the members by the values of an expression.
func (q *asked) spread(ctx context.Context, query *ir.Query, out *reply) error {
	t := newCells(q.vs, []*ir.Node{query.Node})
	t.open = query.Node.Type.Kind == ir.Set
	if err := q.view.Values(ctx, nil, t.nodes, t.add); err != nil {
		return err
	}
	out.Cells = t.sorted()
	out.Members = t.known
	return nil
}

// cells counts members by the values of expressions.
type cells struct {
	vs    values
	nodes []*ir.Node
	cells map[string]*cell
	known int  // members for whom the first expression is known
	open  bool // the first expression is a set: each of its elements counts
}

func newCells(vs values, nodes []*ir.Node) *cells {
	return &cells{vs: vs, nodes: nodes, cells: map[string]*cell{}}
}

func (c *cells) add(p runtime.Part) error {
	tuple := make([]any, len(c.nodes))
	for _, m := range p.Members {
		lane := int(m - p.Base)
		first := p.Values[0].Value(lane)
		if first.Known {
			c.known++
		}
		if c.open {
			if err := c.elements(first); err != nil {
				return err
			}
			continue
		}
		for i, n := range c.nodes {
			tuple[i] = c.vs.json(p.Values[i].Value(lane), n.Type)
		}
		if err := c.count(tuple); err != nil {
			return err
		}
	}
	return nil
}

func (c *cells) elements(set ir.Value) error {
	if !set.Known {
		return c.count([]any{nil})
	}
	for _, text := range set.Set {
		if err := c.count([]any{text}); err != nil {
			return err
		}
	}
	return nil
}

func (c *cells) count(tuple []any) error {
	key, err := json.Marshal(tuple)
	if err != nil {
		return err
	}
	at := c.cells[string(key)]
	if at == nil {
		if len(c.cells) == maxCells {
			return fail(http.StatusUnprocessableEntity, "there are more than %d different values; ask by classes of them, such as case or ntile makes", maxCells)
		}
		at = &cell{Values: slices.Clone(tuple)}
		c.cells[string(key)] = at
	}
	at.Members++
	return nil
}

// sorted is the cells, the largest first.
func (c *cells) sorted() []cell {
	keys := make([]string, 0, len(c.cells))
	for key := range c.cells {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if d := c.cells[b].Members - c.cells[a].Members; d != 0 {
			return d
		}
		if a < b {
			return -1
		}
		return 1
	})
	out := []cell{}
	for _, key := range keys {
		out = append(out, *c.cells[key])
	}
	return out
}
