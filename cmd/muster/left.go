package main

import (
	"context"
	"fmt"

	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
)

// takeIn puts into the store's columns what a server accepted and could not put there, having been killed: until then
// only the journal has it, and nothing else may be written.
func (s *session) takeIn(ctx context.Context, how access) error {
	left, err := s.store.JournalLength()
	if left == 0 || err != nil {
		return err
	}
	path := s.store.Path()
	if how == readStore {
		if err := s.reopen(path, storage.Options{}); err != nil {
			return fmt.Errorf("a server that ended early has left %s in the journal of %s, to be put into its columns first: %w", entries(left), path, err)
		}
	}
	before, err := s.before()
	if err != nil {
		return err
	}
	engine, err := live.Open(ctx, live.Options{Store: s.store, Program: s.prog, Before: before, System: func() int64 { return s.now().UnixMicro() }})
	if err != nil {
		return err
	}
	err = engine.Checkpoint(ctx)
	engine.Close()
	if err != nil {
		return err
	}
	if how == readStore {
		return s.reopen(path, storage.Options{ReadOnly: true})
	}
	return nil
}

func entries(n uint64) string {
	if n == 1 {
		return "1 entry"
	}
	return count(n) + " entries"
}

// reopen opens the session's store in another way.
func (s *session) reopen(path string, opt storage.Options) error {
	if err := s.store.Close(); err != nil {
		return err
	}
	store, err := storage.Open(path, opt)
	if err != nil {
		return err
	}
	s.store = store
	return nil
}
