package storage

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/klauspost/compress/s2"

	"github.com/muster-engine/muster/storage/column"
)

// LastStamp is the last stamp that is known to have been given to what set attributes or manual tags.
func (s *Store) LastStamp() int64 { return s.now.Load().Stamp }

// PutStamp notes the last stamp that was given.
func (b *Bulk) PutStamp(last int64) { b.next.Stamp = max(b.next.Stamp, last) }

// Merges returns the records of all merged members, by their numbers.
func (s *Store) Merges() ([]*Merge, error) {
	for {
		sn := s.Snapshot()
		all, err := sn.Merges()
		if !errors.Is(err, ErrStale) {
			return all, err
		}
	}
}

// Merges returns the records of all merged members, by their numbers.
func (sn *Snapshot) Merges() ([]*Merge, error) {
	var all []*Merge
	for _, id := range sn.state.mergeObjects() {
		some, err := sn.merges(id)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// Merge returns the record of a merged member, nil if there is none.
func (sn *Snapshot) Merge(absorbed uint32) (*Merge, error) {
	id := objectID{mergeObject, 0, absorbed / column.Block}
	if _, ok := sn.state.manifest[id]; !ok {
		return nil, nil
	}
	some, err := sn.merges(id)
	if err != nil {
		return nil, err
	}
	i, found := slices.BinarySearchFunc(some, absorbed, func(m *Merge, n uint32) int { return cmp.Compare(m.Absorbed, n) })
	if !found {
		return nil, nil
	}
	return some[i], nil
}

// mergeObjects are the objects that hold merges, by block.
func (s *state) mergeObjects() []objectID {
	var out []objectID
	for id := range s.manifest {
		if id.kind == mergeObject {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, compareObjects)
	return out
}

func (sn *Snapshot) merges(id objectID) ([]*Merge, error) {
	raw, err := sn.read(partID{id, 0}, sn.state.manifest[id])
	if err != nil {
		return nil, err
	}
	some, err := decodeMerges(raw)
	if err != nil {
		return nil, sn.corrupt(partID{id, 0}, err.Error())
	}
	return some, nil
}

func encodeMerges(some []*Merge) ([]byte, error) {
	raw, err := json.Marshal(some)
	return s2.Encode(nil, raw), err
}

func decodeMerges(packed []byte) (some []*Merge, err error) {
	raw, err := s2.Decode(nil, packed)
	if err == nil {
		err = json.Unmarshal(raw, &some)
	}
	return some, err
}

// verifyMerges checks the records of a block: each is of a member of the block that is gone, into one of a lower number.
func (sn *Snapshot) verifyMerges(id objectID) error {
	some, err := sn.merges(id)
	if err != nil {
		return err
	}
	gone, err := sn.gone()
	if err != nil {
		return err
	}
	for i, m := range some {
		switch {
		case m == nil, m.Absorbed/column.Block != id.block, i > 0 && some[i-1].Absorbed >= m.Absorbed:
			return sn.corrupt(partID{id, 0}, "they are out of order")
		case m.Survivor >= m.Absorbed, m.Absorbed >= sn.state.Members:
			return sn.corrupt(partID{id, 0}, fmt.Sprintf("member %d cannot have become part of %d", m.Absorbed, m.Survivor))
		case gone == nil || !gone.Contains(m.Absorbed):
			return sn.corrupt(partID{id, 0}, fmt.Sprintf("member %d is merged, and live", m.Absorbed))
		}
	}
	return nil
}

// PutMerge keeps the record of a merge, in the place of an earlier one of the same member. That the member is not live
// any more is for [Bulk.SetGone] to say.
func (b *Bulk) PutMerge(m *Merge) { b.noteMerge(m.Absorbed, m) }

// DropMerge drops the record of a member's merge.
func (b *Bulk) DropMerge(absorbed uint32) { b.noteMerge(absorbed, nil) }

func (b *Bulk) noteMerge(absorbed uint32, m *Merge) {
	if b.live.merges == nil {
		b.live.merges = map[uint32]*Merge{}
	}
	b.live.merges[absorbed] = m
}

// putMerges writes the blocks whose records change.
func (l *liveChanges) putMerges(c *commit, replaced map[objectID]entry) error {
	blocks := roaring.New()
	for absorbed := range l.merges {
		blocks.Add(absorbed / column.Block)
	}
	for it := blocks.Iterator(); it.HasNext(); {
		id := objectID{mergeObject, 0, it.Next()}
		all := map[uint32]*Merge{}
		if e, ok := c.old.manifest[id]; ok {
			raw, fault := readPart(c.objects, id, e.generation, 0, e.sizes[0])
			if fault == "" {
				some, err := decodeMerges(raw)
				for _, m := range some {
					all[m.Absorbed] = m
				}
				if err != nil {
					fault = err.Error()
				}
			}
			if fault != "" {
				return &CorruptError{c.tx.DB().Path(), c.old.describe(id, 0), fault}
			}
			replaced[id] = e
			delete(c.next.manifest, id)
		}
		for absorbed, m := range l.merges {
			switch {
			case absorbed/column.Block != id.block:
			case m == nil:
				delete(all, absorbed)
			default:
				all[absorbed] = m
			}
		}
		if len(all) == 0 {
			continue
		}
		raw, err := encodeMerges(slices.SortedFunc(maps.Values(all), func(a, b *Merge) int { return cmp.Compare(a.Absorbed, b.Absorbed) }))
		if err != nil {
			return err
		}
		if err := putBeside(c, id, raw, replaced); err != nil {
			return err
		}
	}
	return nil
}
