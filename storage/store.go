package storage

import "time"

// Options are how a store is opened.
type Options struct {
	// ReadOnly opens it beside other readers; nobody can write meanwhile.
	ReadOnly bool
	// Create makes an empty store if there is none.
	Create bool
	// Timeout is how long to wait for another process that has it open; 0 is one second.
	Timeout time.Duration
}

// Store is an open store file.
type Store struct{}

// Imports returns the records of all files taken, oldest first.
func (s *Store) Imports() []Import { return nil }

// Schema returns what the store holds.
func (s *Store) Schema() Schema { return Schema{} }

// Open opens a store file.
func Open(path string, opt Options) (*Store, error) { return nil, nil }

// Close closes it.
func (s *Store) Close() error { return nil }
