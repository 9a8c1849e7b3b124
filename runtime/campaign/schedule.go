package campaign

import (
	"github.com/muster-engine/muster/dsl"
)

// NextSchedule is the first instant after one at which campaigns are scheduled; false if there is none.
func (p *Player) NextSchedule(after int64) (at int64, ok bool) {
	zone := p.prog.Zone
	sooner := func(x int64) {
		if x > after && (!ok || x < at) {
			at, ok = x, true
		}
	}
	for _, c := range p.prog.Campaigns {
		switch c.Trigger.Kind {
		case dsl.AtTime:
			sooner(c.Trigger.At)
		case dsl.Daily:
			today := zone.DateOf(after)
			for day := today; day <= today+2; day++ {
				sooner(clock(zone, day, c.Trigger.Daily))
			}
		}
	}
	return at, ok
}

// Scheduled are the campaigns that are scheduled for an instant, in the order of their names. Each is for the members that
// are in its segment then: index [ir.Trigger.Index].
func (p *Player) Scheduled(at int64) (campaigns []int) {
	zone := p.prog.Zone
	today := zone.DateOf(at)
	for _, i := range p.order {
		switch t := p.prog.Campaigns[i].Trigger; t.Kind {
		case dsl.AtTime:
			if t.At == at {
				campaigns = append(campaigns, i)
			}
		case dsl.Daily:
			// A time that the clock skips at the end of a day falls on the next one.
			if clock(zone, today, t.Daily) == at || clock(zone, today-1, t.Daily) == at {
				campaigns = append(campaigns, i)
			}
		}
	}
	return campaigns
}
