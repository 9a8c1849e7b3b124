package stats

import "math"

// Too little data for a conclusion: what [Compare] asks for at least. Below these numbers an interval is right and says
// next to nothing, and whoever reads a rate of three conversions in forty takes chance for effect.
const (
	LeastMembers   = 50 // on either side
	LeastConverted = 10 // on both sides together
)

// Verdict is what may be concluded.
type Verdict string

const (
	Higher    Verdict = "higher" // the whole interval of the difference is above 0
	Lower     Verdict = "lower"  // below
	Open      Verdict = "open"   // 0 is in it: no difference is shown, which is not to say that there is none
	TooLittle Verdict = "too_little"
)

// Why there is too little data.
const (
	NobodyReached  = "nobody was reached"
	NobodyHeldOut  = "nobody was held out, so there is nothing to compare with"
	FewReached     = "fewer than 50 were reached"
	FewHeldOut     = "fewer than 50 were held out"
	FewConversions = "fewer than 10 converted, reached and held out together"
)

// Comparison is how those who were reached differ from those who were held out.
type Comparison struct {
	Reached, HeldOut                 Count
	ReachedInterval, HeldOutInterval Interval
	// Difference is the rate of the reached less that of the held out, in shares: 0.02 is two points of a hundred.
	Difference         float64
	DifferenceInterval Interval
	// Lift is Difference as a part of the rate of the held out; NaN where that is 0, and so is its interval, whose high end
	// can be infinite.
	Lift         float64
	LiftInterval Interval
	Verdict      Verdict
	Why          string // there is too little data; "" otherwise
}

// Compare compares the reached with the held out.
func Compare(reached, heldOut Count) Comparison {
	c := Comparison{
		Reached: reached, HeldOut: heldOut, ReachedInterval: Wilson(reached), HeldOutInterval: Wilson(heldOut),
		Difference: reached.Rate() - heldOut.Rate(), DifferenceInterval: Newcombe(reached, heldOut),
		Lift: math.NaN(), LiftInterval: Interval{math.NaN(), math.NaN()},
	}
	if heldOut.Have > 0 {
		c.Lift = reached.Rate()/heldOut.Rate() - 1
		if ratio, ok := Ratio(reached, heldOut); ok {
			c.LiftInterval = Interval{ratio.Low - 1, ratio.High - 1}
		}
	}
	switch {
	case reached.Of == 0:
		c.Why = NobodyReached
	case heldOut.Of == 0:
		c.Why = NobodyHeldOut
	case reached.Of < LeastMembers:
		c.Why = FewReached
	case heldOut.Of < LeastMembers:
		c.Why = FewHeldOut
	case reached.Have+heldOut.Have < LeastConverted:
		c.Why = FewConversions
	}
	switch {
	case c.Why != "":
		c.Verdict = TooLittle
	case c.DifferenceInterval.Low > 0:
		c.Verdict = Higher
	case c.DifferenceInterval.High < 0:
		c.Verdict = Lower
	default:
		c.Verdict = Open
	}
	return c
}
