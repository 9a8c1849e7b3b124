package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/muster-engine/muster/storage"
)

// copyOf takes a copy of a server's store, to be asked in the place of a store of its own until drop is called.
func (a *app) copyOf(ctx context.Context, server string) (drop func(), err error) {
	if a.storePath != "" {
		return nil, usageError("plan", "a server has its own store: --server goes without --store")
	}
	dir, err := os.MkdirTemp("", "muster-*")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "copy.db")
	if _, err := a.backupOf(ctx, server, file, false); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	a.storePath, a.server = file, ""
	return func() { os.RemoveAll(dir) }, nil
}

// openSettled opens the store for reading, with what its journal holds in the columns.
func (a *app) openSettled(ctx context.Context) (*storage.Store, error) {
	store, err := a.openStore(readStore)
	if err != nil {
		return nil, err
	}
	left, err := store.JournalLength()
	if left == 0 && err == nil {
		return store, nil
	}
	store.Close()
	if err != nil {
		return nil, err
	}
	inForce := *a // the journal is read by the rules that it was written under
	inForce.rulesPath = ""
	inForce.env = func(name string) string {
		if name == "MUSTER_RULES" {
			return ""
		}
		return a.env(name)
	}
	s, err := inForce.open(ctx, readStore)
	if err != nil {
		return nil, err
	}
	return s.store, nil
}
