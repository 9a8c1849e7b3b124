package ingest

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/ingest/ndjson"
	"github.com/muster-engine/muster/storage/column"
)

// sink takes the values of a row by their place; storage.RowEncoder is one.
type sink interface {
	Int(place int, v int64)
	Float(place int, v float64)
	Text(place int, v []byte)
	Set(place int, texts [][]byte)
	Clear(place int)
}

// fault is what is wrong with a row: something about the value of a column. The zero fault is none.
type fault struct {
	column string
	value  string
	what   string // follows the value, or stands alone if bare
	bare   bool
}

// String is the reason as people read it.
func (f fault) String() string {
	if f.bare {
		return f.what
	}
	return strconv.Quote(shorten(f.value)) + " " + f.what
}

// shorten cuts a value to what fits a message.
func shorten(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// quotedList is `"a" "b" "c"`, cut short.
func quotedList(values []string) string {
	var b strings.Builder
	for i, v := range values {
		if i == 8 {
			b.WriteString(" …")
			break
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.Quote(v))
	}
	return b.String()
}

// rowMapper turns the cells of rows into values and ids. Each goroutine needs its own.
type rowMapper struct {
	*plan
	sink   sink
	json   *ndjson.Reader // for the elements of lists; nil for CSV
	clocks []*clock       // by place in plan.fields; nil where none is needed
	texts  [][]byte

	// Of the row in hand.
	ids    []foundID
	idText []byte
	at     int64
	hasAt  bool
	key    []byte
	fault  fault
}

// foundID is an id of a row: idText[from:to].
type foundID struct {
	owner    int // of plan.idAttrs
	hashed   bool
	from, to int
}

func newRowMapper(p *plan, s sink, json *ndjson.Reader) *rowMapper {
	m := &rowMapper{plan: p, sink: s, json: json}
	for _, f := range p.fields {
		var c *clock
		if k := f.Type.Kind; k == ir.Date || k == ir.Time || f.Target == ir.SetAt {
			c = newClock(p.program.Zone, f.Format)
		}
		m.clocks = append(m.clocks, c)
	}
	return m
}

// row maps the cells of a row, by slot; false means that it is rejected for m.fault.
func (m *rowMapper) row(cells []ndjson.Value) bool {
	m.ids, m.idText, m.hasAt, m.key = m.ids[:0], m.idText[:0], false, nil
	if len(m.plan.ids) > 0 && !m.findIDs(cells) {
		return false
	}
	for i, f := range m.fields {
		if f.slot < 0 {
			m.putConstant(f)
			continue
		}
		cell := cells[f.slot]
		if f.Map != nil && f.Split == "" && cell.Kind >= ndjson.String && cell.Kind < ndjson.Array {
			cell = ndjson.Value{Kind: ndjson.String, Text: f.mapped(cell.Text)}
		}
		text := cell.Text
		if !f.keep {
			text = trim(text)
		}
		switch {
		case cell.Kind == ndjson.Null:
			if f.Target == ir.SetAttribute {
				m.sink.Clear(f.place)
			}
			continue
		case cell.Kind == ndjson.Absent || len(text) == 0:
			continue
		case f.Type.Kind == ir.Set:
			if !m.putSet(f, cell) {
				return false
			}
			continue
		case cell.Kind >= ndjson.Array:
			return m.reject(f.Column, text, "is "+cell.Kind.String()+", not one value")
		}
		if what := m.put(f, m.clocks[i], text, cell.Kind); what != "" {
			return m.reject(f.Column, text, what)
		}
	}
	if m.plan.key != nil && len(m.key) == 0 {
		m.fault = fault{column: m.plan.key.Column, what: "the key is empty", bare: true}
		return false
	}
	return true
}

func (m *rowMapper) reject(column string, value []byte, what string) bool {
	m.fault = fault{column: column, value: string(value), what: what}
	return false
}

// trim drops white space at both ends: what Unicode calls so, the ideographic space included.
func trim(text []byte) []byte {
	if n := len(text); n > 0 && text[0]-'!' < 0x5e && text[n-1]-'!' < 0x5e {
		return text
	}
	return bytes.TrimSpace(text)
}

// mapped is the text that stands for a cell's in the map of the line, or the same.
func (f *mapping) mapped(text []byte) []byte {
	if to, ok := f.Map[string(text)]; ok {
		return []byte(to)
	}
	if to, ok := f.Map[string(trim(text))]; ok && !f.keep {
		return []byte(to)
	}
	return text
}

// put reads one value and hands it on; it returns what is wrong with the text, or "".
func (m *rowMapper) put(f *mapping, c *clock, text []byte, kind ndjson.Kind) string {
	json := kind == ndjson.Number
	switch f.Type.Kind {
	case ir.Time:
		t, ok := c.time(text, json)
		switch {
		case !ok:
			return "is not a time" + likeFormat(f.Format, " such as 2026-06-01T10:30:05+08:00 or 2026-06-01 10:30")
		case f.Target == ir.SetAt:
			m.at, m.hasAt = t, true
		default:
			m.sink.Int(f.place, t)
		}
	case ir.Date:
		d, ok := c.date(text, json)
		if !ok {
			return "is not a date" + likeFormat(f.Format, " such as 2026-06-01")
		}
		m.sink.Int(f.place, d)
	case ir.Money:
		v, what := decimal(text, m.program.Digits, json, notAmount, tooManyDigits)
		if what != "" {
			return what
		}
		m.sink.Int(f.place, v)
	case ir.Int:
		v, what := decimal(text, 0, json, notWhole, notWhole)
		if what != "" {
			return what
		}
		m.sink.Int(f.place, v)
	case ir.Number:
		v, what := number(text)
		if what != "" {
			return what
		}
		m.sink.Float(f.place, v)
	case ir.Bool:
		v, ok := boolean(text)
		if !ok {
			return "is not true or false (yes, no, 1, 0)"
		}
		m.sink.Int(f.place, v)
	case ir.Enum:
		if !f.enum.has(text) {
			return f.notEnum
		}
		m.sink.Text(f.place, text)
	default:
		if f == m.plan.key {
			m.key = text
			if f.place < 0 {
				return ""
			}
		}
		m.sink.Text(f.place, text)
	}
	return ""
}

func likeFormat(format, plain string) string {
	switch format {
	case "":
		return plain
	case formatUnix:
		return " in seconds since 1970"
	case formatUnixMilli:
		return " in milliseconds since 1970"
	}
	return " like " + strconv.Quote(format)
}

// putSet reads a set: a cell split at the separator, or a JSON list.
func (m *rowMapper) putSet(f *mapping, cell ndjson.Value) bool {
	ok := true
	m.texts = m.texts[:0]
	m.elements(cell, f.Split, func(e []byte) bool {
		if f.Map != nil && (f.Split != "" || cell.Kind == ndjson.Array) {
			e = trim(f.mapped(e))
		}
		switch {
		case len(e) == 0:
			return true
		case f.enum != nil && !f.enum.has(e):
			ok = m.reject(f.Column, e, f.notEnum)
		case !slices.ContainsFunc(m.texts, func(t []byte) bool { return bytes.Equal(t, e) }):
			m.texts = append(m.texts, e)
		}
		return ok
	}, func(k ndjson.Kind) {
		ok = m.reject(f.Column, cell.Text, "has "+k.String()+" among its values")
	})
	if ok && (len(m.texts) > 0 || cell.Kind == ndjson.Array) {
		m.sink.Set(f.place, m.texts)
	}
	return ok
}

// elements calls yield with each trimmed part of a cell: the elements of a JSON list, the parts between separators, or
// the whole. Elements that are no single values go to wrong instead, which ends it.
func (m *rowMapper) elements(cell ndjson.Value, split string, yield func([]byte) bool, wrong func(ndjson.Kind)) {
	switch {
	case cell.Kind == ndjson.Array:
		m.json.Elements(cell.Text, func(v ndjson.Value) bool {
			if v.Kind >= ndjson.Array {
				wrong(v.Kind)
				return false
			}
			return v.Kind == ndjson.Null || yield(trim(v.Text))
		})
	case cell.Kind == ndjson.Object:
		wrong(cell.Kind)
	case split == "":
		yield(trim(cell.Text))
	default:
		for rest := cell.Text; ; {
			i := bytes.Index(rest, []byte(split))
			if i < 0 {
				yield(trim(rest))
				return
			}
			if !yield(trim(rest[:i])) {
				return
			}
			rest = rest[i+len(split):]
		}
	}
}

func (m *rowMapper) putConstant(f *mapping) {
	switch v := f.constant; {
	case f.Target == ir.SetAt:
		m.at, m.hasAt = v.Int, v.Kind == column.Ints
	case f == m.plan.key:
		m.key = []byte(v.Text)
		if f.place >= 0 {
			m.sink.Text(f.place, m.key)
		}
	case v.Kind == column.Ints:
		m.sink.Int(f.place, v.Int)
	case v.Kind == column.Floats:
		m.sink.Float(f.place, v.Float)
	case v.Kind == column.Texts:
		m.sink.Text(f.place, []byte(v.Text))
	case v.Kind == column.Sets:
		texts := make([][]byte, len(v.Set))
		for i, s := range v.Set {
			texts[i] = []byte(s)
		}
		m.sink.Set(f.place, texts)
	}
}

// findIDs collects the ids of a row; false means that there is no usable one.
func (m *rowMapper) findIDs(cells []ndjson.Value) bool {
	worst, worstID, worstText := idNone, m.plan.ids[0], []byte(nil)
	for _, id := range m.plan.ids {
		owner, cell := m.idAttrs[id.owner], cells[id.slot]
		take := func(e []byte) bool {
			if id.Map != nil {
				if to, ok := id.Map[string(e)]; ok {
					e = []byte(to)
				}
			}
			from := len(m.idText)
			var state idState
			m.idText, state = owner.normalise(m.idText, e)
			switch {
			case state == idUsable || state == idHashed:
				m.ids = append(m.ids, foundID{id.owner, state == idHashed, from, len(m.idText)})
			case state > worst:
				worst, worstID, worstText = state, id, e
			}
			return true
		}
		switch {
		case cell.Kind == ndjson.Absent || cell.Kind == ndjson.Null:
		case id.Split == "" && cell.Kind < ndjson.Array:
			take(cell.Text)
		case cell.Kind == ndjson.Array && !owner.id.Many:
			return m.reject(id.Column, cell.Text, "is a list, and a member has one "+owner.name)
		default:
			ok := true
			m.elements(cell, id.Split, take, func(k ndjson.Kind) {
				ok = m.reject(id.Column, cell.Text, "is no id")
			})
			if !ok {
				return false
			}
		}
	}
	if len(m.ids) > 0 {
		return true
	}
	switch worst {
	case idBlocked:
		return m.reject(worstID.Column, worstText, "is on the block list; there is no usable id")
	case idNoPhone:
		return m.reject(worstID.Column, worstText, "is not a phone number; there is no usable id")
	case idTooLong:
		return m.reject(worstID.Column, worstText, "is too long for an id; there is no usable id")
	}
	m.fault = fault{column: worstID.Column, what: "no usable id: the cell is empty", bare: true}
	if len(m.plan.ids) > 1 {
		m.fault.what = "no usable id: all id cells are empty"
	}
	return false
}
