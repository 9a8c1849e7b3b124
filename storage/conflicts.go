package storage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// conflictBucket has a value for each conflict, under its number. Nothing is ever taken out of it, but for the ids of those
// in which an erased member takes part.
var conflictBucket = []byte("conflicts")

// AddConflict reports a conflict, should the import be committed; it gets the next number then.
func (b *Bulk) AddConflict(c Conflict) { b.conflicts = append(b.conflicts, c) }

// appendConflicts gives conflicts the next numbers. The root, which is the caller's to put, counts them.
func (c *commit) appendConflicts(some []Conflict) error {
	if len(some) == 0 {
		return nil
	}
	b := c.tx.Bucket(conflictBucket)
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

// redactConflicts takes the ids out of all conflicts in which erased members take part.
func (c *commit) redactConflicts(file string, erased []uint32) error {
	b := c.tx.Bucket(conflictBucket)
	if len(erased) == 0 {
		return nil
	}
	type change struct{ key, value []byte }
	var changes []change
	err := b.ForEach(func(key, value []byte) error {
		raw, fault := unseal(key, value)
		if fault != "" {
			return &CorruptError{file, "the conflicts", fault}
		}
		var one Conflict
		if err := json.Unmarshal(raw, &one); err != nil {
			return &CorruptError{file, "the conflicts", err.Error()}
		}
		if !slices.ContainsFunc(erased, func(n uint32) bool { return n == one.Member || slices.Contains(one.Others, n) }) {
			return nil
		}
		for i := range one.IDs {
			one.IDs[i].Text = ""
		}
		raw, err := json.Marshal(one)
		key = bytes.Clone(key)
		changes = append(changes, change{key, sealed(key, raw)})
		return err
	})
	for _, ch := range changes {
		if err == nil {
			err = b.Put(ch.key, ch.value)
		}
	}
	return err
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
