package ir

import (
	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// Program is a compiled rule set. It is immutable.
type Program struct {
	Zone       *calendar.Zone
	Currency   string // ISO 4217, "" if none is declared
	Digits     int    // of the minor unit
	WeekStart  int    // 1 Monday, 7 Sunday
	Attributes []*Attribute
	Tables     []*Table
	Events     []*Event
	Lists      []*List
	Sources    []*Source
	Groups     []*Group
	Tags       []*Tag
	Segments   []*Segment
	Tests      []*Test
	Points     []*Points
	Tiers      []*Tiers
	Coupons    []*Coupon
	Cases      []*Case
	Sinks      []*Sink
	Syncs      []*Sync
	Campaigns  []*Campaign
	// Slots are all aggregates of tags and segments, each once; Ntiles likewise.
	Slots  []*Aggregate
	Ntiles []*Ntile
	// Order lists tags and segments so that each comes after what it depends on.
	Order []Ref
	// Hash is the semantic hash of the whole: layout and comments do not change it.
	Hash string
	// Programme is the semantic hash of the settings and of what is declared of loyalty and campaigns.
	Programme string
	// Settings of loyalty: what is late starts no campaign, and what days are workdays.
	LateSpan           dsl.SpanLit
	Holidays, Workdays []int64 // days since 1970
}

// Ref names a tag or a segment.
type Ref struct {
	Segment bool
	Index   int
}

// Attribute is an id or a typed attribute of members.
type Attribute struct {
	Name   string
	Type   Type // of an id: String, or Set of String if Many
	ID     *ID  // nil for a plain attribute
	Source diag.Span
}

// ID is how an id attribute recognises members.
type ID struct {
	Many    bool
	Phone   string // region whose numbers are normalised to E.164, or ""
	Lower   bool
	Block   []string // values that identify nobody, as normalised
	Hashed  string   // "", "sha256", "md5"
	SaltEnv string   // environment variable that holds the salt, or ""
}

// Table is a replaceable lookup table. Columns[Key] is its key.
type Table struct {
	Name    string
	Columns []*Column
	Key     int
	Source  diag.Span
}

// Column is a column of a table; the key column is of kind String.
type Column struct {
	Name string
	Type Type
}

// Event is an event type. Fields are the stored ones; Computed are inlined where they are used. One that holds facts
// (Facts is not empty) is declared by no rule and named by none; its name is that of the kind and the declaration, with a
// colon between.
type Event struct {
	Name     string
	Facts    FactKind
	Fields   []*Field
	Key      int // of Fields, or -1
	Computed []*ComputedField
	Source   diag.Span
}

// Field is a stored field of an event; the key field is of kind String.
type Field struct {
	Name string
	Type Type
}

// ComputedField is a field that follows from the others of its event; Expr is a per event node.
type ComputedField struct {
	Name string
	Type Type
	Expr *Node
}

// List is an uploaded list of members.
type List struct {
	Name, Title string
	Source      diag.Span
}

// Group groups tags for display.
type Group struct{ Name, Title string }

// Tag is a computed (Expr) or manual tag.
type Tag struct {
	Name, Title string
	Group       int // of Groups, or -1
	Type        Type
	Expr        *Node        // nil if manual
	Manual      bool         //
	For         *dsl.SpanLit // how long a manual tag holds; nil for ever
	// Hash changes when the meaning changes (that of what it depends on included).
	Hash   string
	Source diag.Span
}

// Segment is a named condition.
type Segment struct {
	Name, Title string
	Expr        *Node
	Hash        string
	Source      diag.Span
}

// SourceTarget tells what a source gives.
type SourceTarget uint8

const (
	ToEvent SourceTarget = iota
	ToTable
	ToMember
)

// Source maps the columns of a file to an event type, a table or members.
type Source struct {
	Name, Title string
	Target      SourceTarget
	Index       int // of Events or Tables
	Mappings    []*Mapping
	Span        diag.Span
}

// MappingTarget tells what a mapping sets.
type MappingTarget uint8

const (
	SetField     MappingTarget = iota // stored event field, or table column, Index
	SetAttribute                      // member attribute or id, Index of Attributes
	SetAt                             // the event's time
)

// Mapping is one line of a source.
type Mapping struct {
	Target MappingTarget
	Index  int
	Name   string // of the field, for messages
	Type   Type
	// Column is the input's column; "" with a constant Value.
	Column string
	Value  Value
	Format string            // Go layout, "unix", "unix_ms", or ""
	Split  string            // "" for none
	Map    map[string]string // nil for none: maps the cell's text before it is read
	Span   diag.Span
}

// Test is a test of the language, resolved.
type Test struct {
	Title   string
	Today   int64 // local date
	Members []*TestMember
	Steps   []*TestStep
	Span    diag.Span
}

// TestMember is a member of a test.
type TestMember struct {
	Name   string
	Values []TestValue // attributes and manual tags
	Events []*TestEvent
	Lists  []int
}

// TestValue sets an attribute, or a manual tag if Tag.
type TestValue struct {
	Tag   bool
	Index int
	Value Value
}

// TestEvent is an event of a test; At is microseconds since 1970 and HasAt false where none is given (a sent event
// then happens at the test's clock; a member's event must have one).
type TestEvent struct {
	Event  int
	HasAt  bool
	At     int64
	Fields []Value // by field index; unknown where not given
	Span   diag.Span
}

// TestStep is one step; exactly one of Advance (with To or By), Send, Expect is set.
type TestStep struct {
	To     *int64 // microseconds since 1970
	By     *dsl.SpanLit
	Send   *TestEvent
	Member int // of Test.Members, for Send and Expect
	Expect *Node
	// Source is the expect's condition as a tree, so that its parts can be shown when it fails.
	Source dsl.Expr
	// Query is Expect as a query, with the aggregates that no tag or segment has.
	Query *Query
	Span  diag.Span
}

// Query is an ad hoc expression compiled against a program.
type Query struct {
	Text string
	Node *Node // a condition, or a value
	// Condition is false where the expression is a value that is no bool.
	Condition bool
	// Slots and Ntiles are those that the program does not have.
	Slots  []*Aggregate
	Ntiles []*Ntile
	Tree   dsl.Expr
	File   *diag.File
}
