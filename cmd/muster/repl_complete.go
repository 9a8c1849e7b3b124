package main

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/muster-engine/muster/compiler/ir"
)

// words of the language that stand in conditions.
var completionWords = strings.Fields(`and or not in is between contains starts ends matches when then else where since
before from true false known unknown with by last this previous days weeks months quarters years hours minutes today now
member at day count has sum avg min max first last distinct set top floor ceil round abs least greatest lower length
year quarter month weekday hour date age anniversary ntile bucket chance`)

// completer completes what stands before the cursor of a prompt.
type completer struct{ p *prompt }

// Do implements readline.AutoCompleter: what each candidate adds, and how many characters of it stand there already.
func (c completer) Do(line []rune, pos int) (added [][]rune, shared int) {
	candidates, partial := c.complete(string(line[:pos]))
	for _, candidate := range candidates {
		added = append(added, []rune(strings.TrimPrefix(candidate, partial)))
	}
	return added, len([]rune(partial))
}

// complete returns the candidates that begin with the word at the end of text, sorted, and that word.
func (c completer) complete(text string) (candidates []string, partial string) {
	if c.p.server != nil {
		return c.p.server.complete(text)
	}
	all, partial := c.candidates(text)
	seen := map[string]bool{}
	for _, one := range all {
		if strings.HasPrefix(one, partial) && !seen[one] {
			seen[one] = true
			candidates = append(candidates, one)
		}
	}
	sort.Strings(candidates)
	return candidates, partial
}

func (c completer) candidates(text string) (all []string, partial string) {
	if strings.HasPrefix(text, ":") && !strings.Contains(text, " ") {
		for _, command := range promptCommands {
			all = append(all, command.name)
		}
		return all, text
	}
	if before, inside, open := openString(text); open {
		for _, value := range c.valuesFor(before) {
			all = append(all, value+`"`)
		}
		return all, inside
	}
	start := wordStart(text)
	partial = text[start:]
	if rest, ok := strings.CutSuffix(text[:start], "."); ok {
		return c.partsOf(rest[wordStart(rest):]), partial
	}
	all = append(all, completionWords...)
	for _, a := range c.p.prog.Attributes {
		all = append(all, a.Name)
	}
	for _, e := range c.p.prog.Events {
		all = append(all, e.Name)
		if inAggregate(text, e.Name) {
			all = append(all, c.partsOf(e.Name)...)
		}
	}
	for _, t := range c.p.prog.Tags {
		all = append(all, t.Name)
	}
	for _, s := range c.p.prog.Segments {
		all = append(all, s.Name)
	}
	for _, l := range c.p.prog.Lists {
		all = append(all, l.Name)
	}
	for name := range c.p.q.lets {
		all = append(all, name)
	}
	return all, partial
}

// partsOf are the names that can stand behind NAME and a dot.
func (c completer) partsOf(name string) (parts []string) {
	if name == "member" {
		for _, a := range c.p.prog.Attributes {
			parts = append(parts, a.Name)
		}
		for _, t := range c.p.prog.Tags {
			parts = append(parts, t.Name)
		}
		return parts
	}
	if e := c.event(name); e != nil {
		parts = append(parts, "at", "day")
		for _, f := range e.Fields {
			parts = append(parts, f.Name)
		}
		for _, f := range e.Computed {
			parts = append(parts, f.Name)
		}
		return parts
	}
	for _, t := range c.typesOf(name) {
		if t.Kind == ir.Row {
			for _, column := range t.Table.Columns {
				parts = append(parts, column.Name)
			}
		}
	}
	return parts
}

func (c completer) event(name string) *ir.Event {
	for _, e := range c.p.prog.Events {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// valuesFor are the values of the enum that a string at the end of text is compared with: that of the last name before
// it that has one.
func (c completer) valuesFor(text string) []string {
	for text != "" {
		text = strings.TrimRightFunc(text, func(r rune) bool { return !wordRune(r) })
		start := wordStart(text)
		for _, t := range c.typesOf(text[start:]) {
			if t.Enum != nil {
				return t.Enum.Values
			}
		}
		text = text[:start]
	}
	return nil
}

// typesOf are the types of whatever is called name: an attribute, a tag, a field.
func (c completer) typesOf(name string) (types []ir.Type) {
	for _, a := range c.p.prog.Attributes {
		if a.Name == name {
			types = append(types, a.Type)
		}
	}
	for _, t := range c.p.prog.Tags {
		if t.Name == name {
			types = append(types, t.Type)
		}
	}
	for _, e := range c.p.prog.Events {
		for _, f := range e.Fields {
			if f.Name == name {
				types = append(types, f.Type)
			}
		}
	}
	return types
}

func wordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// wordStart is where the word at the end of text begins.
func wordStart(text string) int {
	i := strings.LastIndexFunc(text, func(r rune) bool { return !wordRune(r) })
	if i < 0 {
		return 0
	}
	_, size := utf8.DecodeRuneInString(text[i:])
	return i + size
}

// openString reports whether text ends inside a string, and splits it there.
func openString(text string) (before, inside string, open bool) {
	start := -1
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case start >= 0 && c == '\\':
			i++
		case c == '"' && start >= 0:
			start = -1
		case c == '"':
			start = i
		}
	}
	if start < 0 {
		return "", "", false
	}
	return text[:start], text[start+1:], true
}

// inAggregate reports whether text ends within the parentheses of an aggregate over an event, where its fields are bare
// names.
func inAggregate(text, event string) bool {
	i := strings.LastIndex(text, "("+event)
	return i >= 0 && strings.Count(text[i:], "(") > strings.Count(text[i:], ")") && strings.Contains(text[i:], " where ")
}
