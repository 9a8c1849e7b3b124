package main

import (
	"fmt"
	"io"
	"strings"
)

// writeMarkdown writes the report for a comment on a pull request.
func (p *planned) writeMarkdown(w io.Writer) error {
	var b strings.Builder
	segments, tags, silent := p.listed()
	fmt.Fprintf(&b, "### Effect on members\n\n%s\n", cellText(p.headline()))
	for i, x := range p.breaches {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "- :no_entry: **too much**: %s\n", cellText(breachText(x)))
	}
	if len(segments) > 0 {
		b.WriteString("\n| segment | | before | after | entering | leaving |\n| --- | --- | ---: | ---: | ---: | ---: |\n")
		for _, x := range segments {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", ruleCell(x.Name, x.Title), statusMark(x.Status),
				count(x.Before), count(x.After), count(x.Entering), count(x.Leaving))
		}
	}
	if len(tags) > 0 {
		b.WriteString("\n| tag | | known before | after | other value | newly known | newly unknown |\n| --- | --- | ---: | ---: | ---: | ---: | ---: |\n")
		for _, x := range tags {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", ruleCell(x.Name, x.Title), statusMark(x.Status),
				count(x.Before), count(x.After), count(x.Changed), count(x.Known), count(x.Unknown))
		}
	}
	p.markdownProgramme(&b)
	if details := p.details(); len(details) > 0 {
		b.WriteString("\n<details><summary>Examples and why</summary>\n")
		for _, d := range details {
			fmt.Fprintf(&b, "\n**%s**\n\n", cellText(d.name))
			for _, l := range d.lines {
				var parts []string
				for _, part := range []string{l.what + " " + l.who, l.change, l.why} {
					if part != "" {
						parts = append(parts, cellText(part))
					}
				}
				fmt.Fprintf(&b, "- %s\n", strings.Join(parts, ": "))
			}
		}
		b.WriteString("\n</details>\n")
	}
	b.WriteString("\n")
	if len(silent) > 0 {
		fmt.Fprintf(&b, "Changed without effect: %s\n\n", cellText(strings.Join(silent, ", ")))
	}
	fmt.Fprintf(&b, "%s\n", cellText(p.verdict()))
	_, err := io.WriteString(w, b.String())
	return err
}

// markdown escapes what Markdown would read as its own.
var markdown = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "|", `\|`, "<", "&lt;", ">", "&gt;", "[", `\[`, "]", `\]`, "#", `\#`, "@", "&#64;", "\n", " ",
)

func cellText(text string) string { return markdown.Replace(text) }

// ruleCell is a rule's name and title.
func ruleCell(name, title string) string {
	return strings.TrimSpace("**" + cellText(name) + "** " + cellText(title))
}
