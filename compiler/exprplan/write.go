package exprplan

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"

	"github.com/muster-engine/muster/compiler/ir"
)

// maxText is how long a text may grow before it becomes a piece of its own.
const maxText = 1 << 11

// env is what programs see.
type env struct{ M *Evaluator }

// writer turns one node into the text of a program. Constants are named c0, c1, … in the text and put in afterwards, so
// that no value depends on how expr reads literals.
type writer struct {
	plans    *plans
	consts   []any
	perEvent bool
}

func (w *writer) constant(v any) string {
	w.consts = append(w.consts, v)
	return fmt.Sprintf("c%d", len(w.consts)-1)
}

// Visit puts the constants into the tree.
func (w *writer) Visit(n *ast.Node) {
	id, ok := (*n).(*ast.IdentifierNode)
	if !ok || len(id.Value) < 2 || id.Value[0] != 'c' {
		return
	}
	var i int
	if _, err := fmt.Sscanf(id.Value, "c%d", &i); err == nil && i < len(w.consts) {
		ast.Patch(n, &ast.ConstantNode{Value: w.consts[i]})
	}
}

func (p *plans) compile(n *ir.Node, text string, w *writer) (int, error) {
	options := append([]expr.Option{expr.Env(env{}), expr.DisableAllBuiltins(), expr.Optimize(false), expr.Patch(w)}, functions...)
	program, err := expr.Compile(text, options...)
	if err != nil {
		return 0, fmt.Errorf("compiling %s at %s: %w", text, n.Source, err)
	}
	return p.keep(n, &piece{node: n, text: text, program: program, perEvent: w.perEvent}), nil
}

// write is the text of a node, or a reference to its piece where the text would be long.
func (w *writer) write(n *ir.Node) (string, error) {
	if i, ok := w.plans.find(n); ok && len(w.plans.pieces[i].text) > maxText {
		w.perEvent = w.perEvent || w.plans.pieces[i].perEvent
		return reference(n, i), nil
	}
	inner := writer{plans: w.plans, consts: w.consts}
	text, err := inner.node(n)
	if err != nil {
		return "", err
	}
	if len(text) <= maxText {
		w.consts = inner.consts
		w.perEvent = w.perEvent || inner.perEvent
		return text, nil
	}
	i, err := w.plans.compile(n, text, &inner)
	if err != nil {
		return "", err
	}
	w.perEvent = w.perEvent || inner.perEvent
	return reference(n, i), nil
}

func reference(n *ir.Node, piece int) string {
	if isCondition(n) {
		return fmt.Sprintf("holds(M, %d)", piece)
	}
	return fmt.Sprintf("part(M, %d)", piece)
}

func isCondition(n *ir.Node) bool { return n.Type.Kind == ir.Bool && !n.Nullable }

func (w *writer) node(n *ir.Node) (string, error) {
	switch n.Op {
	case ir.OpConst:
		if !n.Const.Known {
			return "nil", nil
		}
		if n.Type.Kind == ir.Bool {
			return fmt.Sprint(n.Const.I != 0), nil
		}
		return w.constant(native(n.Const)), nil
	case ir.OpAttr:
		return fmt.Sprintf("attribute(M, %d)", n.Index), nil
	case ir.OpTag:
		return w.tag(n)
	case ir.OpSegment:
		return w.definition(w.plans.program.Segments[n.Index].Expr)
	case ir.OpList:
		return fmt.Sprintf("onList(M, %d)", n.Index), nil
	case ir.OpSlot:
		return fmt.Sprintf("slot(M, %s)", w.constant(n.Agg)), nil
	case ir.OpNow:
		return "now(M)", nil
	case ir.OpToday:
		return "today(M)", nil
	case ir.OpStart:
		return "start(M)", nil
	case ir.OpChance:
		return fmt.Sprintf("chance(M, %s)", w.constant(n.Text)), nil
	case ir.OpField:
		w.perEvent = true
		return fmt.Sprintf("field(M, %d)", n.Index), nil
	case ir.OpAt:
		w.perEvent = true
		return "at(M)", nil
	case ir.OpMember:
		return w.definition(n.Args[0])
	case ir.OpAnd:
		return w.junction(n, " and ")
	case ir.OpOr:
		return w.junction(n, " or ")
	case ir.OpNot:
		return w.format(n, "(not %s)")
	case ir.OpKnown:
		return w.format(n, "known(%s)")
	case ir.OpCoalesce:
		return w.format(n, "(%s ?? %s)")
	case ir.OpWhen:
		return w.when(n)
	}
	return w.call(n)
}

// tag is a computed tag's definition, or a manual tag as it was set.
func (w *writer) tag(n *ir.Node) (string, error) {
	tag := w.plans.program.Tags[n.Index]
	if tag.Manual {
		return fmt.Sprintf("manual(M, %d)", n.Index), nil
	}
	return w.definition(tag.Expr)
}

// definition refers to a node that is worked out once per member, whoever refers to it.
func (w *writer) definition(n *ir.Node) (string, error) {
	i, err := w.plans.add(n)
	if err != nil {
		return "", err
	}
	return reference(n, i), nil
}

func (w *writer) args(n *ir.Node) ([]any, error) {
	texts := make([]any, len(n.Args))
	for i, a := range n.Args {
		text, err := w.write(a)
		if err != nil {
			return nil, err
		}
		texts[i] = text
	}
	return texts, nil
}

func (w *writer) format(n *ir.Node, layout string) (string, error) {
	args, err := w.args(n)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(layout, args...), nil
}

// junction is and or or. Many operands are cut into runs of which each is a piece.
func (w *writer) junction(n *ir.Node, word string) (string, error) {
	var text strings.Builder
	for i, a := range n.Args {
		operand, err := w.write(a)
		if err != nil {
			return "", err
		}
		if text.Len()+len(operand) > maxText && i < len(n.Args)-1 {
			rest := *n
			rest.Args, rest.Key = n.Args[i:], ""
			operand, err = w.write(&rest)
			if err != nil {
				return "", err
			}
			return "(" + text.String() + word + operand + ")", nil
		}
		if i > 0 {
			text.WriteString(word)
		}
		text.WriteString(operand)
	}
	return "(" + text.String() + ")", nil
}

// when is a chain of choices. A long one goes on in a piece.
func (w *writer) when(n *ir.Node) (string, error) {
	switch len(n.Args) {
	case 0:
		return "nil", nil
	case 1:
		return w.write(n.Args[0])
	}
	cond, err := w.write(n.Args[0])
	if err != nil {
		return "", err
	}
	value, err := w.write(n.Args[1])
	if err != nil {
		return "", err
	}
	rest := *n
	rest.Args, rest.Key, rest.Nullable = n.Args[2:], "", true
	otherwise, err := w.write(&rest)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("(%s ? %s : %s)", cond, value, otherwise), nil
}

// call is an operation that is a function of this package.
func (w *writer) call(n *ir.Node) (string, error) {
	args, err := w.args(n)
	if err != nil {
		return "", err
	}
	name, extra, ok := w.operation(n)
	if !ok {
		return "", fmt.Errorf("%s: no plan for operation %s on %s", n.Source, n.Op, n.Type.Kind)
	}
	texts := make([]string, 0, len(args)+len(extra)+1)
	if takesEvaluator[name] {
		texts = append(texts, "M")
	}
	for i, a := range args {
		text := a.(string)
		if n.Op == ir.OpHas && n.Args[i].Type.Kind == ir.Enum {
			text = fmt.Sprintf("enum_text(%s, %s)", text, w.constant(n.Args[i].Type.Enum))
		}
		texts = append(texts, text)
	}
	return name + "(" + strings.Join(append(texts, extra...), ", ") + ")", nil
}
