package storage

import (
	"bytes"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/storage/column"
)

// liveChanges is what a bulk import does besides adding rows: what the checkpoint of a live engine needs.
type liveChanges struct {
	replaced *roaring.Bitmap // nil: nobody is
	gone     *roaring.Bitmap
	back     *roaring.Bitmap
	lists    map[int]*roaring.Bitmap // by number
	cuts     map[string]Cuts
	merges   map[uint32]*Merge // by the absorbed; nil: there is none any more
	erased   Erasure
	upto     uint64 // 0: no checkpoint
	clock    int64
}

// Replace makes what this import stages for some members all that the store has of them: attributes and events that they
// had before are dropped. Lists are not touched.
func (b *Bulk) Replace(members *roaring.Bitmap) {
	if b.live.replaced == nil {
		b.live.replaced = roaring.New()
	}
	b.live.replaced.Or(members)
}

// PutList replaces the members of a list.
func (b *Bulk) PutList(name string, members *roaring.Bitmap) error {
	if !members.IsEmpty() && members.Maximum() >= b.next.Members {
		return fmt.Errorf("there is no member %d", members.Maximum())
	}
	if b.live.lists == nil {
		b.live.lists = map[int]*roaring.Bitmap{}
	}
	b.live.lists[b.next.schema.mergeList(name)] = members.Clone()
	return nil
}

// SetGone makes members such that are not live any more: merged away or forgotten.
func (b *Bulk) SetGone(members *roaring.Bitmap) {
	b.live.gone, b.live.back = moved(b.live.gone, b.live.back, members)
}

// SetLive takes members back that were gone.
func (b *Bulk) SetLive(members *roaring.Bitmap) {
	b.live.back, b.live.gone = moved(b.live.back, b.live.gone, members)
}

// Erase says what may not be left anywhere; the members are also to be gone and replaced. See [Store.Scrub].
func (b *Bulk) Erase(e Erasure) { b.live.erased = e }

func moved(to, from, members *roaring.Bitmap) (*roaring.Bitmap, *roaring.Bitmap) {
	if to == nil {
		to = roaring.New()
	}
	to.Or(members)
	if from != nil {
		from.AndNot(members)
	}
	return to, from
}

// PutCuts replaces all recorded cuts of ntiles.
func (b *Bulk) PutCuts(cuts map[string]Cuts) { b.live.cuts = cuts }

// Unlike says that the texts of some attributes nearly all differ from each other, as those of ids do: they are packed
// without a dictionary. Attributes whose index this import has taken are known to be so.
func (b *Bulk) Unlike(attributes ...string) {
	for number, a := range b.next.schema.Attributes {
		for _, name := range attributes {
			if a.Name == name && a.Kind == column.Texts {
				b.plain[number] = true
			}
		}
	}
}

// Checkpoint says that with this import the columns contain what journal entries up to a number have brought, and that
// time has been applied up to an instant. When the import takes effect these entries do not count any more, and are
// deleted.
func (b *Bulk) Checkpoint(upto uint64, clock int64) { b.live.upto, b.live.clock = upto, clock }

// mayPublish refuses what would come between a journal and the columns that it stands on.
func (b *Bulk) mayPublish() error {
	done, _ := b.store.Checkpointed()
	entries, err := b.store.JournalLength()
	switch {
	case err != nil:
		return err
	case b.live.upto == 0 && entries > 0:
		return ErrJournal
	case b.live.upto > 0 && (b.live.upto < done || b.live.upto > done+entries):
		return fmt.Errorf("a checkpoint of journal entry %d, where there are those from %d to %d", b.live.upto, done, done+entries)
	}
	return nil
}

// putBeside writes an object of one part and leaves what it replaces for later.
func putBeside(c *commit, id objectID, raw []byte, replaced map[objectID]entry) error {
	if err := c.write(id, 0, raw); err != nil {
		return err
	}
	if old, ok := c.old.manifest[id]; ok {
		replaced[id] = old
	}
	c.next.manifest[id] = entry{c.next.Generation, []uint64{uint64(len(raw))}}
	return nil
}

// put writes lists, merges, who is gone, and cuts.
func (l *liveChanges) put(c *commit, replaced map[objectID]entry) error {
	for number, members := range l.lists {
		raw, err := encodeBitmap(members)
		if err != nil {
			return err
		}
		if err := putBeside(c, objectID{listObject, uint32(number), 0}, raw, replaced); err != nil {
			return err
		}
	}
	if l.cuts != nil {
		if err := c.putDocument(cutsDocument, l.cuts); err != nil {
			return err
		}
	}
	if err := l.putMerges(c, replaced); err != nil {
		return err
	}
	return l.putGone(c, replaced)
}

func (l *liveChanges) putGone(c *commit, replaced map[objectID]entry) error {
	if l.gone == nil && l.back == nil {
		return nil
	}
	id := objectID{kind: goneObject}
	gone := roaring.New()
	if e, ok := c.old.manifest[id]; ok {
		raw, fault := readPart(c.objects, id, e.generation, 0, e.sizes[0])
		if fault != "" {
			return &CorruptError{c.tx.DB().Path(), c.old.describe(id, 0), fault}
		}
		var err error
		if gone, err = decodeBitmap(raw); err != nil {
			return &CorruptError{c.tx.DB().Path(), c.old.describe(id, 0), err.Error()}
		}
	}
	before := gone.Clone()
	if l.gone != nil {
		gone.Or(l.gone)
	}
	if l.back != nil {
		gone.AndNot(l.back)
	}
	if gone.Equals(before) {
		return nil
	}
	raw, err := encodeBitmap(gone)
	if err != nil {
		return err
	}
	return putBeside(c, id, raw, replaced)
}

// void reports whether a block has replaced members.
func (l *liveChanges) void(block int) bool {
	if l.replaced == nil {
		return false
	}
	first := uint64(block) << 16
	return l.replaced.IntersectsWithInterval(first, first+column.Block)
}

// blocks lists the blocks that have replaced members.
func (l *liveChanges) blocks() []int {
	var out []int
	if l.replaced == nil {
		return nil
	}
	for it := l.replaced.Iterator(); it.HasNext(); {
		block := int(it.Next() >> 16)
		out = append(out, block)
		it.AdvanceIfNeeded(uint32(min(uint64(block+1)<<16, 1<<32-1)))
		if block == 1<<16-1 {
			break
		}
	}
	return out
}

// reach makes a stage have a block, if only an empty one.
func (st *stage) reach(block int) {
	for block >= len(st.blocks) {
		st.blocks = append(st.blocks, stagedBlock{})
	}
}

// voidAttributes takes from replaced members what the stored columns of a block have of them.
func (m *merger) voidAttributes(block, members int, touched map[int]*rows, st *stage) error {
	if !m.live.void(block) {
		return nil
	}
	void := lowBits(m.live.replaced, block)
	for place := range m.next.schema.Attributes {
		if _, ok := m.old.manifest[objectID{attributeObject, uint32(place), uint32(block)}]; !ok {
			continue
		}
		r, err := m.attribute(place, block, members, st.dicts[place].known())
		if err != nil {
			return err
		}
		for it := void.Iterator(); it.HasNext(); {
			if low := int(it.Next()); low < members {
				r.unmark(low)
			}
		}
		touched[place] = r
	}
	return nil
}

// voidEvents marks the stored rows of replaced members as left out, and counts them.
func (m *merger) voidEvents(block, stored, total int) (void int) {
	m.hashes = zeroed(m.hashes, total)
	if !m.live.void(block) {
		return 0
	}
	var out [column.Block / 64]uint64
	for it := lowBits(m.live.replaced, block).Iterator(); it.HasNext(); {
		low := it.Next()
		out[low>>6] |= 1 << (low & 63)
	}
	for row, low := range m.low[:stored] {
		if out[low>>6]>>(low&63)&1 != 0 {
			m.hashes[row] = droppedRow
			void++
		}
	}
	return void
}

// same reports whether replaced members leave an object as it is stored.
func (m *merger) same(id objectID, parts [][]byte) (bool, error) {
	if !m.live.void(int(id.block)) {
		return false, nil
	}
	old, _, err := m.read(id, nil)
	if err != nil || len(old) != len(parts) {
		return false, err
	}
	for i := range parts {
		if !bytes.Equal(old[i], parts[i]) {
			return false, nil
		}
	}
	return true, nil
}
