package storage

import (
	"bytes"
	"errors"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Handed is what became of a message: it was handed over, or it is a dead letter.
type Handed struct {
	Sink    string
	Seq     uint64
	Failure *Failure // nil: it was handed over
}

// Acknowledge takes messages out of the outbox, durably and all of them or none: those that were handed over are gone, the
// others become dead letters. One that is not there, because it was dropped meanwhile, is passed over. It may run beside a
// bulk import. Each call waits for the disk: what is done should be collected.
func (s *Store) Acknowledge(done []Handed) error {
	if len(done) == 0 {
		return nil
	}
	return s.updateOutbox(func(o *outbox) error {
		for _, h := range done {
			m, err := o.take(h.Sink, h.Seq)
			if err != nil {
				return err
			}
			st, err := o.state(h.Sink)
			switch {
			case err != nil:
				return err
			case m == nil:
				continue
			case h.Failure == nil:
				st.Delivered++
				continue
			}
			st.Dead++
			if err := o.put(deadPrefix+h.Sink, h.Seq, DeadLetter{*m, *h.Failure}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Resend puts dead letters of a sink back behind all that wait, with the keys that they have: those with the keys given,
// or all if there are none. It returns how many they were.
func (s *Store) Resend(sink string, keys []string) (n int, err error) {
	err = s.updateOutbox(func(o *outbox) error {
		again, err := o.takeDead(sink, withKeys(keys))
		n = len(again)
		if err != nil {
			return err
		}
		return o.add(again)
	})
	return n, err
}

// DropDead gives dead letters of a sink up: those with the keys given, or all if there are none. It returns how many they
// were.
func (s *Store) DropDead(sink string, keys []string) (n int, err error) {
	err = s.updateOutbox(func(o *outbox) error {
		gone, err := o.takeDead(sink, withKeys(keys))
		if err != nil {
			return err
		}
		st, err := o.state(sink)
		n = len(gone)
		if err == nil {
			st.Dropped += int64(n)
		}
		return err
	})
	return n, err
}

func withKeys(keys []string) func(*Message) bool {
	return func(m *Message) bool { return len(keys) == 0 || slices.Contains(keys, m.Key) }
}

// ForgetMessages drops every message and dead letter of members, and returns how many they were.
func (s *Store) ForgetMessages(members ...uint32) (n int, err error) {
	sinks := s.now.Load().Sinks
	if len(sinks) == 0 {
		return 0, nil
	}
	err = s.updateOutbox(func(o *outbox) error {
		n = 0
		for _, sink := range sinks {
			some, err := o.forget(sink, members)
			if err != nil {
				return err
			}
			n += some
		}
		return nil
	})
	return n, err
}

// updateOutbox changes the outbox in one transaction, beside whatever else goes on.
func (s *Store) updateOutbox(f func(o *outbox) error) error {
	if s.readOnly {
		return ErrReadOnly
	}
	err := s.transact("the outbox", func(tx *bolt.Tx) error {
		o := s.outboxIn(tx)
		if err := f(o); err != nil {
			return err
		}
		return o.finish()
	})
	if err != nil {
		return s.writeError(err)
	}
	return nil
}

// take takes a message out; it is nil if there is none.
func (o *outbox) take(sink string, seq uint64) (*Message, error) {
	b := o.tx.Bucket([]byte(messagePrefix + sink))
	if b == nil {
		return nil, nil
	}
	key := sequenceKey(seq)
	v := b.Get(key)
	if v == nil {
		return nil, nil
	}
	m, err := readMessage(o, sink, key, v, func(m *Message) *Message { return m })
	if err != nil {
		return nil, err
	}
	st, err := o.state(sink)
	if err != nil {
		return nil, err
	}
	st.Pending--
	return &m, b.Delete(key)
}

// takeWaiting takes the messages out for which f holds.
func (o *outbox) takeWaiting(sink string, f func(*Message) bool) ([]Message, error) {
	return takeAll(o, messagePrefix, sink, func(m *Message) *Message { return m }, f)
}

// takeDead takes the dead letters out for which f holds.
func (o *outbox) takeDead(sink string, f func(*Message) bool) ([]Message, error) {
	some, err := takeAll(o, deadPrefix, sink, func(d *DeadLetter) *Message { return &d.Message }, f)
	var out []Message
	for _, d := range some {
		out = append(out, d.Message)
	}
	return out, err
}

func takeAll[T any](o *outbox, prefix, sink string, message func(*T) *Message, f func(*Message) bool) ([]T, error) {
	b := o.tx.Bucket([]byte(prefix + sink))
	if b == nil {
		return nil, nil
	}
	st, err := o.state(sink)
	if err != nil {
		return nil, err
	}
	var out []T
	var keys [][]byte
	err = b.ForEach(func(k, v []byte) error {
		one, err := readMessage(o, sink, k, v, message)
		if err == nil && f(message(&one)) {
			out = append(out, one)
			keys = append(keys, bytes.Clone(k))
		}
		return err
	})
	for _, k := range keys {
		err = errors.Join(err, b.Delete(k))
	}
	if prefix == deadPrefix {
		st.Dead -= int64(len(keys))
	} else {
		st.Pending -= int64(len(keys))
	}
	return out, err
}
