package storage

import (
	"context"
	"errors"
	"os"

	bolt "go.etcd.io/bbolt"
)

// What a file does not use any more still holds the bytes that it held. Where members have been erased that will not do:
// the pages that belong to nothing are filled with zeros.

// ScrubDue reports whether members were erased whose traces are still in free pages, and that the columns do not hold.
func (s *Store) ScrubDue() bool {
	st := s.now.Load()
	return st.Erasing > 0 && st.Erasing-1 <= st.Checkpointed
}

// Scrub fills the free pages of the file with zeros. It waits for backups and for reads that are under way, and nothing is
// written meanwhile. It is an [ErrBusy] beside a bulk import.
func (s *Store) Scrub(ctx context.Context) error {
	if s.readOnly {
		return ErrReadOnly
	}
	if s.now.Load().Leftovers {
		if err := s.sweepIdle(); err != nil {
			return err
		}
	}
	s.copying.Lock()
	defer s.copying.Unlock()
	s.change.Lock()
	defer s.change.Unlock()
	if s.bulk {
		return ErrBusy
	}
	// Two transactions that change nothing: then neither header of the file leads to anything older.
	for range 2 {
		if err := s.transact("the file", func(*bolt.Tx) error { return nil }); err != nil {
			return s.writeError(err)
		}
	}
	if err := s.scrub(ctx); err != nil {
		return err
	}
	return s.updateLocked(func(c *commit) error {
		if c.next.Erasing > 0 && c.next.Erasing-1 <= c.next.Checkpointed {
			c.next.Erasing = 0
		}
		return c.putRoot()
	})
}

func (s *Store) sweepIdle() error {
	s.change.Lock()
	busy := s.bulk
	s.change.Unlock()
	if busy {
		return ErrBusy
	}
	return s.sweep()
}

// scrub fills what neither header leads to with zeros, while nothing is written.
func (s *Store) scrub(ctx context.Context) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.awaitReaders() // whoever comes now reads what the headers lead to
	f, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	used, size, err := usedPages(f, s.path)
	if err != nil {
		return err
	}
	const run = 256 // pages
	buf, zero := make([]byte, run*pageSize), make([]byte, run*pageSize)
	for page := int64(2); page*pageSize < size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := int64(0)
		for n < run && (page+n)*pageSize < size && !used(uint64(page+n)) {
			n++
		}
		if n == 0 {
			page++
			continue
		}
		part := buf[:min(n*pageSize, size-page*pageSize)]
		if _, err := f.ReadAt(part, page*pageSize); err != nil {
			return err
		}
		if string(part) != string(zero[:len(part)]) {
			if _, err := f.WriteAt(zero[:len(part)], page*pageSize); err != nil {
				return &WriteError{s.path, err}
			}
		}
		page += n
	}
	if err := f.Sync(); err != nil {
		return &WriteError{s.path, err}
	}
	return nil
}

// awaitReaders returns when every read that is under way has ended.
func (s *Store) awaitReaders() {
	s.reading.Lock()
	defer s.reading.Unlock()
}

// usedPages walks from both headers of a file.
func usedPages(f *os.File, name string) (used func(page uint64) bool, size int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	head := make([]byte, 2*pageSize)
	if _, err := f.ReadAt(head, 0); err != nil {
		return nil, 0, err
	}
	var visited [2][]uint64
	for i := range 2 {
		s := &skeleton{file: f, name: name}
		h, err := s.header(head[i*pageSize:(i+1)*pageSize], i)
		if err != nil {
			return nil, 0, err
		}
		if h.pages > 1<<50 || int64(h.pages)*pageSize > info.Size() {
			return nil, 0, errors.New("the file is cut short")
		}
		s.pages = h.pages
		s.visited = make([]uint64, h.pages/64+1)
		if err := s.tree(h.root, nil, nil); err != nil {
			return nil, 0, err
		}
		visited[i] = s.visited
	}
	return func(page uint64) bool {
		for _, v := range visited {
			if page/64 < uint64(len(v)) && v[page/64]>>(page%64)&1 != 0 {
				return true
			}
		}
		return page < 2
	}, info.Size(), nil
}
