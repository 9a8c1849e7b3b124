package storage

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
)

func TestReceiptsAreKeptForSomeWeeks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	s, err := Open(path, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	receipt := func(n, day int) Receipt {
		return Receipt{Key: [32]byte{byte(n), 1}, Content: [32]byte{byte(n), 2}, At: int64(day)*microsPerDay + 5, Answer: fmt.Append(nil, "answer ", n)}
	}
	seq := uint64(0)
	put := func(some ...Receipt) {
		t.Helper()
		seq++
		if err := s.AppendJournal(JournalEntry{Seq: seq, Record: []byte("x"), Receipts: some}); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(n int, want string) {
		t.Helper()
		got, err := s.Receipt([32]byte{byte(n), 1})
		switch {
		case err != nil:
			t.Fatal(err)
		case want == "" && got != nil:
			t.Fatalf("receipt %d is there", n)
		case want != "" && (got == nil || string(got.Answer) != want || got.Content != [32]byte{byte(n), 2}):
			t.Fatalf("receipt %d is %+v", n, got)
		}
	}
	expect(1, "")
	for n := 1; n <= 60; n++ {
		put(receipt(n, 100))
	}
	put(receipt(61, 100+ReceiptDays), receipt(62, 100+ReceiptDays))
	put(receipt(63, 99)) // the system's clock was set back
	for n := 1; n <= 63; n++ {
		expect(n, fmt.Sprint("answer ", n))
	}
	put(receipt(64, 101+ReceiptDays), receipt(65, 101+ReceiptDays))
	put(receipt(66, 101+ReceiptDays), receipt(67, 101+ReceiptDays))
	put(receipt(68, 101+ReceiptDays))
	for n := 1; n <= 60; n++ {
		expect(n, "")
	}
	s.Close()
	if s, err = Open(path, Options{}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	expect(61, "answer 61")
	expect(68, "answer 68")
	expect(63, "")
	if err := s.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
}
