package main

import (
	"fmt"
	"io"
	"math"

	"github.com/muster-engine/muster/rules/cover"
)

type coverageJSON struct {
	Percent    float64         `json:"percent"`
	Rules      shareJSON       `json:"rules"`
	Branches   shareJSON       `json:"branches"`
	Conditions shareJSON       `json:"conditions"`
	Boundaries shareJSON       `json:"boundaries"`
	Missing    []unreachedJSON `json:"missing"`
}

type shareJSON struct {
	Reached int `json:"reached"`
	All     int `json:"all"`
}

type unreachedJSON struct {
	Kind    string `json:"kind"`
	Of      string `json:"of"`
	Text    string `json:"text"`
	Missing string `json:"missing"`
	place
}

// plurals are the kinds of items as columns are headed.
var plurals = map[cover.Kind]string{
	cover.Rule: "rules", cover.Branch: "branches", cover.Condition: "conditions", cover.Boundary: "boundaries",
}

// percent is how much is reached of all that there is, to a tenth, rounded down.
func (t *testReport) percent() float64 {
	reached, all := t.cover.Share()
	if all == 0 {
		return 100
	}
	return math.Floor(1000*float64(reached)/float64(all)) / 10
}

// lacking says what was not seen of an item.
func (t *testReport) lacking(i *cover.Item) string {
	switch i.Kind {
	case cover.Branch:
		return "never taken"
	case cover.Boundary:
		return "never at " + t.vs.text(i.Bound, i.Type)
	case cover.Condition:
		switch hold, fail := i.Missing(); {
		case hold && fail:
			return "never asked"
		case hold:
			return "never holds"
		}
		return "always holds"
	}
	return "never reached"
}

// writeCoverage shows how much is reached, and a line for each item that is not.
func (t *testReport) writeCoverage(out io.Writer) error {
	fmt.Fprintf(out, "\ncoverage %v%%", t.percent())
	for i, kind := range cover.Kinds {
		reached, all := t.cover.Share(kind)
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		fmt.Fprintf(out, "%s%s of %s %s", separator, count(reached), count(all), plurals[kind])
	}
	fmt.Fprintln(out)
	missing := &table{columns: []col{{}, {}, {}, {}}}
	for _, i := range t.cover.Items {
		if !i.Reached() {
			missing.add(i.Span.String(), i.Of, oneLine(i.Text), t.lacking(i))
		}
	}
	return missing.write(out, "  ", t.s)
}

func (t *testReport) coverageJSON() *coverageJSON {
	share := func(kind cover.Kind) (s shareJSON) {
		s.Reached, s.All = t.cover.Share(kind)
		return s
	}
	out := &coverageJSON{
		Percent: t.percent(), Rules: share(cover.Rule), Branches: share(cover.Branch), Conditions: share(cover.Condition),
		Boundaries: share(cover.Boundary), Missing: []unreachedJSON{},
	}
	for _, i := range t.cover.Items {
		if !i.Reached() {
			out.Missing = append(out.Missing, unreachedJSON{Kind: string(i.Kind), Of: i.Of, Text: i.Text, Missing: t.lacking(i), place: placeOf(i.Span)})
		}
	}
	return out
}
