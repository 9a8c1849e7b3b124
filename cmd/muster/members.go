package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage/column"
)

// memberList is some of the members that a question selects, with their ids and perhaps a value for each.
type memberList struct {
	members, of uint64
	ids         []string
	values      []ir.Value
}

func (l *memberList) table(q *asker, t ir.Type, idHead, valueHead string) *table {
	out := &table{columns: []col{{head: idHead}}}
	if l.values != nil {
		out.columns = append(out.columns, col{head: valueHead})
	}
	for i, id := range l.ids {
		row := []string{id}
		if l.values != nil {
			row = append(row, q.vs.text(l.values[i], t))
		}
		out.add(row...)
	}
	return out
}

// members selects the members of a condition, or those for whom a value is known, in the order of their numbers.
func (q *asker) members(ctx context.Context, query *ir.Query, limit int) (*memberList, error) {
	of, err := q.view.Of(ctx)
	if err != nil {
		return nil, err
	}
	list := &memberList{of: uint64(of), ids: []string{}}
	var numbers []uint32
	if query.Condition {
		chosen, err := q.view.Select(ctx, query.Node)
		if err != nil {
			return nil, err
		}
		list.members = chosen.GetCardinality()
		numbers = firstOf(chosen, limit)
	} else {
		known := roaring.New()
		err := q.view.Values(ctx, nil, []*ir.Node{query.Node}, func(p runtime.Part) error {
			for _, m := range p.Members {
				if p.Values[0].IsKnown(int(m - p.Base)) {
					known.Add(m)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		list.members = known.GetCardinality()
		numbers = firstOf(known, limit)
		if list.values, err = q.valuesFor(ctx, query.Node, numbers); err != nil {
			return nil, err
		}
	}
	list.ids, err = q.idsOf(numbers)
	return list, err
}

// valuesFor returns the values of an expression for members given in ascending order.
func (q *asker) valuesFor(ctx context.Context, value *ir.Node, numbers []uint32) ([]ir.Value, error) {
	out := make([]ir.Value, len(numbers))
	err := q.view.Values(ctx, nil, []*ir.Node{value}, func(p runtime.Part) error {
		first, _ := slices.BinarySearch(numbers, p.Base)
		for i := first; i < len(numbers) && numbers[i] < p.Base+column.Block; i++ {
			out[i] = p.Values[0].Value(int(numbers[i] - p.Base))
		}
		return nil
	})
	return out, err
}

func firstOf(chosen *roaring.Bitmap, limit int) []uint32 {
	n := int(chosen.GetCardinality())
	if limit > 0 {
		n = min(n, limit)
	}
	numbers := make([]uint32, 0, n)
	for it := chosen.Iterator(); len(numbers) < n && it.HasNext(); {
		numbers = append(numbers, it.Next())
	}
	return numbers
}

// idName is the attribute that members are shown by: the first id that is declared.
func (q *asker) idName() string {
	if a := firstID(q.prog); a != nil {
		return a.Name
	}
	return "member"
}

func firstID(p *ir.Program) *ir.Attribute {
	for _, a := range p.Attributes {
		if a.ID != nil {
			return a
		}
	}
	return nil
}

// idsOf returns what members are shown by, in the order of numbers: their first id, or #NUMBER for who has none.
func (q *asker) idsOf(numbers []uint32) ([]string, error) {
	if q.live != nil {
		return q.liveIDs(numbers)
	}
	ids := make([]string, 0, len(numbers))
	attr := firstID(q.prog)
	var (
		col   *column.Column
		block = -1
	)
	for _, m := range numbers {
		if attr != nil && block != int(m/column.Block) {
			block = int(m / column.Block)
			var err error
			if col, err = q.data.Attribute(attr.Name, block); err != nil {
				return nil, err
			}
		}
		ids = append(ids, idIn(col, m))
	}
	return ids, nil
}

func idIn(col *column.Column, member uint32) string {
	row := int(member % column.Block)
	if col != nil && row < col.Len && col.IsKnown(row) {
		switch col.Kind {
		case column.Texts:
			return col.Text(row)
		case column.Sets:
			if from, to := col.Starts[row], col.Starts[row+1]; from < to {
				return col.Dict[col.Codes[from]]
			}
		}
	}
	return fmt.Sprintf("#%d", member)
}
