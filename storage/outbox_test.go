package storage

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// testMessages are messages to a sink, each to the member of its number modulo 3.
func testMessages(sink string, from, to int) (some []Message) {
	for i := from; i <= to; i++ {
		some = append(some, Message{
			Sink: sink, Key: fmt.Sprintf("%s/%d", sink, i), Member: uint32(i % 3), At: int64(i),
			IDs: []ID{{"phone", "+861"}}, Template: "hello", Values: json.RawMessage(`{"name":"Lin"}`),
		})
	}
	return some
}

func openOutbox(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMessagesOutlastRestartCheckpointBackupAndCompaction(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "store")
	s := openOutbox(t, path)
	sent := append(testMessages("sms", 1, 3), testMessages("ops", 1, 1)...)
	if err := s.AppendJournal(JournalEntry{Seq: 1, Record: []byte("one"), Messages: sent}); err != nil {
		t.Fatal(err)
	}
	if err := s.Acknowledge([]Handed{{"sms", 1, nil}, {"sms", 2, &Failure{9, 4, "refused"}}, {"sms", 77, nil}, {"none", 1, nil}}); err != nil {
		t.Fatal(err)
	}
	wantWaiting := slices.Clone(sent[2:3])
	wantWaiting[0].Seq = 3
	wantDead := []DeadLetter{{sent[1], Failure{9, 4, "refused"}}}
	wantDead[0].Seq = 2
	want := []SinkState{{Sink: "ops", Last: 1, Pending: 1}, {Sink: "sms", Last: 3, Pending: 1, Dead: 1, Delivered: 1}}
	check := func(where string, s *Store) {
		t.Helper()
		waiting, err := s.Pending("sms", 0, 10)
		if err != nil || !reflect.DeepEqual(waiting, wantWaiting) {
			t.Fatalf("%s: waiting are %+v, %v", where, waiting, err)
		}
		dead, err := s.DeadLetters("sms", 0, 10)
		if err != nil || !reflect.DeepEqual(dead, wantDead) {
			t.Fatalf("%s: dead are %+v, %v", where, dead, err)
		}
		states, err := s.Sinks()
		if err != nil || !reflect.DeepEqual(states, want) {
			t.Fatalf("%s: states are %+v, %v", where, states, err)
		}
		if err := s.Verify(context.Background(), nil); err != nil {
			t.Fatalf("%s: %v", where, err)
		}
	}
	check("at first", s)
	b, err := s.BeginBulk(BulkOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.Checkpoint(1, 5)
	if err := s.AppendJournal(JournalEntry{Seq: 2, Record: []byte("two"), Messages: testMessages("late", 1, 1)}); err != nil {
		t.Fatal(err) // a sink that is new while an import is under way
	}
	if _, err := b.Commit(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	want = append([]SinkState{{Sink: "late", Last: 1, Pending: 1}}, want...)
	check("after a checkpoint", s)
	backup := filepath.Join(dir, "backup")
	if _, err := s.Backup(context.Background(), backup, false, nil); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, _, err := Compact(context.Background(), path, nil); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, backup} {
		s := openOutbox(t, file)
		check(filepath.Base(file), s)
		s.Close()
	}
}

func TestDeadLettersAreSentAgainOrDropped(t *testing.T) {
	s := openOutbox(t, filepath.Join(t.TempDir(), "store"))
	defer s.Close()
	if err := s.AppendJournal(JournalEntry{Seq: 1, Messages: testMessages("sms", 1, 4)}); err != nil {
		t.Fatal(err)
	}
	var failed []Handed
	for seq := uint64(1); seq <= 3; seq++ {
		failed = append(failed, Handed{"sms", seq, &Failure{Reason: "no"}})
	}
	if err := s.Acknowledge(failed); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Resend("sms", []string{"sms/2", "sms/9"}); n != 1 || err != nil {
		t.Fatalf("%d sent again, %v", n, err)
	}
	if n, err := s.DropDead("sms", []string{"sms/1"}); n != 1 || err != nil {
		t.Fatalf("%d dropped, %v", n, err)
	}
	waiting, _ := s.Pending("sms", 0, 10)
	dead, _ := s.DeadLetters("sms", 0, 10)
	if len(waiting) != 2 || waiting[0].Seq != 4 || waiting[1].Seq != 5 || waiting[1].Key != "sms/2" || len(dead) != 1 || dead[0].Key != "sms/3" {
		t.Fatalf("waiting %+v, dead %+v", waiting, dead)
	}
	// sms/3 and nothing else is of member 0.
	if n, err := s.ForgetMessages(0, 8); n != 1 || err != nil {
		t.Fatalf("%d forgotten, %v", n, err)
	}
	if n, err := s.ForgetMessages(1); n != 1 || err != nil {
		t.Fatalf("%d forgotten, %v", n, err)
	}
	states, err := s.Sinks()
	if want := []SinkState{{Sink: "sms", Last: 5, Pending: 1, Dropped: 3}}; err != nil || !reflect.DeepEqual(states, want) {
		t.Fatalf("states are %+v, %v", states, err)
	}
	if err := s.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}

// Whatever is done, every message is in one place, and the counts say how many are where.
func TestNoMessageIsLostOrTwice(t *testing.T) {
	dir, runs := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		s, err := Open(filepath.Join(dir, fmt.Sprint(runs)), Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		s.db.NoSync = true
		defer s.Close()
		where := map[string]map[string]string{"a": {}, "b": {}} // by sink and key
		entries := uint64(0)
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			sink := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "sink")
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1:
				n := len(where[sink])
				some := testMessages(sink, n+1, n+rapid.IntRange(1, 4).Draw(t, "n"))
				entries++
				if err := s.AppendJournal(JournalEntry{Seq: entries, Messages: some}); err != nil {
					t.Fatal(err)
				}
				for _, m := range some {
					where[sink][m.Key] = "waiting"
				}
			case 2:
				waiting, err := s.Pending(sink, uint64(rapid.IntRange(0, 3).Draw(t, "after")), 2)
				if err != nil {
					t.Fatal(err)
				}
				var done []Handed
				for _, m := range waiting {
					h := Handed{sink, m.Seq, nil}
					where[sink][m.Key] = "delivered"
					if rapid.Bool().Draw(t, "fails") {
						h.Failure = &Failure{Reason: "no"}
						where[sink][m.Key] = "dead"
					}
					done = append(done, h)
				}
				if err := s.Acknowledge(append(done, done...)); err != nil {
					t.Fatal(err)
				}
			case 3, 4:
				drop := rapid.Bool().Draw(t, "drop")
				f, to := s.Resend, "waiting"
				if drop {
					f, to = s.DropDead, "dropped"
				}
				n, err := f(sink, nil)
				if err != nil {
					t.Fatal(err)
				}
				for key, at := range where[sink] {
					if at == "dead" {
						where[sink][key] = to
						n--
					}
				}
				if n != 0 {
					t.Fatalf("%d dead letters too many", n)
				}
			}
		}
		states, err := s.Sinks()
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range states {
			counts := map[string]int64{}
			for _, at := range where[st.Sink] {
				counts[at]++
			}
			got := map[string]int64{"waiting": st.Pending, "dead": st.Dead, "delivered": st.Delivered, "dropped": st.Dropped}
			for at, n := range got {
				if counts[at] != n {
					t.Fatalf("%s: %d are %s where %d should be", st.Sink, n, at, counts[at])
				}
			}
		}
		if err := s.verifyOutbox(); err != nil {
			t.Fatal(err)
		}
	})
}
