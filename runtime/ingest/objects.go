package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/ingest/csv"
	"github.com/muster-engine/muster/runtime/ingest/textenc"
)

// ObjectRow is a row of a file as an object for a server that maps it.
type ObjectRow struct {
	Line   int64  // from 1
	Object []byte // JSON: a row of CSV has the names of the header and texts, one of NDJSON is as it stands
	Raw    []byte // the row as the file has it, in UTF-8
	Reason string // why the row is none, if it is not; then there is no object
}

// EachObject reads one file, as [Run] does but without rules, and calls f with each row. source is what the file is of, and
// columns are those that it reads: a file of CSV must have them all. Rows are valid until f returns. Of opt it goes by
// Stdin, Format, Delimiter, Encoding and Progress.
func EachObject(ctx context.Context, file, source string, columns []string, opt Options, f func(ObjectRow) error) (err error) {
	if opt.Encoding, err = textenc.Parse(opt.Encoding); err != nil {
		return err
	}
	in, err := openInput(file, opt.Stdin, opt.Encoding)
	if err != nil {
		return err
	}
	defer in.Close()
	p := &plan{source: &ir.Source{Name: source}, wanted: columns}
	l, err := p.newLayout(in, &opt)
	if err != nil {
		return err
	}
	cutter, rows := csv.NewLineCutter(in.text), csv.NewReader(l.delim)
	if l.format == formatCSV {
		cutter = csv.NewCutter(in.text, l.delim)
	}
	buf, before, told := make([]byte, csv.MaxRecord), int64(0), int64(0)
	for first := l.format == formatCSV; ; first = false {
		chunk, err := cutter.Next(buf)
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return in.readError(err)
		case ctx.Err() != nil:
			return ctx.Err()
		}
		each := func(row ObjectRow) error {
			if in.replaces() && bytes.ContainsRune(row.Raw, '\ufffd') {
				row.Object, row.Reason = nil, "the row is not valid UTF-8"
			}
			told++
			return f(row)
		}
		if l.format == formatNDJSON {
			lines := 0
			for line := range bytes.Lines(chunk.Data) {
				lines++
				if text := bytes.TrimSpace(line); len(text) > 0 {
					if err := each(ObjectRow{Line: before + int64(lines), Object: text, Raw: text}); err != nil {
						return err
					}
				}
			}
			before += int64(lines)
		} else {
			rows.Reset(chunk)
			if first {
				rows.Next()
			}
			for rows.Next() {
				from, to := rows.Bounds()
				row := ObjectRow{Line: before + int64(rows.Line) + 1, Raw: chunk.Data[from:to]}
				switch {
				case rows.Fault != csv.Whole:
					row.Reason = rows.Fault.String()
				case len(rows.Fields) != len(l.header):
					row.Reason = wrongWidth(len(rows.Fields), len(l.header)).String()
				default:
					row.Object = objectOf(l.header, rows.Fields)
				}
				if err := each(row); err != nil {
					return err
				}
			}
			before += int64(rows.Lines())
		}
		if opt.Progress != nil {
			opt.Progress(Progress{File: file, Bytes: in.raw.n.Load(), Size: in.size, Rows: told})
		}
	}
}

// objectOf is a row of CSV as JSON.
func objectOf(header []string, cells [][]byte) []byte {
	row := make(map[string]string, len(header))
	for i, name := range header {
		row[name] = string(cells[i])
	}
	text, err := json.Marshal(row)
	if err != nil {
		panic(fmt.Sprint("texts are always JSON: ", err))
	}
	return text
}
