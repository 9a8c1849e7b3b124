package storage

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/muster-engine/muster/storage/column"
)

// IDs maps the normalised texts of an id attribute to members: an open-addressing table over entries that lie one after
// the other in large slabs, about 30 bytes a typical id. Lookups may run in parallel with each other, not with Put.
type IDs struct {
	many  bool
	place int
	stage *stage
	row   []byte

	slots []idSlot // a power of two, at most three quarters used
	used  int
	slabs [][]byte

	touched byte // what Warm read, so that it is read
}

// idSlot has half of the hash, and where the entry starts in units of idUnit, plus one; 0 is a free slot.
type idSlot struct{ hash, entry uint32 }

const (
	idUnit    = 4
	slabUnits = 1 << 16 // of a slab that holds more than one entry
	maxID     = 1 << 15 // bytes of an id
)

// An entry is the member (four bytes), the length of the text as a varint, and the text.

// NewIDs returns an index of no ids that belongs to no import: only Remember, Drop, Each and the lookups are for it.
func NewIDs() *IDs { return newIDs() }

func newIDs() *IDs { return &IDs{slots: make([]idSlot, 1<<10)} }

// Len is how many ids there are.
func (ids *IDs) Len() int { return ids.used }

// Lookup returns the member that has an id.
func (ids *IDs) Lookup(text []byte) (member uint32, ok bool) {
	e, _ := ids.find(uint32(xxhash.Sum64(text)), text)
	if e == nil {
		return 0, false
	}
	return binary.LittleEndian.Uint32(e), true
}

// find returns the entry of a text, or the free slot where it belongs.
func (ids *IDs) find(hash uint32, text []byte) (e []byte, slot int) {
	mask := len(ids.slots) - 1
	for i := int(hash) & mask; ; i = (i + 1) & mask {
		s := ids.slots[i]
		if s.entry == 0 {
			return nil, i
		}
		if s.hash == hash {
			if e := ids.entry(s.entry - 1); bytes.Equal(idText(e), text) {
				return e, i
			}
		}
	}
}

func (ids *IDs) entry(at uint32) []byte {
	return ids.slabs[at/slabUnits][at%slabUnits*idUnit:]
}

func idText(e []byte) []byte {
	n, w := binary.Uvarint(e[4:])
	return e[4+w : 4+w+int(n)]
}

// Put gives a member an id: in the index, and as the value of the id attribute (beside those that it has if a member can
// have many, else instead). An id that another member has changes hands in the index only.
func (ids *IDs) Put(text []byte, member uint32) error {
	if len(text) > maxID {
		return fmt.Errorf("an id of %d bytes is too long", len(text))
	}
	ids.index(text, member)
	op := uint64(setValue)
	if ids.many {
		op = addToSet
	}
	ids.row = binary.AppendUvarint(ids.row[:0], uint64(ids.place)<<tagShift|op)
	ids.row = binary.AppendUvarint(ids.row, uint64(len(text)))
	ids.row = append(ids.row, text...)
	return ids.stage.add(member, 0, ids.row)
}

// index enters an id into the table only.
func (ids *IDs) index(text []byte, member uint32) {
	hash := uint32(xxhash.Sum64(text))
	e, slot := ids.find(hash, text)
	if e != nil {
		binary.LittleEndian.PutUint32(e, member)
		return
	}
	if ids.used >= len(ids.slots)/4*3 {
		ids.grow()
		_, slot = ids.find(hash, text)
	}
	ids.used++
	ids.slots[slot] = idSlot{hash, ids.store(text, member) + 1}
}

// Drop takes an id out of the index alone.
func (ids *IDs) Drop(text []byte) {
	e, slot := ids.find(uint32(xxhash.Sum64(text)), text)
	if e == nil {
		return
	}
	ids.used--
	clear(idText(e))
	mask := len(ids.slots) - 1
	for next := (slot + 1) & mask; ids.slots[next].entry != 0; next = (next + 1) & mask {
		// Whoever is found by walking over the free slot moves into it.
		if home := int(ids.slots[next].hash) & mask; (next-home)&mask >= (next-slot)&mask {
			ids.slots[slot] = ids.slots[next]
			slot = next
		}
	}
	ids.slots[slot] = idSlot{}
}

// store appends an entry and returns where it starts.
func (ids *IDs) store(text []byte, member uint32) uint32 {
	need := 4 + binary.MaxVarintLen32 + len(text) + idUnit
	last := len(ids.slabs) - 1
	if last < 0 || len(ids.slabs[last])+need > slabUnits*idUnit {
		ids.slabs = append(ids.slabs, make([]byte, 0, slabUnits*idUnit))
		last++
	}
	slab := ids.slabs[last]
	at := uint32(last)*slabUnits + uint32(len(slab)/idUnit)
	slab = binary.LittleEndian.AppendUint32(slab, member)
	slab = binary.AppendUvarint(slab, uint64(len(text)))
	slab = append(slab, text...)
	for len(slab)%idUnit != 0 {
		slab = append(slab, 0)
	}
	ids.slabs[last] = slab
	return at
}

// grow doubles the table.
func (ids *IDs) grow() {
	old := ids.slots
	ids.slots = make([]idSlot, 2*len(old))
	mask := len(ids.slots) - 1
	for _, s := range old {
		if s.entry == 0 {
			continue
		}
		i := int(s.hash) & mask
		for ids.slots[i].entry != 0 {
			i = (i + 1) & mask
		}
		ids.slots[i] = s
	}
}

// IDs returns the index of an id attribute: every stored id, and those put since.
func (b *Bulk) IDs(id IDSchema) (*IDs, error) {
	if ids := b.ids[id.Name]; ids != nil {
		return ids, nil
	}
	kind := column.Texts
	if id.Many {
		kind = column.Sets
	}
	number, err := b.next.schema.mergeAttribute(FieldSchema{id.Name, kind, id.Logical})
	if err != nil {
		return nil, err
	}
	ids := newIDs()
	ids.many, ids.place, ids.stage = id.Many, number, b.attributes
	old := b.store.now.Load()
	for block := range blocksOf(old.Members) {
		err := b.store.eachText(old, objectID{attributeObject, uint32(number), uint32(block)}, func(row int, text []byte) {
			ids.index(text, uint32(block)<<16|uint32(row))
		})
		if err != nil {
			return nil, err
		}
	}
	b.ids[id.Name] = ids
	b.plain[number] = !id.Many
	return ids, nil
}

// blocksOf is how many blocks hold that many members.
func blocksOf(members uint32) int { return int((int64(members) + column.Block - 1) / column.Block) }
