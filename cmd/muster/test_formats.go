package main

import (
	"encoding/xml"
	"io"

	"github.com/muster-engine/muster/rules/testrun"
)

type testJSON struct {
	Tests   int              `json:"tests"`
	Failed  int              `json:"failed"`
	Expects int              `json:"expects"`
	Results []testResultJSON `json:"results"`
	// Coverage is there where it is asked for.
	Coverage *coverageJSON `json:"coverage,omitempty"`
}

type testResultJSON struct {
	Title    string            `json:"title"`
	Passed   bool              `json:"passed"`
	Expects  int               `json:"expects"`
	Failures []testFailureJSON `json:"failures,omitempty"`
	Error    string            `json:"error,omitempty"`
	place
}

type testFailureJSON struct {
	Member    string     `json:"member"`
	Condition string     `json:"condition"`
	At        string     `json:"at"`
	Why       clauseJSON `json:"why"`
	place
}

func (t *testReport) json() testJSON {
	out := testJSON{Tests: len(t.results), Failed: t.failed(), Expects: t.expects(), Results: []testResultJSON{}}
	if t.cover != nil {
		out.Coverage = t.coverageJSON()
	}
	for _, r := range t.results {
		one := testResultJSON{Title: r.Test.Title, Passed: r.Passed(), Expects: r.Expects, place: placeOf(r.Test.Span)}
		for _, f := range r.Failures {
			one.Failures = append(one.Failures, testFailureJSON{
				Member: f.Member, Condition: f.Text, At: t.vs.rfc3339(f.Clock), Why: newClauseJSON(f.Why, t.prog), place: placeOf(f.Span),
			})
		}
		if r.Err != nil {
			one.Error = r.Err.Error()
		}
		out.Results = append(out.Results, one)
	}
	return out
}

// The shapes of a JUnit report, as build servers read it.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr"`
		Line    int           `xml:"line,attr"`
		Failure *junitMessage `xml:"failure"`
		Error   *junitMessage `xml:"error"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeJUnit prints a suite for each file, in the order in which their tests ran.
func (t *testReport) writeJUnit(w io.Writer) error {
	out := junitSuites{Tests: len(t.results)}
	for _, r := range t.results {
		at := placeOf(r.Test.Span)
		if n := len(out.Suites); n == 0 || out.Suites[n-1].Name != at.File {
			out.Suites = append(out.Suites, junitSuite{Name: at.File})
		}
		suite := &out.Suites[len(out.Suites)-1]
		suite.Tests++
		one := junitCase{Name: r.Test.Title, Class: at.File, File: at.File, Line: at.Line}
		switch {
		case r.Err != nil:
			out.Errors++
			suite.Errors++
			one.Error = &junitMessage{r.Err.Error(), t.faults(r, style{})}
		case !r.Passed():
			out.Failures++
			suite.Failures++
			one.Failure = &junitMessage{failureMessage(r), t.faults(r, style{})}
		}
		suite.Cases = append(suite.Cases, one)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func failureMessage(r testrun.Result) string {
	if len(r.Failures) == 1 {
		return "expect " + r.Failures[0].Member + ": " + oneLine(r.Failures[0].Text)
	}
	return many(len(r.Failures), "expect") + " failed"
}
