package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// find returns the number of the member with an id, or with #NUMBER.
func (q *asker) find(id string) (uint32, error) {
	if digits, ok := strings.CutPrefix(id, "#"); ok {
		if n, err := strconv.ParseUint(digits, 10, 32); err == nil && uint32(n) < q.data.Members() {
			return uint32(n), nil
		}
	}
	var names []string
	for _, a := range q.prog.Attributes {
		if a.ID == nil {
			continue
		}
		names = append(names, a.Name)
		form, ok := ingest.NormaliseID(a, id)
		if !ok {
			continue
		}
		number, found, err := q.store.FindMember(a.Name, form)
		if found || err != nil {
			return number, err
		}
	}
	return 0, fmt.Errorf("there is no member with %s %q", orList(names), id)
}

// setNote says when a manual tag of a member was set, and by whom.
func (q *asker) setNote(tag *ir.Tag, member uint32) (string, error) {
	stored := func(suffix string) (column.Value, error) {
		c, err := q.data.Attribute(storage.ManualPrefix+tag.Name+suffix, int(member/column.Block))
		return c.Value(int(member % column.Block)), err
	}
	at, err := stored(storage.ManualAtSuffix)
	if err != nil || at.Kind == 0 {
		return "", err
	}
	by, err := stored(storage.ManualBySuffix)
	note := "set " + q.vs.time(at.Int)
	if by.Text != "" {
		note += " by " + by.Text
	}
	return note, err
}
