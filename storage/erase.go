package storage

import (
	"bytes"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Erasure is what is to be erased: members, and the texts that led to them. The columns are for a checkpoint to replace
// ([Bulk.Erase] or the entries of the journal up to it); all else goes with the transaction that says so.
type Erasure struct {
	Members []uint32
	Texts   []string
}

// redacted takes the place of an erased text in an answer that is kept.
const redacted = "(erased)"

// erase takes erased members out of what is not in columns, and notes that the traces in the file are to be removed when
// the columns contain the present entry of the journal. The root is the caller's to put.
func (c *commit) erase(s *Store, e Erasure, entry uint64) error {
	if len(e.Members) == 0 {
		return nil
	}
	c.next.Erasing = max(c.next.Erasing, entry+1)
	if err := c.redactConflicts(s.path, e.Members); err != nil {
		return err
	}
	if err := s.redactReceipts(c.tx, e.Texts); err != nil {
		return err
	}
	o := s.outboxIn(c.tx)
	for _, sink := range c.next.Sinks {
		if _, err := o.forget(sink, e.Members); err != nil {
			return err
		}
	}
	if len(o.states) == 0 {
		return nil
	}
	return o.finish()
}

// forget drops the messages and dead letters of members, and returns how many they were.
func (o *outbox) forget(sink string, members []uint32) (int, error) {
	theirs := func(m *Message) bool { return slices.Contains(members, m.Member) }
	waiting, err := o.takeWaiting(sink, theirs)
	if err != nil {
		return 0, err
	}
	dead, err := o.takeDead(sink, theirs)
	if err != nil {
		return 0, err
	}
	st, err := o.state(sink)
	if err != nil {
		return 0, err
	}
	st.Dropped += int64(len(waiting) + len(dead))
	return len(waiting) + len(dead), nil
}

// redactWords puts something else in the place of a text wherever it stands by itself: not within a word, and not as a number
// of JSON or a part of one, so that a short id leaves an answer what it is.
func redactWords(in, text []byte) []byte {
	word := func(b byte) bool {
		return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b >= 0x80
	}
	var out []byte
	for from := 0; len(text) > 0; {
		i := bytes.Index(in[from:], text)
		if i < 0 {
			if out == nil {
				return in
			}
			return append(out, in[from:]...)
		}
		i += from
		end := i + len(text)
		within := i > 0 && word(in[i-1]) && word(text[0]) || end < len(in) && word(in[end]) && word(text[len(text)-1]) ||
			isNumber(in, i, end)
		out = append(out, in[from:i]...)
		if within {
			out = append(out, text[0])
			from = i + 1
		} else {
			out = append(out, redacted...)
			from = end
		}
	}
	return in
}

// isNumber reports whether [from, to) lies in a number of JSON: digits and what goes with them, between what stands around
// values.
func isNumber(in []byte, from, to int) bool {
	const digits = "0123456789+-.eE"
	if len(bytes.Trim(in[from:to], digits)) > 0 {
		return false
	}
	before, after := bytes.TrimRight(in[:from], digits), bytes.TrimLeft(in[to:], digits)
	return len(before) > 0 && bytes.IndexByte([]byte(":[,"), before[len(before)-1]) >= 0 &&
		len(after) > 0 && bytes.IndexByte([]byte(",]}"), after[0]) >= 0
}

// redactReceipts takes texts out of the answers that are kept.
func (s *Store) redactReceipts(tx *bolt.Tx, texts []string) error {
	b := tx.Bucket(receiptBucket)
	type change struct{ key, value []byte }
	var changes []change
	err := b.ForEach(func(k, v []byte) error {
		body, fault := unseal(k, v)
		if fault == "" && len(body) < receiptHead {
			fault = "it is too short"
		}
		if fault != "" {
			return &CorruptError{s.path, "the receipts", fault}
		}
		clean := body[receiptHead:]
		for _, text := range texts {
			clean = redactWords(clean, []byte(text))
		}
		if !bytes.Equal(clean, body[receiptHead:]) {
			k = bytes.Clone(k)
			changes = append(changes, change{k, sealed(k, append(bytes.Clone(body[:receiptHead]), clean...))})
		}
		return nil
	})
	for _, ch := range changes {
		if err == nil {
			err = b.Put(ch.key, ch.value)
		}
	}
	return err
}
