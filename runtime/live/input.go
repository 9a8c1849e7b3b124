package live

import (
	"github.com/muster-engine/muster/runtime/loyalty"
	"github.com/muster-engine/muster/storage/column"
)

// Kind tells what an input does.
type Kind uint8

const (
	Event      Kind = iota + 1 // add an event, creating the member if the id is new
	Attributes                 // set or clear attributes, creating the member if the id is new
	Manual                     // set or clear a manual tag of a member
	List                       // replace, extend or shorten a list
	Retract                    // take an event back by its key
	Change                     // give a member another id in the place of one
	Split                      // undo a merge
	Forget                     // erase a member
)

// Kinds of inputs that ask something of the programme for a member that is there; [Input.Ask] says what.
const (
	Spend   Kind = iota + 20 // spend points
	Return                   // put points that were spent back
	Adjust                   // add points that no event earned, or take some away
	SetTier                  // give a tier by hand
)

// Coupon issues a code of a coupon, uses one, and so on; [Input.Coupon] says what.
const Coupon Kind = 30

// ListMode tells what is done with the members that a list input names.
type ListMode uint8

const (
	Replace ListMode = iota
	Append
	Remove
)

// ID names a member: a value of an id attribute, normalised.
type ID struct{ Attribute, Text string }

// Input is one thing that happened, in the terms of the store: names and stored values. It does not depend on the rule
// set in force, but must fit its schema when submitted.
type Input struct {
	Kind Kind
	// IDs name the member; of a list input they name the members on it.
	IDs []ID `json:",omitempty"`
	// Type is the event type, Key the text of its key field if it has one, At its time in microseconds. An event without
	// HasAt happens when it is accepted.
	Type  string `json:",omitempty"`
	Key   string `json:",omitempty"`
	HasAt bool   `json:",omitempty"`
	At    int64  `json:",omitempty"`
	// Values are the event's fields (the key among them) or the attributes; a value of kind 0 clears an attribute.
	Values map[string]column.Value `json:",omitempty"`
	// Tag and Value are of a manual tag (kind 0 clears), By says who set it.
	Tag   string       `json:",omitempty"`
	Value column.Value `json:",omitzero"`
	By    string       `json:",omitempty"`
	// Name and Mode are of a list.
	Name string   `json:",omitempty"`
	Mode ListMode `json:",omitempty"`
	Ask  *Ask     `json:",omitempty"`
	// Coupon is what is asked of a coupon; IDs name the member to whom a code is issued.
	Coupon *CouponRequest `json:",omitempty"`
	// Hashed are channels' digests of ids, in hexadecimal: they find members and are not kept. Events and attributes have
	// them.
	Hashed []ID `json:",omitempty"`
	// To is the new id of a change, of the same attribute as the one in IDs. If another member has it the change is
	// rejected, unless Join says that the two are one.
	To   *ID  `json:",omitempty"`
	Join bool `json:",omitempty"`
	// Member is whom to erase, or the absorbed member to give back, where IDs do not say it.
	Member uint32 `json:",omitempty"`
	// Whose is what was decided of the ids, where they alone would not lead to it again, and Stamp what attributes and
	// manual tags were set with. The engine notes both for the journal.
	Whose *Whose `json:",omitempty"`
	Stamp int64  `json:",omitempty"`
}

// Whose is the member that an input is of.
type Whose struct {
	New      bool     `json:",omitempty"`
	Member   uint32   // its number, also if it is new
	Absorbed []uint32 `json:",omitempty"` // become part of it
	Attach   []ID     `json:",omitempty"` // ids that it gets
}

// Status is how an input ended.
type Status uint8

const (
	Accepted  Status = iota + 1
	Duplicate        // the member has an event with this key: nothing changed
	Rejected         // Reason says why; nothing changed
	Answered         // nothing was to be changed
)

// Outcome answers one input.
type Outcome struct {
	Status Status
	Reason string
	// Coupon is what was done with a code, now or before, or would be done.
	Coupon loyalty.Answer
	// Refused is why a request for a coupon is rejected, for programs; "" where the request itself is at fault.
	Refused loyalty.Reason
	Member  uint32 // if accepted or duplicate, and the input is of one member; of a split, the one given back
	// Absorbed is how many members became part of it, Conflict is set where they could not.
	Absorbed int
	Conflict bool
}

// Crossing is a member's entering or leaving of a segment, reported once.
type Crossing struct {
	// Seq numbers crossings from 1 without gaps.
	Seq     uint64 `json:"seq"`
	Segment string `json:"segment"`
	Member  uint32 `json:"member"`
	Entered bool   `json:"entered"`
	// At is the instant, in microseconds, at which it became true: the change's, or the one at which time alone did it.
	At int64 `json:"at"`
	// Cause is "input", "time", "clock" (time that a command let pass) or "rules", or what became of the member: "merge",
	// "split" or "erasure".
	Cause string `json:"cause"`
}
