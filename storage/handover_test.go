package storage

import (
	"bytes"
	"context"
	"path/filepath"
	"reflect"
	"testing"
)

// handedContent is bytes that do not repeat.
func handedContent(seed, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		seed = seed*1103515245 + 12345
		b[i] = byte(seed >> 16)
	}
	return b
}

func TestWhatWasHandedOverIsKeptByBlock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	s := openOutbox(t, path)
	expect := func(block uint32, want []byte) {
		t.Helper()
		if got, err := s.HandedOver("crm", block); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("block %d has %d bytes, %v, not %d", block, len(got), err, len(want))
		}
	}
	expect(0, nil)
	long, short := handedContent(1, 3*chunkBytes), handedContent(2, 50)
	st := SyncState{Sync: "crm", Run: 1, Day: 9, Running: true, Whole: true}
	for _, blocks := range []map[uint32][]byte{nil, {0: long, 3: short}, {0: short}, {3: nil}} {
		if err := s.PutSync(st, blocks); err != nil {
			t.Fatal(err)
		}
	}
	b, err := s.BeginBulk(BulkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutSync(SyncState{Sync: "mail"}, map[uint32][]byte{1: long}); err != nil { // new while an import is under way
		t.Fatal(err)
	}
	if _, err := b.Commit(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, _, err := Compact(context.Background(), path, nil); err != nil {
		t.Fatal(err)
	}
	s = openOutbox(t, path)
	defer s.Close()
	expect(0, short)
	expect(3, nil)
	st.Held = []int64{50, 0, 0, 0}
	all, err := s.SyncStates()
	if err != nil || len(all) != 2 || !reflect.DeepEqual(all[0], st) {
		t.Fatalf("states are %+v, %v", all, err)
	}
	if err := s.DropSync("crm"); err != nil {
		t.Fatal(err)
	}
	if err := s.DropSync("none"); err != nil {
		t.Fatal(err)
	}
	expect(0, nil)
	if err := s.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}
