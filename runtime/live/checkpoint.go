package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

// A checkpoint puts the members that lie in the overlay into the store's columns and empties the journal, while inputs go
// on being accepted:
//
//  1. The loop takes a copy of the overlay as it is after some journal entry. Members are replaced and not changed, so
//     that is a copy of references.
//  2. Beside the loop the copied members are written, and one transaction makes the columns hold them and the journal
//     begin after that entry. Whenever the process dies, a restart finds either the old columns and the whole journal or
//     the new columns and what is left of it.
//  3. The store's new state takes the place of the old one under the views. A member's overlay is laid over whatever
//     state is below, and the two states differ only in members that have one, so that is right at every moment.
//  4. When nobody works any more on what was read before that, the loop drops the copied members that have not changed
//     since from the overlay. The views' columns stay as they are, for nothing has changed in them.
//  5. The columns that were replaced are deleted.

// Defaults of [Options].
const (
	checkpointMembers = 100_000
	checkpointBytes   = 64 << 20
	checkpointTx      = 256 << 10 // bytes written while the journal waits
	checkpointMemory  = 128 << 20 // of rows on their way
)

// checkpoint is one on its way.
type checkpoint struct {
	engine  *Engine
	prog    *ir.Program
	kinds   *kinds
	base    *stored
	members []*resting // in no order before it is written, then by number
	count   uint32     // of member numbers given
	seq     uint64
	clock   int64
	stamp   int64 // the last
	cuts    map[string]storage.Cuts
	bytes   int // of the journal
	wanted  []chan error
	pace    *pace // nil if nothing goes on beside it
	// Of an amendment, which no journal tells of.
	conflicts []storage.Conflict
	erased    storage.Erasure
}

// Checkpoint puts everything accepted before the call into the store's columns and empties the journal. Inputs are
// accepted meanwhile. On an error nothing is lost: the journal still has it, and a later checkpoint tries again.
func (e *Engine) Checkpoint(ctx context.Context) error {
	e.waiting.Add(1)
	defer e.waiting.Add(-1)
	done := make(chan error, 1)
	err := e.inLoop(ctx, func(ctx context.Context) error {
		e.wanted = append(e.wanted, done)
		e.checkpointIfDue(ctx)
		return nil
	})
	if err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-e.stopped:
		select {
		case err := <-done:
			return err
		default:
			return ErrClosed
		}
	}
}

// checkpointIfDue starts a checkpoint if somebody wants one or enough has gathered, and none is under way. In the loop.
func (e *Engine) checkpointIfDue(ctx context.Context) {
	if e.folding || len(e.wanted) == 0 && !e.grown() {
		return
	}
	done, _ := e.store.Checkpointed()
	if e.seq == done {
		e.answerWanted(nil)
		return
	}
	c := e.newCheckpoint()
	c.cuts, c.bytes, c.wanted = runtime.EncodeCuts(e.cuts, e.noted), e.journalled, e.wanted
	c.pace = &pace{engine: e}
	e.folding, e.wanted = true, nil
	go c.run(ctx)
}

// newCheckpoint takes a copy of what differs from the columns.
func (e *Engine) newCheckpoint() *checkpoint {
	members := make([]*resting, 0, len(e.overlay)) // a map would take a while, for which the loop stands still
	for _, r := range e.overlay {
		members = append(members, r)
	}
	return &checkpoint{
		engine: e, prog: e.prog, base: e.base.now.Load(), members: members, count: e.members,
		seq: e.seq, clock: e.noted, kinds: e.kinds.clone(), stamp: e.stamps.Last,
	}
}

// grown reports whether a checkpoint is due by itself.
func (e *Engine) grown() bool {
	if e.opt.CheckpointMembers < 0 {
		return false
	}
	return len(e.overlay) >= e.opt.CheckpointMembers+e.respite || e.journalled >= e.opt.CheckpointBytes*(1+e.failures)
}

func (e *Engine) answerWanted(err error) {
	for _, done := range e.wanted {
		done <- err
	}
	e.wanted = nil
}

// run carries a checkpoint out, beside the loop.
func (c *checkpoint) run(ctx context.Context) {
	e := c.engine
	bulk, err := c.write(ctx)
	if err != nil && !errors.Is(err, storage.ErrUnsure) {
		e.folds <- func() { e.foldFailed(c, err) }
		return
	}
	var blocks []int
	for _, m := range c.members {
		if block := int(m.number / column.Block); len(blocks) == 0 || blocks[len(blocks)-1] != block {
			blocks = append(blocks, block)
		}
	}
	e.base.renew(blocks, c.pace.rest)
	e.watched.quiesce()
	for some := range slices.Chunk(c.members, foldStep) {
		e.folds <- func() { e.foldTook(some) }
		c.pace.rest()
	}
	e.folds <- func() {
		e.journalled -= c.bytes
		e.respite, e.failures = 0, 0
	}
	_ = bulk.Clean() // what it cannot delete the next checkpoint does
	if err != nil {
		err = e.store.Settle()
	}
	if err == nil && e.store.ScrubDue() {
		err = e.store.Scrub(ctx)
	}
	e.feed.fault(checkpointFault, err)
	e.folds <- func() {
		e.folding = false
		for _, done := range c.wanted {
			done <- err
		}
	}
}

// foldStep is how many members are dropped in one step of the loop: whoever waits for an answer waits for that.
const foldStep = 2048

// foldTook drops what the columns now hold of some members, in the loop.
func (e *Engine) foldTook(members []*resting) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range members {
		if e.overlay[r.number] == r {
			e.lay(r.number, nil)
		}
	}
}

// foldFailed lets a checkpoint be tried again, by itself when somewhat more has gathered.
func (e *Engine) foldFailed(c *checkpoint, err error) {
	e.folding = false
	e.failures++
	e.respite = len(e.overlay) + e.opt.CheckpointMembers/8 - e.opt.CheckpointMembers
	err = fmt.Errorf("what was accepted is safe, but could not be put into the store's columns: %w", err)
	e.feed.fault(checkpointFault, err)
	for _, done := range c.wanted {
		done <- err
	}
}

// lastCheckpoint ends the one that is under way and makes another, after the last group.
func (e *Engine) lastCheckpoint(ctx context.Context) {
	finish := func() {
		for e.folding {
			(<-e.folds)()
		}
	}
	finish()
	if e.opt.CheckpointMembers >= 0 || len(e.wanted) > 0 {
		done := make(chan error, 1)
		e.wanted = append(e.wanted, done)
		e.checkpointIfDue(ctx)
		finish()
	}
}

// write publishes the copied members as the store's.
func (c *checkpoint) write(ctx context.Context) (*storage.Bulk, error) {
	opt := storage.BulkOptions{TxBytes: checkpointTx, MemoryLimit: checkpointMemory}
	if c.pace != nil {
		opt.Rest, opt.Wrote = c.pace.rest, (&pace{engine: c.engine}).after
	}
	c.pace.begin()
	bulk, err := c.engine.store.BeginBulk(opt)
	if err != nil {
		return nil, err
	}
	for bulk.Members() < c.count {
		bulk.NewMember()
	}
	slices.SortFunc(c.members, func(a, b *resting) int { return cmp.Compare(a.number, b.number) })
	for _, stage := range []func(*storage.Bulk) error{c.attributes, c.events, c.lists} {
		if err := stage(bulk); err != nil {
			bulk.Abort()
			return nil, err
		}
	}
	replaced, gone, live := roaring.New(), roaring.New(), roaring.New()
	for _, m := range c.members {
		replaced.Add(m.number)
		if m.live {
			live.Add(m.number)
		} else {
			gone.Add(m.number)
		}
		switch {
		case m.merge != nil:
			bulk.PutMerge(m.merge)
		case m.unmerged:
			bulk.DropMerge(m.number)
		}
	}
	bulk.PutStamp(c.stamp)
	bulk.Replace(replaced)
	bulk.SetGone(gone)
	bulk.SetLive(live)
	if c.cuts != nil {
		bulk.PutCuts(c.cuts)
	}
	for _, one := range c.conflicts {
		bulk.AddConflict(one)
	}
	bulk.Erase(c.erased)
	bulk.Checkpoint(c.seq, c.clock)
	_, err = bulk.Publish(ctx, nil)
	return bulk, err
}

// attributes stages all attributes of the copied members: those that the store has, and others that a member has.
func (c *checkpoint) attributes(bulk *storage.Bulk) error {
	used := map[string]bool{}
	for _, m := range c.members {
		c.pace.rest()
		for name, v := range m.attributes().all() {
			used[name] = true
			if _, ok := c.kinds.attributes[name]; !ok && v.Kind != 0 { // of rules that are not in force any more
				c.kinds.attributes[name] = v.Kind
			}
		}
	}
	var fields []storage.FieldSchema
	var ids []string
	logical := c.logicalTypes()
	for _, name := range slices.Sorted(maps.Keys(used)) {
		kind, ok := c.kinds.attributes[name]
		if !ok {
			return fmt.Errorf("it is not known how attribute %q is stored", name)
		}
		fields = append(fields, storage.FieldSchema{Name: name, Kind: kind, Logical: logical[name]})
		if logical[name] == "id" {
			ids = append(ids, name)
		}
	}
	a, err := bulk.Attributes(fields)
	if err != nil {
		return err
	}
	bulk.Unlike(ids...)
	row, places := a.Encoder(), make([]int, len(fields))
	for _, m := range c.members {
		c.pace.rest()
		row.Reset()
		attributes := m.attributes()
		for i, f := range fields {
			if err := encodeValue(row, i, f, attributes.next(f.Name, &places[i])); err != nil {
				return err
			}
		}
		if err := a.Append(m.number, row.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// logicalTypes are the types of attributes in the language's words.
func (c *checkpoint) logicalTypes() map[string]string {
	out := map[string]string{}
	for _, a := range c.prog.Attributes {
		switch {
		case a.ID == nil:
			out[a.Name] = a.Type.String()
		case a.ID.Many:
			out[a.Name] = "id many"
		default:
			out[a.Name] = "id"
		}
	}
	for _, t := range c.prog.Tags {
		if t.Manual {
			name := storage.ManualPrefix + t.Name
			out[name], out[name+storage.ManualAtSuffix], out[name+storage.ManualBySuffix] = t.Type.String(), "time", "string"
		}
	}
	for name, kind := range c.kinds.attributes {
		if kind == column.Ints && strings.HasSuffix(name, storage.SetSuffix) {
			out[name] = "int"
		}
	}
	return out
}

// events stages all events of the copied members.
func (c *checkpoint) events(bulk *storage.Bulk) error {
	for _, schema := range c.eventSchemas() {
		events, err := bulk.Events(schema)
		if err != nil {
			return err
		}
		row, places := events.Encoder(), make([]int, len(schema.Fields))
		for _, m := range c.members {
			c.pace.rest()
			for _, e := range m.events(schema.Name) {
				row.Reset()
				for i, f := range schema.Fields {
					v := e.fields.next(f.Name, &places[i])
					if i == schema.Key && e.key != "" {
						v = column.Text(e.key)
					}
					if err := encodeValue(row, i, f, v); err != nil {
						return err
					}
				}
				if err := events.Append(m.number, e.at, row.Bytes()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// eventSchemas are the types of events that a copied member has: as the rules declare them, with what else is stored.
func (c *checkpoint) eventSchemas() []storage.EventSchema {
	used := map[string]bool{}
	brought := map[string]bool{} // some of them by a member that was absorbed
	for _, m := range c.members {
		c.pace.rest()
		for _, name := range m.kinds() {
			used[name] = true
			if !brought[name] && m.of.mention(storage.OfField) {
				brought[name] = slices.ContainsFunc(m.events(name), func(e event) bool { return e.fields.get(storage.OfField).Kind != 0 })
			}
		}
	}
	var out []storage.EventSchema
	for _, name := range slices.Sorted(maps.Keys(used)) {
		s := storage.EventSchema{Name: name, Key: -1}
		for _, e := range c.prog.Events {
			if e.Name != name {
				continue
			}
			s.Key = e.Key
			for _, f := range e.Fields {
				kind := c.kinds.fields[name][f.Name]
				s.Fields = append(s.Fields, storage.FieldSchema{Name: f.Name, Kind: kind, Logical: f.Type.String()})
			}
		}
		if brought[name] {
			s.Fields = append(s.Fields, storage.FieldSchema{Name: storage.OfField, Kind: column.Ints, Logical: "int"})
		}
		if old := c.base.schema.Event(name); old != nil {
			for i, f := range old.Fields {
				if s.Field(f.Name) == nil {
					s.Fields = append(s.Fields, f)
				}
				if i == old.Key {
					s.Key = slices.IndexFunc(s.Fields, func(g storage.FieldSchema) bool { return g.Name == f.Name })
				}
			}
		}
		if c.knowsMore(s) {
			s.Fields = append(s.Fields, c.undeclared(s)...)
		}
		out = append(out, s)
	}
	return out
}

// knowsMore reports whether an earlier rule set declared fields of a type that the store has not seen yet.
func (c *checkpoint) knowsMore(s storage.EventSchema) bool {
	for field := range c.kinds.fields[s.Name] {
		if field != storage.OfField && s.Field(field) == nil {
			return true
		}
	}
	return false
}

// undeclared are the fields of events of a type that an earlier rule set declared, and that the store has not seen yet.
func (c *checkpoint) undeclared(s storage.EventSchema) (out []storage.FieldSchema) {
	used := map[string]bool{}
	for _, m := range c.members {
		c.pace.rest()
		for _, e := range m.events(s.Name) {
			for name := range e.fields.all() {
				used[name] = true
			}
		}
	}
	for _, field := range slices.Sorted(maps.Keys(used)) {
		if kind, ok := c.kinds.fields[s.Name][field]; ok && s.Field(field) == nil {
			out = append(out, storage.FieldSchema{Name: field, Kind: kind, Logical: c.kinds.logical[s.Name+"."+field]})
		}
	}
	return out
}

// lists puts the lists on which a copied member came or from which it went.
func (c *checkpoint) lists(bulk *storage.Bulk) error {
	names := map[string]bool{}
	for _, name := range c.base.schema.Lists {
		names[name] = true
	}
	for _, m := range c.members {
		for name := range m.lists {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		before, err := c.base.data.List(name)
		if err != nil {
			return err
		}
		after := roaring.New()
		if before != nil {
			after = before.Clone()
		}
		for _, m := range c.members {
			c.pace.rest()
			if m.lists[name] {
				after.Add(m.number)
			} else {
				after.Remove(m.number)
			}
		}
		if before != nil && after.Equals(before) {
			continue
		}
		if err := bulk.PutList(name, after); err != nil {
			return err
		}
	}
	return nil
}

// encodeValue sets a field of a row; an unknown value is left out.
func encodeValue(row *storage.RowEncoder, i int, f storage.FieldSchema, v column.Value) error {
	switch v.Kind {
	case 0:
		return nil
	case f.Kind:
	default:
		return fmt.Errorf("%q is stored as %v, and a member has %v", f.Name, f.Kind, v.Kind)
	}
	switch v.Kind {
	case column.Ints:
		row.Int(i, v.Int)
	case column.Floats:
		row.Float(i, v.Float)
	case column.Texts:
		row.Text(i, []byte(v.Text))
	case column.Sets:
		texts := make([][]byte, len(v.Set))
		for k, text := range v.Set {
			texts[k] = []byte(text)
		}
		row.Set(i, texts)
	}
	return nil
}

func (k *kinds) clone() *kinds {
	out := &kinds{
		attributes: maps.Clone(k.attributes), fields: make(map[string]map[string]column.Kind, len(k.fields)), logical: maps.Clone(k.logical),
	}
	for name, fields := range k.fields {
		out.fields[name] = maps.Clone(fields)
	}
	return out
}
