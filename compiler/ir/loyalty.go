package ir

import (
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// What loyalty and campaigns do to a member is kept as facts: events of hidden types beside those that are declared, one
// type for each declaration. They lie in the member's history like any other event, so that a balance is a sum over
// facts, a tier the last of them, and what is asked of another time, after a merge or in an export needs no rules of its
// own. A fact is never changed: what undoes one is another fact. An edit of the rules changes none.

// FactKind tells what the facts of a hidden event type are of.
type FactKind string

const (
	PointsFacts   FactKind = "points"   // entries of the ledger
	TiersFacts    FactKind = "tiers"    // rises, falls, confirmations
	CouponFacts   FactKind = "coupon"   // issue, use, return, void, expiry of codes
	CaseFacts     FactKind = "case"     // opened, closed, overdue
	CampaignFacts FactKind = "campaign" // steps of runs
	SinkFacts     FactKind = "sink"     // messages
)

// Fields of facts, by kind. Every fact has what (what happened), dated (the instant that it counts for in windows: that
// of the event that earned, of the issue of a code), cause (the event type, campaign or clock that caused it), cause_key
// (its key), rule (the earn, boost, tier or step) and revision (of the rule set).
const (
	FactWhat     = "what"      // string
	FactDated    = "dated"     // time
	FactCause    = "cause"     // string
	FactCauseKey = "cause_key" // string
	FactRule     = "rule"      // string
	FactRevision = "revision"  // string

	// Of points: changes of the balances, signed. Lot numbers the lots of a member, 0 is the debt; Expires is the last date on
	// which a lot holds; Wanted is what the rule gave before its caps.
	FactActive  = "active"  // int
	FactPending = "pending" // int
	FactEarned  = "earned"  // int
	FactSpent   = "spent"   // int
	FactLot     = "lot"     // int
	FactFor     = "for"     // int: the lot for which lot 0, the debt, is charged
	FactExpires = "expires" // date
	FactDue     = "due"     // date: the first on which pending points are active
	FactWanted  = "wanted"  // int

	// Of tiers: the tier from now on, and the last date for which it is kept.
	FactTier = "tier" // enum of the tiers
	FactKeep = "keep" // date

	// Of coupons: Held is +1 where a code becomes usable and -1 where it ceases to be, Issued and Used likewise. Amount is the
	// purchase for which it is used and Worth what is taken off it, in minor units; Until is when a reservation ends.
	FactCode   = "code"   // string
	FactHeld   = "held"   // int
	FactIssued = "issued" // int
	FactUsed   = "used"   // int
	FactTerms  = "terms"  // string: the terms fixed at issue
	FactAmount = "amount" // int
	FactWorth  = "worth"  // int

	// Of cases: Open is +1 where one opens and -1 where it closes.
	FactTicket  = "ticket"  // string
	FactOpen    = "open"    // int
	FactDueAt   = "due_at"  // time
	FactBy      = "by"      // string: the values of the fields that reports divide by
	FactOverdue = "overdue" // int

	// Of campaigns and sinks: a run and its step, what was reached, what was sent. Version is the [Campaign.Hash] that a run
	// began with; EventAt the time of the event that a run, or a case, is about; Holdout is 1 where a run began that acts on
	// nothing; Converted is +1 for an event that is the run's goal and -1 where that was taken back, Revenue its amount in
	// minor units; Given is points that a step gave; Why says why a run ended, or why something was dropped or is held.
	FactRun       = "run"       // string
	FactReached   = "reached"   // int
	FactHoldout   = "holdout"   // int
	FactStep      = "step"      // int
	FactUntil     = "until"     // time: when a wait ends; of coupons too
	FactVersion   = "version"   // string
	FactEventAt   = "event_at"  // time
	FactConverted = "converted" // int
	FactRevenue   = "revenue"   // int
	FactGiven     = "given"     // int
	FactWhy       = "why"       // string
	FactSent      = "sent"      // int
	FactMessage   = "message"   // string: its key
)

// Limit is how long something that is granted holds.
type Limit struct {
	Never bool
	Span  *dsl.SpanLit
	// Of end of this|next UNIT.
	Next bool
	Unit dsl.Unit
}

// Cap is at most N, of points or times, in a calendar period (Unit), a span that ends now (Span), or for ever.
type Cap struct {
	N      int64
	Points bool
	Unit   dsl.Unit
	Span   *dsl.SpanLit
	Source diag.Span
}

// Dates are two local dates, both included; days since 1970.
type Dates struct{ From, To int64 }

// Points is a currency of points.
type Points struct {
	Name, Title string
	Start       int64 // the local date from which on events earn
	Expire      Limit
	Pending     *dsl.SpanLit
	Earns       []*Earn
	Boosts      []*Boost
	Reverses    []*Reverse
	Facts       int // of Program.Events
	Hash        string
	Source      diag.Span
}

// Earn gives points for an event. Give and When see the event in hand: below no aggregate, OpField is a field of it.
type Earn struct {
	Name  string
	Event int
	Give  *Node // Int, Number or Exact
	When  *Node // a condition, or nil
	Caps  []Cap
}

// Boost multiplies what the earns of an event give.
type Boost struct {
	Name   string
	Event  int
	Factor decimal.Decimal // at the scale of exact money: 1.5 is 1.5 major units
	During *Dates
	When   *Node
}

// Reverse takes back what Event earned when On arrives with the same text in its field.
type Reverse struct {
	Event, On         int
	Matching, OnMatch int // fields of Event and of On
	// By and OnBy are the fields whose ratio says how much is taken back; -1: everything.
	By, OnBy int
}

// Tiers is a ladder. Its value is an enum of the titles, never unknown: the lowest where nothing is recorded.
type Tiers struct {
	Name, Title string
	By          *Node // Int, Number or Money
	Enum        *EnumType
	Tiers       []Tier
	Props       []string
	Keep        *Limit // nil: a tier is re-measured at every midnight
	DropOne     bool
	Facts       int
	Hash        string
	Source      diag.Span
}

// Tier is one step of a ladder. From is unknown for the lowest; Props follow Tiers.Props, at the scale of exact money.
type Tier struct {
	Name  string
	From  Value
	Props []decimal.Decimal
}

// Coupon is a kind of coupon: Off, Percent or Gift. Amounts are in minor units.
type Coupon struct {
	Name, Title string
	Off         int64
	Percent     decimal.Decimal // a fraction, at the scale of exact money
	IsPercent   bool
	UpTo        *int64
	Gift        string
	MinSpend    int64
	Valid       Limit
	Dates       *Dates // instead of Valid
	Stock       *int64
	Caps        []Cap
	Price       int64
	PriceIn     int // of Program.Points, or -1
	When        *Node
	Facts       int
	Hash        string
	Source      diag.Span
}

// Case follows complaints.
type Case struct {
	Name, Title           string
	Open, Close           int // event types
	OpenMatch, CloseMatch int // fields of them
	Due                   *dsl.SpanLit
	Workdays              int64 // instead of Due
	By                    []int // fields of Open
	Overdue               []*Action
	Facts                 int
	Hash                  string
	Source                diag.Span
}

// Clocks are two clock times, in minutes since midnight: [From, To), over midnight if From is later.
type Clocks struct{ From, To int }

// Sink is where messages go: a webhook whose URL and secret environment variables hold, or a file.
type Sink struct {
	Name, Title     string
	Webhook, Secret string
	File            string
	Quiet           *Clocks
	Caps            []Cap
	Facts           int
	Hash            string
	Source          diag.Span
}

// Sync hands segments and tags over to a sink once a day, at a clock time in minutes since midnight.
type Sync struct {
	Name, Title    string
	Sink           int
	Daily          int
	Segments, Tags []int
	Hash           string
	Source         diag.Span
}

// Campaign is a campaign.
type Campaign struct {
	Name, Title string
	Trigger     Trigger
	When        *Node // sees the event in hand of an event campaign
	During      *Dates
	Holdout     decimal.Decimal // fraction, at the scale of exact money
	Caps        []Cap
	Quiet       *Clocks
	Existing    bool
	Do          []*Action
	Goal        *Goal
	Target      decimal.Decimal
	Facts       int
	// Hash is the version: runs in flight finish the one that they began.
	Hash   string
	Source diag.Span
}

// Trigger begins runs.
type Trigger struct {
	Kind dsl.TriggerKind
	// Index is the event type, coupon, segment or tiers.
	Index int
	Where *Node // of an event: per event
	Tier  int   // ordinal, of OnReach
	Daily int   // minutes since midnight
	At    int64 // microseconds since 1970
}

// Goal is what a campaign wants: an event, or the use of a coupon.
type Goal struct {
	Used   bool
	Index  int
	Where  *Node // per event
	Within dsl.SpanLit
}

// Action is one step of a campaign.
type Action struct {
	Kind dsl.ActionKind
	// Index is the coupon, points, sink or list.
	Index    int
	Amount   *Node
	Template string
	With     []Entry
	Wait     dsl.SpanLit
	When     *Node
	Source   diag.Span
}

// Entry is one value of a message.
type Entry struct {
	Key   string
	Value *Node
}
