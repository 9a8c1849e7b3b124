package storage

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// TestAStoreThatIsCutOffWhileItIsOpenRefuses cuts the file of an open store off: what has to read or write it is refused, and
// nobody waits for ever.
func TestAStoreThatIsCutOffWhileItIsOpenRefuses(t *testing.T) {
	s := newStore(t)
	bulk(t, s, func(b *Bulk) { b.NewMember() })
	if err := s.AppendJournal(JournalEntry{Seq: 1, Record: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(s.Path(), 0); err != nil {
		t.Fatal(err)
	}
	uses := map[string]func() error{
		"read":   func() error { _, err := s.JournalLength(); return err },
		"write":  func() error { return s.AppendJournal(JournalEntry{Seq: 2, Record: []byte("y")}) },
		"verify": func() error { return s.Verify(context.Background(), nil) },
		"close":  s.Close,
	}
	for _, name := range []string{"read", "write", "write", "read", "verify", "close"} {
		done := make(chan error, 1)
		go func() { done <- uses[name]() }()
		select {
		case err := <-done:
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNotAStore) {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("%s does not come to an end", name)
		}
	}
}
