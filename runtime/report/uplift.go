package report

import (
	"math"
	"strconv"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/runtime/report/stats"
)

// upliftOf is a comparison without what cannot be said: nothing where one side is empty, no lift against a rate of 0.
func upliftOf(c stats.Comparison) Uplift {
	out := Uplift{Verdict: string(c.Verdict), Why: c.Why}
	if c.Reached.Of > 0 && c.HeldOut.Of > 0 {
		out.Difference, out.Interval = &c.Difference, &[2]float64{c.DifferenceInterval.Low, c.DifferenceInterval.High}
	}
	if finite(c.Lift) && finite(c.LiftInterval.Low) && finite(c.LiftInterval.High) {
		out.Lift, out.LiftInterval = &c.Lift, &[2]float64{c.LiftInterval.Low, c.LiftInterval.High}
	}
	return out
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// fraction is an exact fraction of the rules as a number; false for 0, which is what stands where the rules say nothing.
func fraction(d decimal.Decimal, digits int) (float64, bool) {
	x, err := strconv.ParseFloat(d.Text(digits), 64)
	return x, err == nil && x != 0
}

// sentence says in words what may be concluded of a campaign.
func (u Uplift) sentence() string { return u.conclusion("The campaign") }

// conclusion says in words what may be concluded of what was done to the reached.
func (u Uplift) conclusion(what string) string {
	switch stats.Verdict(u.Verdict) {
	case stats.Higher:
		return what + " raises the rate: the whole interval of the difference is above 0."
	case stats.Lower:
		return what + " lowers the rate: the whole interval of the difference is below 0."
	case stats.Open:
		return "No difference is shown: 0 is in its interval. That does not say that there is none."
	}
	return "Too little data for a conclusion: " + u.Why + "."
}
