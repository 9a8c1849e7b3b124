package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// find returns the number of the member with an id, or with #NUMBER.
func (q *asker) find(id string) (uint32, error) {
	if digits, ok := strings.CutPrefix(id, "#"); ok {
		if n, err := strconv.ParseUint(digits, 10, 32); err == nil && n < q.numbers() {
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
		number, found, err := q.lookup(a.Name, form)
		if found || err != nil {
			return number, err
		}
	}
	return 0, fmt.Errorf("there is no member with %s %q", orList(names), id)
}

// setNote says when a manual tag of a member was set, and by whom.
func (q *asker) setNote(tag *ir.Tag, member uint32) (string, error) {
	if q.live != nil {
		at, by, ok, err := q.live.Marked(member, tag.Name)
		if !ok || err != nil {
			return "", err
		}
		return q.markedBy(at, by), nil
	}
	stored := func(suffix string) (column.Value, error) {
		c, err := q.data.Attribute(storage.ManualPrefix+tag.Name+suffix, int(member/column.Block))
		return c.Value(int(member % column.Block)), err
	}
	at, err := stored(storage.ManualAtSuffix)
	if err != nil || at.Kind == 0 {
		return "", err
	}
	by, err := stored(storage.ManualBySuffix)
	return q.markedBy(at.Int, by.Text), err
}

func (q *asker) markedBy(at int64, by string) string {
	note := "set " + q.vs.time(at)
	if by != "" {
		note += " by " + by
	}
	return note
}

// lookup returns the member that has an id, normalised.
func (q *asker) lookup(attribute string, form []byte) (uint32, bool, error) {
	if q.live != nil {
		number, ok := q.live.Find(attribute, string(form))
		return number, ok, nil
	}
	return q.store.FindMember(attribute, form)
}

// numbers is how many member numbers have been given.
func (q *asker) numbers() uint64 {
	if q.live != nil {
		return uint64(q.live.State().Members)
	}
	return uint64(q.data.Members())
}

func (q *asker) person(number uint32) (*runtime.Person, error) {
	if q.live != nil {
		return q.live.Person(q.view, number)
	}
	return q.view.Person(number)
}
