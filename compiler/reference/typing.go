package reference

import "github.com/muster-engine/muster/dsl"

// typeOf finds the static type of an expression: of one about a member if event is nil, else of one about an event of
// that type.
func (m *Model) typeOf(e dsl.Expr, event *fields) typ {
	if t, ok := m.types[e]; ok {
		return t
	}
	t := m.infer(e, event)
	m.types[e] = t
	return t
}

func (m *Model) infer(e dsl.Expr, event *fields) typ {
	if _, isInt, ok := fold(e); ok {
		if isInt {
			return typ{shape: shapeInt, literal: true}
		}
		return typ{shape: shapeNumber, literal: true}
	}
	switch e := e.(type) {
	case *dsl.Paren:
		return m.typeOf(e.X, event)
	case *dsl.StringLit:
		return typ{shape: shapeString, labels: []string{e.Value}, literal: true}
	case *dsl.BoolLit, *dsl.In, *dsl.Between, *dsl.Is, *dsl.StringTest:
		return typ{shape: shapeBool}
	case *dsl.DateLit:
		return typ{shape: shapeDate}
	case *dsl.TimeLit:
		return typ{shape: shapeTime}
	case *dsl.SpanLit:
		return typ{shape: shapeSpan}
	case *dsl.Unary:
		switch e.Op {
		case dsl.OpNot:
			return typ{shape: shapeBool}
		case dsl.OpNeg:
			return m.typeOf(e.X, event)
		}
		return typ{shape: shapeInt}
	case *dsl.Binary:
		return m.typeOfBinary(e, event)
	case *dsl.When:
		var branches []typ
		for _, b := range e.Branches {
			branches = append(branches, m.typeOf(b.Value, event))
		}
		if e.Else != nil {
			branches = append(branches, m.typeOf(e.Else, event))
		}
		return join(branches...)
	case *dsl.Ident:
		return m.typeOfName(e.Name.Text, event)
	case *dsl.Select:
		return m.typeOfSelect(e, event)
	case *dsl.Call:
		return m.typeOfCall(e, event)
	}
	panic(faultf("%s has no type", e))
}

func (m *Model) typeOfBinary(e *dsl.Binary, event *fields) typ {
	switch e.Op {
	case dsl.OpCoalesce:
		return join(m.typeOf(e.X, event), m.typeOf(e.Y, event))
	case dsl.OpAdd, dsl.OpSub, dsl.OpMul, dsl.OpDiv:
	default:
		return typ{shape: shapeBool}
	}
	x, y := m.typeOf(e.X, event), m.typeOf(e.Y, event)
	is := func(a, b shape) bool { return x.shape == a && y.shape == b }
	switch {
	case y.shape == shapeSpan:
		return typ{shape: x.shape}
	case is(shapeDate, shapeDate):
		return typ{shape: shapeInt}
	case is(shapeMoney, shapeMoney) && e.Op == dsl.OpDiv:
		return typ{shape: shapeNumber}
	case x.shape == shapeMoney || y.shape == shapeMoney:
		return typ{shape: shapeMoney}
	case is(shapeInt, shapeInt) && e.Op != dsl.OpDiv:
		return typ{shape: shapeInt}
	}
	return typ{shape: shapeNumber}
}

func (m *Model) typeOfName(name string, event *fields) typ {
	if event != nil {
		if t, ok := event.types[name]; ok {
			return t
		}
		panic(faultf("event %s has no field %s", event.name, name))
	}
	return m.typeOfMemberName(name)
}

func (m *Model) typeOfMemberName(name string) typ {
	if t, ok := m.attributes[name]; ok {
		return t
	}
	if tag := m.tags[name]; tag != nil {
		return m.typeOfTag(tag)
	}
	switch {
	case m.segments[name] != nil, m.lists[name]:
		return typ{shape: shapeBool}
	case name == "now":
		return typ{shape: shapeTime}
	case name == "today":
		return typ{shape: shapeDate}
	}
	panic(faultf("nothing is called %s", name))
}

func (m *Model) typeOfTag(tag *dsl.Tag) typ {
	if tag.Expr == nil {
		return declared(tag.Manual)
	}
	if m.open[tag.Name.Text] {
		panic(faultf("tag %s depends on itself", tag.Name.Text))
	}
	m.open[tag.Name.Text] = true
	defer delete(m.open, tag.Name.Text)
	t := m.typeOf(tag.Expr, nil)
	if t.literal {
		t.literal = false
		if t.shape == shapeString {
			t.labels = nil
		}
	}
	return t
}

func (m *Model) typeOfSelect(e *dsl.Select, event *fields) typ {
	if ofMember(e) {
		return m.typeOfMemberName(e.Name.Text)
	}
	return m.typeOfColumn(m.typeOf(e.X, event), e.Name.Text)
}

// ofMember reports whether the selection is member.NAME.
func ofMember(e *dsl.Select) bool {
	x, ok := e.X.(*dsl.Ident)
	return ok && x.Name.Text == "member" && !x.Name.Quoted
}

func (m *Model) typeOfColumn(row typ, column string) typ {
	table := m.tables[row.table]
	if row.shape != shapeRow || table == nil {
		panic(faultf("%s is no column of anything", column))
	}
	t, ok := table.types[column]
	if !ok {
		panic(faultf("table %s has no column %s", table.name, column))
	}
	return t
}

func (m *Model) typeOfCall(e *dsl.Call, event *fields) typ {
	switch e.Name.Text {
	case "count", "distinct", "floor", "ceil", "round", "length", "year", "quarter", "month", "day", "weekday", "hour", "age", "ntile":
		return typ{shape: shapeInt}
	case "has":
		return typ{shape: shapeBool}
	case "sum", "min", "max", "first", "last", "top":
		return m.typeOfField(e.Args[0])
	case "avg":
		if m.typeOfField(e.Args[0]).shape == shapeMoney {
			return typ{shape: shapeMoney}
		}
		return typ{shape: shapeNumber}
	case "set":
		return typ{shape: shapeSet}
	case "chance":
		return typ{shape: shapeNumber}
	case "lower":
		return typ{shape: shapeString}
	case "date", "anniversary":
		return typ{shape: shapeDate}
	case "abs":
		return m.typeOf(e.Args[0], event)
	case "least", "greatest":
		var types []typ
		for _, a := range e.Args {
			types = append(types, m.typeOf(a, event))
		}
		return join(types...)
	case "bucket":
		return typ{shape: shapeEnum, labels: bucketLabels(e.Args[1:])}
	}
	panic(faultf("there is no function %s", e.Name.Text))
}

// typeOfField is the type of EVENT.FIELD as an aggregate's argument; of EVENT alone, that of its at.
func (m *Model) typeOfField(arg dsl.Expr) typ {
	event, path := m.eventPath(arg)
	if len(path) == 0 {
		return event.types["at"]
	}
	t := m.typeOfName(path[0], event)
	for _, column := range path[1:] {
		t = m.typeOfColumn(t, column)
	}
	return t
}

// eventPath splits EVENT.FIELD.COLUMN… into the event and the names after it.
func (m *Model) eventPath(arg dsl.Expr) (*fields, []string) {
	switch arg := arg.(type) {
	case *dsl.Ident:
		if e := m.events[arg.Name.Text]; e != nil {
			return e, nil
		}
	case *dsl.Select:
		event, path := m.eventPath(arg.X)
		return event, append(path, arg.Name.Text)
	}
	panic(faultf("%s is no event", arg))
}
