package storage

import (
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/muster-engine/muster/storage/column"
)

// Clock is the clock of a store: the system's, or one that stands still. Instants are microseconds since 1970.
type Clock struct {
	Pinned bool
	At     int64 // where it stands, if pinned
}

// Now is what the clock shows when the system's shows the given instant.
func (c Clock) Now(system int64) int64 {
	if c.Pinned {
		return c.At
	}
	return system
}

// Clock returns the store's clock.
func (s *Store) Clock() Clock {
	if p := s.now.Load().Pinned; p != nil {
		return Clock{true, *p}
	}
	return Clock{}
}

// SetClock makes the store follow another clock.
func (s *Store) SetClock(clock Clock) error {
	return s.updateBeside(func(c *commit) error {
		c.next.Pinned = nil
		if clock.Pinned {
			c.next.Pinned = &clock.At
		}
		return c.putRoot()
	})
}

// RuleSet is the rule set that a store was last used with.
type RuleSet struct {
	Revision int64  // counts from 1; 0 means that there is none
	Hash     string // semantic
	Since    int64  // microseconds since 1970
	Files    []RuleFile
	// Before are those that it replaced, the latest first, for what still goes by them; kept by [Store.SetRules].
	Before []RuleSet `json:",omitempty"`
}

// mostBefore is how many replaced rule sets are kept.
const mostBefore = 16

// RuleFile is a rule file as it was read.
type RuleFile struct {
	Name string
	Text []byte
}

// Rules returns the rule set, with revision 0 if there is none.
func (s *Store) Rules() (*RuleSet, error) {
	r := new(RuleSet)
	return r, s.readDocument(rulesDocument, r)
}

// SetRules replaces the rule set. The revision is the caller's to count. One that means something else is kept, up to the
// last 16.
func (s *Store) SetRules(r *RuleSet) error {
	old, err := s.Rules()
	if err != nil {
		return err
	}
	next := *r
	if next.Before = old.Before; old.Revision > 0 && old.Hash != r.Hash {
		last := *old
		last.Before = nil
		next.Before = append([]RuleSet{last}, old.Before[:min(len(old.Before), mostBefore-1)]...)
	}
	return s.updateBeside(func(c *commit) error {
		if err := c.putDocument(rulesDocument, &next); err != nil {
			return err
		}
		return c.putRoot()
	})
}

// Cuts are the cuts of one ntile at one instant: Values are the ranked values that begin another group, ascending, and
// Groups the group that each of them and what follows it is in.
type Cuts struct {
	Key string // the hash of the ntile
	At  int64  // microseconds since 1970
	// Imports is how many files had been imported when they were taken: an import asks for new ones.
	Imports int `json:",omitempty"`
	Values  []column.Value
	Groups  []int
}

// Cuts returns the recorded cuts by the hash of their ntile.
func (s *Store) Cuts() (map[string]Cuts, error) {
	m := map[string]Cuts{}
	return m, s.readDocument(cutsDocument, &m)
}

// SetCuts replaces all recorded cuts.
func (s *Store) SetCuts(cuts map[string]Cuts) error {
	return s.updateBeside(func(c *commit) error {
		if err := c.putDocument(cutsDocument, cuts); err != nil {
			return err
		}
		return c.putRoot()
	})
}

func (s *Store) readDocument(doc uint32, v any) error {
	return s.view(documentNames[doc], func(tx *bolt.Tx) error {
		st, err := loadRoot(tx, s.path)
		if err != nil {
			return err
		}
		return st.document(tx, s.path, doc, v)
	})
}

// Import is the record of an input file that was taken.
type Import struct {
	Name   string // as the user gave it
	Source string // the source declaration that read it
	Size   int64  // of the content as read, in bytes
	Hash   string // of the content as read
	When   int64  // microseconds since 1970
	// Counts of rows. With one import of an event source in a bulk, Commit fills in Accepted and Duplicates of Event.
	Event                                string
	Read, Accepted, Duplicates, Rejected int64
}

// Imports returns the records of all files taken, oldest first.
func (s *Store) Imports() []Import { return slices.Clone(s.now.Load().imports) }

// Imported returns the record of a file taken before with this size and hash, or nil.
func (s *Store) Imported(source string, size int64, hash string) *Import {
	for _, i := range s.now.Load().imports {
		if i.Source == source && i.Size == size && i.Hash == hash {
			return &i
		}
	}
	return nil
}
