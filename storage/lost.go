package storage

import (
	"sync/atomic"

	bolt "go.etcd.io/bbolt"
)

// lost is what a store has become that met a page that cannot be read, such as of a file that somebody has cut off, while a
// transaction began or was written: bbolt holds its locks then and does not let go of them, and whoever came next would wait
// for ever. Such a store refuses what would wait until it is opened anew.
type lost struct{ reads, writes atomic.Bool }

// transaction runs f in a transaction that run, View or Update of bbolt, opens.
func (s *Store) transaction(what string, writes bool, run func(func(tx *bolt.Tx) error) error, f func(tx *bolt.Tx) error) error {
	if s.lost.reads.Load() || writes && s.lost.writes.Load() {
		return &CorruptError{s.path, what, "a page of the file could not be read, and it has to be opened anew"}
	}
	begun, ended := false, false
	err := guard(s.path, what, func() error {
		err := run(func(tx *bolt.Tx) error {
			begun = true
			return guard(s.path, what, func() error { return f(tx) })
		})
		ended = true
		return err
	})
	if !ended {
		s.lost.writes.Store(true)
		if !begun {
			s.lost.reads.Store(true)
		}
	}
	return err
}
