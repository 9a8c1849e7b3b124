package ir

import (
	"math"
	"regexp"

	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// Op is what a node does. "Unknown in" means: if any operand is unknown the result is unknown. A condition is a Bool
// node that is never unknown (Nullable is false).
type Op uint8

const (
	OpInvalid Op = iota

	// Leaves, per member.
	OpConst   // Const
	OpAttr    // attribute Index of Program.Attributes
	OpTag     // tag Index of Program.Tags, computed or manual
	OpSegment // segment Index: a condition
	OpList    // list Index: a condition
	OpSlot    // the aggregate Agg over the member's events
	OpNow     // the clock, a Time
	OpToday   // its local date
	OpStart   // the start of the run of a campaign, a Time; only in a campaign
	OpChance  // Number in [0,1): first 53 bits of SHA-256(Text, 0x00, member number as 8 big-endian bytes) / 2^53

	// Leaves, per event (only below Aggregate.Where, .Value, .By).
	OpField  // stored field Index of the aggregate's event type (computed fields are inlined)
	OpAt     // the event's time
	OpMember // Args[0] is a per-member node, the same for all events of the member

	// OpColumn is column Index of the table Args[0].Type.Table for the row Args[0]; unknown if the row is unknown, the
	// table has no such row, or the cell is empty.
	OpColumn

	// Conditions. And, Or have 2 or more operands, all conditions.
	OpAnd
	OpOr
	OpNot      // of a condition
	OpTruth    // Bool operand, maybe unknown: known and true
	OpKnown    // any operand: is it known
	OpEq       // both operands of one kind (strings, rows: by text; sets never); false if either is unknown
	OpNe       // false if either is unknown
	OpLt       // ordered kinds: Int, Number, Money, Exact, Enum (one list), Date, Time
	OpLe       //
	OpGt       //
	OpGe       //
	OpIn       // Args[0] is one of the known constants Consts; false if unknown
	OpContains // strings: Args[1] occurs in Args[0]
	OpStarts   //
	OpEnds     //
	OpMatches  // Args[0] matches Regexp somewhere
	OpHas      // Args[0] is a Set, Args[1] a String, Enum or Row: its text is a member; false if either is unknown

	// Choice; of any kind.
	OpCoalesce // Args[0] if known, else Args[1]; both of the node's type
	OpWhen     // Args = c1, v1, c2, v2, …[, else]: the value of the first condition that holds, else the last if odd, else unknown

	// Arithmetic: unknown in; overflow and division by zero yield unknown. Both operands and the result are of the
	// node's kind unless said otherwise.
	OpAdd   // Int, Number, Money, Exact
	OpSub   //
	OpMul   // Int; Number; Exact × Number-like: Args[0] Exact, Args[1] Exact holding a plain factor (see OpFactor)
	OpDiv   // Number ÷ Number; Exact ÷ Exact factor = Exact; with Kind Number and Exact operands: money ÷ money
	OpNeg   //
	OpAbs   //
	OpLeast // 2 or more operands of one kind (Int, Number, Money, Exact, Date, Time), unknown in
	OpGreatest
	OpFloor // Number or Exact (major units) to Int
	OpCeil  //
	OpRound // half away from zero

	// Conversions: unknown in.
	OpIntToNumber
	OpIntToMoney    // major units to minor; overflow is unknown
	OpMoneyToExact  //
	OpNumberToExact // rounded to the six decimals beyond the minor unit, half away from zero: a number that meets money
	OpExactToMoney  // rounded to the minor unit, half away from zero
	OpFactor        // Int or Number to an Exact that stands for the plain factor itself (scale as money: 1.5 is 1.5 major units)
	OpEnumMap       // Map[ordinal]: into a longer enum list
	OpText          // Enum or Row to String
	OpTimeToDate    // local date

	// Strings.
	OpLower  // Unicode lower case
	OpLength // code points

	// Time. Local means in the program's timezone.
	OpDaysBetween // Date - Date: Int
	OpAddSpan     // Date or Time + N units (N may be negative): months clamped, days keep the local clock time, hours elapsed
	OpHoursSince  // (now - Time) in full hours, rounded down: Int
	OpHoursUntil  // (Time - now) in full hours, rounded down: Int
	OpYear        // of a Date (the compiler takes a Time as its local date first): Int; so are the next four
	OpQuarter
	OpMonth
	OpDay
	OpWeekday     // 1 is Monday
	OpHour        // of a Time
	OpAge         // Date: full years up to today
	OpPeriodStart // Date: the first day of the calendar period of Unit that holds Args[0]; weeks start on weekday N
	OpAnniversary // Date: the next such day not before today and after the date itself

	// OpNtile is the group of Args[0] among all live members, by the cuts of Ntile; Int 1…N, unknown if Args[0] is.
	OpNtile
	// OpBucket is an Enum: the ordinal is the number of Consts (ascending, of Args[0]'s kind) that are <= Args[0].
	OpBucket
)

// Node is one expression of the DAG. Nodes are immutable once built and may be shared between programs' goroutines.
type Node struct {
	Op       Op
	Type     Type
	Nullable bool // may be unknown
	Args     []*Node
	Const    Value // of OpConst
	Consts   []Value
	Index    int
	N        int64    // groups of OpNtile, count of OpAddSpan
	Unit     dsl.Unit // of OpAddSpan
	Text     string   // salt of OpChance
	Regexp   *regexp.Regexp
	Map      []int64
	Agg      *Aggregate
	Ntile    *Ntile

	// Key is a canonical text: two nodes of one program mean the same if and only if their keys are equal.
	Key string
	// Source is where the expression stands first.
	Source diag.Span
}

// AggFn is an aggregate function.
type AggFn uint8

const (
	AggCount AggFn = iota // Int
	AggHas                // Bool, never unknown
	AggSum                // Int, Number (exact, rounded once) or Money; 0 over nothing
	AggAvg                // Number (exact sum, rounded once) of Int and Number; Exact of Money
	AggMin                // of ordered kinds
	AggMax
	AggFirst // by at, ties by arrival
	AggLast
	AggDistinct // Int: how many different known values
	AggSet      // the different known values
	AggTop      // the value with the largest By; ties go to the value whose latest event is last; values whose By is unknown do not compete
)

// Aggregate is a slot: a function over the events of one type of one member, at times up to now.
type Aggregate struct {
	Fn    AggFn
	Event int   // of Program.Events
	Value *Node // per event; nil for count and has; OpAt for first and last without a field. Events for which it is unknown are skipped.
	Where *Node // per event condition, or nil
	// ByFn and By measure each value of a top: count (By nil), sum, min, max, avg, distinct of By per event.
	ByFn   AggFn
	By     *Node
	Window Window
	Type   Type
	// Nullable is false for count, sum, distinct, has, set (an overflowing sum is unknown all the same).
	Nullable bool
	// Key is canonical, as Node.Key.
	Key    string
	Source diag.Span
}

// Window says which events count, all by their time at, none after now. The zero Window is all of them.
type Window struct {
	Kind dsl.WindowKind // "" for none
	N    int64
	Unit dsl.Unit
	// From and To are the bounds of since, before and from … to.
	From, To Bound
}

// Bound is a constant end of a window.
type Bound struct {
	Kind  BoundKind
	Value int64 // days since 1970-01-01, or microseconds since 1970 of the first instant with that local time
}

// BoundKind tells what a Bound is.
type BoundKind uint8

const (
	NoBound    BoundKind = iota
	DateBound            // compared with the event's local date
	TimeBound            // compared with the event's time
	TodayBound           // the clock's local date
	StartBound           // the start of the run of a campaign; what counts lies strictly after it
)

// Ntile is one ntile(n, E) of the program.
type Ntile struct {
	N    int64
	Expr *Node
	Key  string
	// Hash changes when what is ranked means something else, the tags in it included: recorded cuts are kept under it.
	// Empty for an ntile that is only asked for.
	Hash string
}

// Cut is a boundary of an ntile: values from From on, up to the next cut, are in Group. Cuts ascend in both. A value
// below the first cut is in group 1; there are no cuts where nothing was ranked, and then every value is in group 1.
type Cut struct {
	From  Value
	Group int64
}

// Mirror returns the comparison with its sides exchanged: of < it is >.
func (op Op) Mirror() Op {
	switch op {
	case OpLt:
		return OpGt
	case OpLe:
		return OpGe
	case OpGt:
		return OpLt
	case OpGe:
		return OpLe
	}
	return op
}

// Holds applies a comparison to the sign of a difference, x - y.
func (op Op) Holds(sign int) bool {
	switch op {
	case OpEq:
		return sign == 0
	case OpNe:
		return sign != 0
	case OpLt:
		return sign < 0
	case OpLe:
		return sign <= 0
	case OpGt:
		return sign > 0
	}
	return sign >= 0
}

// Range returns the values, both ends included, for which a comparison with c holds; MinInt64 and MaxInt64 are open
// ends, and low is above high where nothing can hold. That of != is the range of =, for the caller to turn round.
func (op Op) Range(c int64) (low, high int64) {
	low, high = math.MinInt64, math.MaxInt64
	switch op {
	case OpEq, OpNe:
		return c, c
	case OpLt:
		if c == math.MinInt64 {
			return 1, 0
		}
		high = c - 1
	case OpLe:
		high = c
	case OpGt:
		if c == math.MaxInt64 {
			return 1, 0
		}
		low = c + 1
	case OpGe:
		low = c
	}
	return low, high
}
