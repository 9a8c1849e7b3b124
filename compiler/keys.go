package compiler

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
)

func quoteAll(values []string) string {
	var s strings.Builder
	for _, v := range values {
		s.WriteString(strconv.Quote(v))
	}
	return s.String()
}

// short keeps keys from growing without bound: long ones are replaced by their hash.
func short(key string) string {
	if len(key) <= 160 {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "#" + hex.EncodeToString(sum[:16])
}

// typeKey is a type as part of a key.
func (b *builder) typeKey(t ir.Type) string {
	switch t.Kind {
	case ir.Enum:
		k, ok := b.enumKeys[t.Enum]
		if !ok {
			k = short("enum[" + quoteAll(t.Enum.Values) + "]")
			b.enumKeys[t.Enum] = k
		}
		return k
	case ir.Row:
		return "row[" + strconv.Quote(t.Table.Name) + "]"
	case ir.Exact:
		return "exact"
	case ir.Set:
		elem := ir.Type{Kind: t.Elem, Enum: t.Enum, Table: t.Table}
		return "set[" + b.typeKey(elem) + "]"
	}
	return t.Kind.String()
}

// valueKey is a value as part of a key.
func valueKey(v ir.Value) string {
	switch {
	case !v.Known:
		return "unknown"
	case v.Kind == ir.Number:
		return strconv.FormatFloat(v.F, 'g', -1, 64)
	case v.Kind == ir.Exact:
		return v.D.Text(0)
	case v.Kind == ir.String || v.Kind == ir.Row:
		return strconv.Quote(v.S)
	case v.Kind == ir.Set:
		return "[" + quoteAll(v.Set) + "]"
	}
	return strconv.FormatInt(v.I, 10)
}

// commutative are the operations whose two or more operands may stand in any order.
func commutative(n *ir.Node) bool {
	switch n.Op {
	case ir.OpAnd, ir.OpOr, ir.OpEq, ir.OpNe, ir.OpAdd, ir.OpLeast, ir.OpGreatest:
		return true
	case ir.OpMul:
		return n.Type.Kind != ir.Exact
	}
	return false
}

// key is the canonical text of an operation node; leaf is the text that names a leaf.
func (b *builder) key(n *ir.Node, leaf string) string {
	op := n.Op
	args := make([]string, len(n.Args))
	for i, a := range n.Args {
		args[i] = a.Key
	}
	if op == ir.OpGt || op == ir.OpGe {
		slices.Reverse(args)
		op -= ir.OpGt - ir.OpLt
	}
	if commutative(n) {
		sort.Strings(args)
	}
	var s strings.Builder
	s.WriteString(op.String())
	s.WriteByte(':')
	s.WriteString(b.typeKey(n.Type))
	if leaf != "" {
		s.WriteByte(' ')
		s.WriteString(leaf)
	}
	for _, v := range n.Consts {
		s.WriteByte(' ')
		s.WriteString(valueKey(v))
	}
	for _, m := range n.Map {
		s.WriteByte(' ')
		s.WriteString(strconv.FormatInt(m, 10))
	}
	if n.Op == ir.OpAddSpan {
		s.WriteString(" " + strconv.FormatInt(n.N, 10) + string(n.Unit))
	}
	if n.Regexp != nil {
		s.WriteString(" " + strconv.Quote(n.Regexp.String()))
	}
	for _, a := range args {
		s.WriteString(" (")
		s.WriteString(a)
		s.WriteByte(')')
	}
	return short(s.String())
}

func (b *builder) aggregateKey(a *ir.Aggregate) string {
	var s strings.Builder
	s.WriteString(a.Fn.String())
	s.WriteString(":" + b.typeKey(a.Type))
	s.WriteString(" " + strconv.Quote(b.program.Events[a.Event].Name))
	if a.Value != nil {
		s.WriteString(" of (" + a.Value.Key + ")")
	}
	if a.Fn == ir.AggTop {
		s.WriteString(" by " + a.ByFn.String())
		if a.By != nil {
			s.WriteString(" (" + a.By.Key + ")")
		}
	}
	if a.Where != nil {
		s.WriteString(" where (" + a.Where.Key + ")")
	}
	w := a.Window
	if w.Kind != "" {
		s.WriteString(" " + string(w.Kind))
		if w.N != 0 {
			s.WriteString(" " + strconv.FormatInt(w.N, 10))
		}
		s.WriteString(" " + string(w.Unit) + boundKey(w.From) + boundKey(w.To))
	}
	return short(s.String())
}

func boundKey(b ir.Bound) string {
	switch b.Kind {
	case ir.DateBound:
		return " date " + strconv.FormatInt(b.Value, 10)
	case ir.TimeBound:
		return " time " + strconv.FormatInt(b.Value, 10)
	case ir.TodayBound:
		return " today"
	case ir.StartBound:
		return " start"
	}
	return ""
}
