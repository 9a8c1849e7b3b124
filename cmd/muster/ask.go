package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/api"
	"github.com/muster-engine/muster/storage"
)

// asker answers questions over one view of a store: what query, tags, segments, explain and the prompt share.
type asker struct {
	*app
	store *storage.Store
	data  storage.Data
	view  *runtime.View
	prog  *ir.Program
	vs    values
	// lets are the names that a prompt has given to expressions.
	lets map[string]*ir.Query
	// live is where a server finds members, instead of store and data; compiled is what it was asked.
	live     api.Source
	compiled []*ir.Query
	present  bool // the questions to live are of the present
	asOf     func(at int64) *runtime.View
}

// compile reads an expression that stands for itself; on an error it shows why and fails.
func (q *asker) compile(text string) (*ir.Query, error) {
	query, found := compiler.CompileQuery(q.prog, diag.NewFile("condition", text), q.lets)
	if len(found) > 0 {
		q.show(found)
	}
	if query == nil || found.HasErrors() {
		return nil, errShown
	}
	q.asked(query)
	return query, nil
}

// instant is the time that answers are of.
func (q *asker) instant() int64 {
	if q.live == nil || slices.ContainsFunc(q.compiled, func(query *ir.Query) bool { return len(query.Slots) > 0 }) {
		return q.view.Now()
	}
	return q.live.Holds(q.view)
}

// asked notes what is asked of the members of a server.
func (q *asker) asked(query *ir.Query) {
	q.compiled = append(q.compiled, query)
	if q.present && len(query.Slots) > 0 && api.Stale(q.live) {
		q.view = q.live.AsOf(q.live.Present())
	}
}

// answer is how many members a condition holds for.
type answer struct {
	members, of uint64
	took        time.Duration
}

func (q *asker) count(ctx context.Context, cond *ir.Node) (a answer, err error) {
	began := q.now()
	n, err := q.view.Count(ctx, cond)
	if err != nil {
		return a, err
	}
	of, err := q.view.Of(ctx)
	return answer{uint64(n), uint64(of), q.now().Sub(began)}, err
}

// tally gathers an expression's values over the members for whom cond holds, all if cond is nil.
func (q *asker) tally(ctx context.Context, value, cond *ir.Node) (*tally, error) {
	t := newTally(q.vs, value.Type)
	err := q.view.Values(ctx, cond, []*ir.Node{value}, func(p runtime.Part) error {
		for _, m := range p.Members {
			t.add(p.Values[0].Value(int(m - p.Base)))
		}
		return nil
	})
	return t, err
}

// cross is a table of counts over the classes of one or two expressions.
type cross struct {
	names []string
	by    []classes
	// cells[i][j] counts members in class i of the first and class j of the second expression; j is 0 for one only.
	cells [][]uint64
	total uint64
}

func (q *asker) cross(ctx context.Context, cond *ir.Node, names []string) (*cross, error) {
	if len(names) > 2 {
		return nil, fmt.Errorf("a cross table has one or two sides, not %d", len(names))
	}
	c := &cross{names: names}
	var nodes []*ir.Node
	for _, name := range names {
		query, err := q.compile(name)
		if err != nil {
			return nil, err
		}
		if query.Node.Type.Kind == ir.Set {
			return nil, fmt.Errorf("%s is a set: a member can be in several of its columns", name)
		}
		t, err := q.tally(ctx, query.Node, cond)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, query.Node)
		c.by = append(c.by, t.classes())
	}
	columns := 1
	if len(c.by) == 2 {
		columns = len(c.by[1].labels)
	}
	for range c.by[0].labels {
		c.cells = append(c.cells, make([]uint64, columns))
	}
	err := q.view.Values(ctx, cond, nodes, func(p runtime.Part) error {
		for _, m := range p.Members {
			lane := int(m - p.Base)
			i, j := c.by[0].of(p.Values[0].Value(lane)), 0
			if len(nodes) == 2 {
				j = c.by[1].of(p.Values[1].Value(lane))
			}
			c.cells[i][j]++
			c.total++
		}
		return nil
	})
	return c, err
}

// table is the counts with sums at the ends.
func (c *cross) table(s style) *table {
	t := &table{columns: []col{{head: c.names[0]}}}
	if len(c.by) == 1 {
		t.columns = append(t.columns, col{head: "members", right: true}, col{head: "share", right: true}, col{paint: s.blue})
		var most uint64
		for _, row := range c.cells {
			most = max(most, row[0])
		}
		for i, row := range c.cells {
			t.add(c.by[0].labels[i], count(row[0]), share(row[0], c.total), bar(row[0], most, 24))
		}
		return t
	}
	for _, label := range c.by[1].labels {
		t.columns = append(t.columns, col{head: label, right: true})
	}
	t.columns = append(t.columns, col{head: "all", right: true})
	sums := make([]uint64, len(c.by[1].labels))
	for i, row := range c.cells {
		line, sum := []string{c.by[0].labels[i]}, uint64(0)
		for j, n := range row {
			line = append(line, count(n))
			sum += n
			sums[j] += n
		}
		t.add(append(line, count(sum))...)
	}
	last := []string{"all"}
	for _, n := range sums {
		last = append(last, count(n))
	}
	t.add(append(last, count(c.total))...)
	return t
}

// csv is a row per cell.
func (c *cross) csv() *table {
	t := &table{}
	for _, name := range c.names {
		t.columns = append(t.columns, col{head: name})
	}
	t.columns = append(t.columns, col{head: "members"})
	c.each(func(labels []string, _ []any, n uint64) { t.add(append(labels, fmt.Sprint(n))...) })
	return t
}

type crossCell struct {
	Values  []any  `json:"values"`
	Members uint64 `json:"members"`
}

func (c *cross) json() []crossCell {
	cells := []crossCell{}
	c.each(func(_ []string, values []any, n uint64) { cells = append(cells, crossCell{values, n}) })
	return cells
}

func (c *cross) each(f func(labels []string, values []any, n uint64)) {
	for i, row := range c.cells {
		for j, n := range row {
			labels, values := []string{c.by[0].labels[i]}, []any{c.by[0].values[i]}
			if len(c.by) == 2 {
				labels, values = append(labels, c.by[1].labels[j]), append(values, c.by[1].values[j])
			}
			f(labels, values, n)
		}
	}
}

// splitNames cuts "a, b" at the commas that stand in no parentheses and no string.
func splitNames(text string) []string {
	var names []string
	depth, from, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			names = append(names, strings.TrimSpace(text[from:i]))
			from = i + 1
		}
	}
	return append(names, strings.TrimSpace(text[from:]))
}
