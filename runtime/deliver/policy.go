package deliver

import "time"

// Policy says how long a sink is tried. The zero value of a field is what its comment names.
type Policy struct {
	// FinalTries is how often a message is tried whose answer is a refusal: 3, for a receiver may be wrong for a moment.
	FinalTries int
	// Tries is how often a message is tried that fails while the sink otherwise works: 10.
	Tries int
	// Patience is how long after its first try a message becomes a dead letter whatever its sink does: 72 hours.
	Patience time.Duration
	// FirstWait is up to how long to wait after a first failure, and MostWait after many: 1 second, 5 minutes.
	FirstWait, MostWait time.Duration
	// DownAfter is after how many failures on end the sink as a whole does not work: 5. It is then tried with one message
	// at a time, at least every MostProbe: 1 minute.
	DownAfter int
	MostProbe time.Duration
	// Window is how many messages of a sink are in hand: 1024.
	Window int
	// Poll is how often the outbox is looked at when nothing happens: 200 milliseconds.
	Poll time.Duration
	// Gather is how long to wait for more to take out of the outbox together: 20 milliseconds.
	Gather time.Duration
}

func (p *Policy) fill() {
	orElse(&p.FinalTries, 3)
	orElse(&p.Tries, 10)
	orElse(&p.Patience, 72*time.Hour)
	orElse(&p.FirstWait, time.Second)
	orElse(&p.MostWait, 5*time.Minute)
	orElse(&p.DownAfter, 5)
	orElse(&p.MostProbe, time.Minute)
	orElse(&p.Window, 1024)
	orElse(&p.Poll, 200*time.Millisecond)
	orElse(&p.Gather, 20*time.Millisecond)
}

func orElse[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// fate is what is to become of a letter after a try.
type fate int

const (
	delivered fate = iota
	again
	dead
)

// judge decides on a letter after a try that ended with an error. down says that the sink did not work as a whole when the
// try was made.
func (p *Policy) judge(l *letter, err error, down bool, now time.Time) fate {
	r, _ := err.(*refusal)
	switch {
	case now.Sub(l.first) >= p.Patience:
		return dead
	case r != nil && r.final:
		l.tries++
		if l.tries >= p.FinalTries {
			return dead
		}
	case down || r != nil && r.after > 0:
	default:
		l.tries++
		if l.tries >= p.Tries {
			return dead
		}
	}
	return again
}
