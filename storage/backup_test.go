package storage

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// filled returns a store with a few imports and a journal, and what it shows.
func filled(t *testing.T) (*Store, *model) {
	t.Helper()
	s, want := newStore(t), newModel()
	r := rand.New(rand.NewPCG(9, 11))
	for range 3 {
		in := randomInput(r, int(want.Members()), 400)
		want.take(in)
		b, err := s.BeginBulk(BulkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		stageInput(t, b, in)
		if _, err := b.Commit(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
	}
	appendEntries(t, s, 1, 5)
	return s, want
}

func expectStore(t *testing.T, path string, want *model) {
	t.Helper()
	s, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	expectSame(t, s.Snapshot(), want)
	if err := s.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if got := journalled(t, s); len(got) != 5 {
		t.Errorf("the journal has %v", got)
	}
}

func TestABackupIsTheStore(t *testing.T) {
	s, want := filled(t)
	dir, ctx := t.TempDir(), context.Background()
	backup := filepath.Join(dir, "backup")
	var done, total int64
	size, err := s.Backup(ctx, backup, false, func(d, of int64) { done, total = d, of })
	if err != nil || size != done || done != total {
		t.Fatalf("%d bytes, told %d of %d: %v", size, done, total, err)
	}
	if _, err := s.Backup(ctx, backup, false, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another: %v", err)
	}
	if _, err := s.Backup(ctx, backup, true, nil); err != nil {
		t.Errorf("over another: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Backup(cancelled, filepath.Join(dir, "other"), false, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	expectStore(t, backup, want)

	path := filepath.Join(dir, "restored")
	if err := Restore(ctx, backup, path, false, nil); err != nil {
		t.Fatal(err)
	}
	expectStore(t, path, want)
	if err := Restore(ctx, backup, path, false, nil); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a store: %v", err)
	}
	if err := Restore(ctx, backup, s.Path(), true, nil); !errors.Is(err, ErrLocked) {
		t.Errorf("over a store in use: %v", err)
	}
	if err := Restore(ctx, backup, path, true, nil); err != nil {
		t.Error(err)
	}
	expectStore(t, path, want)

	// A damaged backup is not restored.
	raw, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		if i > 8*pageSize && i%512 == 0 {
			raw[i] ^= 0xff
		}
	}
	if err := os.WriteFile(backup, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Restore(ctx, backup, path, true, nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a damaged backup: %v", err)
	}
	expectStore(t, path, want)
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A small store, such as a backup, may have less to spare than a new file takes; then it stays as it is.
func TestCompactingMakesNoStoreLarger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "small.db")
	s, err := Open(path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if _, err := s.Backup(context.Background(), copied, false, nil); err != nil {
		t.Fatal(err)
	}
	s.Close()
	before, after, err := Compact(context.Background(), copied, nil)
	if err != nil || after > before {
		t.Errorf("from %d to %d bytes: %v", before, after, err)
	}
	if info, err := os.Stat(copied); err != nil || info.Size() != after {
		t.Errorf("%v, %v", info, err)
	}
}

func TestACompactedStoreIsSmallerAndTheSame(t *testing.T) {
	s, want := filled(t)
	path, ctx := s.Path(), context.Background()
	if _, _, err := Compact(ctx, path, nil); !errors.Is(err, ErrLocked) {
		t.Errorf("in use: %v", err)
	}
	s.Close()
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := Compact(cancelled, path, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	before, after, err := Compact(ctx, path, nil)
	if err != nil || after >= before {
		t.Fatalf("from %d to %d bytes: %v", before, after, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != after || info.Mode() != 0o600 {
		t.Errorf("the file has %d bytes and mode %v, %v", info.Size(), info.Mode(), err)
	}
	expectStore(t, path, want)
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
