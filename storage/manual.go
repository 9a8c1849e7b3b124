package storage

import (
	"bytes"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"
	bolt "go.etcd.io/bbolt"

	"github.com/muster-engine/muster/storage/column"
)

// SetManual gives a member a manual tag, with when (microseconds since 1970) and by whom; an unknown value takes the tag
// away and keeps the rest as the record of it. logical is the tag's type in the language's words.
func (s *Store) SetManual(tag string, logical string, member uint32, value column.Value, at int64, by string) error {
	kind := value.Kind
	return s.update(func(c *commit) error {
		if member >= c.next.Members {
			return fmt.Errorf("there is no member %d", member)
		}
		name, stamp := ManualPrefix+tag, max(at, c.next.Stamp+1)
		c.next.Stamp = stamp
		if kind == 0 {
			stored := c.next.schema.Attribute(name)
			if stored == nil {
				return nil // nobody has it
			}
			kind = stored.Kind
		}
		for _, a := range []struct {
			field FieldSchema
			value column.Value
		}{
			{FieldSchema{name, kind, logical}, value},
			{FieldSchema{name + ManualAtSuffix, column.Ints, "time"}, column.Int(at)},
			{FieldSchema{name + ManualBySuffix, column.Texts, "string"}, column.Text(by)},
			{FieldSchema{name + SetSuffix, column.Ints, "int"}, column.Int(stamp)},
		} {
			if err := s.putValue(c, a.field, member, a.value); err != nil {
				return err
			}
		}
		c.next.DataVersion++
		return c.putState()
	})
}

// putValue replaces one value of an attribute.
func (s *Store) putValue(c *commit, field FieldSchema, member uint32, value column.Value) error {
	number, err := c.next.schema.mergeAttribute(field)
	if err != nil {
		return err
	}
	id := objectID{attributeObject, uint32(number), member >> 16}
	old, err := s.storedColumn(c, id)
	if err != nil {
		return err
	}
	rows := membersOfBlock(c.next.Members, int(id.block))
	b := column.NewBuilder(field.Kind, rows)
	for i := range rows {
		if i == int(member&0xffff) {
			b.Append(value)
		} else {
			b.Append(old.Value(i))
		}
	}
	return c.put(id, column.Encode(nil, b.Column()))
}

// storedColumn reads the column of an attribute object within a transaction, nil if there is none.
func (s *Store) storedColumn(c *commit, id objectID) (*column.Column, error) {
	e, ok := c.old.manifest[id]
	if !ok {
		return nil, nil
	}
	raw, fault := readPart(c.objects, id, e.generation, 0, e.sizes[0])
	if fault != "" {
		return nil, &CorruptError{s.path, c.old.describe(id, 0), fault}
	}
	old, err := column.Decode(raw)
	if err != nil {
		return nil, &CorruptError{s.path, c.old.describe(id, 0), err.Error()}
	}
	return old, nil
}

// PutList replaces the members of a list.
func (s *Store) PutList(name string, members *roaring.Bitmap) error {
	raw, err := encodeBitmap(members)
	if err != nil {
		return err
	}
	return s.update(func(c *commit) error {
		if !members.IsEmpty() && members.Maximum() >= c.next.Members {
			return fmt.Errorf("there is no member %d", members.Maximum())
		}
		number := c.next.schema.mergeList(name)
		if err := c.put(objectID{listObject, uint32(number), 0}, raw); err != nil {
			return err
		}
		c.next.DataVersion++
		return c.putState()
	})
}

// FindMember returns the member that has an id, given as normalised; of several (which takes an id that changed hands)
// the one with the highest number.
func (s *Store) FindMember(attribute string, id []byte) (member uint32, ok bool, err error) {
	st := s.now.Load()
	for number, a := range st.schema.Attributes {
		if a.Name != attribute {
			continue
		}
		for block := (int64(st.Members) - 1) / column.Block; block >= 0; block-- {
			low, found, err := s.findInBlock(st, objectID{attributeObject, uint32(number), uint32(block)}, id)
			if found || err != nil {
				return uint32(block)<<16 | uint32(low), found, err
			}
		}
	}
	return 0, false, nil
}

func (s *Store) findInBlock(st *state, id objectID, text []byte) (low int, ok bool, err error) {
	err = s.eachText(st, id, func(row int, t []byte) {
		if bytes.Equal(t, text) {
			low, ok = row, true
		}
	})
	return low, ok, err
}

// eachText calls f with the texts of an attribute's block, in ascending order of rows; of a set with each of its texts.
// The bytes are valid during the call only.
func (s *Store) eachText(st *state, id objectID, f func(row int, text []byte)) error {
	e, ok := st.manifest[id]
	if !ok {
		return nil
	}
	corrupt := func(detail string) error { return &CorruptError{s.path, st.describe(id, 0), detail} }
	var raw []byte
	err := s.view(st.describe(id, 0), func(tx *bolt.Tx) error {
		var fault string
		if raw, fault = readPart(tx.Bucket(objectBucket), id, e.generation, 0, e.sizes[0]); fault != "" {
			return corrupt(fault)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if st.schema.Attributes[id.entity].Kind == column.Sets {
		c, err := column.Decode(raw)
		if err != nil {
			return corrupt(err.Error())
		}
		for i := range c.Len {
			for _, t := range c.Value(i).Set {
				f(i, []byte(t))
			}
		}
		return nil
	}
	texts, err := column.DecodeStrings(raw)
	if err != nil {
		return corrupt(err.Error())
	}
	for i := range texts.Len {
		if t, ok := texts.Text(i); ok {
			f(i, t)
		}
	}
	return nil
}
