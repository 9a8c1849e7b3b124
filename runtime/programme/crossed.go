package programme

import (
	"errors"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/campaign"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// mostRounds bounds how often campaigns start others within one turn. What crosses after that starts nothing: rules that
// put a member on a list and take it off again would go on for ever.
const mostRounds = 32

// Crossing is a segment that the member entered or left.
type Crossing struct {
	Segment int
	Entered bool
}

// ListChange puts the member on a list or takes it off.
type ListChange struct {
	List int // of Program.Lists
	On   bool
}

// Outcome is what has followed from an input, each in order.
type Outcome struct {
	Facts    []loyalty.Fact
	Lists    []ListChange
	Messages []campaign.Message
}

// Outcome is all that has followed so far.
func (t *Turn) Outcome() Outcome {
	out := Outcome{Facts: t.account.Added(), Lists: t.lists}
	if t.scene != nil {
		out.Messages = t.scene.Messages()
	}
	return out
}

// Crossed hands in the segments that the member has crossed since it was evaluated last, and lets campaigns start and go
// on. It reports whether anything was done to the member, so that it is to be evaluated again. Call it once after Settle
// even if nothing was crossed.
func (t *Turn) Crossed(crossings []Crossing) (more bool, err error) {
	if !t.c.Plays() {
		return false, nil
	}
	first := t.rounds == 0
	t.rounds++
	escalated, err := t.escalate()
	if err != nil {
		return false, err
	}
	h := campaign.Happening{Quiet: t.in.Quiet || t.late() || t.rounds > mostRounds}
	if first {
		for _, e := range t.events {
			if t.c.player.Concerns(e.event) {
				h.Events = append(h.Events, campaign.Event{Type: e.event, Event: e.e, Gone: e.gone})
			}
		}
	}
	for _, x := range crossings {
		switch {
		case !t.c.Follows(x.Segment):
		case x.Entered:
			h.Entered = append(h.Entered, x.Segment)
		default:
			h.Left = append(h.Left, x.Segment)
		}
	}
	t.follow(&h)
	if !(first && t.passed) && len(h.Events)+len(h.Entered)+len(h.Left)+len(h.Reached)+len(h.Used) == 0 {
		return escalated, nil
	}
	more, err = t.play(h)
	return more || escalated, err
}

// escalate does what the rules say of the cases that have become overdue, unless that is too long ago. A deadline is no
// crossing: it passes also when a command moves the clock.
func (t *Turn) escalate() (acted bool, err error) {
	for _, o := range t.overdue {
		if t.in.Quiet && !t.passed || t.isLate(o.Episode.Due) {
			continue
		}
		did, err := t.stage().Overdue(campaign.Overdue{Case: o.Case, Ticket: o.Episode.Ticket, Opened: o.Episode.Opened})
		if err != nil {
			return false, err
		}
		acted = acted || did
	}
	t.overdue = nil
	if !acted {
		return false, nil
	}
	return true, t.Settle()
}

// Scheduled starts campaigns whose time has come and whose segment the member is in. Call it when [Turn.Crossed] has nothing
// more to do; where it reports that something was done, evaluate the member and go on with Crossed.
func (t *Turn) Scheduled(campaigns []int) (more bool, err error) {
	return t.play(campaign.Happening{Scheduled: campaigns, Quiet: t.in.Quiet || t.late()})
}

// Existing starts campaigns that include existing members, for a member who is in their segment, or on their tier, when
// they first load. It starts them whatever the input is; for the rest it is as Scheduled.
func (t *Turn) Existing(campaigns []int) (more bool, err error) {
	return t.play(campaign.Happening{Existing: campaigns, Quiet: true})
}

// Stop ends the runs of campaigns that the rules are about to have no more.
func (t *Turn) Stop(campaigns []int) { t.stage().Stop(campaigns) }

// play lets campaigns act, and brings the tiers up to it.
func (t *Turn) play(h campaign.Happening) (more bool, err error) {
	more, err = t.stage().Play(h)
	if err != nil || !more {
		return more, err
	}
	return more, t.Settle()
}

// late reports whether the input is too late to start anything.
func (t *Turn) late() bool { return t.in.At != 0 && t.isLate(t.in.At) }

// isLate reports whether an instant is further back than the rules call late.
func (t *Turn) isLate(at int64) bool {
	if at >= t.world.Now {
		return false
	}
	span := t.c.prog.LateSpan
	until, ok := t.c.prog.Zone.AddSpanToTime(at, span.N, span.Unit)
	return ok && until < t.world.Now
}

// follow adds the tiers that were reached and the codes that were used since campaigns were told last.
func (t *Turn) follow(h *campaign.Happening) {
	facts := t.account.Added()
	for _, f := range facts[t.played:] {
		k := t.c.keeper
		switch e := t.c.prog.Events[f.Type]; e.Facts {
		case ir.TiersFacts:
			i := slices.IndexFunc(t.c.prog.Tiers, func(x *ir.Tiers) bool { return x.Facts == f.Type })
			if tier := int(k.Field(f.Type, f.Event, ir.FactTier).I); tier > t.tierBefore(f) {
				h.Reached = append(h.Reached, campaign.Reached{Tiers: i, Tier: tier})
			}
		case ir.CouponFacts:
			if n := k.Field(f.Type, f.Event, ir.FactUsed).I; n != 0 {
				i := slices.IndexFunc(t.c.prog.Coupons, func(x *ir.Coupon) bool { return x.Facts == f.Type })
				h.Used = append(h.Used, campaign.Used{Coupon: i, Code: k.Field(f.Type, f.Event, ir.FactCode).S, Amount: k.Field(f.Type, f.Event, ir.FactAmount).I, Gone: n < 0})
			}
		}
	}
	t.played = len(facts)
}

// tierBefore is the tier before a fact that was added in this turn; 0 where it is the first.
func (t *Turn) tierBefore(f loyalty.Fact) (tier int) {
	for _, e := range t.account.Facts(f.Type) {
		if same(e, f.Event) {
			break
		}
		tier = int(t.c.keeper.Field(f.Type, e, ir.FactTier).I)
	}
	return tier
}

// stage is where campaigns act on the member.
func (t *Turn) stage() *campaign.Scene {
	if t.scene == nil {
		t.scene = t.c.player.Open(t.account, t.base, campaign.Hands{
			Stamp: t.hands.Stamp, Issue: t.issue, Settle: t.Settle, SetList: t.setList, Everybody: t.hands.Everybody,
		})
	}
	return t.scene
}

// setList puts the member on a list, or takes it off, if it is not so already.
func (t *Turn) setList(list int, on bool) {
	if t.onList(list) == on {
		return
	}
	t.lists = append(t.lists, ListChange{list, on})
	t.account.Stale()
}

// onList is whether the member is on a list, as campaigns have changed it.
func (t *Turn) onList(list int) bool {
	for _, c := range slices.Backward(t.lists) {
		if c.List == list {
			return c.On
		}
	}
	return t.member != nil && t.member.OnList != nil && t.member.OnList(list)
}

// issue gives the member a code of a coupon, or says why that cannot be done.
func (t *Turn) issue(coupon int, cause loyalty.Cause) (code, why string, err error) {
	answer, err := t.account.Issue(coupon, cause, t.hands.Supply)
	var refusal *loyalty.Refusal
	switch {
	case errors.As(err, &refusal):
		return "", string(refusal.Reason), nil
	case errors.Is(err, loyalty.ErrShort):
		return "", string(loyalty.WhyPoints), nil
	}
	return answer.Code, "", err
}
