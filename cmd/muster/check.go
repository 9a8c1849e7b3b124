package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules"
)

type checkOptions struct {
	warnings bool
}

func newCheck(a *app) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:     "check [DIR|FILE]",
		Short:   "find every fault in rule files",
		GroupID: groupRules,
		Long: `Reads all rule files and reports every independent fault with its place, and warnings for what
is surely a mistake. muster explain M0213 tells more about the code that a fault is shown with.

Exit status: 0 if the rules are sound, 1 if they have errors, 2 if they cannot be read.`,
		Example: `  muster check                      the rules in this directory
  muster check rules/retail         in another one
  muster check --format json        for editors and other programs
  muster check --warnings-as-errors for a build`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return a.check(args, o) },
	}
	cmd.Flags().BoolVar(&o.warnings, "warnings-as-errors", false, "end with status 1 for warnings too")
	return cmd
}

func (a *app) check(args []string, o checkOptions) error {
	set, err := a.loadRules(args)
	if err != nil {
		return err
	}
	switch a.format {
	case formatJSON:
		err = writeJSON(a.out, newReport(set.Diags, len(set.Files)))
	case formatCSV:
		err = writeFindingsCSV(a, set.Diags)
	default:
		diag.Render(a.out, set.Diags, diag.RenderOptions{Color: a.colors(a.out)})
		if len(set.Diags) > 0 {
			fmt.Fprintln(a.out)
		}
		fmt.Fprintln(a.out, summary(set))
	}
	if err != nil {
		return err
	}
	if set.Diags.HasErrors() || o.warnings && len(set.Diags) > 0 {
		return errFindings
	}
	return nil
}

// summary says in a line what was read and what was found.
func summary(set *rules.Set) string {
	report := newReport(set.Diags, len(set.Files))
	text := many(report.Files, "file") + ": "
	if report.Errors > 0 {
		text += many(report.Errors, "error")
		if report.Warnings > 0 {
			text += ", " + many(report.Warnings, "warning")
		}
		return text
	}
	p := set.Program
	text += fmt.Sprintf("%s, %s, %s, ", many(len(p.Tags), "tag"), many(len(p.Segments), "segment"), many(len(p.Tests), "test"))
	if report.Warnings > 0 {
		return text + many(report.Warnings, "warning")
	}
	return text + "no faults"
}

// checkReport is check's answer for programs.
type checkReport struct {
	Files    int       `json:"files"`
	Errors   int       `json:"errors"`
	Warnings int       `json:"warnings"`
	Findings []finding `json:"findings"`
}

type finding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
	place
	Reading string    `json:"reading,omitempty"`
	Hint    string    `json:"hint,omitempty"`
	Related []related `json:"related,omitempty"`
}

type related struct {
	Message string `json:"message"`
	place
}

// place is a range in a file; lines and columns count from 1, columns in characters, the end is behind the last.
type place struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
}

func newReport(found diag.List, files int) checkReport {
	r := checkReport{Files: files, Findings: []finding{}}
	for _, d := range found {
		if d.Severity == diag.Error {
			r.Errors++
		} else {
			r.Warnings++
		}
		f := finding{
			Code: d.Code, Severity: d.Severity.String(), Message: d.Message,
			place: placeOf(d.Span), Reading: d.Reading, Hint: d.Hint,
		}
		for _, other := range d.Related {
			f.Related = append(f.Related, related{other.Message, placeOf(other.Span)})
		}
		r.Findings = append(r.Findings, f)
	}
	return r
}

func placeOf(s diag.Span) place {
	if s.IsZero() {
		return place{}
	}
	from, to := s.File.Position(s.Start), s.File.Position(s.End)
	return place{s.File.Name, from.Line, from.Column, to.Line, to.Column}
}

func writeFindingsCSV(a *app, found diag.List) error {
	t := table{columns: []col{
		{head: "severity"}, {head: "code"}, {head: "file"}, {head: "line"}, {head: "column"}, {head: "message"}, {head: "hint"},
	}}
	for _, f := range newReport(found, 0).Findings {
		t.add(f.Severity, f.Code, f.File, fmt.Sprint(f.Line), fmt.Sprint(f.Column), f.Message, f.Hint)
	}
	return t.writeCSV(a.out)
}
