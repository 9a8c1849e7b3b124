package campaign

import (
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// Run is one passage of a member through a campaign, as its facts tell.
type Run struct {
	Campaign int // of Program.Campaigns
	ID       string
	Version  string // the hash of the campaign that it began with
	Start    int64
	Cause    loyalty.Cause
	EventAt  int64 // of the event that it is about
	Holdout  bool
	Step     int   // with which it goes on
	Until    int64 // when it does
	Held     bool  // it waits for the end of quiet hours
	Ended    bool
	Why      string // it has ended
	Goals    int    // events that were its goal
}

// What a fact of a campaign says.
const (
	whatStart = "start"
	whatAct   = "act"
	whatWait  = "wait"
	whatHold  = "hold"
	whatGoal  = "goal"
	whatEnd   = "end"
	whatDrop  = "drop"
)

// Why runs end and triggers are dropped.
const (
	whyDone    = "done"
	whyStopped = "stopped"
	whyDeleted = "the campaign was deleted"
	whyGone    = "its event was taken back"
	whyVersion = "its version of the campaign is not known any more"
	whyRunning = "running"
	whyCap     = "cap"
	whyQuiet   = "quiet"
)

// Runs returns the runs of a campaign that a member has had, in the order of their start.
func Runs(k *loyalty.Keeper, a *loyalty.Account, facts, campaign int) (runs []*Run) {
	list := a.Facts(facts)
	if len(list) == 0 {
		return nil
	}
	byID := map[string]*Run{}
	for _, e := range list {
		number := func(name string) int64 { return k.Field(facts, e, name).I }
		text := func(name string) string { return k.Field(facts, e, name).S }
		id := text(ir.FactRun)
		r := byID[id]
		switch text(ir.FactWhat) {
		case whatStart:
			r = &Run{
				Campaign: campaign, ID: id, Version: text(ir.FactVersion), Start: e.At, EventAt: number(ir.FactEventAt),
				Cause:   loyalty.Cause{Kind: text(ir.FactCause), Key: text(ir.FactCauseKey)},
				Holdout: number(ir.FactHoldout) != 0,
			}
			byID[id] = r
			runs = append(runs, r)
		case whatWait, whatHold:
			if r != nil {
				r.Step, r.Until, r.Held = int(number(ir.FactStep)), number(ir.FactUntil), text(ir.FactWhat) == whatHold
			}
		case whatGoal:
			if r != nil {
				r.Goals += int(number(ir.FactConverted))
			}
		case whatEnd:
			if r != nil {
				r.Ended, r.Why = true, text(ir.FactWhy)
			}
		}
	}
	return runs
}
