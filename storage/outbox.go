package storage

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// The outbox holds what is to be handed to sinks. A message is put there in the transaction of the journal entry that
// caused it, and taken out when it was handed over; what cannot be handed over lies among the dead letters until somebody
// sends it again or drops it. Each sink has a bucket of messages and one of dead letters, by sequence number, and a value
// in the bucket of states; the root names all that have one. Checkpoints leave them alone.
var (
	outboxBucket  = []byte("outbox")
	messagePrefix = "outbox:"
	deadPrefix    = "dead:"
)

// Message is something that a sink is to get.
type Message struct {
	// Seq numbers the messages of a sink from 1; given when it is stored.
	Seq  uint64
	Sink string
	// Key tells the message from every other of the sink, for ever: the receiver knows by it what it has already.
	Key    string
	Member uint32
	At     int64 // when it was sent, in microseconds since 1970
	// IDs are those that the member had then.
	IDs      []ID `json:",omitempty"`
	Template string
	// Values is an object, as the sink is to get it.
	Values json.RawMessage `json:",omitempty"`
}

// Failure is why a message is a dead letter.
type Failure struct {
	FailedAt int64 // when it became one, in microseconds since 1970
	Attempts int
	Reason   string
}

// DeadLetter is a message that could not be handed over.
type DeadLetter struct {
	Message
	Failure
}

// SinkState counts the messages of a sink.
type SinkState struct {
	Sink string
	Last uint64 // the number of the last one
	// Pending is how many wait to be handed over, Dead how many are dead letters; Delivered counts those that were handed
	// over and Dropped those that were given up, by hand or because the member was forgotten.
	Pending, Dead, Delivered, Dropped int64
}

// outbox changes the messages of sinks in a transaction.
type outbox struct {
	tx     *bolt.Tx
	path   string
	states map[string]*SinkState
}

func (s *Store) outboxIn(tx *bolt.Tx) *outbox {
	return &outbox{tx: tx, path: s.path, states: map[string]*SinkState{}}
}

func (o *outbox) corrupt(sink, detail string) error {
	return &CorruptError{o.path, fmt.Sprintf("the messages for sink %q", sink), detail}
}

// state returns the state of a sink as the transaction has it.
func (o *outbox) state(sink string) (*SinkState, error) {
	if st := o.states[sink]; st != nil {
		return st, nil
	}
	st := &SinkState{Sink: sink}
	if v := o.tx.Bucket(outboxBucket).Get([]byte(sink)); v != nil {
		raw, fault := unseal([]byte(sink), v)
		if fault == "" {
			if err := json.Unmarshal(raw, st); err != nil {
				fault = err.Error()
			}
		}
		if fault != "" {
			return nil, o.corrupt(sink, fault)
		}
	}
	o.states[sink] = st
	return st, nil
}

// add appends messages to their sinks.
func (o *outbox) add(some []Message) error {
	for _, m := range some {
		st, err := o.state(m.Sink)
		if err != nil {
			return err
		}
		st.Last++
		st.Pending++
		m.Seq = st.Last
		if err := o.put(messagePrefix+m.Sink, m.Seq, m); err != nil {
			return err
		}
	}
	return nil
}

func (o *outbox) put(bucket string, seq uint64, v any) error {
	b, err := o.tx.CreateBucketIfNotExists([]byte(bucket))
	if err != nil {
		return err
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	b.FillPercent = 0.9
	key := sequenceKey(seq)
	return b.Put(key, sealed(key, raw))
}

// finish writes the states of the sinks that changed.
func (o *outbox) finish() error {
	b := o.tx.Bucket(outboxBucket)
	for sink, st := range o.states {
		if st.Last == 0 {
			continue
		}
		raw, err := json.Marshal(st)
		if err != nil {
			return err
		}
		if err := b.Put([]byte(sink), sealed([]byte(sink), raw)); err != nil {
			return err
		}
	}
	return nil
}

// putMessages puts messages into the outbox.
func (s *Store) putMessages(tx *bolt.Tx, some []Message) error {
	if len(some) == 0 {
		return nil
	}
	o := s.outboxIn(tx)
	if err := o.add(some); err != nil {
		return err
	}
	return o.finish()
}

// newSinks lists the sinks of messages that have had none before; the root is to name them.
func (s *state) newSinks(some []Message) (names []string) {
	for _, m := range some {
		if !slices.Contains(s.Sinks, m.Sink) && !slices.Contains(names, m.Sink) {
			names = append(names, m.Sink)
		}
	}
	return names
}

// Sinks returns the state of every sink that has had a message, by name.
func (s *Store) Sinks() ([]SinkState, error) {
	var all []SinkState
	err := s.view("the outbox", func(tx *bolt.Tx) error {
		r, err := loadRoot(tx, s.path)
		if err != nil {
			return err
		}
		all = nil
		o := s.outboxIn(tx)
		for _, sink := range r.Sinks {
			st, err := o.state(sink)
			if err != nil {
				return err
			}
			if st.Last == 0 {
				return o.corrupt(sink, "their count is missing")
			}
			all = append(all, *st)
		}
		return nil
	})
	slices.SortFunc(all, func(a, b SinkState) int { return compareNames(a.Sink, b.Sink) })
	return all, err
}

func compareNames(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Pending returns the messages that wait for a sink after a number, at most limit of them, in order.
func (s *Store) Pending(sink string, after uint64, limit int) (some []Message, err error) {
	err = s.view("the outbox", func(tx *bolt.Tx) error {
		some, err = readMessages(s.outboxIn(tx), messagePrefix, sink, after, limit, func(m *Message) *Message { return m })
		return err
	})
	return some, err
}

// IsPending reports whether a message still waits: it may have been dropped.
func (s *Store) IsPending(sink string, seq uint64) (is bool, err error) {
	err = s.view("the outbox", func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(messagePrefix + sink))
		is = b != nil && b.Get(sequenceKey(seq)) != nil
		return nil
	})
	return is, err
}

// DeadLetters returns the dead letters of a sink after a number, at most limit of them, in order.
func (s *Store) DeadLetters(sink string, after uint64, limit int) (some []DeadLetter, err error) {
	err = s.view("the outbox", func(tx *bolt.Tx) error {
		some, err = readMessages(s.outboxIn(tx), deadPrefix, sink, after, limit, func(d *DeadLetter) *Message { return &d.Message })
		return err
	})
	return some, err
}

// readMessages reads records in order. Where it reads all that there are, their number must be that of the state.
func readMessages[T any](o *outbox, prefix, sink string, after uint64, limit int, message func(*T) *Message) ([]T, error) {
	st, err := o.state(sink)
	if err != nil {
		return nil, err
	}
	var some []T
	whole := after == 0
	if b := o.tx.Bucket([]byte(prefix + sink)); b != nil && after+1 > after {
		c := b.Cursor()
		for k, v := c.Seek(sequenceKey(after + 1)); k != nil; k, v = c.Next() {
			if len(some) == limit {
				whole = false
				break
			}
			one, err := readMessage(o, sink, k, v, message)
			if err != nil {
				return nil, err
			}
			some = append(some, one)
		}
	}
	want := st.Pending
	if prefix == deadPrefix {
		want = st.Dead
	}
	if whole && int64(len(some)) != want {
		return nil, o.corrupt(sink, fmt.Sprintf("there are %d where there should be %d", len(some), want))
	}
	return some, nil
}

func readMessage[T any](o *outbox, sink string, k, v []byte, message func(*T) *Message) (one T, err error) {
	raw, fault := unseal(k, v)
	if fault == "" && len(k) != 8 {
		fault = fmt.Sprintf("a key of %d bytes", len(k))
	}
	if fault == "" {
		if err := json.Unmarshal(raw, &one); err != nil {
			fault = err.Error()
		} else if m := message(&one); m.Sink != sink || m.Seq != binary.BigEndian.Uint64(k) {
			fault = "one is not where it belongs"
		}
	}
	if fault != "" {
		return one, o.corrupt(sink, fault)
	}
	return one, nil
}

// verifyOutbox reads all messages and dead letters.
func (s *Store) verifyOutbox() error {
	all, err := s.Sinks()
	if err != nil {
		return err
	}
	for _, st := range all {
		if _, err := s.Pending(st.Sink, 0, -1); err != nil {
			return err
		}
		if _, err := s.DeadLetters(st.Sink, 0, -1); err != nil {
			return err
		}
	}
	return nil
}
