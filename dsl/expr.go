package dsl

import "github.com/muster-engine/muster/dsl/diag"

// Expr is an expression of the language. The set of implementations is closed: Paren, Binary, Unary, In, Between, Is,
// StringTest, When, Ident, Select, Call, and the literals IntLit, DecimalLit, PercentLit, StringLit, BoolLit, DateLit,
// TimeLit, ClockLit, SpanLit.
type Expr interface {
	Span() diag.Span
	// String is source text that parses back to an equal tree.
	String() string
	exprNode()
}

// Name is an identifier as declared or used. Text is NFC-normalised and without backquotes.
type Name struct {
	Text   string
	At     diag.Span
	Quoted bool
}

func (n Name) Span() diag.Span { return n.At }

// BinaryOp is an infix operator.
type BinaryOp string

const (
	OpOr       BinaryOp = "or"
	OpAnd      BinaryOp = "and"
	OpEq       BinaryOp = "="
	OpNe       BinaryOp = "!="
	OpLt       BinaryOp = "<"
	OpLe       BinaryOp = "<="
	OpGt       BinaryOp = ">"
	OpGe       BinaryOp = ">="
	OpCoalesce BinaryOp = "??"
	OpAdd      BinaryOp = "+"
	OpSub      BinaryOp = "-"
	OpMul      BinaryOp = "*"
	OpDiv      BinaryOp = "/"
)

// UnaryOp is a prefix operator.
type UnaryOp string

const (
	OpNot        UnaryOp = "not"
	OpNeg        UnaryOp = "-"
	OpDaysSince  UnaryOp = "days since"
	OpDaysUntil  UnaryOp = "days until"
	OpHoursSince UnaryOp = "hours since"
	OpHoursUntil UnaryOp = "hours until"
)

// StringOp is a test of a string or set against another operand.
type StringOp string

const (
	OpContains   StringOp = "contains"
	OpStartsWith StringOp = "starts with"
	OpEndsWith   StringOp = "ends with"
	OpMatches    StringOp = "matches"
)

type (
	// Paren is an expression in parentheses.
	Paren struct {
		At diag.Span
		X  Expr
	}
	// Binary is X Op Y. Comparisons do not chain: neither operand is a bare comparison.
	Binary struct {
		Op   BinaryOp
		OpAt diag.Span
		X, Y Expr
	}
	// Unary is Op X.
	Unary struct {
		Op   UnaryOp
		OpAt diag.Span
		X    Expr
	}
	// In is X [not] in (List…).
	In struct {
		At   diag.Span
		X    Expr
		Not  bool
		List []Expr
	}
	// Between is X between Low and High.
	Between struct {
		At        diag.Span
		X         Expr
		Low, High Expr
	}
	// Is is X is known (Known) or X is unknown.
	Is struct {
		At    diag.Span
		X     Expr
		Known bool
	}
	// StringTest is X contains|starts with|ends with|matches Y.
	StringTest struct {
		Op   StringOp
		OpAt diag.Span
		X, Y Expr
	}
	// When is the chain of when … then … [else …]. Else is nil where it is left out.
	When struct {
		At       diag.Span
		Branches []Branch
		Else     Expr
	}
	// Branch is one when Cond then Value of a When.
	Branch struct {
		At    diag.Span
		Cond  Expr
		Value Expr
	}
	// Ident is a bare name.
	Ident struct{ Name Name }
	// Select is X.Name: a column of a row, a field of an event in an aggregate, member.NAME.
	Select struct {
		X    Expr
		Name Name
	}
	// Call is a function or an aggregate: NAME(Args… [by By] [where Where]) [Window]. Only top has By. An aggregate's
	// first argument is an Ident (the event) or a Select chain (event.field, event.row.column).
	Call struct {
		At     diag.Span // the name to the closing parenthesis, and the window
		Name   Name
		Args   []Expr
		By     Expr // nil unless "by" is given
		Where  Expr // nil unless "where" is given
		Window *Window
	}
	// Window is what follows an aggregate directly.
	Window struct {
		At   diag.Span
		Kind WindowKind
		// N and Unit of in last, in previous, in next. In this has Unit only (N is 1).
		N    int64
		Unit Unit
		// From of since and from; To of before and from. Otherwise nil. A date, a local time, or an Ident (today, start).
		From, To Expr
	}
	// IntLit is 1_000. Value holds it; a literal beyond 64 bits is a diagnostic of the lexer and never gets here.
	IntLit struct {
		At    diag.Span
		Value int64
	}
	// DecimalLit is 2.5. Text is digits, a dot, digits: no underscores.
	DecimalLit struct {
		At   diag.Span
		Text string
	}
	// PercentLit is 12.5%. Text is the number before the sign, without underscores.
	PercentLit struct {
		At   diag.Span
		Text string
	}
	// StringLit is "…" with the escapes resolved.
	StringLit struct {
		At    diag.Span
		Value string
	}
	// BoolLit is true or false.
	BoolLit struct {
		At    diag.Span
		Value bool
	}
	// DateLit is 2026-06-01, checked to be a real date.
	DateLit struct {
		At               diag.Span
		Year, Month, Day int
	}
	// TimeLit is the local time 2026-06-01T10:30[:05].
	TimeLit struct {
		At                   diag.Span
		Year, Month, Day     int
		Hour, Minute, Second int
	}
	// ClockLit is 21:00.
	ClockLit struct {
		At           diag.Span
		Hour, Minute int
	}
	// SpanLit is 90 days.
	SpanLit struct {
		At   diag.Span
		N    int64
		Unit Unit
	}
)

// WindowKind tells the forms of windows apart.
type WindowKind string

const (
	InLast     WindowKind = "in last"
	InThis     WindowKind = "in this"
	InPrevious WindowKind = "in previous"
	InNext     WindowKind = "in next"
	Since      WindowKind = "since"
	Before     WindowKind = "before"
	FromTo     WindowKind = "from"
)

// Unit is a unit of time, in the singular.
type Unit string

const (
	Minute  Unit = "minute"
	Hour    Unit = "hour"
	Day     Unit = "day"
	Week    Unit = "week"
	Month   Unit = "month"
	Quarter Unit = "quarter"
	Year    Unit = "year"
)

func (*Paren) exprNode()      {}
func (*Binary) exprNode()     {}
func (*Unary) exprNode()      {}
func (*In) exprNode()         {}
func (*Between) exprNode()    {}
func (*Is) exprNode()         {}
func (*StringTest) exprNode() {}
func (*When) exprNode()       {}
func (*Ident) exprNode()      {}
func (*Select) exprNode()     {}
func (*Call) exprNode()       {}
func (*IntLit) exprNode()     {}
func (*DecimalLit) exprNode() {}
func (*PercentLit) exprNode() {}
func (*StringLit) exprNode()  {}
func (*BoolLit) exprNode()    {}
func (*DateLit) exprNode()    {}
func (*TimeLit) exprNode()    {}
func (*ClockLit) exprNode()   {}
func (*SpanLit) exprNode()    {}

func (e *Paren) Span() diag.Span      { return e.At }
func (e *Binary) Span() diag.Span     { return e.X.Span().To(e.Y.Span()) }
func (e *Unary) Span() diag.Span      { return e.OpAt.To(e.X.Span()) }
func (e *In) Span() diag.Span         { return e.At }
func (e *Between) Span() diag.Span    { return e.At }
func (e *Is) Span() diag.Span         { return e.At }
func (e *StringTest) Span() diag.Span { return e.X.Span().To(e.Y.Span()) }
func (e *When) Span() diag.Span       { return e.At }
func (e *Ident) Span() diag.Span      { return e.Name.At }
func (e *Select) Span() diag.Span     { return e.X.Span().To(e.Name.At) }
func (e *Call) Span() diag.Span       { return e.At }
func (e *IntLit) Span() diag.Span     { return e.At }
func (e *DecimalLit) Span() diag.Span { return e.At }
func (e *PercentLit) Span() diag.Span { return e.At }
func (e *StringLit) Span() diag.Span  { return e.At }
func (e *BoolLit) Span() diag.Span    { return e.At }
func (e *DateLit) Span() diag.Span    { return e.At }
func (e *TimeLit) Span() diag.Span    { return e.At }
func (e *ClockLit) Span() diag.Span   { return e.At }
func (e *SpanLit) Span() diag.Span    { return e.At }
