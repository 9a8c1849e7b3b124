package storage

import (
	"errors"
	"fmt"

	bolt "go.etcd.io/bbolt"
)

// ErrUnsure says that a change is in the file and is shown, and that the system could not tell whether it is on the disk:
// it may not outlast a loss of power. The store takes no other change before it is sure ([Store.Settle]).
var ErrUnsure = errors.New("it is written, but not known to be safely on the disk")

// transact runs f in a write transaction; all that is written to the file goes through it. On an error nothing has
// changed, unless it is an ErrUnsure.
//
// A write or a sync that fails does not say what of it came about: the last page of a transaction, which makes it take
// effect, may be in the file although an error was returned. What readers of the file see decides. If they see the
// transaction, another one that changes nothing has to reach the disk: it is then the last one of which all is there, and
// what the failed sync left in doubt does not matter any more.
func (s *Store) transact(what string, f func(tx *bolt.Tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.settle(); err != nil {
		return err
	}
	id := 0
	err := s.transaction(what, true, s.db.Update, func(tx *bolt.Tx) error {
		id = tx.ID()
		return f(tx)
	})
	if err == nil {
		return nil
	}
	if shown, failed := s.shown(); failed != nil || shown < id {
		return err
	}
	s.unsure = id
	s.doubts.Add(1)
	if s.settle() == nil {
		return nil
	}
	return &unsureError{err}
}

// unsureError is an [ErrUnsure] with its cause.
type unsureError struct{ cause error }

func (e *unsureError) Error() string { return ErrUnsure.Error() + ": " + e.cause.Error() }

func (e *unsureError) Is(target error) bool { return target == ErrUnsure }

func (e *unsureError) Unwrap() error { return e.cause }

// asFailed is the error of a larger change that stops because a part of it, which shows nothing by itself, ended with an
// error: then it does not matter whether that part is safe.
func asFailed(err error) error {
	if unsure := (*unsureError)(nil); errors.As(err, &unsure) {
		return unsure.cause
	}
	return err
}

// Settle returns nil if every change that is shown is on the disk: it makes sure of one that ended with an [ErrUnsure].
func (s *Store) Settle() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.settle(); err != nil {
		return s.writeError(err)
	}
	return nil
}

func (s *Store) settle() error {
	if s.unsure == 0 {
		return nil
	}
	err := s.transaction("the file", true, s.db.Update, func(tx *bolt.Tx) error {
		if tx.ID() != s.unsure+1 {
			return errors.New("the file shows an earlier state than it did: start again")
		}
		return nil
	})
	if err == nil {
		s.unsure = 0
		return nil
	}
	if shown, failed := s.shown(); failed == nil && shown == s.unsure+1 {
		s.unsure = shown
	}
	return fmt.Errorf("an earlier change is not known to be safely on the disk: %w", err)
}

// shown is the number of the last transaction that readers see.
func (s *Store) shown() (id int, err error) {
	err = s.view("the file", func(tx *bolt.Tx) error {
		id = tx.ID()
		return nil
	})
	return id, err
}
