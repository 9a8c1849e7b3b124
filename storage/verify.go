package storage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/muster-engine/muster/storage/column"
)

// Verify checks the whole store: the skeleton of the file, bbolt's own check, the checksum of every value, that
// everything decodes and fits together, and that nothing is there that belongs to nobody. The error names all that is
// damaged. progress, which may be nil, is told how much is done.
func (s *Store) Verify(ctx context.Context, progress func(done, total int64)) error {
	s.change.Lock() // nothing may change the file while its pages are walked
	defer s.change.Unlock()
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := s.inspectOpen(f, info.Size()); err != nil {
		return err
	}
	if err := s.checkPages(ctx); err != nil {
		return err
	}
	sn := s.Snapshot()
	faults := []error{s.verifyDocuments(sn.state)}
	ids := slices.SortedFunc(maps.Keys(sn.state.manifest), compareObjects)
	for i, id := range ids {
		if err := ctx.Err(); err != nil {
			return err
		}
		faults = append(faults, sn.verifyObject(id))
		sn.mu.Lock()
		clear(sn.loaded)
		sn.mu.Unlock()
		if progress != nil {
			progress(int64(i+1), int64(len(ids)))
		}
	}
	faults = append(faults, s.verifyKeys(sn.state), s.verifyRecords())
	return errors.Join(faults...)
}

// inspectOpen walks the skeleton of the open file while nothing is written, the journal included.
func (s *Store) inspectOpen(f *os.File, size int64) error {
	if s.readOnly {
		return inspect(f, s.path, size)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	return inspect(f, s.path, size)
}

func (s *Store) checkPages(ctx context.Context) error {
	return s.view("the file", func(tx *bolt.Tx) error {
		var first error
		for err := range tx.Check() {
			if first == nil {
				first = &CorruptError{s.path, "the pages of the file", err.Error()}
			}
		}
		if first == nil {
			first = ctx.Err()
		}
		return first
	})
}

// verifyDocuments reads the documents that are not kept in memory, and those that are once more.
func (s *Store) verifyDocuments(st *state) error {
	return s.view("the documents", func(tx *bolt.Tx) error {
		if _, err := loadState(tx, s.path); err != nil {
			return err
		}
		return errors.Join(
			st.document(tx, s.path, rulesDocument, new(RuleSet)),
			st.document(tx, s.path, cutsDocument, &map[string]Cuts{}),
		)
	})
}

// verifyObject reads all parts of an object through the snapshot and checks that they fit each other.
func (sn *Snapshot) verifyObject(id objectID) error {
	schema := &sn.state.schema
	members := membersOfBlock(sn.state.Members, int(id.block))
	unnamed := sn.corrupt(partID{id, 0}, "the schema does not have it")
	switch id.kind {
	case attributeObject:
		if int(id.entity) >= len(schema.Attributes) {
			return unnamed
		}
		c, err := sn.Attribute(schema.Attributes[id.entity].Name, int(id.block))
		if err == nil && c != nil && c.Len > members {
			err = sn.corrupt(partID{id, 0}, "it has more rows than members")
		}
		return err
	case eventObject:
		if int(id.entity) >= len(schema.Events) {
			return unnamed
		}
		return sn.verifyHistory(id, members)
	case listObject:
		if int(id.entity) >= len(schema.Lists) {
			return unnamed
		}
		m, err := sn.List(schema.Lists[id.entity])
		if err == nil && m != nil && !m.IsEmpty() && m.Maximum() >= sn.state.Members {
			err = sn.corrupt(partID{id, 0}, "it has members that do not exist")
		}
		return err
	case tableObject:
		if int(id.entity) >= len(schema.Tables) {
			return unnamed
		}
		_, err := sn.Table(schema.Tables[id.entity].Name)
		return err
	case goneObject:
		gone, err := sn.gone()
		if err == nil && !gone.IsEmpty() && gone.Maximum() >= sn.state.Members {
			err = sn.corrupt(partID{id, 0}, "it has members that do not exist")
		}
		return err
	case mergeObject:
		return sn.verifyMerges(id)
	}
	return unnamed
}

func (sn *Snapshot) verifyHistory(id objectID, members int) error {
	schema := &sn.state.schema.Events[id.entity]
	h, err := sn.History(schema.Name, int(id.block))
	if err != nil {
		return err
	}
	starts := h.Starts()
	if len(starts)-1 > members {
		return sn.corrupt(partID{id, countsPart}, "it has more rows than members")
	}
	at, err := h.At()
	if err != nil {
		return err
	}
	times := make([]int64, at.Len)
	at.ReadInts(times, 0)
	for i := range len(starts) - 1 {
		if !slices.IsSorted(times[starts[i]:starts[i+1]]) {
			return sn.corrupt(partID{id, timesPart}, "they are out of order")
		}
	}
	var faults []error
	for i, f := range schema.Fields {
		if i == schema.Key {
			faults = append(faults, sn.verifyKeyTexts(partID{id, fieldPart + i}, at.Len))
			continue
		}
		_, err := h.Field(f.Name)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// verifyKeyTexts checks a column of keys without the dictionary that a reader of it gets, which takes long to make.
func (sn *Snapshot) verifyKeyTexts(id partID, events int) error {
	e := sn.state.manifest[id.objectID]
	if id.part >= len(e.sizes) || e.sizes[id.part] == 0 {
		return nil
	}
	raw, err := sn.read(id, e)
	if err != nil {
		return err
	}
	texts, err := column.DecodeStrings(raw)
	switch {
	case err != nil:
		return sn.corrupt(id, err.Error())
	case texts.Len != events:
		return sn.corrupt(id, "it has another number of rows than there are events")
	}
	return nil
}

// verifyRecords reads the journal, the crossings, the conflicts, the messages and the receipts.
func (s *Store) verifyRecords() error {
	return errors.Join(
		s.Journal(func(uint64, []byte) error { return nil }),
		s.Crossings(0, func(uint64, []byte) (bool, error) { return true, nil }),
		s.Conflicts(0, func(Conflict) (bool, error) { return true, nil }),
		s.verifyOutbox(),
		s.verifySyncs(),
		s.verifyReceipts(),
	)
}

// verifyKeys checks that every value belongs to the state, unless a killed import may have left some.
func (s *Store) verifyKeys(st *state) error {
	if st.Leftovers {
		return nil
	}
	return s.view("the objects", func(tx *bolt.Tx) error {
		return tx.Bucket(objectBucket).ForEach(func(k, _ []byte) error {
			id, generation, ok := parseKey(k)
			if !ok {
				return &CorruptError{s.path, "the objects", fmt.Sprintf("a key of %d bytes", len(k))}
			}
			if !st.refers(id, generation) {
				return &CorruptError{s.path, st.describe(id, 0), "a value of another generation lies about"}
			}
			return nil
		})
	})
}
