package main

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
)

// cells measures text in terminal columns: Chinese characters take two, whatever the locale.
var cells = func() *runewidth.Condition {
	c := runewidth.NewCondition()
	c.EastAsianWidth = false
	return c
}()

// col is a column of a table.
type col struct {
	head string
	// key names it in CSV; head is used if it is empty.
	key   string
	right bool
	// paint colours a padded cell, nil for none.
	paint func(string) string
}

// table is rows of text under heads.
type table struct {
	columns []col
	rows    [][]string
}

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// write prints the table with its columns lined up, two spaces apart, each line begun with indent.
func (t *table) write(w io.Writer, indent string, s style) error {
	widths := make([]int, len(t.columns))
	heads := false
	for i, c := range t.columns {
		widths[i] = cells.StringWidth(c.head)
		heads = heads || c.head != ""
	}
	for _, row := range t.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], cells.StringWidth(cell))
		}
	}
	var out strings.Builder
	line := func(row []string, paint func(i int, padded string) string) {
		var b strings.Builder
		b.WriteString(indent)
		for i, cell := range row {
			if i > 0 {
				b.WriteString("  ")
			}
			gap := strings.Repeat(" ", widths[i]-cells.StringWidth(cell))
			switch {
			case t.columns[i].right:
				b.WriteString(gap + paint(i, cell))
			case i == len(row)-1:
				b.WriteString(paint(i, cell))
			default:
				b.WriteString(paint(i, cell) + gap)
			}
		}
		out.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	}
	if heads {
		row := make([]string, len(t.columns))
		for i, c := range t.columns {
			row[i] = c.head
		}
		line(row, func(_ int, cell string) string { return s.faint(cell) })
	}
	for _, row := range t.rows {
		line(row, func(i int, cell string) string {
			if paint := t.columns[i].paint; paint != nil {
				return paint(cell)
			}
			return cell
		})
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// writeCSV prints heads and rows as CSV.
func (t *table) writeCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	heads := make([]string, len(t.columns))
	for i, c := range t.columns {
		heads[i] = c.key
		if c.key == "" {
			heads[i] = c.head
		}
	}
	if err := out.Write(heads); err != nil {
		return err
	}
	if err := out.WriteAll(t.rows); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

// writeJSON prints a value as one line.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
