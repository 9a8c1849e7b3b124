package storage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"github.com/muster-engine/muster/storage/column"
)

// without returns an input without the rows of some members.
func (in *input) without(members *roaring.Bitmap) *input {
	out := *in
	out.events = slices.DeleteFunc(slices.Clone(in.events), func(e inputEvent) bool { return members.Contains(e.member) })
	out.values = slices.DeleteFunc(slices.Clone(in.values), func(v inputValue) bool { return members.Contains(v.member) })
	out.ids = slices.DeleteFunc(slices.Clone(in.ids), func(id inputID) bool { return members.Contains(id.member) })
	return &out
}

func TestAReplacedMemberHasWhatIsStagedOnly(t *testing.T) {
	dir := t.TempDir()
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		s, err := Open(filepath.Join(dir, fmt.Sprint(round)), Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		first := randomInput(r, 0, 300)
		second := randomInput(r, first.members, 100)
		replaced := roaring.New()
		for _, e := range slices.Concat(first.events, second.events) {
			if r.IntN(3) > 0 {
				replaced.Add(e.member)
			}
		}
		for range r.IntN(3) {
			replaced.Add(uint32(r.IntN(first.members)))
		}
		if r.IntN(4) == 0 { // nothing is left of them
			second = second.without(replaced)
		}
		for i, in := range []*input{first, second} {
			b, err := s.BeginBulk(BulkOptions{TxBytes: 1 + r.IntN(1<<20)})
			if err != nil {
				t.Fatal(err)
			}
			stageInput(t, b, in)
			if i == 1 {
				b.Replace(replaced)
				b.Unlike("phone")
			}
			if _, err := b.Commit(context.Background(), nil); err != nil {
				t.Fatal(err)
			}
		}
		want := newModel()
		want.take(first.without(replaced))
		want.take(second)
		expectSame(t, s.Snapshot(), want)
		if err := s.Verify(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
	})
}

func appendEntries(t *testing.T, s *Store, from, to uint64) {
	t.Helper()
	for seq := from; seq <= to; seq++ {
		if err := s.AppendJournal(JournalEntry{Seq: seq, Record: fmt.Append(nil, "entry ", seq)}); err != nil {
			t.Fatal(err)
		}
	}
}

func journalled(t *testing.T, s *Store) (all []uint64) {
	t.Helper()
	err := s.Journal(func(seq uint64, record []byte) error {
		if string(record) != fmt.Sprint("entry ", seq) {
			t.Errorf("entry %d is %q", seq, record)
		}
		all = append(all, seq)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A checkpoint takes effect as a whole, also when the process ends before the entries are deleted; numbers go on.
func TestACheckpointEmptiesTheJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	s, err := Open(path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	appendEntries(t, s, 1, 700)
	checkpoint := func(upto uint64) *Bulk {
		t.Helper()
		b, err := s.BeginBulk(BulkOptions{TxBytes: 1 << 16})
		if err != nil {
			t.Fatal(err)
		}
		e, err := b.Events(testEvents[1])
		if err != nil {
			t.Fatal(err)
		}
		row := e.Encoder()
		row.Text(0, fmt.Append(nil, "page ", upto))
		m := b.NewMember()
		if err := e.Append(m, 1, row.Bytes()); err != nil {
			t.Fatal(err)
		}
		if err := b.PutList("vips", roaring.BitmapOf(m)); err != nil {
			t.Fatal(err)
		}
		b.Checkpoint(upto, int64(upto)*10)
		if _, err := b.Publish(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		return b
	}
	if err := checkpoint(600).Clean(); err != nil {
		t.Fatal(err)
	}
	if seq, clock := s.Checkpointed(); seq != 600 || clock != 6000 {
		t.Fatalf("entry %d at %d", seq, clock)
	}
	if got := journalled(t, s); len(got) != 100 || got[0] != 601 {
		t.Fatalf("the journal has %v", got)
	}

	appendEntries(t, s, 701, 710)
	before := s.Snapshot()
	b := checkpoint(710)
	if got := journalled(t, s); len(got) != 0 {
		t.Fatalf("the journal has %v", got)
	}
	if err := s.AppendJournal(JournalEntry{Seq: 710}); !errors.Is(err, ErrSequence) {
		t.Errorf("an entry once more: %v", err)
	}
	appendEntries(t, s, 711, 712)
	if err := s.SetRules(&RuleSet{Revision: 7}); err != nil { // rules may change before everything is deleted
		t.Fatal(err)
	}
	if list, err := before.List("vips"); err != nil || !list.Equals(roaring.BitmapOf(0)) {
		t.Errorf("an earlier snapshot reads %v, %v", list, err)
	}
	_ = b // the process ends here
	s.Close()
	if s, err = Open(path, Options{}); err != nil {
		t.Fatal(err)
	}
	if got := journalled(t, s); !slices.Equal(got, []uint64{711, 712}) {
		t.Fatalf("the journal has %v", got)
	}
	if n, err := s.JournalLength(); n != 2 || err != nil {
		t.Errorf("its length is %d, %v", n, err)
	}
	if s.now.Load().Leftovers {
		t.Error("something is left over")
	}
	if r, err := s.Rules(); err != nil || r.Revision != 7 {
		t.Errorf("the rules are %v, %v", r, err)
	}
	if err := s.Verify(context.Background(), nil); err != nil {
		t.Error(err)
	}

	// Nothing else may come between the journal and the columns.
	b, err = s.BeginBulk(BulkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.NewMember()
	if _, err := b.Commit(context.Background(), nil); !errors.Is(err, ErrJournal) {
		t.Errorf("an import: %v", err)
	}
	checkpoint(712).Clean()
	if b, err = s.BeginBulk(BulkOptions{}); err != nil {
		t.Fatal(err)
	}
	b.NewMember()
	if _, err := b.Commit(context.Background(), nil); err != nil {
		t.Error(err)
	}
	appendEntries(t, s, 713, 713)
}

func TestAMissingJournalEntryIsNoticed(t *testing.T) {
	s := newStore(t)
	appendEntries(t, s, 1, 3)
	tx, err := s.db.Begin(true)
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Bucket(journalBucket).Delete(sequenceKey(2)); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := s.Journal(func(uint64, []byte) error { return nil }); !errors.Is(err, ErrCorrupt) {
		t.Errorf("error is %v", err)
	}
	if err := s.Verify(context.Background(), nil); !errors.Is(err, ErrCorrupt) {
		t.Errorf("error is %v", err)
	}
}

// Rules change several times while an import is under way: neither undoes the other.
func TestRulesChangeBesideAnImport(t *testing.T) {
	s := newStore(t)
	r := rand.New(rand.NewPCG(3, 5))
	want := newModel()
	for round := range int64(4) {
		b, err := s.BeginBulk(BulkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		in := randomInput(r, int(want.Members()), 100)
		stageInput(t, b, in)
		want.take(in)
		revision := 10 * round
		set := func() {
			revision++
			if err := s.SetRules(&RuleSet{Revision: revision}); err != nil {
				t.Fatal(err)
			}
			if err := s.SetClock(Clock{true, revision}); err != nil {
				t.Fatal(err)
			}
		}
		set()
		if _, err := b.Publish(context.Background(), func(int64, int64) { set() }); err != nil {
			t.Fatal(err)
		}
		set()
		if err := b.Clean(); err != nil {
			t.Fatal(err)
		}
		expectSame(t, s.Snapshot(), want)
		rules, err := s.Rules()
		if err != nil || rules.Revision != revision || s.Clock().At != revision {
			t.Fatalf("revision %d, clock %d, %v; want %d", rules.Revision, s.Clock().At, err, revision)
		}
		if err := s.Verify(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMembersGoAndComeBack(t *testing.T) {
	s := newStore(t)
	step := func(f func(b *Bulk)) *Snapshot {
		t.Helper()
		b, err := s.BeginBulk(BulkOptions{})
		if err != nil {
			t.Fatal(err)
		}
		f(b)
		if _, err := b.Commit(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		return s.Snapshot()
	}
	expect := func(sn *Snapshot, block int, gone ...uint32) {
		t.Helper()
		live, err := sn.Live(block)
		if err != nil {
			t.Fatal(err)
		}
		all := everyone(sn.Members(), block)
		if got := roaring.AndNot(all, live); !got.Equals(roaring.BitmapOf(gone...)) {
			t.Errorf("block %d: %v are gone, not %v", block, got, gone)
		}
	}
	all := step(func(b *Bulk) {
		for range column.Block + 10 {
			b.NewMember()
		}
	})
	expect(all, 0)
	some := step(func(b *Bulk) { b.SetGone(roaring.BitmapOf(3, 7, column.Block+1)) })
	expect(some, 0, 3, 7)
	expect(some, 1, 1)
	expect(all.Renew(), 0, 3, 7)
	less := step(func(b *Bulk) { b.SetLive(roaring.BitmapOf(7, 8)) })
	expect(less, 0, 3)
	expect(less, 1, 1)
}
