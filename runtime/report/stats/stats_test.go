package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func near(t *testing.T, what string, got, want, by float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > by {
		t.Errorf("%s is %.5f, want %.4f", what, got, want)
	}
}

// The examples of Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3.
func TestWilsonOnPublishedExamples(t *testing.T) {
	for _, c := range []struct {
		count     Count
		low, high float64
	}{
		{Count{263, 81}, 0.2553, 0.3662},
		{Count{148, 15}, 0.0624, 0.1605},
		{Count{20, 0}, 0.0000, 0.1611},
		{Count{29, 1}, 0.0061, 0.1718},
	} {
		got := Wilson(c.count)
		near(t, "the low end", got.Low, c.low, 0.00005)
		near(t, "the high end", got.High, c.high, 0.00005)
	}
}

// The examples of Newcombe (1998), Interval estimation for the difference between independent proportions, table II,
// method 10.
func TestNewcombeOnPublishedExamples(t *testing.T) {
	for _, c := range []struct {
		a, b      Count
		low, high float64
	}{
		{Count{70, 56}, Count{80, 48}, 0.0524, 0.3339},
		{Count{10, 9}, Count{10, 3}, 0.1705, 0.8090},
		{Count{7, 6}, Count{7, 2}, 0.0582, 0.8062},
		{Count{56, 5}, Count{29, 0}, -0.0381, 0.1926},
		{Count{10, 0}, Count{20, 0}, -0.1611, 0.2775},
		{Count{10, 0}, Count{10, 0}, -0.2775, 0.2775},
		{Count{10, 10}, Count{20, 0}, 0.6791, 1.0000},
		{Count{10, 10}, Count{10, 0}, 0.6075, 1.0000},
	} {
		got := Newcombe(c.a, c.b)
		near(t, "the low end", got.Low, c.low, 0.00005)
		near(t, "the high end", got.High, c.high, 0.00005)
	}
}

func drawCount(t *rapid.T, name string) Count {
	n := rapid.Int64Range(0, 100_000).Draw(t, name+" of")
	return Count{n, rapid.Int64Range(0, n).Draw(t, name+" have")}
}

func TestIntervalsHoldTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawCount(t, "a"), drawCount(t, "b")
		w := Wilson(a)
		if w.Low < 0 || w.High > 1 || !w.Has(a.Rate()) {
			t.Fatalf("the interval of %v is %v", a, w)
		}
		if not := Wilson(Count{a.Of, a.Of - a.Have}); math.Abs(not.Low-(1-w.High)) > 1e-9 || math.Abs(not.High-(1-w.Low)) > 1e-9 {
			t.Fatalf("that of those who have it not is %v, not the mirror of %v", not, w)
		}
		ab, ba := Newcombe(a, b), Newcombe(b, a)
		if math.Abs(ab.Low+ba.High) > 1e-12 || math.Abs(ab.High+ba.Low) > 1e-12 {
			t.Fatalf("%v − %v is %v, and the other way round %v", a, b, ab, ba)
		}
		if ab.Low < -1 || ab.High > 1 || !ab.Has(a.Rate()-b.Rate()) {
			t.Fatalf("%v − %v is %v", a, b, ab)
		}
		ratio, ok := Ratio(a, b)
		if !ok {
			return
		}
		if ratio.Low < 0 || ratio.Low > ratio.High || b.Have > 0 && (a.Rate()/b.Rate() < ratio.Low-1e-9 || a.Rate()/b.Rate() > ratio.High+1e-9) {
			t.Fatalf("%v ÷ %v is %v", a, b, ratio)
		}
		// The other way round it is its inverse.
		if back, _ := Ratio(b, a); ratio.Low > 0 && math.Abs(back.High*ratio.Low-1) > 1e-6 {
			t.Fatalf("%v ÷ %v is %v, and the other way round %v", a, b, ratio, back)
		}
	})
}

// More data of the same rates make an interval narrower.
func TestMoreDataNarrow(t *testing.T) {
	last := 3.0
	for n := int64(10); n < 1_000_000; n *= 10 {
		i := Newcombe(Count{n, n * 3 / 10}, Count{n, n / 10})
		if width := i.High - i.Low; width >= last {
			t.Errorf("with %d on either side the interval is %v", n, i)
		} else {
			last = width
		}
	}
}

// The intervals hold the truth about as often as they say.
func TestCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(2026, 11))
	draw := func(n int, p float64) Count {
		c := Count{Of: int64(n)}
		for range n {
			if random.Float64() < p {
				c.Have++
			}
		}
		return c
	}
	for _, c := range []struct {
		na, nb int
		pa, pb float64
	}{{400, 60, 0.08, 0.05}, {100, 100, 0.5, 0.4}, {900, 100, 0.02, 0.02}} {
		const rounds = 2000
		var single, difference, ratio int
		for range rounds {
			a, b := draw(c.na, c.pa), draw(c.nb, c.pb)
			if Wilson(a).Has(c.pa) {
				single++
			}
			if Newcombe(a, b).Has(c.pa - c.pb) {
				difference++
			}
			if r, ok := Ratio(a, b); !ok || r.Has(c.pa/c.pb) {
				ratio++
			}
		}
		for what, n := range map[string]int{"Wilson": single, "Newcombe": difference, "the ratio": ratio} {
			if share := float64(n) / rounds; share < 0.93 || share > 0.995 {
				t.Errorf("%+v: the interval of %s holds the truth in %.3f", c, what, share)
			}
		}
	}
}

func TestCompareSaysWhenThereIsTooLittle(t *testing.T) {
	for _, c := range []struct {
		reached, heldOut Count
		verdict          Verdict
		why              string
	}{
		{Count{}, Count{}, TooLittle, NobodyReached},
		{Count{900, 90}, Count{}, TooLittle, NobodyHeldOut},
		{Count{49, 40}, Count{900, 9}, TooLittle, FewReached},
		{Count{900, 90}, Count{49, 1}, TooLittle, FewHeldOut},
		{Count{900, 7}, Count{100, 2}, TooLittle, FewConversions},
		{Count{900, 9}, Count{100, 1}, Open, ""},
		{Count{9000, 900}, Count{1000, 60}, Higher, ""},
		{Count{9000, 500}, Count{1000, 100}, Lower, ""},
		{Count{900, 90}, Count{100, 9}, Open, ""},
	} {
		got := Compare(c.reached, c.heldOut)
		if got.Verdict != c.verdict || got.Why != c.why {
			t.Errorf("%v against %v is %s (%s), want %s (%s)", c.reached, c.heldOut, got.Verdict, got.Why, c.verdict, c.why)
		}
	}
	got := Compare(Count{9000, 900}, Count{1000, 60})
	near(t, "the difference", got.Difference, 0.04, 1e-12)
	near(t, "the lift", got.Lift, 0.1/0.06-1, 1e-12)
	if !got.LiftInterval.Has(got.Lift) || got.LiftInterval.Low <= 0 {
		t.Errorf("the interval of the lift is %v", got.LiftInterval)
	}
	if none := Compare(Count{100, 50}, Count{100, 0}); !math.IsNaN(none.Lift) || !math.IsNaN(none.LiftInterval.Low) {
		t.Errorf("against nobody the lift is %v in %v", none.Lift, none.LiftInterval)
	}
}

// The counts of an experiment with e-mails to 64,000 customers, a third of whom got none (K. Hillstrom, the MineThatData
// e-mail analytics challenge, 2008): visits within two weeks. With so many the interval is that of the normal distribution.
func TestUpliftOfAPublishedExperiment(t *testing.T) {
	none := Count{21306, 2262}
	for _, c := range []struct {
		reached                     Count
		difference, low, high, lift float64
	}{
		{Count{21307, 3894}, 0.0766, 0.0700, 0.0832, 0.7214},
		{Count{21387, 3238}, 0.0452, 0.0389, 0.0516, 0.4260},
	} {
		got := Compare(c.reached, none)
		near(t, "the difference", got.Difference, c.difference, 0.00006)
		near(t, "its low end", got.DifferenceInterval.Low, c.low, 0.0001)
		near(t, "its high end", got.DifferenceInterval.High, c.high, 0.0001)
		near(t, "the lift", got.Lift, c.lift, 0.0001)
		if got.Verdict != Higher {
			t.Errorf("the verdict is %s", got.Verdict)
		}
	}
}

func TestSamplesJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 2, 60).Draw(t, "values")
		cut := rapid.IntRange(0, len(values)).Draw(t, "cut")
		var a, b Sample
		sum, squares := 0.0, 0.0
		for i, x := range values {
			if i < cut {
				a.Add(x)
			} else {
				b.Add(x)
			}
			sum += x
		}
		mean := sum / float64(len(values))
		for _, x := range values {
			squares += (x - mean) * (x - mean)
		}
		a.Join(b)
		variance := squares / float64(len(values)-1)
		if a.N != int64(len(values)) || math.Abs(a.Mean-mean) > 1e-6 || math.Abs(a.Variance()-variance) > 1e-6*(1+variance) {
			t.Fatalf("%d values with mean %g and variance %g, want %d, %g and %g", a.N, a.Mean, a.Variance(), len(values), mean, variance)
		}
	})
}

// Welch's interval holds the true difference as often as it says, also of amounts that most members do not have at all.
func TestWelchHoldsWhatItSays(t *testing.T) {
	if _, ok := Welch(Sample{N: LeastMembers}, Sample{N: LeastMembers - 1}); ok {
		t.Error("an interval of too few")
	}
	r := rand.New(rand.NewPCG(3, 5))
	held, rounds := 0, 2000
	for range rounds {
		var a, b Sample
		for range 600 {
			spend := func(share float64) float64 {
				if r.Float64() < share {
					return r.ExpFloat64() * 100
				}
				return 0
			}
			a.Add(spend(0.15))
			b.Add(spend(0.10))
		}
		if i, ok := Welch(a, b); ok && i.Has(5) {
			held++
		}
	}
	near(t, "how often it holds", float64(held)/float64(rounds), 0.95, 0.015)
}
