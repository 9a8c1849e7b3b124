package plan

import (
	"fmt"
	"math"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
)

// String is the plan as one line: operators in words, leaves as what they ask of which column.
func (p *Node) String() string {
	switch p.Op {
	case Nobody:
		return "nobody"
	case Everyone:
		return "everyone"
	case Not:
		return "not " + p.Kids[0].String()
	case And, Or:
		word := map[Op]string{And: " and ", Or: " or "}[p.Op]
		parts := make([]string, len(p.Kids))
		for i, k := range p.Kids {
			parts[i] = k.String()
		}
		return "(" + strings.Join(parts, word) + ")"
	case Segment:
		return fmt.Sprintf("segment %d", p.Index)
	case List:
		return fmt.Sprintf("list %d", p.Index)
	case Known:
		return columnText(p.On) + " known"
	case Equal:
		parts := make([]string, len(p.Values))
		for i, v := range p.Values {
			parts[i] = valueText(v)
		}
		return columnText(p.On) + " is " + strings.Join(parts, "|")
	case Range:
		return columnText(p.On) + " in " + p.rangeText()
	}
	return "computed"
}

func (p *Node) rangeText() string {
	if p.On.Type.Kind == ir.Number {
		open, shut := "[", "]"
		if p.OpenLeast {
			open = "("
		}
		if p.OpenMost {
			shut = ")"
		}
		return fmt.Sprintf("%s%v, %v%s", open, p.Least, p.Most, shut)
	}
	low, high := "…", "…"
	if p.Low != math.MinInt64 {
		low = fmt.Sprint(p.Low)
	}
	if p.High != math.MaxInt64 {
		high = fmt.Sprint(p.High)
	}
	return "[" + low + ", " + high + "]"
}

func columnText(n *ir.Node) string {
	if text := n.Source.Text(); text != "" {
		return strings.Join(strings.Fields(text), " ")
	}
	return n.Key
}

func valueText(v ir.Value) string {
	switch v.Kind {
	case ir.String, ir.Row:
		return fmt.Sprintf("%q", v.S)
	case ir.Number:
		return fmt.Sprint(v.F)
	}
	return fmt.Sprint(v.I)
}
