package storage

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/cespare/xxhash/v2"
	bolt "go.etcd.io/bbolt"

	"github.com/muster-engine/muster/storage/column"
)

// merged is what a block becomes: the new parts of some objects.
type merged struct {
	objects []mergedObject
	event   int // the event type counted, or -1
	count   EventCount
}

type mergedObject struct {
	id     objectID
	sizes  []uint64
	values []stagedValue
}

// merger merges staged rows with stored blocks, one block at a time. Each worker has its own, which uses its memory again and
// again: the garbage of a checkpoint is at the expense of whoever waits for an answer.
type merger struct {
	store      *Store
	old        *state // what is stored
	next       *state // what the schema becomes
	generation uint64
	plain      map[int]bool // attributes that hold ids
	live       *liveChanges
	pause      func() // is called after each piece of work, of some milliseconds

	chunks  *chunkRoom
	encoder column.Encoder

	staged []byte
	raw    [][]byte // the stored parts of the events of a block
	fields []rows
	low    []uint16
	at     rows
	each   []int64 // how many events each member has
	head   []byte  // and encoded
	order  []uint32
	counts []uint32
	hashes []uint32
	slots  []uint32
	fresh  []uint64 // a bit per member of the block that has staged rows
}

// read returns the stored parts of an object, nil if there is none, in the memory of those slices of room that suffice, and
// the memory that the next can be read into.
func (m *merger) read(id objectID, room [][]byte) (parts, more [][]byte, err error) {
	e, ok := m.old.manifest[id]
	if !ok {
		return nil, room, nil
	}
	defer m.pause()
	parts = make([][]byte, len(e.sizes))
	for len(room) < len(parts) {
		room = append(room, nil)
	}
	err = m.store.view(m.old.describe(id, 0), func(tx *bolt.Tx) error {
		objects := tx.Bucket(objectBucket)
		for i, size := range e.sizes {
			if size == 0 {
				continue
			}
			var fault string
			if parts[i], fault = readPartInto(room[i], objects, id, e.generation, i, size); fault != "" {
				return m.corrupt(id, i, fault)
			}
			room[i] = parts[i]
		}
		return nil
	})
	return parts, room, err
}

func (m *merger) corrupt(id objectID, part int, detail string) error {
	return &CorruptError{m.store.path, m.old.describe(id, part), detail}
}

func (m *merger) seal(id objectID, parts [][]byte) (mergedObject, error) {
	o := mergedObject{id: id}
	for i, part := range parts {
		o.sizes = append(o.sizes, uint64(len(part)))
		values, err := chunked(id, m.generation, i, part, m.chunks)
		if err != nil {
			return o, err
		}
		o.values = append(o.values, values...)
		m.pause()
	}
	return o, nil
}

// attributes merges the staged attribute values of a block.
func (m *merger) attributes(st *stage, block int) (*merged, error) {
	var err error
	if m.staged, err = st.read(block, m.staged); err != nil {
		return nil, err
	}
	st.release(block)
	members := membersOfBlock(m.next.Members, block)
	touched := map[int]*rows{}
	if err := m.voidAttributes(block, members, touched, st); err != nil {
		return nil, err
	}
	for pos := 0; pos < len(m.staged); {
		low, _, next, end := stagedRow(m.staged, pos, false)
		if end < 0 || low >= members {
			return nil, errRow
		}
		for next < end {
			place, op, at := fieldTag(m.staged, next)
			if at < 0 || place >= len(m.next.schema.Attributes) {
				return nil, errRow
			}
			r := touched[place]
			if r == nil {
				if r, err = m.attribute(place, block, members, st.dicts[place].known()); err != nil {
					return nil, err
				}
				touched[place] = r
			}
			if next = r.take(low, op, at); next < 0 {
				return nil, errRow
			}
		}
		pos = end
	}
	m.order = m.order[:0]
	for i := range members {
		m.order = append(m.order, uint32(i))
	}
	out := &merged{event: -1}
	for place := range m.next.schema.Attributes {
		if r := touched[place]; r != nil {
			id := objectID{attributeObject, uint32(place), uint32(block)}
			packed := r.pack(&m.encoder, m.order)
			m.pause()
			if same, err := m.same(id, [][]byte{packed}); same || err != nil {
				if err != nil {
					return nil, err
				}
				continue
			}
			o, err := m.seal(id, [][]byte{packed})
			if err != nil {
				return nil, err
			}
			out.objects = append(out.objects, o)
		}
	}
	return out, nil
}

// attribute returns the stored values of an attribute's block.
func (m *merger) attribute(place, block, members int, words []string) (*rows, error) {
	r := new(rows)
	r.reset(m.next.schema.Attributes[place].Kind, m.plain[place], members)
	r.source(m.staged, words)
	id := objectID{attributeObject, uint32(place), uint32(block)}
	parts, _, err := m.read(id, nil)
	if parts == nil || err != nil {
		return r, err
	}
	if _, err := r.load(parts[0]); err != nil {
		return nil, m.corrupt(id, 0, err.Error())
	}
	return r, nil
}

// events merges the staged events of one type and block. There is nothing to write if all of them were duplicates.
func (m *merger) events(st *stage, event, block int) (*merged, error) {
	schema := &m.next.schema.Events[event]
	id := objectID{eventObject, uint32(event), uint32(block)}
	total := st.blocks[block].rows
	var parts [][]byte
	var err error
	if parts, m.raw, err = m.read(id, m.raw); err != nil {
		return nil, err
	}
	stored := 0
	var starts []uint32
	if parts != nil {
		if starts, err = decodeCounts(parts[countsPart]); err != nil {
			return nil, m.corrupt(id, countsPart, err.Error())
		}
		stored = int(starts[len(starts)-1])
		total += stored
	}
	if m.staged, err = st.read(block, m.staged); err != nil {
		return nil, err
	}
	st.release(block)

	for len(m.fields) < len(schema.Fields) {
		m.fields = append(m.fields, rows{})
	}
	m.at.reset(column.Ints, false, total)
	m.low = zeroed(m.low, total)
	for i, f := range schema.Fields {
		m.fields[i].reset(f.Kind, i == schema.Key, total)
		m.fields[i].source(m.staged, st.dicts[i].known())
	}
	if parts != nil {
		if err := m.loadEvents(id, parts, stored); err != nil {
			return nil, err
		}
		for i := range len(starts) - 1 {
			for row := starts[i]; row < starts[i+1]; row++ {
				m.low[row] = uint16(i)
			}
		}
	}
	members := membersOfBlock(m.next.Members, block)
	if err := m.parseEvents(schema, stored, total, members); err != nil {
		return nil, err
	}
	m.pause()
	void := m.voidEvents(block, stored, total)
	dropped := 0
	if schema.Key >= 0 {
		dropped = m.dropDuplicates(&m.fields[schema.Key], stored)
		m.pause()
	}
	out := &merged{event: event, count: EventCount{int64(total - stored - dropped), int64(dropped)}}
	if out.count.Accepted == 0 && void == 0 {
		return out, nil
	}
	if total == dropped+void {
		out.objects = []mergedObject{{id: id}} // nothing is left
		return out, nil
	}
	starts = m.arrange(members, dropped+void > 0)
	m.pause()
	packed := make([][]byte, fieldPart+len(schema.Fields))
	m.each = eventCounts(m.each, starts)
	m.head = m.encoder.Ints(m.head[:0], m.each, nil)
	packed[countsPart] = m.head
	packed[timesPart] = m.at.pack(&m.encoder, m.order)
	for i := range schema.Fields {
		m.pause()
		packed[fieldPart+i] = m.fields[i].pack(&m.encoder, m.order)
	}
	m.pause()
	if void > 0 && slices.EqualFunc(packed, parts, bytes.Equal) {
		return out, nil
	}
	o, err := m.seal(id, packed)
	out.objects = []mergedObject{o}
	return out, err
}

func (m *merger) loadEvents(id objectID, parts [][]byte, stored int) error {
	load := func(part int, r *rows) error {
		if part >= len(parts) || parts[part] == nil {
			return nil // the field is younger than these events
		}
		n, err := r.load(parts[part])
		switch {
		case err != nil:
			return m.corrupt(id, part, err.Error())
		case n != stored:
			return m.corrupt(id, part, "it has another number of rows than there are events")
		}
		m.pause()
		return nil
	}
	if err := load(timesPart, &m.at); err != nil {
		return err
	}
	for i := range m.next.schema.Events[id.entity].Fields {
		if err := load(fieldPart+i, &m.fields[i]); err != nil {
			return err
		}
	}
	return nil
}

// parseEvents reads the staged rows after the stored ones.
func (m *merger) parseEvents(schema *EventSchema, row, total, members int) error {
	b := m.staged
	fields := m.fields[:len(schema.Fields)]
	for pos := 0; pos < len(b); row++ {
		low, at, next, end := stagedRow(b, pos, true)
		if end < 0 || row >= total || low >= members {
			return errRow
		}
		m.low[row] = uint16(low)
		m.at.ints[row] = at
		m.at.mark(row)
		for next < end {
			place, op, value := fieldTag(b, next)
			if value < 0 || place >= len(fields) {
				return errRow
			}
			if next = fields[place].take(row, op, value); next < 0 {
				return errRow
			}
		}
		pos = end
	}
	if row != total {
		return errRow
	}
	return nil
}

// stagedRow reads the head of a row: its member and time, where its fields start and where it ends (-1: it does not
// decode).
func stagedRow(b []byte, pos int, timed bool) (low int, at int64, start, end int) {
	if len(b)-pos < 11 && (timed || len(b)-pos < 3) {
		return 0, 0, 0, -1
	}
	low = int(binary.LittleEndian.Uint16(b[pos:]))
	pos += 2
	if timed {
		at = int64(binary.LittleEndian.Uint64(b[pos:]))
		pos += 8
	}
	size, n := binary.Uvarint(b[pos:])
	if n <= 0 || size > uint64(len(b)-pos-n) {
		return 0, 0, 0, -1
	}
	return low, at, pos + n, pos + n + int(size)
}

// fieldTag reads a tag and returns where the value starts, or -1.
func fieldTag(b []byte, pos int) (place, op, value int) {
	if pos < len(b) && b[pos] < 0x80 {
		return int(b[pos] >> tagShift), int(b[pos] & tagMask), pos + 1
	}
	tag, n := binary.Uvarint(b[pos:])
	if n <= 0 || tag > 1<<30 {
		return 0, 0, -1
	}
	return int(tag >> tagShift), int(tag & tagMask), pos + n
}

// droppedRow marks, in hashes, a row that is left out.
const droppedRow = 1

// dropDuplicates finds the rows whose member has an earlier row with the same key, and marks them. Rows before stored are
// known to differ. Rows without a key are never duplicates; void rows are passed over.
func (m *merger) dropDuplicates(key *rows, stored int) (dropped int) {
	total := len(m.low)
	m.fresh = zeroed(m.fresh, column.Block/64)
	for _, low := range m.low[stored:] {
		m.fresh[low>>6] |= 1 << (low & 63)
	}
	size := 1 << bits.Len(uint(2*total))
	m.slots = zeroed(m.slots, size)
	mask := uint32(size - 1)
	for row := range total {
		low := m.low[row]
		if row < stored && (m.fresh[low>>6]>>(low&63)&1 == 0 || m.hashes[row] == droppedRow) || !key.is(row) {
			continue
		}
		text := key.text(row)
		h := xxhash.Sum64(text) + uint64(low)*0x9e3779b97f4a7c15
		hash := uint32(h>>32)&^droppedRow | 2
		i := uint32(h) & mask
		for ; ; i = (i + 1) & mask {
			other := m.slots[i]
			if other == 0 {
				m.slots[i] = uint32(row) + 1
				break
			}
			if other--; m.hashes[other] == hash && m.low[other] == low && row >= stored && bytes.Equal(key.text(int(other)), text) {
				hash |= droppedRow
				dropped++
				break
			}
		}
		m.hashes[row] = hash
	}
	return dropped
}

// arrange fills order with the rows that stay, by member, time and arrival, and returns the starts of the members.
func (m *merger) arrange(members int, some bool) []uint32 {
	stays := func(row int) bool { return !some || m.hashes[row]&droppedRow == 0 }
	m.counts = zeroed(m.counts, members+1)
	for row, low := range m.low {
		if stays(row) {
			m.counts[int(low)+1]++
		}
	}
	for i := range members {
		m.counts[i+1] += m.counts[i]
	}
	starts := slices.Clone(m.counts)
	m.order = zeroed(m.order, int(starts[members]))
	for row, low := range m.low {
		if stays(row) {
			m.order[m.counts[low]] = uint32(row)
			m.counts[low]++
		}
	}
	at := m.at.ints
	for i := range members {
		sortByTime(m.order[starts[i]:starts[i+1]], at)
	}
	return starts
}

// sortByTime orders rows, which are ascending, by time and then by row.
func sortByTime(order []uint32, at []int64) {
	if len(order) > 24 {
		ascending := true
		for i := 1; i < len(order) && ascending; i++ {
			ascending = at[order[i-1]] <= at[order[i]]
		}
		if !ascending {
			slices.SortFunc(order, func(a, b uint32) int {
				if c := cmp.Compare(at[a], at[b]); c != 0 {
					return c
				}
				return cmp.Compare(a, b)
			})
		}
		return
	}
	for i := 1; i < len(order); i++ {
		row := order[i]
		t := at[row]
		j := i
		for ; j > 0 && at[order[j-1]] > t; j-- {
			order[j] = order[j-1]
		}
		order[j] = row
	}
}
