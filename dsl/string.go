package dsl

import (
	"fmt"
	"strconv"
	"strings"
)

// String is the name as it is written in source text: with backquotes where it had them or needs them.
func (n Name) String() string {
	if n.Quoted || reserved[n.Text] {
		return "`" + n.Text + "`"
	}
	return n.Text
}

func (e *Paren) String() string      { return text(e) }
func (e *Binary) String() string     { return text(e) }
func (e *Unary) String() string      { return text(e) }
func (e *In) String() string         { return text(e) }
func (e *Between) String() string    { return text(e) }
func (e *Is) String() string         { return text(e) }
func (e *StringTest) String() string { return text(e) }
func (e *When) String() string       { return text(e) }
func (e *Ident) String() string      { return e.Name.String() }
func (e *Select) String() string     { return text(e) }
func (e *Call) String() string       { return text(e) }
func (e *IntLit) String() string     { return strconv.FormatInt(e.Value, 10) }
func (e *DecimalLit) String() string { return e.Text }
func (e *PercentLit) String() string { return e.Text + "%" }
func (e *StringLit) String() string  { return quoteString(e.Value) }
func (e *BoolLit) String() string    { return strconv.FormatBool(e.Value) }
func (e *DateLit) String() string    { return fmt.Sprintf("%04d-%02d-%02d", e.Year, e.Month, e.Day) }
func (e *ClockLit) String() string   { return fmt.Sprintf("%02d:%02d", e.Hour, e.Minute) }
func (e *SpanLit) String() string    { return spanText(e.N, e.Unit) }

func (e *TimeLit) String() string {
	s := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d", e.Year, e.Month, e.Day, e.Hour, e.Minute)
	if e.Second != 0 {
		s += fmt.Sprintf(":%02d", e.Second)
	}
	return s
}

func spanText(n int64, unit Unit) string {
	s := strconv.FormatInt(n, 10) + " " + string(unit)
	if n != 1 {
		s += "s"
	}
	return s
}

// String is the window as it is written after an aggregate.
func (w *Window) String() string {
	switch w.Kind {
	case InThis:
		return "in this " + string(w.Unit)
	case InLast, InPrevious, InNext:
		return string(w.Kind) + " " + spanText(w.N, w.Unit)
	case Since:
		return "since " + w.From.String()
	case Before:
		return "before " + w.To.String()
	}
	return "from " + w.From.String() + " to " + w.To.String()
}

func (t *NamedType) String() string { return t.Name.String() }

func (t *EnumType) String() string {
	s := "enum"
	for _, v := range t.Values {
		s += " " + v.String()
	}
	return s
}

func (t *SetType) String() string { return "set of " + t.Elem.String() }

func text(e Expr) string {
	var b strings.Builder
	write(&b, e)
	return b.String()
}

// write appends the source of an expression. A missing part is written as …, which does not parse.
func write(b *strings.Builder, e Expr) {
	switch e := e.(type) {
	case nil:
		b.WriteString("…")
	case *Paren:
		b.WriteByte('(')
		write(b, e.X)
		b.WriteByte(')')
	case *Binary:
		write(b, e.X)
		b.WriteString(" " + string(e.Op) + " ")
		write(b, e.Y)
	case *Unary:
		b.WriteString(string(e.Op))
		if e.Op != OpNeg {
			b.WriteByte(' ')
		}
		write(b, e.X)
	case *In:
		write(b, e.X)
		if e.Not {
			b.WriteString(" not")
		}
		b.WriteString(" in (")
		writeList(b, e.List)
		b.WriteByte(')')
	case *Between:
		write(b, e.X)
		b.WriteString(" between ")
		write(b, e.Low)
		b.WriteString(" and ")
		write(b, e.High)
	case *Is:
		write(b, e.X)
		if e.Known {
			b.WriteString(" is known")
		} else {
			b.WriteString(" is unknown")
		}
	case *StringTest:
		write(b, e.X)
		b.WriteString(" " + string(e.Op) + " ")
		write(b, e.Y)
	case *When:
		writeWhen(b, e)
	case *Select:
		write(b, e.X)
		b.WriteString("." + e.Name.String())
	case *Call:
		writeCall(b, e)
	default:
		b.WriteString(e.String())
	}
}

func writeList(b *strings.Builder, list []Expr) {
	for i, e := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		write(b, e)
	}
}

func writeWhen(b *strings.Builder, e *When) {
	for i, branch := range e.Branches {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("when ")
		write(b, branch.Cond)
		b.WriteString(" then ")
		write(b, branch.Value)
	}
	if e.Else != nil {
		b.WriteString(" else ")
		write(b, e.Else)
	}
}

func writeCall(b *strings.Builder, e *Call) {
	b.WriteString(e.Name.String() + "(")
	writeList(b, e.Args)
	if e.By != nil {
		b.WriteString(" by ")
		write(b, e.By)
	}
	if e.Where != nil {
		b.WriteString(" where ")
		write(b, e.Where)
	}
	b.WriteByte(')')
	if e.Window != nil {
		b.WriteString(" " + e.Window.String())
	}
}
