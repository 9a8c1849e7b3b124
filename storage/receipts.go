package storage

import (
	"bytes"
	"encoding/binary"

	bolt "go.etcd.io/bbolt"
)

// ReceiptDays is for how many days at least a receipt is kept.
const ReceiptDays = 30

// receiptBucket has a value for each receipt, under the day on which it was given and its key.
var receiptBucket = []byte("receipts")

// Receipt is what was answered to something that counts once, so that it can be answered again. It is written with the
// journal entry of what it answers, or by itself in an entry that has nothing else.
type Receipt struct {
	// Key is by what the sender calls it, and who that is, as a hash.
	Key [32]byte
	// Content is what was sent, as a hash.
	Content [32]byte
	// At is when the answer was given by the system's clock, in microseconds; receipts older than ReceiptDays are deleted
	// as new ones come.
	At     int64
	Answer []byte
}

// receiptHead is how long what comes before the answer is: the hash of what was sent, and when it was answered.
const receiptHead = 32 + 8

const microsPerDay = 86_400_000_000

func (r *Receipt) day() uint32 { return uint32(max(0, r.At) / microsPerDay) }

func receiptKey(day uint32, key [32]byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, day), key[:]...)
}

// putReceipts writes receipts, and deletes about as many that are too old.
func putReceipts(tx *bolt.Tx, some []Receipt) error {
	if len(some) == 0 {
		return nil
	}
	b := tx.Bucket(receiptBucket)
	for _, r := range some {
		key := receiptKey(r.day(), r.Key)
		value := binary.BigEndian.AppendUint64(bytes.Clone(r.Content[:]), uint64(r.At))
		if err := b.Put(key, sealed(key, append(value, r.Answer...))); err != nil {
			return err
		}
	}
	newest := some[len(some)-1].day()
	var old [][]byte
	c := b.Cursor()
	for k, _ := c.First(); k != nil && len(old) < 4*len(some)+16 && binary.BigEndian.Uint32(k)+ReceiptDays < newest; k, _ = c.Next() {
		old = append(old, bytes.Clone(k))
	}
	for _, k := range old {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// Receipt returns the receipt with a key, nil if there is none.
func (s *Store) Receipt(key [32]byte) (*Receipt, error) {
	var found *Receipt
	err := s.view("the receipts", func(tx *bolt.Tx) error {
		c := tx.Bucket(receiptBucket).Cursor()
		for k, _ := c.First(); k != nil; {
			if len(k) < 4 {
				return &CorruptError{s.path, "the receipts", "a key is too short"}
			}
			day := binary.BigEndian.Uint32(k)
			at := receiptKey(day, key)
			next, v := c.Seek(at)
			if bytes.Equal(next, at) {
				r, err := s.decodeReceipt(at, v)
				found = r
				return err
			}
			if err := s.missing(c, next, v); err != nil {
				return err
			}
			if day++; day == 0 {
				return nil
			}
			k, _ = c.Seek(binary.BigEndian.AppendUint32(nil, day))
		}
		return nil
	})
	return found, err
}

// missing holds what lies on both sides of a key that is not there to its seal. Keys have no checksum of their own; but
// the order of keys has been seen to, so one that is damaged lies where the true one would, and would pass for no receipt.
func (s *Store) missing(c *bolt.Cursor, next, v []byte) error {
	if next != nil {
		if _, err := s.decodeReceipt(next, v); err != nil {
			return err
		}
		next, v = c.Prev()
	} else {
		next, v = c.Last()
	}
	if next == nil {
		return nil
	}
	_, err := s.decodeReceipt(next, v)
	return err
}

func (s *Store) decodeReceipt(k, v []byte) (*Receipt, error) {
	body, fault := unseal(k, v)
	if fault == "" && (len(k) != 4+32 || len(body) < receiptHead) {
		fault = "it is too short"
	}
	if fault != "" {
		return nil, &CorruptError{s.path, "the receipts", fault}
	}
	r := &Receipt{At: int64(binary.BigEndian.Uint64(body[32:])), Answer: bytes.Clone(body[receiptHead:])}
	copy(r.Key[:], k[4:])
	copy(r.Content[:], body)
	return r, nil
}

// verifyReceipts decodes all receipts.
func (s *Store) verifyReceipts() error {
	return s.view("the receipts", func(tx *bolt.Tx) error {
		return tx.Bucket(receiptBucket).ForEach(func(k, v []byte) error {
			_, err := s.decodeReceipt(k, v)
			return err
		})
	})
}
