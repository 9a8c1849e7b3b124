package stats

import "math"

// Sample gathers values of which the mean is of interest; the zero Sample is empty. It keeps the sum of squares about the
// mean as it goes (Welford 1962), so that large values do not swamp small differences.
type Sample struct {
	N       int64
	Mean    float64
	squares float64
}

// Add takes a value in.
func (s *Sample) Add(x float64) {
	s.N++
	d := x - s.Mean
	s.Mean += d / float64(s.N)
	s.squares += d * (x - s.Mean)
}

// Join takes the values of another sample in (Chan, Golub and LeVeque 1979).
func (s *Sample) Join(t Sample) {
	if t.N == 0 {
		return
	}
	n, d := s.N+t.N, t.Mean-s.Mean
	s.squares += t.squares + d*d*float64(s.N)*float64(t.N)/float64(n)
	s.Mean += d * float64(t.N) / float64(n)
	s.N = n
}

// Variance is the sample variance, with n − 1; NaN of fewer than two values.
func (s Sample) Variance() float64 {
	if s.N < 2 {
		return math.NaN()
	}
	return s.squares / float64(s.N-1)
}

// Welch is the 95 % interval of the difference of the means of a and b, whose variances need not be the same; false where
// either has fewer than [LeastMembers] values. With so many the normal distribution stands for that of Student, whose
// quantile is 2 % larger at fifty. Source: B. L. Welch, The generalization of Student's problem (1947).
func Welch(a, b Sample) (Interval, bool) {
	if a.N < LeastMembers || b.N < LeastMembers {
		return Interval{}, false
	}
	d, half := a.Mean-b.Mean, z*math.Sqrt(a.Variance()/float64(a.N)+b.Variance()/float64(b.N))
	return Interval{d - half, d + half}, true
}
