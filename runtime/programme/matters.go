package programme

// Matter says what of a member's events can make it due.
type Matter uint8

const (
	Nothing Matter = iota
	Ahead          // one that lies ahead of the present
	Any            // any at all
)

// Matters reports what events of a type can make a member due: who has none that matters is not, unless
// [Conductor.Everybody] says that anybody may be.
func (c *Conductor) Matters(event int) Matter {
	if c.prog.Events[event].Facts != "" {
		return Any
	}
	for _, r := range c.ladders {
		if r.rises && r.events[event] {
			return Any
		}
	}
	if c.concerns[event] {
		return Ahead
	}
	return Nothing
}

// Everybody reports whether members without any event may be due.
func (c *Conductor) Everybody() bool {
	for _, r := range c.ladders {
		if r.rises && r.member {
			return true
		}
	}
	return false
}

// Plays reports whether there are campaigns or cases, so that [Turn.Crossed] may have something to do.
func (c *Conductor) Plays() bool { return len(c.prog.Campaigns)+len(c.prog.Cases) > 0 }

// MeasuresMembers reports whether a ladder depends on more of a member than its events.
func (c *Conductor) MeasuresMembers() bool {
	for _, r := range c.ladders {
		if r.member {
			return true
		}
	}
	return false
}
