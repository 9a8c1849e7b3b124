package live

import (
	"context"
	"errors"
	"slices"
	"sort"

	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// Holders returns the members that have an event of a type with a key, ascending. A key is its member's own, so several
// may have it. It reads the keys of everybody: for corrections by hand, not for the hot path.
func (e *Engine) Holders(ctx context.Context, event, key string) ([]uint32, error) {
	for {
		found, err := e.holders(ctx, event, key)
		if !errors.Is(err, storage.ErrStale) {
			return found, err
		}
	}
}

func (e *Engine) holders(ctx context.Context, event, key string) ([]uint32, error) {
	e.mu.RLock()
	changed := make(map[uint32]*resting, len(e.overlay))
	for number, r := range e.overlay {
		changed[number] = r
	}
	e.mu.RUnlock()
	var found []uint32
	for number, r := range changed {
		if r.live && keyed(r.events(event), key) >= 0 {
			found = append(found, number)
		}
	}
	// Taken after the overlay: who has left it since is in here.
	data := e.store.Snapshot()
	schema := data.Schema()
	if !slices.ContainsFunc(schema.Events, func(s storage.EventSchema) bool { return s.Name == event && s.Key >= 0 }) {
		slices.Sort(found)
		return found, nil
	}
	for block := 0; block*column.Block < int(data.Members()); block++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		stored, err := holdersIn(data, event, key, block)
		if err != nil {
			return nil, err
		}
		for _, number := range stored {
			if changed[number] == nil {
				found = append(found, number)
			}
		}
		data.Release(block)
	}
	slices.Sort(found)
	return found, nil
}

// holdersIn finds the members of a block in the store's columns.
func holdersIn(data *storage.Snapshot, event, key string, block int) (out []uint32, err error) {
	h, err := data.History(event, block)
	if h == nil || err != nil {
		return nil, err
	}
	keys, err := data.KeyTexts(event, block)
	if keys == nil || err != nil {
		return nil, err
	}
	starts := h.Starts()
	for row := range int(starts[len(starts)-1]) {
		if text, known := keys.Text(row); known && string(text) == key {
			low := sort.Search(len(starts)-1, func(i int) bool { return int(starts[i+1]) > row })
			out = append(out, uint32(block*column.Block+low))
		}
	}
	return slices.Compact(out), nil
}
