package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
	"github.com/muster-engine/muster/storage/storagetest"
)

// faultSteps are changes of every kind, one after the other. Each is done whole or not at all.
var faultSteps = []struct {
	name string
	do   func(s *storage.Store, dir string) error
}{
	{"an import", func(s *storage.Store, _ string) error { return faultImport(s, 0, 300, nil) }},
	{"another import", func(s *storage.Store, _ string) error { return faultImport(s, 1, 200, nil) }},
	{"a list", func(s *storage.Store, _ string) error { return s.PutList("staff", roaring.BitmapOf(1, 7)) }},
	{"a manual tag", func(s *storage.Store, _ string) error {
		return s.SetManual("foot", "string", 3, column.Text("wide"), 5, "ann")
	}},
	{"the rules", func(s *storage.Store, _ string) error {
		return s.SetRules(&storage.RuleSet{Revision: 1, Files: []storage.RuleFile{{Name: "a", Text: bytes.Repeat([]byte("rule "), 50)}}})
	}},
	{"the clock", func(s *storage.Store, _ string) error { return s.SetClock(storage.Clock{Pinned: true, At: 77}) }},
	{"the cuts", func(s *storage.Store, _ string) error {
		return s.SetCuts(map[string]storage.Cuts{"k": {Key: "k", At: 9}})
	}},
	{"a journal entry", func(s *storage.Store, _ string) error {
		return s.AppendJournal(storage.JournalEntry{Seq: 1, Record: []byte("one"), Crossings: []byte("c1"), FirstCrossing: 1})
	}},
	{"a long journal entry", func(s *storage.Store, _ string) error {
		return s.AppendJournal(storage.JournalEntry{Seq: 2, Record: bytes.Repeat([]byte("two "), 30_000)})
	}},
	{"a journal entry with a receipt", func(s *storage.Store, _ string) error {
		r := storage.Receipt{Key: [32]byte{1}, Content: [32]byte{2}, At: 8, Answer: bytes.Repeat([]byte("yes "), 900)}
		return s.AppendJournal(storage.JournalEntry{Seq: 3, Record: []byte("three"), Receipts: []storage.Receipt{r}})
	}},
	{"a journal entry with a conflict", func(s *storage.Store, _ string) error {
		return s.AppendJournal(storage.JournalEntry{Seq: 4, Record: []byte("four"), Conflicts: []storage.Conflict{{At: 4, Member: 2}}})
	}},
	{"messages to a new sink", func(s *storage.Store, _ string) error {
		return s.AppendJournal(storage.JournalEntry{Seq: 5, Record: []byte("five"), Messages: faultMessages(1, 3)})
	}},
	{"messages", func(s *storage.Store, _ string) error {
		return s.AppendJournal(storage.JournalEntry{Seq: 6, Record: []byte("six"), Messages: faultMessages(4, 5)})
	}},
	{"messages handed over", func(s *storage.Store, _ string) error {
		return s.Acknowledge([]storage.Handed{{Sink: "sms", Seq: 1}, {Sink: "sms", Seq: 3, Failure: &storage.Failure{Reason: "no"}}})
	}},
	{"a checkpoint", func(s *storage.Store, _ string) error {
		return faultImport(s, 2, 150, func(b *storage.Bulk) { b.Checkpoint(3, 50) })
	}},
	{"a last checkpoint", func(s *storage.Store, _ string) error {
		return faultImport(s, 3, 20, func(b *storage.Bulk) { b.Checkpoint(6, 60) })
	}},
	{"a sync", func(s *storage.Store, _ string) error {
		return s.PutSync(storage.SyncState{Sync: "crm", Run: 1, Running: true}, nil)
	}},
	{"a block handed over", func(s *storage.Store, _ string) error {
		return s.PutSync(storage.SyncState{Sync: "crm", Run: 1}, map[uint32][]byte{1: bytes.Repeat([]byte("block"), 20_000)})
	}},
	{"a dead letter sent again", func(s *storage.Store, _ string) error {
		_, err := s.Resend("sms", nil)
		return err
	}},
	{"a member forgotten", func(s *storage.Store, _ string) error {
		_, err := s.ForgetMessages(3)
		return err
	}},
	{"a sync forgotten", func(s *storage.Store, _ string) error { return s.DropSync("crm") }},
	{"a backup", func(s *storage.Store, dir string) error {
		_, err := s.Backup(context.Background(), filepath.Join(dir, "backup"), true, nil)
		return err
	}},
}

func faultMessages(from, to int) (some []storage.Message) {
	for i := from; i <= to; i++ {
		some = append(some, storage.Message{Sink: "sms", Key: fmt.Sprint(i), Member: uint32(i), Template: "hello"})
	}
	return some
}

// faultImport imports some events, more than fit in the memory that it is given, in more than one transaction.
func faultImport(s *storage.Store, round, n int, live func(*storage.Bulk)) error {
	b, err := s.BeginBulk(storage.BulkOptions{MemoryLimit: 1, TxBytes: 2 << 10})
	if err != nil {
		return err
	}
	defer b.Abort()
	for b.Members() < 40 {
		b.NewMember()
	}
	schema := storage.EventSchema{Name: "order", Key: 0, Fields: []storage.FieldSchema{
		{Name: "order_id", Kind: column.Texts, Logical: "string"}, {Name: "amount", Kind: column.Ints, Logical: "int"},
	}}
	events, err := b.Events(schema)
	if err != nil {
		return err
	}
	row := events.Encoder()
	for i := range n {
		row.Reset()
		row.Text(0, fmt.Appendf(nil, "%d-%d", round, i))
		row.Int(1, int64(i*i*7919))
		if err := events.Append(uint32(i%40), int64(i*31+round), row.Bytes()); err != nil {
			return err
		}
	}
	if live != nil {
		b.Replace(roaring.BitmapOf(1, 2))
		live(b)
	}
	b.RecordImport(storage.Import{Source: "x", Size: int64(round)})
	_, err = b.Commit(context.Background(), nil)
	return err
}

// faultState is all that a store shows, in words but for what [storage.Diff] compares.
func faultState(t *testing.T, s *storage.Store) string {
	t.Helper()
	var b strings.Builder
	seq, clock := s.Checkpointed()
	rules, err := s.Rules()
	if err != nil {
		t.Fatal(err)
	}
	cuts, err := s.Cuts()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&b, seq, clock, s.Clock(), len(s.Imports()), rules.Revision, cuts, s.ConflictCount())
	receipt, err := s.Receipt([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	if receipt != nil {
		fmt.Fprintln(&b, "receipt", receipt.Content, receipt.At, len(receipt.Answer))
	}
	err = s.Journal(func(seq uint64, record []byte) error {
		fmt.Fprintln(&b, "entry", seq, len(record))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Crossings(0, func(first uint64, record []byte) (bool, error) {
		fmt.Fprintf(&b, "crossings %d %s\n", first, record)
		return true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	syncs, err := s.SyncStates()
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range syncs {
		fmt.Fprintln(&b, st)
		for block := range st.Held {
			content, err := s.HandedOver(st.Sync, uint32(block))
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&b, block, len(content))
		}
	}
	sinks, err := s.Sinks()
	if err != nil {
		t.Fatal(err)
	}
	for _, sink := range sinks {
		waiting, err := s.Pending(sink.Sink, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		dead, err := s.DeadLetters(sink.Sink, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, sink, waiting, dead)
	}
	return b.String()
}

// shows reports whether a store shows what another does.
func shows(t *testing.T, s, want *storage.Store) bool {
	t.Helper()
	d, err := storage.Diff(s.Snapshot(), want.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	return d == "" && faultState(t, s) == faultState(t, want)
}

func copyStore(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Every write, sync and growth of the file, and of those beside it, fails in every way, once and for good: the change
// under way is there as a whole or not at all as its answer says, to who reads on and to who opens the file after the
// power was lost; when the disk is well again the change can be made, once, and those after it.
func TestTheDiskFailsAtEveryOperation(t *testing.T) {
	d := &diskTest{T: t, dir: t.TempDir(), fired: map[string]int{}}
	_, s := d.open(d.path("whole"))
	for i, step := range faultSteps {
		d.states = append(d.states, d.reached(i))
		if err := step.do(s, d.dir); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
	}
	d.states = append(d.states, d.reached(len(faultSteps)))
	s.Close()
	for i := range faultSteps {
		if os.Getenv("MUSTER_LONG") == "" {
			for n := 1; d.fail(i, n, storagetest.Outcomes[n%3], n/3%2 == 1); n++ {
			}
			continue
		}
		for _, outcome := range storagetest.Outcomes {
			for n := 1; d.fail(i, n, outcome, false); n++ {
			}
			for n := 1; d.fail(i, n, outcome, true); n++ {
			}
		}
	}
	t.Log("failed:", d.fired, "left in doubt:", d.unsure)
	for _, kind := range []string{
		"growth", "write of a page", "sync", "write of the last page", "write of a temporary file", "sync of a temporary file",
	} {
		if d.fired[kind] == 0 {
			t.Errorf("no %s has failed", kind)
		}
	}
	if d.unsure == 0 {
		t.Error("nothing was left in doubt")
	}
}

type diskTest struct {
	*testing.T
	dir    string
	states []*storage.Store // before each step, and after the last
	fired  map[string]int
	unsure int
}

func (d *diskTest) path(name any) string { return filepath.Join(d.dir, fmt.Sprint(name)) }

func (d *diskTest) open(name string) (*storagetest.Disk, *storage.Store) {
	d.Helper()
	disk := storagetest.NewDisk()
	s, err := storage.Open(name, storage.Options{Create: true, CreateTemp: disk.CreateTemp})
	if err != nil {
		d.Fatal(err)
	}
	disk.Attach(s)
	return disk, s
}

// reached keeps a copy of the undisturbed store.
func (d *diskTest) reached(i int) *storage.Store {
	copyStore(d.T, d.path("whole"), d.path(i))
	s, err := storage.Open(d.path(i), storage.Options{ReadOnly: true})
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(func() { s.Close() })
	return s
}

// fail lets the n-th operation of a step fail, and reports whether there was one.
func (d *diskTest) fail(i, n int, outcome storagetest.Outcome, lasting bool) bool {
	d.Helper()
	name, step := d.path("failing"), faultSteps[i]
	copyStore(d.T, d.path(i), name)
	disk, s := d.open(name)
	defer s.Close()
	disk.Fail(n, outcome, lasting)
	err := step.do(s, d.dir)
	fired := disk.Fired()
	fatal := func(words string, more ...any) {
		d.Helper()
		d.Fatalf("%s: operation %d, lasting %t, %s (%v): %s", step.name, n, lasting, disk.Heal(), err, fmt.Sprintf(words, more...))
	}
	was, is := shows(d.T, s, d.states[i]), shows(d.T, s, d.states[i+1])
	unsure := errors.Is(err, storage.ErrUnsure)
	switch {
	case err == nil || unsure:
		if !is {
			fatal("it is not there")
		}
	case !was:
		fatal("something else is shown than before")
	case !strings.Contains(err.Error(), d.dir):
		fatal("nothing is named")
	}
	// What the file holds now is what there is after a loss of power.
	copyStore(d.T, name, d.path("lost"))
	after, failed := storage.Open(d.path("lost"), storage.Options{})
	if failed != nil {
		fatal("after a loss of power: %v", failed)
	}
	was, is = shows(d.T, after, d.states[i]), shows(d.T, after, d.states[i+1])
	if failed := after.Verify(context.Background(), nil); failed != nil {
		fatal("after a loss of power: %v", failed)
	}
	after.Close()
	if !is && (err == nil || !was) {
		fatal("after a loss of power something else is there")
	}
	what := disk.Heal()
	if fired {
		d.fired[strings.Split(what, ",")[0]]++
	}
	switch {
	case unsure:
		d.unsure++
		if failed := s.Settle(); failed != nil {
			fatal("it stays in doubt: %v", failed)
		}
	case err != nil:
		if failed := step.do(s, d.dir); failed != nil {
			fatal("tried again: %v", failed)
		}
	}
	if !shows(d.T, s, d.states[i+1]) {
		fatal("tried again, it is not there")
	}
	if i+1 < len(faultSteps) {
		if failed := faultSteps[i+1].do(s, d.dir); failed != nil || !shows(d.T, s, d.states[i+2]) {
			fatal("%s does not come after it: %v", faultSteps[i+1].name, failed)
		}
	} else {
		backup, failed := storage.Open(d.path("backup"), storage.Options{ReadOnly: true})
		if failed != nil || !shows(d.T, backup, d.states[i+1]) {
			fatal("the backup holds something else: %v", failed)
		}
		backup.Close()
	}
	if failed := s.Verify(context.Background(), nil); failed != nil {
		fatal("%v", failed)
	}
	if left, _ := filepath.Glob(d.path(".*")); len(left) > 0 {
		fatal("%v is left", left)
	}
	return fired
}
