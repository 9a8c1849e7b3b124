package runtime_test

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/compiler/reference"
	"github.com/muster-engine/muster/compiler/rulegen"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// tree walks the tree.
type tree struct {
	at      *reference.Instant
	members []*reference.Member
}

func byTree(c *rulegen.Case, _ *ir.Program, model *reference.Model) (executor, error) {
	at := model.At(c.World, c.Now)
	if c.CutsAt != c.Now {
		at = at.WithCutsOf(model.At(c.World, c.CutsAt))
	}
	return tree{at, c.World.Members}, nil
}

func (tree) name() string { return "tree" }

func (e tree) answer(q question) ([]reference.Value, error) {
	var answers []reference.Value
	for _, m := range e.members {
		if q.condition() {
			holds, err := e.at.Holds(m, q.tree)
			if err != nil {
				return nil, err
			}
			answers = append(answers, truth(holds))
			continue
		}
		v, err := e.at.Eval(m, q.tree)
		if err != nil {
			return nil, err
		}
		answers = append(answers, v)
	}
	return answers, nil
}

func truth(b bool) reference.Value {
	if b {
		return reference.Value{Kind: reference.Bool, Int: 1}
	}
	return reference.Value{Kind: reference.Bool}
}

// answerOf is a value of a node as the reference shows it.
func answerOf(v ir.Value, n *ir.Node) reference.Value {
	if !v.Known {
		return reference.Value{}
	}
	switch n.Type.Kind {
	case ir.Bool:
		return reference.Value{Kind: reference.Bool, Int: v.I}
	case ir.Int:
		return reference.Value{Kind: reference.Int, Int: v.I}
	case ir.Number:
		return reference.Value{Kind: reference.Number, Float: v.F}
	case ir.Money:
		return reference.Value{Kind: reference.Money, Int: v.I}
	case ir.Date:
		return reference.Value{Kind: reference.Date, Int: v.I}
	case ir.Time:
		return reference.Value{Kind: reference.Time, Int: v.I}
	case ir.Enum:
		return reference.Value{Kind: reference.Text, Text: n.Type.Enum.Values[v.I]}
	case ir.Set:
		return reference.Value{Kind: reference.Set, Set: v.Set}
	}
	return reference.Value{Kind: reference.Text, Text: v.S}
}

// blocks asks the engine over a state in memory, with indexes always, never, or when they pay.
type blocks struct {
	view *runtime.View
	// members is how many members the case has; member n of the engine is a copy of member n modulo that.
	members int
	// dead are the copies that are not live.
	dead *roaring.Bitmap
}

// byBlocks has one copy of each member.
func byBlocks(c *rulegen.Case, prog *ir.Program, _ *reference.Model) (executor, error) {
	return populate(c, prog, 1)
}

// byCrowd has so many copies of each member that the engine takes the ways that pay for many, in more than one block
// now and then. Every third set of copies is dead and must not show. Copies are in the same group of an ntile; chance
// alone tells them apart, so that rules with chance are left out.
func byCrowd(c *rulegen.Case, prog *ir.Program, _ *reference.Model) (executor, error) {
	members, events := max(1, len(c.World.Members)), 0
	for _, m := range c.World.Members {
		events += len(m.Events)
	}
	crowd := 2_000
	if twoBlocks := column.Block + 2_000; c.Seed%64 == 0 && twoBlocks/members*events < 400_000 {
		crowd = twoBlocks
	}
	return populate(c, prog, 1+crowd/members)
}

// crowded reports whether a case is one that is tried with a crowd.
func crowded(c *rulegen.Case) bool {
	return c.Seed%8 == 0 && !strings.Contains(c.Rules()+strings.Join(c.Questions, ""), "chance(")
}

func populate(c *rulegen.Case, prog *ir.Program, copies int) (executor, error) {
	data := storage.NewMemory()
	e := blocks{members: len(c.World.Members), dead: roaring.New()}
	for k := range copies {
		for _, m := range c.World.Members {
			n := data.NewMember()
			if n != m.Number+uint32(k*e.members) {
				return nil, fmt.Errorf("member %d is given number %d", m.Number, n)
			}
			if k%3 == 1 {
				e.dead.Add(n)
			}
			put(data, n, m)
		}
	}
	putTables(data, c, prog)
	e.view = runtime.New(prog, living{data, e.dead}, runtime.Options{
		Index: []runtime.IndexMode{runtime.IndexAuto, runtime.IndexAlways, runtime.IndexNever}[c.Seed/8%3],
		Cuts: func(n *ir.Ntile, now int64) ([]ir.Cut, int64, bool) {
			if slices.Contains(prog.Ntiles, n) {
				return nil, c.CutsAt, false
			}
			return nil, now, false
		},
	}).At(c.Now)
	return e, nil
}

// living is a state in memory some of whose members are dead.
type living struct {
	*storage.Memory
	dead *roaring.Bitmap
}

func (d living) Live(block int) (*roaring.Bitmap, error) {
	live, err := d.Memory.Live(block)
	if err != nil || live == nil {
		return live, err
	}
	live = live.Clone()
	for it := d.dead.Iterator(); it.HasNext(); {
		if n := it.Next(); int(n/column.Block) == block {
			live.Remove(n % column.Block)
		}
	}
	return live, nil
}

func (blocks) name() string { return "engine" }

func (e blocks) answer(q question) (answers []reference.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	answers = make([]reference.Value, e.members)
	if q.condition() {
		return answers, e.choose(q, answers)
	}
	seen, valued := roaring.New(), 0
	err = e.view.Values(context.Background(), nil, []*ir.Node{q.node}, func(p runtime.Part) error {
		for _, n := range p.Members {
			e.put(answers, n, answerOf(p.Values[0].Value(int(n-p.Base)), q.node), seen)
		}
		valued += len(p.Members)
		return nil
	})
	if live, _ := e.view.Of(context.Background()); err == nil && live != valued {
		err = fmt.Errorf("%d members are live, %d have values", live, valued)
	}
	return answers, err
}

// choose answers a condition.
func (e blocks) choose(q question, answers []reference.Value) error {
	ctx := context.Background()
	chosen, err := e.view.Select(ctx, q.node)
	if err != nil {
		return err
	}
	count, err := e.view.Count(ctx, q.node)
	if err != nil {
		return err
	}
	again, err := e.view.Select(ctx, q.node)
	if err != nil {
		return err
	}
	switch {
	case uint64(count) != chosen.GetCardinality():
		return fmt.Errorf("%d members are counted, %d selected", count, chosen.GetCardinality())
	case !again.Equals(chosen):
		return fmt.Errorf("%d members are selected, then %d", chosen.GetCardinality(), again.GetCardinality())
	case chosen.Intersects(e.dead):
		return fmt.Errorf("dead members are selected")
	}
	seen := roaring.New()
	live, err := e.view.Of(ctx)
	if err != nil {
		return err
	}
	for n := range uint32(live) + uint32(e.dead.GetCardinality()) {
		if !e.dead.Contains(n) {
			e.put(answers, n, truth(chosen.Contains(n)), seen)
		}
	}
	return nil
}

// put takes the answer for member n, which must be that for the other copies of the member.
func (e blocks) put(answers []reference.Value, n uint32, v reference.Value, seen *roaring.Bitmap) {
	i := n % uint32(e.members)
	switch {
	case e.dead.Contains(n):
		answers[i] = reference.Value{Kind: reference.Text, Text: fmt.Sprintf("an answer for member %d, who is dead", n)}
	case seen.CheckedAdd(i):
		answers[i] = v
	case !answers[i].Equal(v):
		answers[i] = reference.Value{Kind: reference.Text, Text: fmt.Sprintf("%s, and for copy %d %s", answers[i], n, v)}
	}
}

// persons asks the engine for one member at a time.
type persons []*runtime.Person

func byPerson(c *rulegen.Case, prog *ir.Program, _ *reference.Model) (executor, error) {
	e, err := populate(c, prog, 1)
	if err != nil {
		return nil, err
	}
	var p persons
	for _, m := range c.World.Members {
		person, err := e.(blocks).view.Person(m.Number)
		if err != nil {
			return nil, err
		}
		p = append(p, person)
	}
	return p, nil
}

func (persons) name() string { return "person" }

func (e persons) answer(q question) (answers []reference.Value, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	for _, person := range e {
		v, err := person.Value(context.Background(), q.node)
		if err != nil {
			return nil, err
		}
		answers = append(answers, answerOf(v, q.node))
	}
	return answers, nil
}

// put stores member m as number n.
func put(data *storage.Memory, n uint32, m *reference.Member) {
	for name, v := range m.Attributes {
		data.Set(name, n, stored(v))
	}
	for name, tag := range m.Manual {
		data.Set(storage.ManualPrefix+name, n, stored(tag.Value))
		data.Set(storage.ManualPrefix+name+storage.ManualAtSuffix, n, column.Int(tag.SetAt))
	}
	for list, on := range m.Lists {
		if on {
			data.AddToList(list, n)
		}
	}
	for _, e := range accepted(m) {
		fields := map[string]column.Value{}
		for name, v := range e.Fields {
			fields[name] = stored(v)
		}
		data.AddEvent(e.Type, n, e.At, fields)
	}
}

// accepted are the events without duplicates, which a store does not take in the first place.
func accepted(m *reference.Member) []reference.Event {
	seen := map[string]bool{}
	var events []reference.Event
	for _, e := range m.Events {
		if key := e.Fields["id"]; key.Kind == reference.Text {
			if seen[e.Type+" "+key.Text] {
				continue
			}
			seen[e.Type+" "+key.Text] = true
		}
		events = append(events, e)
	}
	return events
}

func stored(v reference.Value) column.Value {
	switch v.Kind {
	case reference.Unknown:
		return column.Value{}
	case reference.Number:
		return column.Float(v.Float)
	case reference.Text:
		return column.Text(v.Text)
	case reference.Set:
		return column.Set(v.Set...)
	}
	return column.Int(v.Int)
}

func putTables(data *storage.Memory, c *rulegen.Case, prog *ir.Program) {
	for _, t := range prog.Tables {
		rows := c.World.Tables[t.Name]
		table := &storage.Table{Name: t.Name, Columns: map[string]*column.Column{}}
		for key := range rows {
			table.Keys = append(table.Keys, key)
		}
		sort.Strings(table.Keys)
		for i, col := range t.Columns {
			if i == t.Key {
				continue
			}
			b := column.NewBuilder(columnKind(col.Type), len(table.Keys))
			for _, key := range table.Keys {
				b.Append(stored(rows[key][col.Name]))
			}
			table.Columns[col.Name] = b.Column()
		}
		data.PutTable(table)
	}
}

func columnKind(t ir.Type) column.Kind {
	switch t.Kind {
	case ir.Number:
		return column.Floats
	case ir.String, ir.Enum, ir.Row:
		return column.Texts
	case ir.Set:
		return column.Sets
	}
	return column.Ints
}
