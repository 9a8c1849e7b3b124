package storage

import (
	"encoding/json"
	"fmt"
)

// conflictBucket has a value for each conflict, under its number. Nothing is ever taken out of it.
var conflictBucket = []byte("conflicts")

// AddConflict reports a conflict, should the import be committed; it gets the next number then.
func (b *Bulk) AddConflict(c Conflict) { b.conflicts = append(b.conflicts, c) }

// appendConflicts gives conflicts the next numbers. The root, which is the caller's to put, counts them.
func (c *commit) appendConflicts(some []Conflict) error {
	if len(some) == 0 {
		return nil
	}
	b, err := c.tx.CreateBucketIfNotExists(conflictBucket)
	if err != nil {
		return err
	}
	b.FillPercent = 0.9
	for _, one := range some {
		c.next.Conflicts++
		one.Number = c.next.Conflicts
		raw, err := json.Marshal(one)
		if err != nil {
			return err
		}
		key := sequenceKey(uint64(one.Number))
		if err := b.Put(key, sealed(key, raw)); err != nil {
			return err
		}
	}
	return nil
}

// ConflictCount is how many conflicts have been reported.
func (s *Store) ConflictCount() int64 { return s.now.Load().Conflicts }

// Conflicts hands f the conflicts after a number, in order, until f returns false.
func (s *Store) Conflicts(after int64, f func(Conflict) (more bool, err error)) error {
	corrupt := func(detail string) error { return &CorruptError{s.path, "the conflicts", detail} }
	count, next, over := s.ConflictCount(), max(0, after)+1, false
	err := s.eachRecord(conflictBucket, "the conflicts", uint64(next), func(number uint64, record []byte) (bool, error) {
		if number < uint64(next) {
			return true, nil
		}
		if number != uint64(next) {
			return false, corrupt(fmt.Sprintf("conflict %d is missing", next))
		}
		next++
		var c Conflict
		if err := json.Unmarshal(record, &c); err != nil {
			return false, corrupt(err.Error())
		}
		more, err := f(c)
		over = !more
		return more, err
	})
	if err == nil && !over && next <= count {
		err = corrupt(fmt.Sprintf("conflict %d is missing", next))
	}
	return err
}
