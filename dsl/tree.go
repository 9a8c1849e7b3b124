package dsl

import "github.com/muster-engine/muster/dsl/diag"

// RuleFile is the tree of one file: the declarations that could be read, in source order.
type RuleFile struct {
	Source *diag.File
	Decls  []Decl
	// Broken are the declarations with a syntax error. They are not in Decls, but they do declare their names.
	Broken []*BrokenDecl
	// Stopped is set where reading ended early because of the size or the number of errors: more may be declared.
	Stopped bool
}

// BrokenDecl is what is known of a declaration that has a syntax error, so that later passes report no echoes of it.
type BrokenDecl struct {
	// Word is the kind word, or the one that was meant; empty where no kind word was found.
	Word string
	// Name is the zero Name where none could be read.
	Name Name
	At   diag.Span
	// Partial holds what was read before the fault; nil if nothing was. Its parts may be nil.
	Partial Decl
}

// Decl is a declaration. The set is closed: Settings, Member, Table, Event, List, Source, Group, Tag, Segment, Test,
// Points, Tiers, Coupon, Case, Sink, Sync and Campaign.
type Decl interface {
	// Span covers the whole declaration, kind word to last token.
	Span() diag.Span
	// Head is the declared name, or the zero Name where the kind has none (settings, member, test).
	Head() Name
	// Kind is the kind word: "tag", "segment".
	Kind() string
	declNode()
}

type (
	// Settings is settings { … }. Fields are nil or empty where the clause is absent.
	Settings struct {
		At       diag.Span
		Language *IntLit
		Timezone *StringLit
		Currency *Name // an ISO 4217 code as a bare word
		Week     *Name // monday or sunday
		Late     *SpanLit
		Holidays []*DateLit
		Workdays []*DateLit
	}
	// Member is member { … }.
	Member struct {
		At         diag.Span
		Attributes []*Attribute
	}
	// Attribute is one line of member: an id (ID not nil) or a typed attribute (Type not nil).
	Attribute struct {
		At   diag.Span
		Name Name
		Type TypeExpr
		ID   *IDSpec
	}
	// IDSpec is what follows NAME id.
	IDSpec struct {
		At      diag.Span
		Many    bool
		Phone   *StringLit // region, e.g. "CN"
		Lower   bool
		Block   []*StringLit
		Hashed  *Name      // sha256 or md5
		SaltEnv *StringLit // salt env "X"
	}
	// Table is table NAME { … }; exactly one column should be the key (checked later).
	Table struct {
		At      diag.Span
		Name    Name
		Columns []*Field
	}
	// Event is event NAME { … }.
	Event struct {
		At     diag.Span
		Name   Name
		Fields []*Field
	}
	// Field is a column of a table or a field of an event: NAME key, NAME TYPE, or NAME TYPE = EXPR.
	Field struct {
		At   diag.Span
		Name Name
		Key  bool
		Type TypeExpr // nil for a key
		Expr Expr     // nil unless computed
	}
	// List is list NAME ["Title"].
	List struct {
		At    diag.Span
		Name  Name
		Title *StringLit
	}
	// Group is group NAME ["Title"].
	Group struct {
		At    diag.Span
		Name  Name
		Title *StringLit
	}
	// Source is source NAME ["Title"] gives TARGET { … }. Target is an event, a table, or the word member.
	Source struct {
		At       diag.Span
		Name     Name
		Title    *StringLit
		Target   Name
		Mappings []*Mapping
	}
	// Mapping is FIELD from "column" [format …] [split …] [map {…}], or FIELD = literal.
	Mapping struct {
		At     diag.Span
		Field  Name
		Column *StringLit
		Format *StringLit
		Split  *StringLit
		Map    []MapEntry
		HasMap bool
		Value  Expr // a literal; nil when Column is given
	}
	// MapEntry is "现金": "cash" in a map clause.
	MapEntry struct{ From, To *StringLit }
	// Tag is tag NAME ["Title"] [in GROUP] = EXPR, or … manual TYPE [for SPAN].
	Tag struct {
		At     diag.Span
		Name   Name
		Title  *StringLit
		Group  *Name
		Expr   Expr // nil if manual
		Manual TypeExpr
		For    *SpanLit
	}
	// Segment is segment NAME ["Title"] = CONDITION.
	Segment struct {
		At    diag.Span
		Name  Name
		Title *StringLit
		Expr  Expr
	}
	// Test is test "Title" { today D  member … steps }.
	Test struct {
		At      diag.Span
		Title   StringLit
		Today   *DateLit
		Members []*TestMember
		Steps   []TestStep
	}
	// TestMember is member M { ATTRIBUTE value … EVENT { … } … LIST … }.
	TestMember struct {
		At     diag.Span
		Name   Name
		Values []*TestValue // attributes and manual tags
		Events []*TestEvent
		Lists  []Name
	}
	// TestValue is NAME literal. A set is several literals in parentheses.
	TestValue struct {
		At    diag.Span
		Name  Name
		Value []Expr // literals; more than one, or Set, for a parenthesised list
		Set   bool
	}
	// TestEvent is EVENT { at D  FIELD value … }. When is nil if no at is given.
	TestEvent struct {
		At     diag.Span
		Event  Name
		When   Expr // DateLit or TimeLit
		Values []*TestValue
	}
	// TestStep is one of Advance, Send, Expect.
	TestStep interface {
		Span() diag.Span
		stepNode()
	}
	// Advance is advance to D (To) or advance by SPAN (By).
	Advance struct {
		At diag.Span
		To Expr // DateLit or TimeLit
		By *SpanLit
	}
	// Send is send EVENT { … } to M.
	Send struct {
		At    diag.Span
		Event *TestEvent
		To    Name
	}
	// Expect is expect M: CONDITION.
	Expect struct {
		At     diag.Span
		Member Name
		Cond   Expr
	}
)

// TypeExpr is a type as written: NamedType, EnumType or SetType.
type TypeExpr interface {
	Span() diag.Span
	String() string
	typeNode()
}

type (
	// NamedType is bool, int, number, money, string, date, time, or the name of a table.
	NamedType struct{ Name Name }
	// EnumType is enum "a" "b".
	EnumType struct {
		At     diag.Span
		Values []*StringLit
	}
	// SetType is set of TYPE.
	SetType struct {
		At   diag.Span
		Elem TypeExpr
	}
)

func (t *NamedType) Span() diag.Span { return t.Name.At }
func (t *EnumType) Span() diag.Span  { return t.At }
func (t *SetType) Span() diag.Span   { return t.At }
func (*NamedType) typeNode()         {}
func (*EnumType) typeNode()          {}
func (*SetType) typeNode()           {}

func (d *Settings) Span() diag.Span { return d.At }
func (d *Member) Span() diag.Span   { return d.At }
func (d *Table) Span() diag.Span    { return d.At }
func (d *Event) Span() diag.Span    { return d.At }
func (d *List) Span() diag.Span     { return d.At }
func (d *Group) Span() diag.Span    { return d.At }
func (d *Source) Span() diag.Span   { return d.At }
func (d *Tag) Span() diag.Span      { return d.At }
func (d *Segment) Span() diag.Span  { return d.At }
func (d *Test) Span() diag.Span     { return d.At }

func (d *Settings) Head() Name { return Name{} }
func (d *Member) Head() Name   { return Name{} }
func (d *Table) Head() Name    { return d.Name }
func (d *Event) Head() Name    { return d.Name }
func (d *List) Head() Name     { return d.Name }
func (d *Group) Head() Name    { return d.Name }
func (d *Source) Head() Name   { return d.Name }
func (d *Tag) Head() Name      { return d.Name }
func (d *Segment) Head() Name  { return d.Name }
func (d *Test) Head() Name     { return Name{} }

func (*Settings) Kind() string { return "settings" }
func (*Member) Kind() string   { return "member" }
func (*Table) Kind() string    { return "table" }
func (*Event) Kind() string    { return "event" }
func (*List) Kind() string     { return "list" }
func (*Group) Kind() string    { return "group" }
func (*Source) Kind() string   { return "source" }
func (*Tag) Kind() string      { return "tag" }
func (*Segment) Kind() string  { return "segment" }
func (*Test) Kind() string     { return "test" }

func (*Settings) declNode() {}
func (*Member) declNode()   {}
func (*Table) declNode()    {}
func (*Event) declNode()    {}
func (*List) declNode()     {}
func (*Group) declNode()    {}
func (*Source) declNode()   {}
func (*Tag) declNode()      {}
func (*Segment) declNode()  {}
func (*Test) declNode()     {}

func (s *Advance) Span() diag.Span { return s.At }
func (s *Send) Span() diag.Span    { return s.At }
func (s *Expect) Span() diag.Span  { return s.At }
func (*Advance) stepNode()         {}
func (*Send) stepNode()            {}
func (*Expect) stepNode()          {}
