package cover

import (
	"cmp"
	"slices"

	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
)

// Kind tells items apart.
type Kind string

const (
	Rule      Kind = "rule"
	Branch    Kind = "branch"
	Condition Kind = "condition"
	Boundary  Kind = "boundary"
)

// Kinds are all kinds, in the order in which they are shown.
var Kinds = []Kind{Rule, Branch, Condition, Boundary}

// Item is one thing to reach.
type Item struct {
	Kind Kind
	// Of is the declaration that it belongs to, as "tag recency".
	Of   string
	Text string // as written, on one line; of a rule what it is, as "earn shopping"
	Span diag.Span
	// Bound is the constant of a boundary, and Type its type.
	Bound ir.Value
	Type  ir.Type

	reached, held, failed bool
}

// Reached reports whether the tests reach the item.
func (i *Item) Reached() bool {
	if i.Kind == Condition {
		return i.held && i.failed
	}
	return i.reached
}

// Missing says what the tests have not seen of a condition: that it holds, that it does not, or neither.
func (i *Item) Missing() (hold, fail bool) { return !i.held, !i.failed }

// Coverage is what the tests of a program reach.
type Coverage struct {
	prog  *ir.Program
	eval  *exprplan.Evaluator
	Items []*Item

	rules      map[any]*Item // by what is reached: a *ir.Tag, an *ir.Earn, a step …
	branches   map[branch]*Item
	conditions map[*ir.Node]*Item
	boundaries map[*ir.Node]*Item
}

// branch is a branch of a when, by the place of its value among the arguments.
type branch struct {
	when  *ir.Node
	place int
}

// New lists what there is to reach.
func New(p *ir.Program) (*Coverage, error) {
	eval, err := exprplan.New(p)
	if err != nil {
		return nil, err
	}
	c := &Coverage{
		prog: p, eval: eval,
		rules: map[any]*Item{}, branches: map[branch]*Item{}, conditions: map[*ir.Node]*Item{}, boundaries: map[*ir.Node]*Item{},
	}
	c.list()
	slices.SortStableFunc(c.Items, func(x, y *Item) int {
		a, b := x.Span, y.Span
		if a.File == nil || b.File == nil {
			return 0
		}
		return cmp.Or(cmp.Compare(a.File.Name, b.File.Name), cmp.Compare(a.Start, b.Start))
	})
	return c, nil
}

// Share is how many of the items of some kinds are reached, and how many there are; of all kinds if none is named.
func (c *Coverage) Share(kinds ...Kind) (reached, all int) {
	for _, i := range c.Items {
		if len(kinds) > 0 && !slices.Contains(kinds, i.Kind) {
			continue
		}
		all++
		if i.Reached() {
			reached++
		}
	}
	return reached, all
}
