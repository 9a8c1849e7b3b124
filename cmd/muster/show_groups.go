package main

import (
	"fmt"
	"io"
	"strings"
)

// groupedTable is rows under headings, lined up over all of them.
type groupedTable struct {
	columns []col
	heads   []string
	rows    [][]string
}

func (g *groupedTable) add(head string, row ...string) {
	g.heads = append(g.heads, head)
	g.rows = append(g.rows, row)
}

// write prints a heading before the first row of each run of rows that share it.
func (g *groupedTable) write(w io.Writer, s style) error {
	var lines strings.Builder
	t := table{columns: g.columns, rows: g.rows}
	if err := t.write(&lines, "  ", s); err != nil {
		return err
	}
	i := 0
	for line := range strings.Lines(lines.String()) {
		if i == 0 || g.heads[i] != g.heads[i-1] {
			if i > 0 {
				fmt.Fprintln(w)
			}
			if g.heads[i] != "" {
				fmt.Fprintln(w, s.yellow(g.heads[i]))
			}
		}
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
		i++
	}
	return nil
}
