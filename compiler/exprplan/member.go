package exprplan

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/expr-lang/expr"

	"github.com/muster-engine/muster/compiler/ir"
)

func (e *Evaluator) attribute(i int) any {
	if e.member.Attribute == nil {
		return nil
	}
	return native(e.member.Attribute(i))
}

// manual is a manual tag, unknown once its span has passed.
func (e *Evaluator) manual(i int) any {
	if e.member.Manual == nil {
		return nil
	}
	v, set := e.member.Manual(i)
	span := e.plans.program.Tags[i].For
	if span != nil && v.Known && e.now >= e.zone().Lapse(set, span.N, span.Unit) {
		return nil
	}
	return native(v)
}

// Chance is what chance("salt") is for a member: in [0, 1).
func Chance(salt string, number uint32) float64 { return chance(salt, number) }

// chance is the fraction in [0, 1) that a salt gives a member.
func chance(salt string, number uint32) float64 {
	h := sha256.New()
	h.Write([]byte(salt))
	h.Write(binary.BigEndian.AppendUint64([]byte{0}, uint64(number)))
	return float64(binary.BigEndian.Uint64(h.Sum(nil))>>11) / (1 << 53)
}

func columnOf(e *Evaluator, row string, t *ir.Table, column int) (any, bool) {
	if e.world.Cell == nil {
		return nil, true
	}
	return native(e.world.Cell(t, row, column)), true
}

func ntileOf(e *Evaluator, v any, n *ir.Ntile) (int64, bool) {
	if e.world.Cuts == nil {
		return 1, true
	}
	return group(e.world.Cuts(n), v), true
}

var slotFunction = expr.Function("slot", func(in ...any) (any, error) {
	return in[0].(*Evaluator).slot(in[1].(*ir.Aggregate))
}, new(func(*Evaluator, *ir.Aggregate) any))

// part and holds run a piece: a value, and a condition.
var partFunction = expr.Function("part", func(in ...any) (any, error) {
	return in[0].(*Evaluator).run(in[1].(int))
}, new(func(*Evaluator, int) any))

var holdsFunction = expr.Function("holds", func(in ...any) (any, error) {
	v, err := in[0].(*Evaluator).run(in[1].(int))
	return v == true, err
}, new(func(*Evaluator, int) bool))
