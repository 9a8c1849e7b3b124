package ingest

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/ingest/csv"
)

// layout is how a file is read: its format and, for CSV, where its columns are.
type layout struct {
	format  string
	delim   byte
	header  []string
	columns []int    // of each wanted column, by slot
	ignored []string // columns that the source does not map
}

// delimiters that are tried, the first of equals winning.
const delimiters = ",;\t|"

// newLayout looks at the beginning of a file. Every column that the source maps must be there.
func (p *plan) newLayout(in *input, opt *Options) (*layout, error) {
	sample, err := in.text.Peek(sampleSize)
	if err != nil && err != io.EOF {
		return nil, in.readError(err)
	}
	l := &layout{}
	if l.format, err = formatOf(in.name, opt.Format, sample); err != nil {
		return nil, err
	}
	if l.format == formatNDJSON {
		if s := bytes.TrimSpace(sample); len(s) > 0 && s[0] == '[' {
			return nil, fmt.Errorf("%s holds one JSON list; an object on each line is needed", in.display())
		}
		return l, nil
	}
	switch d := opt.Delimiter; {
	case d == 0:
		l.delim = p.detectDelimiter(sample)
	case d >= 0x80 || d == '"' || d == '\n' || d == '\r':
		return nil, fmt.Errorf("%q cannot be a delimiter: it must be one ASCII character, and no quote or line end", d)
	default:
		l.delim = byte(d)
	}
	header, fault := headerOf(sample, l.delim)
	switch {
	case fault != csv.Whole:
		return nil, fmt.Errorf("the header of %s cannot be read: %s", in.display(), fault)
	case header == nil:
		return nil, fmt.Errorf("%s is empty: a header with the names of the columns was expected", in.display())
	}
	return l, p.place(l, header, in.display())
}

// headerOf reads the first record of a sample; nil if there is none.
func headerOf(sample []byte, delim byte) ([]string, csv.Fault) {
	ch, err := csv.NewCutter(bytes.NewReader(sample), delim).Next(make([]byte, len(sample)+2))
	if err != nil {
		return nil, csv.Whole
	}
	r := csv.NewReader(delim)
	r.Reset(ch)
	if !r.Next() {
		return nil, csv.Whole
	}
	header := make([]string, len(r.Fields))
	for i, f := range r.Fields {
		header[i] = strings.TrimSpace(string(f))
	}
	return header, r.Fault
}

// detectDelimiter takes the delimiter with which most of the wanted columns are found, then the one with most columns.
func (p *plan) detectDelimiter(sample []byte) byte {
	best, bestFound, bestColumns := delimiters[0], -1, 0
	for i := range len(delimiters) {
		header, _ := headerOf(sample, delimiters[i])
		found := 0
		for _, name := range p.wanted {
			if slices.Contains(header, name) {
				found++
			}
		}
		if found > bestFound || found == bestFound && len(header) > bestColumns {
			best, bestFound, bestColumns = delimiters[i], found, len(header)
		}
	}
	return best
}

// place finds the wanted columns in a header.
func (p *plan) place(l *layout, header []string, file string) error {
	l.header = header
	var missing []string
	for _, name := range p.wanted {
		at := slices.Index(header, strings.TrimSpace(name))
		if at < 0 {
			missing = append(missing, name)
			continue
		}
		if slices.Contains(header[at+1:], header[at]) {
			return fmt.Errorf("%s has two columns %q, and source %s reads one", file, name, p.source.Name)
		}
		l.columns = append(l.columns, at)
	}
	for i, name := range header {
		if !slices.Contains(l.columns, i) {
			l.ignored = append(l.ignored, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if slices.ContainsFunc(header, isBinary) {
		return fmt.Errorf("%s is no text, so it cannot be read as CSV", file)
	}
	e := &MissingColumnsError{File: file, Source: p.source.Name, Header: header}
	for _, name := range missing {
		near, _ := diag.Near(name, l.ignored)
		e.Columns = append(e.Columns, MissingColumn{name, near})
	}
	return e
}

// isBinary reports whether a cell holds characters that no text has.
func isBinary(cell string) bool {
	return strings.ContainsFunc(cell, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r", r) })
}

// MissingColumnsError says that the header of a file lacks columns that the source maps.
type MissingColumnsError struct {
	File, Source string
	Columns      []MissingColumn
	Header       []string
}

// MissingColumn is a column that is not there, and the one that may have been meant, or "".
type MissingColumn struct{ Name, Near string }

func (e *MissingColumnsError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s has no column ", e.File)
	for i, c := range e.Columns {
		switch {
		case i > 0 && i == len(e.Columns)-1:
			b.WriteString(" and ")
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q", c.Name)
		if c.Near != "" {
			fmt.Fprintf(&b, " (did you mean %q?)", c.Near)
		}
	}
	fmt.Fprintf(&b, ", which source %s reads", e.Source)
	fmt.Fprintf(&b, "; its columns are %s", quotedList(e.Header))
	return b.String()
}
