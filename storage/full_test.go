package storage

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/muster-engine/muster/storage/column"
)

// The file may not grow beyond some size, as on a full disk, for many sizes: the import fails with words that say so,
// the store shows what it did, and takes the import once there is room.
func TestAnImportThatFindsNoRoomChangesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 37))
	first, second := randomInput(r, 0, 300), &input{}
	for range 30_000 {
		second.events = append(second.events, inputEvent{"order", 0, r.Int64(), map[string]column.Value{
			"amount": column.Int(r.Int64()), "category": column.Text(string(rune('a' + r.IntN(26)))),
		}})
	}
	path := filepath.Join(t.TempDir(), "full")
	s, err := Open(path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	want := newModel()
	want.take(first)
	b, err := s.BeginBulk(BulkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stageInput(t, b, first)
	if _, err := b.Commit(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for room := int64(0); ; room += 96 << 10 {
		s.db.MaxSize = int(s.Size() + room)
		b, err := s.BeginBulk(BulkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		stageInput(t, b, second)
		_, err = b.Commit(context.Background(), nil)
		if err == nil {
			want.take(second)
			break
		}
		failed++
		if !errors.Is(err, bolterrors.ErrMaxSizeReached) || !strings.Contains(err.Error(), path) {
			t.Fatalf("room for %d bytes: %v", room, err)
		}
		expectSame(t, s.Snapshot(), want)
	}
	if failed == 0 {
		t.Fatal("there was room from the beginning")
	}
	expectSame(t, s.Snapshot(), want)
	s.Close()
	if s, err = Open(path, Options{}); err != nil {
		t.Fatal(err)
	}
	expectSame(t, s.Snapshot(), want)
	if err := s.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestATemporaryDirectoryThatCannotBeWrittenIsNamed(t *testing.T) {
	s := newStore(t)
	missing := filepath.Join(t.TempDir(), "missing")
	b, err := s.BeginBulk(BulkOptions{TempDir: missing, MemoryLimit: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Abort()
	e, err := b.Events(testEvents[1])
	if err != nil {
		t.Fatal(err)
	}
	b.NewMember()
	for range 10_000 {
		if err = e.Append(0, 0, make([]byte, 0)); err != nil {
			break
		}
	}
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "temporary file") {
		t.Fatalf("error is %v", err)
	}
}

func TestAStoreInUseIsRefused(t *testing.T) {
	s := newStore(t)
	for _, opt := range []Options{{}, {ReadOnly: true}} {
		opt.Timeout = 1
		if _, err := Open(s.Path(), opt); !errors.Is(err, ErrLocked) || !strings.HasSuffix(err.Error(), "is in use by another muster") {
			t.Errorf("error is %v", err)
		}
	}
	path := s.Path()
	s.Close()
	var readers []*Store
	for range 2 {
		r, err := Open(path, Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
	}
	if err := readers[0].SetClock(Clock{}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a reader writes: %v", err)
	}
	if _, err := Open(path, Options{Timeout: 1}); !errors.Is(err, ErrLocked) {
		t.Errorf("a writer beside readers: %v", err)
	}
	for _, r := range readers {
		r.Close()
	}
}

func TestASnapshotThatIsOvertakenSaysSo(t *testing.T) {
	s := newStore(t)
	b, _ := s.BeginBulk(BulkOptions{})
	b.NewMember()
	b.NewMember()
	if _, err := b.Commit(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	set := func(member uint32, value string) {
		if err := s.SetManual("foot", "string", member, column.Text(value), 1, "ann"); err != nil {
			t.Fatal(err)
		}
	}
	set(0, "wide")
	read, unread := s.Snapshot(), s.Snapshot()
	if _, err := read.Attribute("tag:foot", 0); err != nil {
		t.Fatal(err)
	}
	set(1, "narrow")
	c, err := read.Attribute("tag:foot", 0)
	if err != nil || c.Value(1).Kind != 0 {
		t.Errorf("a snapshot does not keep what it has read: %v", err)
	}
	if _, err := unread.Attribute("tag:foot", 0); !errors.Is(err, ErrStale) {
		t.Errorf("error is %v", err)
	}
	c, err = s.Snapshot().Attribute("tag:foot", 0)
	if err != nil || c.Text(0) != "wide" || c.Text(1) != "narrow" {
		t.Errorf("the new snapshot is wrong: %v", err)
	}
	if err := s.SetManual("foot", "string", 0, column.Value{}, 2, "bob"); err != nil {
		t.Fatal(err)
	}
	now := s.Snapshot()
	c, _ = now.Attribute("tag:foot", 0)
	by, _ := now.Attribute("tag:foot@by", 0)
	if c.IsKnown(0) || by.Text(0) != "bob" {
		t.Error("a tag is not taken away")
	}
	if err := s.SetManual("foot", "date", 0, column.Int(2), 2, "bob"); err == nil {
		t.Error("a tag changes its kind")
	}
	if err := s.SetManual("foot", "string", 7, column.Text("x"), 2, "bob"); err == nil {
		t.Error("a member that does not exist gets a tag")
	}
}
