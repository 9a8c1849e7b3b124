package deliver

import (
	"math/rand/v2"
	"time"
)

// bucket lets rate things a second pass, and a burst of as many as a second's worth. The zero value lets everything pass.
type bucket struct {
	rate   float64
	tokens float64
	last   time.Time
}

// take takes a token, or says how long there will be none.
func (b *bucket) take(now time.Time) (wait time.Duration) {
	if b.rate <= 0 {
		return 0
	}
	burst := max(1, b.rate)
	if b.last.IsZero() {
		b.tokens = burst
	} else {
		b.tokens = min(burst, b.tokens+max(0, now.Sub(b.last).Seconds())*b.rate)
	}
	b.last = now
	if b.tokens >= 1 {
		b.tokens--
		return 0
	}
	return max(time.Millisecond, time.Duration((1-b.tokens)/b.rate*float64(time.Second)))
}

// backoff is how long to wait after so many failures, from 1: at random up to first, doubled with each more up to most.
func backoff(failures int, first, most time.Duration, random func() float64) time.Duration {
	d := first
	for i := 1; i < failures && d < most; i++ {
		d *= 2
	}
	return time.Duration(random() * float64(min(d, most)))
}

// Clock is where a deliverer takes time and chance from.
type Clock struct {
	Now   func() time.Time
	After func(time.Duration) <-chan time.Time
	// Random returns a number from 0 up to 1.
	Random func() float64
}

// fill takes the system's for what is not given.
func (c *Clock) fill() {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = time.After
	}
	if c.Random == nil {
		c.Random = rand.Float64
	}
}
