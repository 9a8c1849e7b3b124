package storage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// The journal holds what a live engine has accepted since its last checkpoint: a value per group commit, under its
// sequence number. Crossings have a bucket of their own, which a checkpoint leaves alone: a value per commit that
// caused any, under the number of its first crossing.
var (
	journalBucket  = []byte("journal")
	crossingBucket = []byte("crossings")
)

// JournalEntry is one group commit.
type JournalEntry struct {
	// Seq follows that of the entry before by one; the first is 1.
	Seq    uint64
	Record []byte
	// Crossings, if not nil, is what the commit reported; FirstCrossing is the number of the first of them.
	Crossings     []byte
	FirstCrossing uint64
	// Conflicts are those of the commit's records; they get the next numbers.
	Conflicts []Conflict
	// Messages are what the commit sends; those of a sink get its next numbers.
	Messages []Message
	// Receipts are what is answered to submissions of the commit that count once.
	Receipts []Receipt
	// Erased is what may not be left anywhere when the columns contain this entry: see [Store.Scrub].
	Erased Erasure
}

// ErrSequence says that a journal entry does not follow the last one: another process has written to the store.
var ErrSequence = errors.New("the journal has gone on without this engine")

// AppendJournal writes an entry durably: it returns after the file is synced. On an error the entry is not in the journal,
// but for an [ErrUnsure]. It may run beside a bulk import.
func (s *Store) AppendJournal(e JournalEntry) error {
	if s.readOnly {
		return ErrReadOnly
	}
	if len(e.Conflicts) > 0 || len(e.Erased.Members) > 0 || len(s.now.Load().newSinks(e.Messages)) > 0 {
		return s.updateBeside(func(c *commit) error {
			if err := s.putJournal(c.tx, e); err != nil {
				return err
			}
			c.next.Sinks = append(slices.Clone(c.next.Sinks), c.next.newSinks(e.Messages)...)
			if err := c.appendConflicts(e.Conflicts); err != nil {
				return err
			}
			if err := c.erase(s, e.Erased, e.Seq); err != nil {
				return err
			}
			return c.putRoot()
		})
	}
	if err := s.transact("the journal", func(tx *bolt.Tx) error { return s.putJournal(tx, e) }); err != nil {
		return s.writeError(err)
	}
	return nil
}

func (s *Store) putJournal(tx *bolt.Tx, e JournalEntry) error {
	journal := tx.Bucket(journalBucket)
	journal.FillPercent = 0.9
	key := sequenceKey(e.Seq)
	before := s.now.Load().Checkpointed
	if last, _ := journal.Cursor().Last(); last != nil {
		before = max(before, binary.BigEndian.Uint64(last))
	}
	if before+1 != e.Seq {
		return ErrSequence
	}
	if err := journal.Put(key, sealed(key, e.Record)); err != nil {
		return err
	}
	if err := s.putMessages(tx, e.Messages); err != nil {
		return err
	}
	if err := putReceipts(tx, e.Receipts); err != nil {
		return err
	}
	if e.Crossings == nil {
		return nil
	}
	crossings := tx.Bucket(crossingBucket)
	crossings.FillPercent = 0.9
	key = sequenceKey(e.FirstCrossing)
	return crossings.Put(key, sealed(key, e.Crossings))
}

func sequenceKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// Journal leaves an entry in the journal, should the import be committed: what is to be done with what it brings. The
// journal is empty before.
func (b *Bulk) Journal(record []byte) { b.journal = record }

// Checkpointed returns the number of the last journal entry that is part of the columns, 0 if there is none, and the
// instant up to which time had been applied with it.
func (s *Store) Checkpointed() (seq uint64, clock int64) {
	st := s.now.Load()
	return st.Checkpointed, st.CheckpointClock
}

// JournalLength is how many entries the journal holds that are not part of the columns.
func (s *Store) JournalLength() (entries uint64, err error) {
	err = s.view("the journal", func(tx *bolt.Tx) error {
		done := s.now.Load().Checkpointed
		if last, _ := tx.Bucket(journalBucket).Cursor().Last(); last != nil {
			entries = max(done, binary.BigEndian.Uint64(last)) - done
		}
		return nil
	})
	return entries, err
}

// Journal hands the record of every entry since the last checkpoint to f, in order. The bytes are f's to keep.
func (s *Store) Journal(f func(seq uint64, record []byte) error) error {
	done := s.now.Load().Checkpointed
	next := done + 1
	return s.eachRecord(journalBucket, "the journal", next, func(seq uint64, record []byte) (bool, error) {
		if seq <= done {
			return true, nil
		}
		if seq != next {
			return false, &CorruptError{s.path, "the journal", fmt.Sprintf("entry %d is missing", next)}
		}
		next++
		return true, f(seq, record)
	})
}

// trimJournal deletes entries up to a number, at most budget of them, and reports whether none is left.
func trimJournal(tx *bolt.Tx, upto uint64, budget int) (done bool, err error) {
	b := tx.Bucket(journalBucket)
	var keys [][]byte
	c := b.Cursor()
	k, _ := c.First()
	for ; k != nil && len(keys) < budget && binary.BigEndian.Uint64(k) <= upto; k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	done = k == nil || binary.BigEndian.Uint64(k) > upto
	for _, k := range keys {
		if err := b.Delete(k); err != nil {
			return false, err
		}
	}
	return done, nil
}

// Crossings hands f the crossing records from the one that holds number after+1 on, in order, until f returns false.
func (s *Store) Crossings(after uint64, f func(first uint64, record []byte) (more bool, err error)) error {
	return s.eachRecord(crossingBucket, "the crossings", after+1, f)
}

// eachRecord copies records out of short transactions; it begins with the last record at or before from.
func (s *Store) eachRecord(bucket []byte, what string, from uint64, f func(uint64, []byte) (bool, error)) error {
	const batch = 256
	type record struct {
		seq   uint64
		bytes []byte
	}
	first := true
	for {
		var got []record
		err := s.view(what, func(tx *bolt.Tx) error {
			c := tx.Bucket(bucket).Cursor()
			k, v := c.Seek(sequenceKey(from))
			switch {
			case first && k == nil:
				k, v = c.Last()
			case first && binary.BigEndian.Uint64(k) > from:
				if k, v = c.Prev(); k == nil {
					k, v = c.First()
				}
			}
			for ; k != nil && len(got) < batch; k, v = c.Next() {
				bytes, fault := unseal(k, v)
				if fault != "" {
					return &CorruptError{s.path, what, fault}
				}
				got = append(got, record{binary.BigEndian.Uint64(k), append([]byte(nil), bytes...)})
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, r := range got {
			more, err := f(r.seq, r.bytes)
			if err != nil || !more {
				return err
			}
		}
		if len(got) < batch {
			return nil
		}
		from, first = got[len(got)-1].seq+1, false
	}
}

// Index returns the index of an id attribute as the store has it, for a live engine to look up and add to.
func (s *Store) Index(id string) (*IDs, error) {
	ids := newIDs()
	st := s.now.Load()
	for number := range st.schema.Attributes {
		if st.schema.Attributes[number].Name != id {
			continue
		}
		for block := range blocksOf(st.Members) {
			err := s.eachText(st, objectID{attributeObject, uint32(number), uint32(block)}, func(row int, text []byte) {
				ids.index(text, uint32(block)<<16|uint32(row))
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return ids, nil
}

// Remember adds an id to the index alone.
func (ids *IDs) Remember(text []byte, member uint32) { ids.index(text, member) }
