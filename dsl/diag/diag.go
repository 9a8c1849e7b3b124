// Package diag holds what Muster tells people about their rule files: source files with positions, and diagnostics
// that point into them.
//
// A [File] is the text of one rule file (or of one condition typed at a prompt). A [Span] is a range of bytes in it. A
// [Diagnostic] is a finding: a code such as M0213, a severity, a message in the operator's words, the span that it is
// about, and other positions that are involved. Diagnostics are values: passes append them to a [List] and go on, so
// that one run reports every independent fault of all files. [Render] prints them with the source line and carets;
// [Page] returns the long explanation of a code.
package diag

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// File is one source text. The zero value is an empty, nameless file.
type File struct {
	// Name is what positions are shown with: a path as the user gave it, or "condition" for ad hoc input.
	Name string
	// Text is the UTF-8 source as read, byte-order mark included.
	Text string

	lines []int // byte offsets of line starts, built on first use
}

// NewFile returns a file of the given display name and text.
func NewFile(name, text string) *File {
	f := &File{Name: name, Text: text}
	f.lines = append(f.lines, 0)
	for i := 0; i < len(text); i++ {
		if text[i] == '\n' {
			f.lines = append(f.lines, i+1)
		}
	}
	return f
}

// Position is a place for people: line and column count from 1, the column in characters (code points).
type Position struct {
	Line, Column int
}

// Position translates a byte offset. Offsets beyond the text are clamped to its end.
func (f *File) Position(offset int) Position {
	offset = max(0, min(offset, len(f.Text)))
	line := sort.Search(len(f.lines), func(i int) bool { return f.lines[i] > offset }) - 1
	if line < 0 {
		return Position{1, 1}
	}
	start := f.lines[line]
	if line == 0 && strings.HasPrefix(f.Text, "\ufeff") {
		start = min(offset, len("\ufeff"))
	}
	return Position{line + 1, utf8.RuneCountInString(f.Text[start:offset]) + 1}
}

// Line returns the text of line n (from 1) without its line end, and the byte offset at which it starts.
func (f *File) Line(n int) (text string, start int) {
	if n < 1 || n > len(f.lines) {
		return "", len(f.Text)
	}
	start = f.lines[n-1]
	end := len(f.Text)
	if n < len(f.lines) {
		end = f.lines[n] - 1
	}
	return strings.TrimSuffix(f.Text[start:end], "\r"), start
}

// Span is the half-open byte range [Start, End) of a file. The zero Span points nowhere.
type Span struct {
	File       *File
	Start, End int
}

// IsZero reports whether the span points nowhere.
func (s Span) IsZero() bool { return s.File == nil }

// Text returns the source text that the span covers.
func (s Span) Text() string {
	if s.File == nil || s.Start < 0 || s.End > len(s.File.Text) || s.Start > s.End {
		return ""
	}
	return s.File.Text[s.Start:s.End]
}

// To returns the span from the start of s to the end of t; both must lie in one file.
func (s Span) To(t Span) Span {
	if s.IsZero() {
		return t
	}
	if t.IsZero() {
		return s
	}
	return Span{s.File, min(s.Start, t.Start), max(s.End, t.End)}
}

// String is file:line:column, as compilers print it.
func (s Span) String() string {
	if s.File == nil {
		return "-"
	}
	p := s.File.Position(s.Start)
	return s.File.Name + ":" + itoa(p.Line) + ":" + itoa(p.Column)
}

// Severity tells errors, which keep a rule set from taking effect, from warnings, which do not.
type Severity uint8

const (
	Error Severity = iota
	Warning
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Related is another position that a diagnostic is about: the first of two declarations, the next step of a cycle.
type Related struct {
	Span    Span
	Message string
}

// Diagnostic is one finding.
type Diagnostic struct {
	// Code is M and four digits; [Page] explains each.
	Code     string
	Severity Severity
	// Span covers the exact words at fault.
	Span Span
	// Message says what is wrong, in one line, without a full stop.
	Message string
	// Reading names what was being read: `tag "recency"`, `source pos`; may be empty.
	Reading string
	// Hint says how to mend it, such as a near name; may be empty.
	Hint string
	// Related are the other places involved, in the order to be shown.
	Related []Related
}

// List collects diagnostics. The zero value is ready.
type List []Diagnostic

// Errorf-free helpers: a diagnostic is built where it is found, with Add.
func (l *List) Add(d Diagnostic) { *l = append(*l, d) }

// HasErrors reports whether any of the findings is an error.
func (l List) HasErrors() bool {
	for _, d := range l {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Sort orders findings by file name, position, then code.
func (l List) Sort() {
	sort.SliceStable(l, func(i, j int) bool {
		a, b := l[i], l[j]
		an, bn := a.Span.fileName(), b.Span.fileName()
		switch {
		case an != bn:
			return an < bn
		case a.Span.Start != b.Span.Start:
			return a.Span.Start < b.Span.Start
		default:
			return a.Code < b.Code
		}
	})
}

func (s Span) fileName() string {
	if s.File == nil {
		return ""
	}
	return s.File.Name
}

func itoa(n int) string {
	if n == 0 {
		return "0"
	}
	var b [20]byte
	i := len(b)
	for ; n > 0; n /= 10 {
		i--
		b[i] = byte('0' + n%10)
	}
	return string(b[i:])
}
