package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
)

// A copy of a store is made under a temporary name beside its final one, synced, and renamed: under its name there is
// never half a store.

// Copy writes the store as it is at one moment to w, as a store file; others may read and write meanwhile. progress,
// which may be nil, is told how many bytes of how many are written.
func (s *Store) Copy(ctx context.Context, w io.Writer, progress func(done, total int64)) error {
	return s.CopyTo(ctx, func(int64) io.Writer { return w }, progress)
}

// CopyTo is [Store.Copy] to what begin returns when it is told how many bytes there will be.
func (s *Store) CopyTo(ctx context.Context, begin func(size int64) io.Writer, progress func(done, total int64)) error {
	s.copying.RLock()
	defer s.copying.RUnlock()
	doubts := s.doubts.Load()
	return s.view("the file", func(tx *bolt.Tx) error {
		m := &meter{ctx: ctx, w: begin(tx.Size()), total: tx.Size(), progress: progress}
		_, err := tx.WriteTo(m)
		if m.failed != nil {
			err = m.failed // without bbolt's words around it
		}
		if err == nil && s.doubts.Load() != doubts {
			// After such a failure bbolt may use pages again that this transaction still reads.
			err = errors.New("the disk failed meanwhile: try again")
		}
		return err
	})
}

// meter passes bytes on, counts them, and stops when ctx ends.
type meter struct {
	ctx         context.Context
	w           io.Writer
	done, total int64
	progress    func(done, total int64)
	failed      error
}

// Write implements io.Writer.
func (m *meter) Write(p []byte) (int, error) {
	if m.failed = m.ctx.Err(); m.failed != nil {
		return 0, m.failed
	}
	n, err := m.w.Write(p)
	m.failed = err
	m.done += int64(n)
	if m.progress != nil {
		m.progress(m.done, m.total)
	}
	return n, err
}

// Backup copies the store, as [Store.Copy], to a file, and returns its size. A file that is there is an error that is
// fs.ErrExist, unless overwrite says that it may be replaced.
func (s *Store) Backup(ctx context.Context, path string, overwrite bool, progress func(done, total int64)) (int64, error) {
	err := place(path, overwrite, 0o644, s.temp, func(temp io.Writer) error { return s.Copy(ctx, temp, progress) })
	if err != nil {
		return 0, fmt.Errorf("the backup %s cannot be written: %w", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Receive writes a copy of a store that comes from elsewhere to a file: it gets its name when it is complete, opens, and is
// safely written. It returns the size. A file that is there is an error that is fs.ErrExist, unless overwrite says that it
// may be replaced.
func Receive(path string, overwrite bool, write func(io.Writer) error) (int64, error) {
	var size int64
	err := place(path, overwrite, 0o644, osCreateTemp, func(temp io.Writer) error {
		if err := write(temp); err != nil {
			return err
		}
		name := temp.(TempFile).Name()
		copied, err := Open(name, Options{ReadOnly: true})
		if err != nil {
			return err
		}
		size = copied.Size()
		return copied.Close()
	})
	if err != nil {
		return 0, fmt.Errorf("the backup %s cannot be written: %w", path, err)
	}
	return size, nil
}

// place writes a file under a temporary name, syncs it and gives it its name.
func place(path string, overwrite bool, mode fs.FileMode, create func(dir, pattern string) (TempFile, error), write func(io.Writer) error) error {
	dir := filepath.Dir(path)
	if err := mayPlace(path, overwrite); err != nil {
		return err
	}
	temp, err := create(dir, "."+filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	defer temp.Close()
	if err := write(temp); err != nil {
		return err
	}
	if err := errors.Join(temp.Chmod(mode), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return name(temp.Name(), path, overwrite)
}

func mayPlace(path string, overwrite bool) error {
	info, err := os.Lstat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return errors.New("there is something else of that name")
	case err == nil && !overwrite:
		return fs.ErrExist
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return nil
}

// name gives a finished file its name.
func name(temp, path string, overwrite bool) error {
	if overwrite {
		if err := os.Rename(temp, path); err != nil {
			return err
		}
	} else if err := os.Link(temp, path); errors.Is(err, fs.ErrExist) {
		return fs.ErrExist
	} else if err != nil { // a file system without links
		if err := os.Rename(temp, path); err != nil {
			return err
		}
	}
	return syncDir(filepath.Dir(path))
}

// Restore makes a store of a backup, having verified it. A store that is there already is an error that is fs.ErrExist,
// unless overwrite says that it may be replaced; one that is in use is an [ErrLocked]. progress, which may be nil, is told
// how much of the checking and of the copying is done.
func Restore(ctx context.Context, backup, path string, overwrite bool, progress func(step string, done, total int64)) error {
	if err := mayPlace(path, overwrite); err != nil {
		return fmt.Errorf("%s cannot be restored: %w", path, err)
	}
	from, err := Open(backup, Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer from.Close()
	if err := from.Verify(ctx, steps(progress, "checking")); err != nil {
		return err
	}
	unlock, err := lockReplaced(path)
	if err != nil {
		return err
	}
	defer unlock()
	err = place(path, overwrite, 0o644, osCreateTemp, func(temp io.Writer) error { return from.Copy(ctx, temp, steps(progress, "copying")) })
	if err != nil {
		return fmt.Errorf("%s cannot be restored: %w", path, err)
	}
	return nil
}

func steps(progress func(step string, done, total int64), step string) func(done, total int64) {
	if progress == nil {
		return nil
	}
	return func(done, total int64) { progress(step, done, total) }
}

// lockReplaced keeps others off a file that is about to be replaced, if there is one.
func lockReplaced(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	if err := lockFile(f, false, time.Second); err != nil {
		f.Close()
		if errors.Is(err, ErrLocked) {
			return nil, fmt.Errorf("%s is %w", path, ErrLocked)
		}
		return nil, fmt.Errorf("%s cannot be locked: %w", path, err)
	}
	return func() { f.Close() }, nil
}

// compactTx is about how much is written in one transaction of a compaction.
const compactTx = 16 << 20

// Compact rewrites a store without the room that deleted things have left, verifies the result and puts it in the place
// of the old file, if it is smaller. It returns the sizes before and after. The store must not be in use.
func Compact(ctx context.Context, path string, progress func(step string, done, total int64)) (before, after int64, err error) {
	s, err := Open(path, Options{}) // sweeps what a killed import left
	if err != nil {
		return 0, 0, err
	}
	defer s.Close()
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	temp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".compact")
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, 0, err
	}
	defer os.Remove(temp)
	if err := s.rewrite(ctx, temp, steps(progress, "writing")); err != nil {
		return 0, 0, fmt.Errorf("the store %s is as it was: %w", path, err)
	}
	if err := check(ctx, temp, steps(progress, "checking")); err != nil {
		return 0, 0, fmt.Errorf("the store %s is as it was: %w", path, err)
	}
	if err := os.Chmod(temp, info.Mode()); err != nil {
		return 0, 0, err
	}
	size, err := os.Stat(temp)
	if err != nil {
		return 0, 0, err
	}
	if size.Size() >= info.Size() {
		return info.Size(), info.Size(), nil
	}
	if err := os.Rename(temp, path); err != nil {
		return 0, 0, err
	}
	return info.Size(), size.Size(), syncDir(filepath.Dir(path))
}

// check verifies a store file.
func check(ctx context.Context, path string, progress func(done, total int64)) error {
	s, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Verify(ctx, progress)
}

// rewrite copies everything into a new file, in the order of keys.
func (s *Store) rewrite(ctx context.Context, path string, progress func(done, total int64)) error {
	db, err := openBolt(path, Options{Timeout: time.Second})
	if err != nil {
		return err
	}
	db.NoSync = true // until all is written
	err = s.view("the file", func(tx *bolt.Tx) error {
		w := &rewriter{ctx: ctx, db: db, total: tx.Size(), progress: progress}
		if err := tx.ForEach(w.bucket); err != nil {
			return err
		}
		return w.commit()
	})
	if err == nil {
		err = db.Sync()
	}
	if closeErr := db.Close(); err == nil {
		err = closeErr
	}
	return err
}

type rewriter struct {
	ctx      context.Context
	db       *bolt.DB
	tx       *bolt.Tx
	bytes    int // in the transaction
	done     int64
	total    int64
	progress func(done, total int64)
}

func (w *rewriter) bucket(name []byte, from *bolt.Bucket) error {
	to, err := w.into(name)
	if err != nil {
		return err
	}
	return from.ForEach(func(k, v []byte) error {
		if v == nil {
			return fmt.Errorf("a bucket within %q", name)
		}
		if w.bytes > compactTx {
			if err := w.commit(); err != nil {
				return err
			}
			if to, err = w.into(name); err != nil {
				return err
			}
		}
		w.bytes += len(k) + len(v)
		w.done += int64(len(k) + len(v))
		return to.Put(k, v)
	})
}

// into returns a bucket of the new file within a transaction.
func (w *rewriter) into(name []byte) (b *bolt.Bucket, err error) {
	if w.tx == nil {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
		if w.tx, err = w.db.Begin(true); err != nil {
			return nil, err
		}
	}
	if b, err = w.tx.CreateBucketIfNotExists(name); err == nil {
		b.FillPercent = 0.9
	}
	return b, err
}

func (w *rewriter) commit() error {
	if w.tx == nil {
		return nil
	}
	tx := w.tx
	w.tx, w.bytes = nil, 0
	if w.progress != nil {
		w.progress(min(w.done, w.total), w.total)
	}
	return tx.Commit()
}
