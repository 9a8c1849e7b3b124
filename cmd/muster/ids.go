package main

import (
	"errors"
	"io/fs"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/storage/column"
)

// idIndex finds members by their ids, for looking up many: a store looks one up by reading through all of them.
type idIndex struct {
	attributes []*ir.Attribute
	members    []map[string]uint32 // for each attribute
}

func (q *asker) idIndex() (*idIndex, error) {
	index := &idIndex{}
	for _, a := range q.prog.Attributes {
		if a.ID == nil {
			continue
		}
		byID := map[string]uint32{}
		for block := 0; block*column.Block < int(q.data.Members()); block++ {
			c, err := q.data.Attribute(a.Name, block)
			if err != nil {
				return nil, err
			}
			for row := 0; c != nil && row < c.Len; row++ {
				if !c.IsKnown(row) {
					continue
				}
				member := uint32(block)*column.Block + uint32(row)
				v := c.Value(row)
				if v.Kind == column.Texts {
					byID[v.Text] = member
				}
				for _, text := range v.Set {
					byID[text] = member
				}
			}
		}
		index.attributes = append(index.attributes, a)
		index.members = append(index.members, byID)
	}
	return index, nil
}

// find returns the member with an id as somebody typed it, by the first id attribute that knows it.
func (x *idIndex) find(id string) (uint32, bool) {
	for i, a := range x.attributes {
		if form, ok := ingest.NormaliseID(a, id); ok {
			if member, ok := x.members[i][string(form)]; ok {
				return member, true
			}
		}
	}
	return 0, false
}

// pathless is the reason of an error about a file, without its name and the system call.
func pathless(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
