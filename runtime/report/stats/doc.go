// Package stats compares two proportions: those who were reached and those who were held out.
//
// [Wilson] is the score interval of one proportion, [Newcombe] the interval of the difference of two, made of theirs. Both
// hold their level with small numbers and with proportions of 0 and 1, where the intervals of the normal approximation do
// not. [Compare] puts them together, and says when there is too little data for a conclusion.
//
// The intervals are of 95 %. Sources: E. B. Wilson, Probable inference, the law of succession, and statistical inference
// (1927); R. G. Newcombe, Interval estimation for the difference between independent proportions (1998), method 10; A.
// Donner and G. Zou, Closed-form confidence intervals for functions of the normal mean and standard deviation (2012), for
// the ratio.
package stats
