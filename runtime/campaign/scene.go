package campaign

import (
	"github.com/muster-engine/muster/compiler/exprplan"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// Hands do for a scene what it cannot do itself.
type Hands struct {
	// Stamp yields numbers that ascend and never come twice: they name runs.
	Stamp func() int64
	// Issue gives the member a code of a coupon; why says, where it is not empty, why that cannot be done.
	Issue func(coupon int, cause loyalty.Cause) (code, why string, err error)
	// Settle brings the tiers up to points that were given.
	Settle func() error
	// SetList puts the member on a list or takes it off; the account sees that at once.
	SetList func(list int, on bool)
	// Everybody says that nobody is held out.
	Everybody bool
}

// Scene is one member at one instant.
type Scene struct {
	p        *Player
	account  *loyalty.Account
	member   *exprplan.Member // as it was at first: its number and ids
	hands    Hands
	runs     map[int][]*Run
	messages []Message
	acted    bool
}

// Open returns the scene of a member's account. Whoever holds it may add facts to the account meanwhile, but for those of
// campaigns.
func (p *Player) Open(a *loyalty.Account, m *exprplan.Member, h Hands) *Scene {
	return &Scene{p: p, account: a, member: m, hands: h}
}

// Messages are what has been sent so far, in order.
func (s *Scene) Messages() []Message { return s.messages }

// Happening is what a scene is told of: all that has happened since it was told last.
type Happening struct {
	Events  []Event
	Entered []int // segments
	Left    []int
	Reached []Reached
	Used    []Used
	// Existing are campaigns that include members who are in their segment, or on their tier, when they first load.
	Existing []int
	// Scheduled are campaigns whose time has come, for this member.
	Scheduled []int
	// Quiet says that nothing is started: runs go on and goals count all the same.
	Quiet bool
}

// Event is an event that came, or was taken back (Gone).
type Event struct {
	Type int
	exprplan.Event
	Gone bool
}

// Reached is a rise to a tier.
type Reached struct{ Tiers, Tier int }

// Used is the use of a code of a coupon, or the return of one that was used (Gone).
type Used struct {
	Coupon int
	Code   string
	Amount int64 // of the purchase, in minor units
	Gone   bool
}

// Play lets campaigns act on what has happened, and go on where a wait is over: in the order of their names, those that are
// scheduled last. It reports whether it did anything to the member.
func (s *Scene) Play(h Happening) (acted bool, err error) {
	s.acted = false
	if err := s.goals(h); err != nil {
		return false, err
	}
	for _, i := range s.p.order {
		if err := s.resume(i); err != nil {
			return false, err
		}
		for _, t := range s.triggers(i, h) {
			if err := s.start(i, t); err != nil {
				return false, err
			}
		}
	}
	if !h.Quiet {
		for _, i := range h.Scheduled {
			c := s.p.prog.Campaigns[i]
			t := trigger{cause: loyalty.Cause{Kind: string(c.Trigger.Kind), Key: s.p.prog.Segments[c.Trigger.Index].Name}, day: s.today()}
			if err := s.start(i, t); err != nil {
				return false, err
			}
		}
	}
	return s.acted, s.release()
}

func (s *Scene) now() int64 { return s.account.World().Now }

func (s *Scene) today() int64 { return s.p.prog.Zone.DateOf(s.now()) }

// of returns the runs of a campaign.
func (s *Scene) of(campaign int) []*Run {
	if runs, ok := s.runs[campaign]; ok {
		return runs
	}
	runs := Runs(s.p.keeper, s.account, s.p.prog.Campaigns[campaign].Facts, campaign)
	if runs != nil {
		s.keep(campaign, runs)
	}
	return runs
}

func (s *Scene) keep(campaign int, runs []*Run) {
	if s.runs == nil {
		s.runs = map[int][]*Run{}
	}
	s.runs[campaign] = runs
}

// record adds a fact about a run.
func (s *Scene) record(r *Run, what string, fields ...loyalty.Field) {
	fields = append(fields, loyalty.Text(ir.FactRun, r.ID))
	s.account.Record(s.p.prog.Campaigns[r.Campaign].Facts, what, r.Cause, fields...)
	s.acted = true
}

// Next is the next instant at which a run goes on, or what was held is sent; false if there is none.
func (s *Scene) Next() (at int64, ok bool) {
	sooner := func(x int64) {
		if !ok || x < at {
			at, ok = x, true
		}
	}
	for i := range s.p.prog.Campaigns {
		for _, r := range s.of(i) {
			if !r.Ended {
				sooner(r.Until)
			}
		}
	}
	for i := range s.p.prog.Sinks {
		for _, h := range s.held(i) {
			sooner(h.until)
		}
	}
	return at, ok
}

// Stop ends the runs of campaigns that the rules have no more.
func (s *Scene) Stop(campaigns []int) {
	for _, i := range campaigns {
		for _, r := range s.of(i) {
			if !r.Ended {
				s.end(r, whyDeleted)
			}
		}
	}
}
