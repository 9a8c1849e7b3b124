package storage

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// What a sync handed over last is kept by block, in chunks in a bucket of the sync's; a value in the bucket of syncs tells
// how its runs go and how large each block's is. The root names the syncs that have one.
var (
	syncBucket = []byte("syncs")
	heldPrefix = "handed:"
)

// SyncState is how the runs of a sync go.
type SyncState struct {
	Sync string
	// Run counts them, from 1; one that is taken up again is another.
	Run int64
	// Day is the local date for which its schedule is done with, in days since 1970.
	Day int64
	// Began and Ended are those of the last run, in microseconds since 1970; Ended is 0 while it goes on.
	Began, Ended int64
	// Running says that it has not ended, and Whole that it hands everything over and not the changes.
	Running, Whole bool
	Records        int64  // that it handed over
	Failure        string // why it ended before its end
	// Held is how many bytes are kept of what each block was handed over as.
	Held []int64
	// Doubtful are blocks of which the receiver may have more than is kept: lines were under way when a run broke off.
	Doubtful []uint32 `json:",omitempty"`
}

// SyncStates returns the state of every sync that has had one put, by name.
func (s *Store) SyncStates() ([]SyncState, error) {
	var all []SyncState
	err := s.view("the syncs", func(tx *bolt.Tx) error {
		r, err := loadRoot(tx, s.path)
		if err != nil {
			return err
		}
		for _, name := range r.Syncs {
			st, err := s.syncState(tx, name)
			if err != nil {
				return err
			}
			all = append(all, *st)
		}
		return nil
	})
	slices.SortFunc(all, func(a, b SyncState) int { return compareNames(a.Sync, b.Sync) })
	return all, err
}

func (s *Store) syncCorrupt(name, detail string) error {
	return &CorruptError{s.path, fmt.Sprintf("what sync %q has handed over", name), detail}
}

func (s *Store) syncState(tx *bolt.Tx, name string) (*SyncState, error) {
	st := new(SyncState)
	raw, fault := unseal([]byte(name), tx.Bucket(syncBucket).Get([]byte(name)))
	if fault == "" {
		if err := json.Unmarshal(raw, st); err != nil {
			fault = err.Error()
		}
	}
	if fault == "" && st.Sync != name {
		fault = "it is that of another"
	}
	if fault != "" {
		return nil, s.syncCorrupt(name, fault)
	}
	return st, nil
}

// PutSync replaces the state of a sync but for Held, and what is kept of a block if there is one given: nil keeps nothing
// of it. It may run beside a bulk import.
func (s *Store) PutSync(st SyncState, blocks map[uint32][]byte) error {
	put := func(tx *bolt.Tx, known bool) error {
		st.Held = nil
		if known {
			old, err := s.syncState(tx, st.Sync)
			if err != nil {
				return err
			}
			st.Held = old.Held
		}
		for block, content := range blocks {
			if err := putHeld(tx, &st, block, content); err != nil {
				return err
			}
		}
		b := tx.Bucket(syncBucket)
		raw, err := json.Marshal(st)
		if err != nil {
			return err
		}
		return b.Put([]byte(st.Sync), sealed([]byte(st.Sync), raw))
	}
	if s.readOnly {
		return ErrReadOnly
	}
	if !slices.Contains(s.now.Load().Syncs, st.Sync) {
		return s.updateBeside(func(c *commit) error {
			c.next.Syncs = append(slices.Clone(c.next.Syncs), st.Sync)
			if err := put(c.tx, false); err != nil {
				return err
			}
			return c.putRoot()
		})
	}
	if err := s.transact("the syncs", func(tx *bolt.Tx) error { return put(tx, true) }); err != nil {
		return s.writeError(err)
	}
	return nil
}

func heldKey(block uint32, chunk int) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, block), uint32(chunk))
}

// putHeld replaces what is kept of a block.
func putHeld(tx *bolt.Tx, st *SyncState, block uint32, content []byte) error {
	b, err := tx.CreateBucketIfNotExists([]byte(heldPrefix + st.Sync))
	if err != nil {
		return err
	}
	for int(block) >= len(st.Held) {
		st.Held = append(st.Held, 0)
	}
	for chunk := range chunksOf(uint64(st.Held[block])) {
		if err := b.Delete(heldKey(block, chunk)); err != nil {
			return err
		}
	}
	st.Held[block] = int64(len(content))
	for chunk := range chunksOf(uint64(len(content))) {
		key := heldKey(block, chunk)
		part := content[chunk*chunkBytes : min(len(content), (chunk+1)*chunkBytes)]
		if err := b.Put(key, sealed(key, part)); err != nil {
			return err
		}
	}
	return nil
}

// HandedOver returns what is kept of a block, nil if nothing is.
func (s *Store) HandedOver(sync string, block uint32) (content []byte, err error) {
	err = s.view("the syncs", func(tx *bolt.Tx) error {
		r, err := loadRoot(tx, s.path)
		if err != nil {
			return err
		}
		content = nil
		if !slices.Contains(r.Syncs, sync) {
			return nil
		}
		st, err := s.syncState(tx, sync)
		if err != nil || int(block) >= len(st.Held) || st.Held[block] == 0 {
			return err
		}
		b := tx.Bucket([]byte(heldPrefix + sync))
		if b == nil {
			return s.syncCorrupt(sync, "it is missing")
		}
		for chunk := range chunksOf(uint64(st.Held[block])) {
			key := heldKey(block, chunk)
			part, fault := unseal(key, b.Get(key))
			if fault != "" {
				return s.syncCorrupt(sync, fault)
			}
			content = append(content, part...)
		}
		if int64(len(content)) != st.Held[block] {
			return s.syncCorrupt(sync, "it is too short")
		}
		return nil
	})
	return content, err
}

// DropSync forgets a sync and what it has handed over.
func (s *Store) DropSync(name string) error {
	if !slices.Contains(s.now.Load().Syncs, name) {
		return nil
	}
	return s.updateBeside(func(c *commit) error {
		c.next.Syncs = slices.DeleteFunc(slices.Clone(c.next.Syncs), func(other string) bool { return other == name })
		if err := c.tx.Bucket(syncBucket).Delete([]byte(name)); err != nil {
			return err
		}
		if held := []byte(heldPrefix + name); c.tx.Bucket(held) != nil {
			if err := c.tx.DeleteBucket(held); err != nil {
				return err
			}
		}
		return c.putRoot()
	})
}

// verifySyncs reads all that is kept of what was handed over.
func (s *Store) verifySyncs() error {
	all, err := s.SyncStates()
	if err != nil {
		return err
	}
	for _, st := range all {
		for block := range st.Held {
			if _, err := s.HandedOver(st.Sync, uint32(block)); err != nil {
				return err
			}
		}
	}
	return nil
}
