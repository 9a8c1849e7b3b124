package dsl

import "github.com/muster-engine/muster/dsl/diag"

// The declarations of campaigns: where messages go, what is handed over, and what is done when.

type (
	// Sink is sink NAME ["Title"] { … }: Webhook, with Secret if it signs, or File.
	Sink struct {
		At      diag.Span
		Name    Name
		Title   *StringLit
		Webhook *StringLit // the environment variable that holds the URL
		Secret  *StringLit // the environment variable that holds the secret
		File    *StringLit // a path
		Quiet   *Clocks
		Caps    []*Cap
	}
	// Sync is sync NAME ["Title"] to SINK daily at T { segments A, B  tags C, D }.
	Sync struct {
		At       diag.Span
		Name     Name
		Title    *StringLit
		To       Name
		Daily    *ClockLit
		Segments []Name
		Tags     []Name
	}
	// Campaign is campaign NAME ["Title"] { … }. Clauses that are absent are nil.
	Campaign struct {
		At       diag.Span
		Name     Name
		Title    *StringLit
		Trigger  *Trigger
		When     Expr
		During   *Dates
		Holdout  *PercentLit
		Caps     []*Cap
		Quiet    *Clocks
		Existing *Name // the word existing of include existing
		Do       []*Action
		DoAt     diag.Span
		Goal     *Goal
		Target   *PercentLit
	}
	// Trigger says what begins a run of a campaign.
	Trigger struct {
		At   diag.Span
		Kind TriggerKind
		// Name is the event, coupon, segment or tiers.
		Name  Name
		Where Expr       // of an event
		Tier  *StringLit // of OnReach
		Daily *ClockLit  // of Daily
		Time  Expr       // of AtTime: a DateLit or TimeLit
	}
	// Goal is goal EVENT [where C] within SPAN, or goal used COUPON within SPAN.
	Goal struct {
		At     diag.Span
		Used   bool
		Name   Name
		Where  Expr
		Within *SpanLit
	}
	// Action is one step of what a campaign does.
	Action struct {
		At   diag.Span
		Kind ActionKind
		// Name is the coupon, points, sink or list; the zero Name for wait and stop.
		Name     Name
		Amount   Expr       // of Give
		Template *StringLit // of SendTo
		With     []*Entry   // of SendTo
		Wait     *SpanLit
		When     Expr
	}
	// Entry is k: E of a message.
	Entry struct {
		At    diag.Span
		Key   Name
		Value Expr
	}
)

// TriggerKind tells triggers apart.
type TriggerKind string

const (
	OnEvent TriggerKind = "on"
	OnUsed  TriggerKind = "on used"
	OnEnter TriggerKind = "on enter"
	OnLeave TriggerKind = "on leave"
	OnReach TriggerKind = "on reach"
	Daily   TriggerKind = "daily"
	AtTime  TriggerKind = "at"
)

// ActionKind tells actions apart.
type ActionKind string

const (
	Issue      ActionKind = "issue"
	Give       ActionKind = "give"
	SendTo     ActionKind = "send"
	AddTo      ActionKind = "add to"
	RemoveFrom ActionKind = "remove from"
	Wait       ActionKind = "wait"
	Stop       ActionKind = "stop"
)

func (d *Sink) Span() diag.Span     { return d.At }
func (d *Sync) Span() diag.Span     { return d.At }
func (d *Campaign) Span() diag.Span { return d.At }

func (d *Sink) Head() Name     { return d.Name }
func (d *Sync) Head() Name     { return d.Name }
func (d *Campaign) Head() Name { return d.Name }

func (*Sink) Kind() string     { return "sink" }
func (*Sync) Kind() string     { return "sync" }
func (*Campaign) Kind() string { return "campaign" }

func (*Sink) declNode()     {}
func (*Sync) declNode()     {}
func (*Campaign) declNode() {}
