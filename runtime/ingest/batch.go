package ingest

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/muster-engine/muster/runtime/ingest/csv"
	"github.com/muster-engine/muster/runtime/ingest/ndjson"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// batch is a chunk of a file on its way: read by one goroutine, mapped by any, applied in file order by one.
type batch struct {
	buf      []byte
	chunk    csv.Chunk
	first    bool // the chunk begins with the header
	replaces bool // U+FFFD stands for bytes that could not be decoded
	done     chan struct{}

	lines int // line ends in the chunk
	rows  []stagedRow
	arena []byte // ids and encoded rows
	ids   []stagedID
	table []tableRow // where rows are kept as values, not encoded
	fault []fault    // of the rejected rows, in order
}

// stagedRow is a row as mapped. Its ids are ids[idFrom:idTo] of the batch, its values arena[from:to].
type stagedRow struct {
	at           int64
	line         uint32 // from 0, in the chunk
	raw, rawEnd  uint32 // in the chunk
	idFrom, idTo uint32
	from, to     uint32
	hasAt        bool
	rejected     bool
}

// stagedID is an id of a row: arena[from:to], normalised or, if hashed, a digest.
type stagedID struct {
	hash     uint32 // storage.HashID of it
	owner    uint32
	from, to uint32
	hashed   bool
}

// tableRow is a row as values by place, of kind 0 where unknown; key is that of a table.
type tableRow struct {
	key    string
	values []column.Value
}

func (b *batch) reset() {
	b.lines, b.rows, b.arena, b.ids, b.table, b.fault = 0, b.rows[:0], b.arena[:0], b.ids[:0], b.table[:0], b.fault[:0]
}

// raw is a row as it stands in the file.
func (b *batch) raw(r *stagedRow) []byte { return b.chunk.Data[r.raw:r.rawEnd] }

// batchMapper maps the rows of batches. Each goroutine needs its own.
type batchMapper struct {
	*plan
	layout  *layout
	rows    *rowMapper
	encoder *storage.RowEncoder // or nil
	values  *valueSink          // or nil
	csv     *csv.Reader
	json    *ndjson.Reader
	cells   []ndjson.Value
}

// newBatchMapper returns a mapper whose rows are written by encoder; without one they are kept as values, as those of a
// table are.
func newBatchMapper(p *plan, l *layout, encoder *storage.RowEncoder) *batchMapper {
	m := &batchMapper{plan: p, layout: l, encoder: encoder}
	if l.format == formatNDJSON {
		m.json = ndjson.NewReader(p.wanted)
	} else {
		m.csv = csv.NewReader(l.delim)
		m.cells = make([]ndjson.Value, len(p.wanted))
	}
	if encoder != nil {
		m.rows = newRowMapper(p, encoder, m.json)
	} else {
		m.values = &valueSink{width: p.width()}
		m.rows = newRowMapper(p, m.values, m.json)
	}
	return m
}

// run maps a batch.
func (m *batchMapper) run(b *batch) {
	b.reset()
	if m.json != nil {
		m.runJSON(b)
		return
	}
	suspect := m.suspect(b)
	r := m.csv
	r.Reset(b.chunk)
	if b.first {
		r.Next()
	}
	for r.Next() {
		row := stagedRow{line: uint32(r.Line)}
		from, to := r.Bounds()
		row.raw, row.rawEnd = uint32(from), uint32(to)
		switch {
		case r.Fault != csv.Whole:
			m.reject(b, row, fault{what: r.Fault.String(), bare: true})
			continue
		case len(r.Fields) != len(m.layout.header):
			m.reject(b, row, wrongWidth(len(r.Fields), len(m.layout.header)))
			continue
		case suspect && m.misread(b, &row):
			continue
		}
		for slot, c := range m.layout.columns {
			m.cells[slot] = ndjson.Value{Kind: ndjson.String, Text: r.Fields[c]}
		}
		m.stage(b, row, m.cells)
	}
	b.lines = r.Lines()
}

func (m *batchMapper) runJSON(b *batch) {
	suspect := m.suspect(b)
	data := b.chunk.Data
	for from := 0; from < len(data); b.lines++ {
		next := len(data)
		if nl := bytes.IndexByte(data[from:], '\n'); nl >= 0 {
			next = from + nl + 1
		}
		line := bytes.TrimSpace(data[from:next])
		row := stagedRow{line: uint32(b.lines), raw: uint32(from), rawEnd: uint32(from + len(bytes.TrimRight(data[from:next], "\r\n")))}
		from = next
		switch {
		case b.chunk.Fault != csv.Whole:
			m.reject(b, row, fault{what: b.chunk.Fault.String(), bare: true})
			continue
		case len(line) == 0, suspect && m.misread(b, &row):
			continue
		}
		if f, ok := m.json.Read(line); !ok {
			m.reject(b, row, jsonFault(f, line))
			continue
		}
		m.stage(b, row, m.json.Values)
	}
	if n := len(data); n > 0 && data[n-1] != '\n' {
		b.lines--
	}
}

// stage maps the cells of a row and keeps the outcome.
func (m *batchMapper) stage(b *batch, row stagedRow, cells []ndjson.Value) {
	if m.encoder != nil {
		m.encoder.Reset()
	} else {
		m.values.reset()
	}
	if !m.rows.row(cells) {
		m.reject(b, row, m.rows.fault)
		return
	}
	base := uint32(len(b.arena))
	row.idFrom = uint32(len(b.ids))
	for _, id := range m.rows.ids {
		text := m.rows.idText[id.from:id.to]
		b.ids = append(b.ids, stagedID{storage.HashID(text), uint32(id.owner), base + uint32(id.from), base + uint32(id.to), id.hashed})
	}
	row.idTo = uint32(len(b.ids))
	b.arena = append(b.arena, m.rows.idText...)
	if m.encoder != nil {
		row.from = uint32(len(b.arena))
		b.arena = append(b.arena, m.encoder.Bytes()...)
		row.to = uint32(len(b.arena))
	} else {
		b.table = append(b.table, tableRow{string(m.rows.key), m.values.values})
	}
	row.at, row.hasAt = m.rows.at, m.rows.hasAt
	b.rows = append(b.rows, row)
}

func (m *batchMapper) reject(b *batch, row stagedRow, f fault) {
	row.rejected = true
	b.rows = append(b.rows, row)
	b.fault = append(b.fault, f)
}

// suspect reports whether some row of the chunk may hold bytes that are not in the encoding of the file.
func (m *batchMapper) suspect(b *batch) bool {
	if b.replaces {
		return bytes.Contains(b.chunk.Data, replacement)
	}
	return !utf8.Valid(b.chunk.Data)
}

var replacement = []byte("\ufffd")

// misread rejects a row with such bytes.
func (m *batchMapper) misread(b *batch, row *stagedRow) bool {
	raw := b.raw(row)
	switch {
	case b.replaces && bytes.Contains(raw, replacement):
		m.reject(b, *row, fault{what: "the row holds bytes that mean nothing in the encoding of the file", bare: true})
	case !b.replaces && !utf8.Valid(raw):
		m.reject(b, *row, fault{what: "the row is not valid UTF-8", bare: true})
	default:
		return false
	}
	return true
}

// valueSink collects the values of one row.
type valueSink struct {
	width  int
	values []column.Value
}

func (s *valueSink) reset() { s.values = make([]column.Value, s.width) }

func (s *valueSink) Int(place int, v int64)     { s.values[place] = column.Int(v) }
func (s *valueSink) Float(place int, v float64) { s.values[place] = column.Float(v) }
func (s *valueSink) Text(place int, v []byte)   { s.values[place] = column.Text(string(v)) }
func (s *valueSink) Clear(place int)            { s.values[place] = column.Value{} }
func (s *valueSink) Set(place int, texts [][]byte) {
	set := make([]string, len(texts))
	for i, t := range texts {
		set[i] = string(t)
	}
	s.values[place] = column.Set(set...)
}

func wrongWidth(got, want int) fault {
	return fault{what: fmt.Sprintf("the row has %d fields, the header %d", got, want), bare: true}
}

func jsonFault(f ndjson.Fault, line []byte) fault {
	return fault{what: fmt.Sprintf("no JSON object: %s (character %d)", f.Reason, utf8.RuneCount(line[:f.Pos])+1), bare: true}
}
