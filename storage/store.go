package storage

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Options are how a store is opened.
type Options struct {
	// ReadOnly opens it beside other readers; nobody can write meanwhile.
	ReadOnly bool
	// Create makes an empty store if there is none.
	Create bool
	// Timeout is how long to wait for another process that has it open; 0 is one second.
	Timeout time.Duration
	// CreateTemp makes the files that the store writes beside its own, as os.CreateTemp does, which nil stands for.
	CreateTemp func(dir, pattern string) (TempFile, error)
}

const lockRetry = 20 * time.Millisecond

// Store is an open store file. It is safe for concurrent use; changes are made one after the other.
type Store struct {
	path     string
	readOnly bool
	temp     func(dir, pattern string) (TempFile, error)
	db       *bolt.DB

	change sync.Mutex // held while the store is changed
	bulk   bool       // a bulk import is under way; guarded by change
	now    atomic.Pointer[state]

	copying sync.RWMutex // held for reading by backups
	reading sync.RWMutex // held for reading by every read transaction
	writing sync.Mutex   // held while a transaction is written
	unsure  int          // the number of the last one if it may not be on the disk, else 0; guarded by writing
	doubts  atomic.Int64
	lost    lost
}

// Open opens a store file, having checked that it is whole in its structure. Values are checked when they are read, or
// all by [Store.Verify]. Errors: one that is fs.ErrNotExist, [ErrLocked], [ErrNotAStore], [ErrVersion], [ErrCorrupt].
func Open(path string, opt Options) (*Store, error) {
	if opt.Timeout == 0 {
		opt.Timeout = time.Second
	}
	if opt.Create && !opt.ReadOnly {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			if err := create(path); err != nil {
				return nil, fmt.Errorf("the store %s cannot be made: %w", path, err)
			}
		}
	}
	if err := inspectFile(path, opt); err != nil {
		return nil, err
	}
	s := &Store{path: path, readOnly: opt.ReadOnly, temp: opt.CreateTemp}
	if s.temp == nil {
		s.temp = osCreateTemp
	}
	if err := s.openFile(opt); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		s.db.Close()
		return nil, err
	}
	if !opt.ReadOnly && s.now.Load().Leftovers {
		if err := s.sweep(); err != nil {
			s.db.Close()
			return nil, err
		}
	}
	return s, nil
}

// openFile opens the file that has the store's name, also if another takes its place while it is waited for.
func (s *Store) openFile(opt Options) error {
	for {
		before, err := os.Stat(s.path)
		if err != nil {
			return err
		}
		err = guard(s.path, "the file", func() error {
			var err error
			s.db, err = openBolt(s.path, opt)
			if errors.Is(err, bolterrors.ErrTimeout) {
				err = fmt.Errorf("%s is %w", s.path, ErrLocked)
			}
			return err
		})
		if err != nil {
			return err
		}
		after, err := os.Stat(s.path)
		if err == nil && os.SameFile(before, after) {
			return nil
		}
		s.db.Close()
		if err != nil {
			return err
		}
	}
}

func openBolt(path string, opt Options) (*bolt.DB, error) {
	o := bolt.Options{
		Timeout:        opt.Timeout,
		ReadOnly:       opt.ReadOnly,
		PageSize:       pageSize,
		FreelistType:   bolt.FreelistMapType,
		NoFreelistSync: true, // it is found again by a walk; a damaged one would let live pages be overwritten
	}
	if !opt.ReadOnly && runtime.GOOS != "windows" && ^uint(0)>>63 == 1 {
		// Address space only: growing the file then need not wait for readers.
		o.InitialMmapSize = 64 << 30
	}
	db, err := bolt.Open(path, 0o644, &o)
	if err != nil && o.InitialMmapSize > 0 && !errors.Is(err, bolterrors.ErrTimeout) {
		o.InitialMmapSize = 0
		db, err = bolt.Open(path, 0o644, &o)
	}
	if err == nil {
		db.AllocSize = smallGrowth
	}
	return db, err
}

// By how much the file grows beyond what is needed at once; by more while much is being written.
const (
	smallGrowth = 64 << 10
	largeGrowth = 32 << 20
)

// inspectFile walks the skeleton of the file while nobody can be writing it.
func inspectFile(path string, opt Options) error {
	how := os.O_RDWR
	if opt.ReadOnly {
		how = os.O_RDONLY
	}
	f, err := os.OpenFile(path, how, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := lockFile(f, opt.ReadOnly, opt.Timeout); err != nil {
		if errors.Is(err, ErrLocked) {
			return fmt.Errorf("%s is %w", path, ErrLocked)
		}
		return fmt.Errorf("%s cannot be locked: %w", path, err)
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is %w", path, ErrNotAStore)
	}
	return inspect(f, path, info.Size())
}

// create makes an empty store under a temporary name and gives it its name when it is safely written. If another
// process was quicker, its store stays.
func create(path string) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	temp := f.Name()
	f.Close()
	defer os.Remove(temp)
	if err := os.Remove(temp); err != nil {
		return err
	}
	db, err := openBolt(temp, Options{Timeout: time.Second})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range fixedBuckets {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		empty := &state{}
		c := commit{tx: tx, objects: tx.Bucket(objectBucket), old: empty, next: empty.draft()}
		return c.putState()
	})
	if closeErr := db.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	if err := os.Link(temp, path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		if err := os.Rename(temp, path); err != nil { // a file system without links
			return err
		}
	}
	return syncDir(dir)
}

// syncDir makes a new name in a directory durable, where the system knows how to.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Close closes the store. Snapshots of it cannot read any more what they have not read yet. One that is lost stays open until
// the process ends.
func (s *Store) Close() error {
	s.change.Lock()
	defer s.change.Unlock()
	if s.lost.writes.Load() {
		return &CorruptError{s.path, "the file", "it could not be closed, for a page of it could not be read"}
	}
	return s.db.Close()
}

// Path is the name of the file as it was opened.
func (s *Store) Path() string { return s.path }

// Schema returns what the store holds.
func (s *Store) Schema() Schema { return s.now.Load().schema.clone() }

// Members is how many member numbers have been given.
func (s *Store) Members() uint32 { return s.now.Load().Members }

// DataVersion changes whenever what snapshots show changes.
func (s *Store) DataVersion() uint64 { return s.now.Load().DataVersion }

// Size is the size of the file in bytes.
func (s *Store) Size() int64 {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0
	}
	return info.Size()
}

func (s *Store) load() error {
	return s.view("the root", func(tx *bolt.Tx) error {
		st, err := loadState(tx, s.path)
		if err != nil {
			return err
		}
		if err := s.checkBuckets(tx); err != nil {
			return err
		}
		s.now.Store(st)
		return nil
	})
}

// checkBuckets looks whether every bucket has the name that it was made with: one with another would pass for empty.
func (s *Store) checkBuckets(tx *bolt.Tx) error {
	for _, name := range fixedBuckets {
		if tx.Bucket(name) == nil {
			return &CorruptError{s.path, "the " + string(name), "that part is missing"}
		}
	}
	return tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
		kind, _, named := bytes.Cut(name, []byte(":"))
		if named && slices.Contains(namedBuckets, string(kind)+":") ||
			slices.ContainsFunc(fixedBuckets, func(b []byte) bool { return bytes.Equal(b, name) }) {
			return nil
		}
		return &CorruptError{s.path, fmt.Sprintf("%q", name), "no part of a store is called so"}
	})
}

// view runs f in a read transaction, which f must not keep open for long.
func (s *Store) view(what string, f func(tx *bolt.Tx) error) error {
	s.reading.RLock()
	defer s.reading.RUnlock()
	return s.transaction(what, false, s.db.View, f)
}

// update makes a small change in one transaction: f writes objects and documents through the commit and changes the
// next state. putState is called after it if the manifest or the schema changes.
func (s *Store) update(f func(c *commit) error) error {
	s.change.Lock()
	defer s.change.Unlock()
	if s.bulk {
		return ErrBusy
	}
	return s.updateLocked(f)
}

// updateBeside is update for what does not touch the manifest or the schema, and may be changed beside a bulk import.
func (s *Store) updateBeside(f func(c *commit) error) error {
	s.change.Lock()
	defer s.change.Unlock()
	return s.updateLocked(f)
}

func (s *Store) updateLocked(f func(c *commit) error) error {
	if s.readOnly {
		return ErrReadOnly
	}
	old := s.now.Load()
	next := old.draft()
	err := s.transact("the file", func(tx *bolt.Tx) error {
		return f(&commit{tx: tx, objects: tx.Bucket(objectBucket), old: old, next: next})
	})
	if err == nil || errors.Is(err, ErrUnsure) {
		s.now.Store(next)
	}
	if err != nil {
		return s.writeError(err)
	}
	return nil
}

func (s *Store) writeError(err error) error {
	if errors.Is(err, ErrCorrupt) {
		return err
	}
	return &WriteError{s.path, err}
}

// sweepStep is how many values are deleted in a transaction.
const sweepStep = 4096

// sweep deletes the objects that nothing refers to and the journal entries that the rest contains, in bounded steps, and
// notes that there are none left.
func (s *Store) sweep() error {
	s.change.Lock()
	defer s.change.Unlock()
	for {
		st := s.now.Load()
		var garbage [][]byte
		err := s.view("the objects", func(tx *bolt.Tx) error {
			c := tx.Bucket(objectBucket).Cursor()
			for k, _ := c.First(); k != nil && len(garbage) < sweepStep; k, _ = c.Next() {
				id, generation, ok := parseKey(k)
				if !ok || !st.refers(id, generation) {
					garbage = append(garbage, append([]byte(nil), k...))
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		done := len(garbage) < sweepStep
		err = s.updateLocked(func(c *commit) error {
			for _, k := range garbage {
				if err := c.objects.Delete(k); err != nil {
					return err
				}
			}
			trimmed := true
			if done {
				var err error
				if trimmed, err = trimJournal(c.tx, c.next.Checkpointed, sweepStep); err != nil {
					return err
				}
			}
			done = done && trimmed
			c.next.Leftovers = !done
			return c.putRoot()
		})
		if done || err != nil {
			return err
		}
	}
}

// refers reports whether an object of a generation is part of the state.
func (s *state) refers(id objectID, generation uint64) bool {
	if id.kind == documentObject {
		return id.entity < documentCount && id.block == 0 && s.Documents[id.entity].Generation == generation
	}
	e, ok := s.manifest[id]
	return ok && e.generation == generation
}
