package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	bolt "go.etcd.io/bbolt"

	"github.com/muster-engine/muster/storage/column"
)

// fullStore makes a store with some of everything and returns its bytes and what it shows.
func fullStore(t *testing.T) (content []byte, want *model) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "full")
	s, err := Open(path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(3, 5))
	want = newModel()
	in := randomInput(r, 0, 2)
	in.members = 700
	in.events, in.values, in.ids = nil, nil, nil
	for i := range 5_000 {
		m := uint32(r.IntN(700))
		in.events = append(in.events, inputEvent{"order", m, int64(r.IntN(1_000_000)), map[string]column.Value{
			"order_id": column.Text(fmt.Sprintf("O%d-%x", i, r.Uint32())),
			"amount":   column.Int(r.Int64N(1_000_000)),
			"weight":   column.Float(r.Float64()),
		}})
	}
	for i := range 700 {
		in.values = append(in.values, inputValue{uint32(i), "city", column.Text(fmt.Sprint(i % 9))})
		in.ids = append(in.ids, inputID{"phone", fmt.Sprint("+86", i), uint32(i)})
	}
	in.table = &Table{Name: "store", Keys: []string{"S1"}, Columns: map[string]*column.Column{"size": column.PackInts([]int64{4}, nil)}}
	b, err := s.BeginBulk(BulkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stageInput(t, b, in)
	b.RecordImport(Import{Name: "orders.csv", Hash: "abc", Size: 3})
	b.NewMember()
	b.SetGone(roaring.BitmapOf(700))
	b.PutMerge(&Merge{Absorbed: 700, Survivor: 3, At: 7, IDs: []ID{{"phone", "+8613"}}, Lists: []string{"blocked"}})
	b.AddConflict(Conflict{At: 9, Member: 4, Attribute: "phone"})
	b.PutStamp(10)
	want.NewMember()
	want.SetLive(700, false)
	want.take(in)
	if _, err := b.Commit(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	list := roaring.BitmapOf(1, 5, 600)
	for _, err := range []error{
		s.PutList("blocked", list),
		s.SetManual("foot", "string", 3, column.Text("wide"), 17, "ann"),
		s.SetClock(Clock{true, 99}),
		s.SetRules(&RuleSet{Revision: 1, Files: []RuleFile{{"a.muster", []byte(strings.Repeat("rule ", 100))}}}),
		s.SetCuts(map[string]Cuts{"k": {Key: "k", Values: []column.Value{column.Int(4)}, Groups: []int{2}}}),
		s.AppendJournal(JournalEntry{Seq: 1, Record: []byte("entry"), Receipts: []Receipt{{Key: [32]byte{7}, Answer: []byte("taken")}}, Messages: testMessages("sms", 1, 3)}),
		s.Acknowledge([]Handed{{"sms", 2, &Failure{FailedAt: 5, Attempts: 1, Reason: "no"}}}),
		s.PutSync(SyncState{Sync: "crm", Run: 2}, map[uint32][]byte{0: handedContent(1, 100_000), 2: handedContent(2, 9)}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range []uint32{1, 5, 600} {
		want.AddToList("blocked", m)
	}
	want.Set("tag:foot", 3, column.Text("wide"))
	want.Set("tag:foot@at", 3, column.Int(17))
	want.Set("tag:foot@by", 3, column.Text("ann"))
	want.Set("tag:foot@set", 3, column.Int(17))
	expectSame(t, s.Snapshot(), want)
	if err := s.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if content, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
	return content, want
}

// readAll opens a store and compares all that it shows with what it should; any error is returned.
func readAll(path string, want *model) error {
	s, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		return err
	}
	defer s.Close()
	d, err := Diff(s.Snapshot(), want)
	if err != nil {
		return err
	}
	if d != "" {
		return fmt.Errorf("WRONG ANSWER: %s", d)
	}
	rules, err := s.Rules()
	if err != nil {
		return err
	}
	cuts, err := s.Cuts()
	if err != nil {
		return err
	}
	merges, err := s.Merges()
	if err != nil {
		return err
	}
	conflicts := 0
	err = s.Conflicts(0, func(c Conflict) (bool, error) {
		conflicts++
		return c.Member == 4 && c.Attribute == "phone", nil
	})
	if err != nil {
		return err
	}
	receipt, err := s.Receipt([32]byte{7})
	if err != nil {
		return err
	}
	if receipt == nil || string(receipt.Answer) != "taken" {
		return errors.New("WRONG ANSWER: the receipt")
	}
	if len(merges) != 1 || merges[0].Survivor != 3 || conflicts != 1 || s.LastStamp() != 17 {
		return errors.New("WRONG ANSWER: merges, conflicts or stamp")
	}
	waiting, err := s.Pending("sms", 0, 10)
	if err != nil {
		return err
	}
	dead, err := s.DeadLetters("sms", 0, 10)
	if err != nil {
		return err
	}
	sinks, err := s.Sinks()
	if err != nil {
		return err
	}
	syncs, err := s.SyncStates()
	if err != nil {
		return err
	}
	for block, want := range [][]byte{handedContent(1, 100_000), nil, handedContent(2, 9)} {
		got, err := s.HandedOver("crm", uint32(block))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return errors.New("WRONG ANSWER: what was handed over")
		}
	}
	if len(syncs) != 1 || syncs[0].Run != 2 {
		return errors.New("WRONG ANSWER: syncs")
	}
	if len(waiting) != 2 || waiting[1].Key != "sms/3" || len(dead) != 1 || dead[0].Reason != "no" || len(sinks) != 1 || sinks[0].Last != 3 {
		return errors.New("WRONG ANSWER: messages")
	}
	if s.Clock() != (Clock{true, 99}) || rules.Revision != 1 || len(cuts) != 1 || len(s.Imports()) != 1 {
		return errors.New("WRONG ANSWER: clock, rules, cuts or imports")
	}
	return s.Verify(context.Background(), nil)
}

// named reports whether an error says that and what is damaged.
func named(err error) bool {
	return errors.Is(err, ErrCorrupt) || errors.Is(err, ErrNotAStore) || errors.Is(err, ErrVersion)
}

func TestAFlippedByteIsNamedOrHarmless(t *testing.T) {
	content, want := fullStore(t)
	path := filepath.Join(t.TempDir(), "damaged")
	r := rand.New(rand.NewPCG(11, 13))
	var places []int
	for page := 0; page < len(content); page += pageSize {
		places = append(places, page, page+8, page+10, page+12) // page headers
		for range 2 {
			places = append(places, page+16+r.IntN(64), page+r.IntN(pageSize)) // elements; anything
		}
	}
	for at := 0; at < 200; at += 3 {
		places = append(places, at, pageSize+at)
	}
	if os.Getenv("MUSTER_LONG") != "" {
		places = places[:0]
		for at := range content {
			if at%37 == 0 {
				places = append(places, at)
			}
		}
	}
	damaged, harmless := 0, 0
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	put := func(at int, b byte) {
		t.Helper()
		if _, err := f.WriteAt([]byte{b}, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range places {
		put(at, content[at]^1<<r.IntN(8))
		switch err := readAll(path, want); {
		case err == nil:
			harmless++
		case named(err):
			damaged++
		default:
			t.Fatalf("byte %d flipped: %v", at, err)
		}
		put(at, content[at])
	}
	t.Logf("%d bytes, %d flips: %d named, %d harmless", len(content), len(places), damaged, harmless)
	if damaged < 100 || harmless > len(places)*2/3 {
		t.Fatalf("of %d flips %d were named and %d harmless", len(places), damaged, harmless)
	}
}

func TestATruncatedStoreIsNamed(t *testing.T) {
	content, want := fullStore(t)
	path := filepath.Join(t.TempDir(), "short")
	r := rand.New(rand.NewPCG(17, 19))
	sizes := []int{0, 1, 15, 16, 20, 79, 80, 100, pageSize - 1, pageSize, pageSize + 1, 2*pageSize - 1, 2 * pageSize, 3 * pageSize, len(content) - 1}
	for range 60 {
		sizes = append(sizes, r.IntN(len(content)))
	}
	for _, n := range sizes {
		if err := os.WriteFile(path, content[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		if err := readAll(path, want); !named(err) {
			if err == nil && n > len(content)-2*smallGrowth {
				continue // only pages that are not used, or not any more, are gone
			}
			t.Fatalf("cut to %d of %d bytes: %v", n, len(content), err)
		}
	}
}

// Every value of every kind is damaged behind bbolt's back, and the message must name whose it is.
func TestDamageIsNamedByWhatItHits(t *testing.T) {
	content, want := fullStore(t)
	path := filepath.Join(t.TempDir(), "damaged")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	type target struct {
		value []byte
		says  string
	}
	var targets []target
	s, err := Open(path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	st := s.now.Load()
	err = s.db.View(func(tx *bolt.Tx) error {
		targets = append(targets, target{bytes.Clone(tx.Bucket(rootBucket).Get(rootKey)), "the root"})
		for _, bucket := range []string{"outbox", "outbox:sms", "dead:sms"} {
			_ = tx.Bucket([]byte(bucket)).ForEach(func(_, v []byte) error {
				targets = append(targets, target{bytes.Clone(v), `the messages for sink "sms"`})
				return nil
			})
		}
		for _, bucket := range []string{"syncs", "handed:crm"} {
			_ = tx.Bucket([]byte(bucket)).ForEach(func(_, v []byte) error {
				targets = append(targets, target{bytes.Clone(v), `what sync "crm" has handed over`})
				return nil
			})
		}
		_ = tx.Bucket(conflictBucket).ForEach(func(_, v []byte) error {
			targets = append(targets, target{bytes.Clone(v), "the conflicts"})
			return nil
		})
		_ = tx.Bucket(receiptBucket).ForEach(func(_, v []byte) error {
			targets = append(targets, target{bytes.Clone(v), "the receipts"})
			return nil
		})
		return tx.Bucket(objectBucket).ForEach(func(k, v []byte) error {
			id, _, _ := parseKey(k)
			part := int(k[17])<<8 | int(k[18])
			targets = append(targets, target{bytes.Clone(v), st.describe(id, part)})
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	seen := map[string]bool{}
	for _, target := range targets {
		at := bytes.LastIndex(content, target.value)
		if at < 0 {
			t.Fatalf("the value of %s is not in the file", target.says)
		}
		bad := bytes.Clone(content)
		// Pages that were freed may hold the same bytes: damage every copy.
		for i := 0; ; {
			k := bytes.Index(bad[i:], target.value)
			if k < 0 {
				break
			}
			bad[i+k+len(target.value)/2] ^= 0x10
			i += k + 1
		}
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		err := readAll(path, want)
		if !named(err) || !strings.Contains(err.Error(), target.says) {
			t.Errorf("damage to %s gives: %v", target.says, err)
		}
		seen[target.says] = true
	}
	for _, says := range []string{
		`the messages for sink "sms"`, `what sync "crm" has handed over`, "the conflicts", "the merges of members 0–65535", "the members that are gone", "the root", "the manifest", "the schema", "the rule set", "the ntile cuts", "the record of imports",
		`list "blocked"`, `table "store"`, `attribute "city", members 0–65535`, `attribute "tag:foot", members 0–65535`,
		`field "amount" of event "order", members 0–65535`, `times of event "order", members 0–65535`,
	} {
		if !seen[says] {
			t.Errorf("nothing is called %s", says)
		}
	}
}

func TestOtherFilesAreNoStores(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, path := range []string{
		write("empty", ""), write("text", "hello"), write("long", strings.Repeat("a line of text\n", 1000)), dir,
	} {
		for _, readOnly := range []bool{true, false} {
			if _, err := Open(path, Options{ReadOnly: readOnly}); err == nil || readOnly && !errors.Is(err, ErrNotAStore) {
				t.Errorf("%s opens with %v", path, err)
			}
		}
	}
	other := filepath.Join(dir, "bolt")
	db, err := bolt.Open(other, 0o644, &bolt.Options{PageSize: pageSize})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := Open(other, Options{}); !errors.Is(err, ErrNotAStore) {
		t.Errorf("another bbolt file opens with %v", err)
	}
	if _, err := Open(filepath.Join(dir, "nothing"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that does not exist opens with %v", err)
	}
}

func TestAStoreOfAnotherVersionIsRefused(t *testing.T) {
	content, want := fullStore(t)
	path := filepath.Join(t.TempDir(), "newer")
	at := bytes.LastIndex(content, rootMagic)
	for i := 0; i <= at; i++ {
		if bytes.HasPrefix(content[i:], rootMagic) {
			content[i+len(rootMagic)]++
		}
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := readAll(path, want); !errors.Is(err, ErrVersion) {
		t.Fatalf("error is %v", err)
	}
}
