package diag

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// RenderOptions says how findings are shown. The zero value is plain text.
type RenderOptions struct {
	// Color marks severity, code and carets with ANSI colours.
	Color bool
}

// widest is how many columns of a source line are shown; longer lines are cut around the words at fault.
const widest = 120

// columns measures text as terminals show it, whatever the locale.
var columns = &runewidth.Condition{StrictEmojiNeutral: true}

// Render writes findings for people, in the order given: position, severity, code and message; the source line with
// carets under the words at fault; what was being read; the hint; the other places involved, each with its line. What
// it writes holds no control characters of the source. A failure to write is ignored, as for any message to a terminal.
func Render(w io.Writer, l List, opt RenderOptions) {
	out := bufio.NewWriter(w)
	defer out.Flush()
	r := renderer{out: out, color: opt.Color}
	for i, d := range l {
		if i > 0 {
			r.line("")
		}
		r.diagnostic(d)
	}
}

type renderer struct {
	out   *bufio.Writer
	color bool
}

func (r renderer) line(text string) { r.out.WriteString(text + "\n") }

// The colours that the renderer uses.
const (
	red    = "\x1b[1;31m"
	yellow = "\x1b[1;33m"
	bold   = "\x1b[1m"
	blue   = "\x1b[34m"
	plain  = "\x1b[0m"
)

func (r renderer) paint(color, text string) string {
	if !r.color || text == "" {
		return text
	}
	return color + text + plain
}

func (r renderer) diagnostic(d Diagnostic) {
	color := red
	if d.Severity == Warning {
		color = yellow
	}
	head := r.paint(color, strings.TrimSpace(d.Severity.String()+" "+d.Code)) + ": " + r.paint(bold, visible(d.Message))
	if !d.Span.IsZero() {
		head = visible(d.Span.String()) + ": " + head
	}
	r.line(head)
	gutter := gutterWidth(d)
	r.source(d.Span, gutter, color)
	if d.Reading != "" {
		r.line("  reading: " + visible(d.Reading))
	}
	if d.Hint != "" {
		r.line("  hint: " + visible(d.Hint))
	}
	for _, related := range d.Related {
		if related.Span.IsZero() {
			r.line("  " + visible(related.Message))
			continue
		}
		r.line("  " + visible(related.Span.String()) + ": " + visible(related.Message))
		r.source(related.Span, gutter, blue)
	}
}

// gutterWidth is how many columns the line numbers of a finding take.
func gutterWidth(d Diagnostic) int {
	widest := 0
	spans := []Span{d.Span}
	for _, related := range d.Related {
		spans = append(spans, related.Span)
	}
	for _, s := range spans {
		if !s.IsZero() {
			widest = max(widest, len(strconv.Itoa(s.File.Position(s.Start).Line)))
		}
	}
	return widest
}

// source shows the line of a span with carets under it.
func (r renderer) source(s Span, gutter int, color string) {
	if s.IsZero() || s.File.Text == "" {
		return
	}
	n := s.File.Position(s.Start).Line
	text, start := s.File.Line(n)
	from := clamp(s.Start-start, 0, len(text))
	to := clamp(s.End-start, from, len(text))
	if n == 1 && strings.HasPrefix(text, "\ufeff") {
		const bom = len("\ufeff")
		text, from, to = text[bom:], max(0, from-bom), max(0, to-bom)
	}
	before, words, after := cut(text[:from], text[from:to], text[to:])
	r.line(r.paint(blue, fmt.Sprintf("  %*d |", gutter, n)) + strings.TrimRight(" "+before+words+after, " \t"))
	carets := strings.Repeat("^", max(1, columns.StringWidth(words)))
	r.line(r.paint(blue, fmt.Sprintf("  %*s |", gutter, "")) + " " + blank(before) + r.paint(color, carets))
}

func clamp(n, low, high int) int { return max(low, min(n, high)) }

// cut makes the three parts of a line fit to be shown.
func cut(before, words, after string) (string, string, string) {
	const half = widest / 2
	before, words, after = visible(tail(before, 4*widest)), visible(headOf(words, 4*widest)), visible(headOf(after, 4*widest))
	if columns.StringWidth(before)+columns.StringWidth(words)+columns.StringWidth(after) <= widest {
		return before, words, after
	}
	if w := columns.StringWidth(before); w > half {
		before = "…" + columns.TruncateLeft(before, w-half, "")
	}
	words = columns.Truncate(words, half, "…")
	after = columns.Truncate(after, max(1, widest-columns.StringWidth(before)-columns.StringWidth(words)), "…")
	return before, words, after
}

// headOf and tail keep at most n bytes of a text, cut between characters; visible then marks nothing as broken.
func headOf(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && text[n]&0xc0 == 0x80 {
		n--
	}
	return text[:n]
}

func tail(text string, n int) string {
	if len(text) <= n {
		return text
	}
	i := len(text) - n
	for i < len(text) && text[i]&0xc0 == 0x80 {
		i++
	}
	return text[i:]
}

// blank replaces a text by spaces of the same width; tabs stay, so that carets stand right whatever a tab is.
func blank(text string) string {
	var b strings.Builder
	for i, part := range strings.Split(text, "\t") {
		if i > 0 {
			b.WriteByte('\t')
		}
		b.WriteString(strings.Repeat(" ", columns.StringWidth(part)))
	}
	return b.String()
}

// visible replaces what a terminal would obey or hide: control and direction characters, broken UTF-8.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\u200d' || unicode.IsMark(r):
			return r
		case r == '\n' || r == '\r':
			return ' '
		case !unicode.IsGraphic(r):
			return '\ufffd'
		}
		return r
	}, text)
}
