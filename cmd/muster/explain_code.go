package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/muster-engine/muster/dsl/diag"
)

var codePattern = regexp.MustCompile(`^[mM][0-9]{4}$`)

// explainCode prints the page of a diagnostic code.
func (a *app) explainCode(code string) error {
	code = strings.ToUpper(code)
	page, ok := diag.Page(code)
	if !ok {
		text := "there is no code " + code
		if near, ok := diag.Near(code, diag.Codes()); ok {
			text += "; did you mean " + near + "?"
		}
		return fmt.Errorf("%s; muster explain --codes lists them", text)
	}
	if a.format == formatJSON {
		return writeJSON(a.out, codePage{code, pageTitle(page), page})
	}
	a.writePage(page)
	return nil
}

type codePage struct {
	Code  string `json:"code"`
	Title string `json:"title"`
	Page  string `json:"page,omitempty"`
}

// writePage prints a page: its title bold, its code blocks indented and without their fences.
func (a *app) writePage(page string) {
	s := a.style(a.out)
	inCode := false
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		title, isTitle := strings.CutPrefix(line, "# ")
		switch {
		case strings.HasPrefix(line, "```"):
			inCode = !inCode
			if strings.HasSuffix(line, "-wrong") {
				fmt.Fprintln(a.out, s.red("Wrong:"))
				fmt.Fprintln(a.out)
			}
		case inCode && line != "":
			fmt.Fprintln(a.out, "  "+line)
		case isTitle:
			fmt.Fprintln(a.out, s.bold(title))
		default:
			fmt.Fprintln(a.out, line)
		}
	}
}

// listCodes prints every code with its title.
func (a *app) listCodes() error {
	var pages []codePage
	for _, code := range diag.Codes() {
		page, _ := diag.Page(code)
		pages = append(pages, codePage{Code: code, Title: pageTitle(page)})
	}
	if a.format == formatJSON {
		return writeJSON(a.out, pages)
	}
	t := table{columns: []col{{head: "code"}, {head: "title"}}}
	for _, p := range pages {
		t.add(p.Code, p.Title)
	}
	if a.format == formatCSV {
		return t.writeCSV(a.out)
	}
	return t.write(a.out, "", a.style(a.out))
}

// pageTitle is what follows the code in a page's first line.
func pageTitle(page string) string {
	first, _, _ := strings.Cut(page, "\n")
	_, title, _ := strings.Cut(first, ": ")
	return title
}
