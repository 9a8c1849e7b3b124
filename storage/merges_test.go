package storage

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/muster-engine/muster/storage/column"
)

// bulk runs an import that f fills.
func bulk(t *testing.T, s *Store, f func(b *Bulk)) {
	t.Helper()
	b, err := s.BeginBulk(BulkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	f(b)
	if _, err := b.Commit(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

func mergesOf(t *testing.T, s *Store) (absorbed []uint32) {
	t.Helper()
	all, err := s.Merges()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		absorbed = append(absorbed, m.Absorbed)
	}
	return absorbed
}

func TestMergesAreKeptUntilDropped(t *testing.T) {
	s := newStore(t)
	ctx := context.Background()
	bulk(t, s, func(b *Bulk) {
		for range column.Block + 10 {
			b.NewMember()
		}
	})
	full := &Merge{
		Absorbed: column.Block + 2, Survivor: 1, At: 5, IDs: []ID{{"phone", "+86139"}, {"union_id", "u"}},
		Attributes: map[string]Stamped{"city": {column.Text("上海"), 4, 0, ""}, "tag:foot": {column.Text("宽脚"), 9, 3, "ann"}, "name": {Stamp: 8}},
		Replaced:   map[string]Stamped{"city": {}},
		Lists:      []string{"vip"}, OnlyLists: []string{"vip"},
		Doubles: []Double{{"order", "O1", 3, map[string]column.Value{"amount": column.Int(3), "tags": column.Set("a", "b")}}},
	}
	bulk(t, s, func(b *Bulk) {
		b.PutMerge(full)
		b.PutMerge(&Merge{Absorbed: 7, Survivor: 3})
		b.PutMerge(&Merge{Absorbed: 4, Survivor: 3})
		b.SetGone(roaring.BitmapOf(4, 7, column.Block+2))
	})
	before := s.Snapshot()
	if all, err := s.Merges(); err != nil || len(all) != 3 || !reflect.DeepEqual(all[2], full) {
		t.Fatalf("%+v, %v", all[2], err)
	}
	bulk(t, s, func(b *Bulk) {
		b.DropMerge(4)
		b.PutMerge(&Merge{Absorbed: 7, Survivor: 2})
		b.SetLive(roaring.BitmapOf(4))
	})
	if got := mergesOf(t, s); !slices.Equal(got, []uint32{7, column.Block + 2}) {
		t.Fatalf("merges of %v", got)
	}
	if _, err := before.Merges(); !errors.Is(err, ErrStale) {
		t.Errorf("an earlier snapshot: %v", err)
	}
	if err := s.Verify(ctx, nil); err != nil {
		t.Error(err)
	}
	backup := filepath.Join(t.TempDir(), "backup")
	if _, err := s.Backup(ctx, backup, false, nil); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Compact(ctx, backup, nil); err != nil {
		t.Fatal(err)
	}
	copied, err := Open(backup, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	if d, err := Diff(s.Snapshot(), copied.Snapshot()); d != "" || err != nil {
		t.Errorf("the backup differs: %s, %v", d, err)
	}
	bulk(t, s, func(b *Bulk) {
		b.DropMerge(7)
		b.DropMerge(column.Block + 2)
		b.SetLive(roaring.BitmapOf(7, column.Block+2))
	})
	if d, err := Diff(s.Snapshot(), copied.Snapshot()); d == "" || err != nil {
		t.Errorf("a store without merges does not differ from one with: %v", err)
	}
	if got := mergesOf(t, s); len(got) > 0 || len(s.now.Load().mergeObjects()) > 0 {
		t.Errorf("merges of %v", got)
	}
	if err := s.Verify(ctx, nil); err != nil {
		t.Error(err)
	}
}

func TestMergesThatCannotBeAreNamed(t *testing.T) {
	for _, c := range []struct {
		merge Merge
		gone  bool
		says  string
	}{
		{Merge{Absorbed: 3, Survivor: 1}, false, "member 3 is merged, and live"},
		{Merge{Absorbed: 3, Survivor: 4}, true, "member 3 cannot have become part of 4"},
		{Merge{Absorbed: 9, Survivor: 4}, true, "member 9 cannot have become part of 4"},
	} {
		s := newStore(t)
		bulk(t, s, func(b *Bulk) {
			for range 5 {
				b.NewMember()
			}
			b.PutMerge(&c.merge)
			if c.gone {
				b.SetGone(roaring.BitmapOf(c.merge.Absorbed))
			}
		})
		if err := s.Verify(context.Background(), nil); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c.merge, err)
		}
	}
}

func TestConflictsAreNumbered(t *testing.T) {
	s := newStore(t)
	entry := JournalEntry{Seq: 1, Record: []byte("x"), Conflicts: []Conflict{{At: 1, Member: 2, Others: []uint32{3, 4}, Attribute: "phone", IDs: []ID{{"phone", "1"}, {"union_id", "u"}}}, {At: 2}}}
	if err := s.AppendJournal(entry); err != nil {
		t.Fatal(err)
	}
	bulk(t, s, func(b *Bulk) {
		b.AddConflict(Conflict{At: 3})
		b.PutStamp(77)
		b.Checkpoint(1, 0)
	})
	bulk(t, s, func(b *Bulk) {
		b.AddConflict(Conflict{At: 4})
		b.PutStamp(5)
	})
	read := func(after int64, most int) (all []Conflict) {
		err := s.Conflicts(after, func(c Conflict) (bool, error) {
			all = append(all, c)
			return len(all) < most, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	entry.Conflicts[0].Number = 1
	if all := read(0, 99); len(all) != 4 || !reflect.DeepEqual(all[0], entry.Conflicts[0]) || all[3].Number != 4 || all[3].At != 4 {
		t.Errorf("%+v", all)
	}
	if all := read(2, 1); len(all) != 1 || all[0].At != 3 {
		t.Errorf("after 2: %+v", all)
	}
	if all := read(4, 1); len(all) != 0 {
		t.Errorf("after 4: %+v", all)
	}
	if n := s.ConflictCount(); n != 4 {
		t.Errorf("%d conflicts", n)
	}
	if s.LastStamp() != 77 {
		t.Errorf("the last stamp is %d", s.LastStamp())
	}
	if err := s.Verify(context.Background(), nil); err != nil {
		t.Error(err)
	}
	for _, number := range []uint64{4, 2} {
		err := s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(conflictBucket).Delete(sequenceKey(number)) })
		if err != nil {
			t.Fatal(err)
		}
		says := fmt.Sprintf("conflict %d is missing", number)
		if err := s.Verify(context.Background(), nil); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), says) {
			t.Errorf("number %d taken out: %v", number, err)
		}
	}
}

// TestIDsAgainstAMap drops ids and gives them to others between lookups.
func TestIDsAgainstAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids, want := newIDs(), map[string]uint32{}
		ids.slots = ids.slots[:1<<4] // collisions, and ends that wrap round
		text := rapid.Custom(func(t *rapid.T) string { return fmt.Sprint("id", rapid.IntRange(0, 40).Draw(t, "id")) })
		t.Repeat(map[string]func(*rapid.T){
			"remember": func(t *rapid.T) {
				id, member := text.Draw(t, "text"), rapid.Uint32().Draw(t, "member")
				ids.Remember([]byte(id), member)
				want[id] = member
			},
			"drop": func(t *rapid.T) {
				id := text.Draw(t, "text")
				ids.Drop([]byte(id))
				delete(want, id)
			},
			"": func(t *rapid.T) {
				if ids.Len() != len(want) {
					t.Fatalf("%d ids, want %d", ids.Len(), len(want))
				}
				for i := range 41 {
					id := fmt.Sprint("id", i)
					got, ok := ids.Lookup([]byte(id))
					if w, has := want[id]; ok != has || got != w {
						t.Fatalf("%s belongs to %d (%v), want %d (%v)", id, got, ok, w, has)
					}
				}
			},
		})
	})
}
