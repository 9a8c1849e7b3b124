package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

const (
	transactionBytes = 16 << 20 // of values written in one transaction
	deleteStep       = 4096     // values deleted in one
)

// task is the staged rows of one kind and block.
type task struct {
	stage *stage
	event int // -1: attributes
	block int
	bytes int64
}

// Commit merges what was staged into the store and makes it take effect in one step. If it fails the store is as it
// was. progress, which may be nil, is told how much of the work is done, from one goroutine.
//
// The merged blocks are written beside those that they replace, in transactions of bounded size. One last transaction
// makes the manifest name them; then the old ones are deleted. Whatever a killed import leaves behind is deleted when
// the store is next opened for writing.
func (b *Bulk) Commit(ctx context.Context, progress func(done, total int64)) (*BulkResult, error) {
	result, err := b.Publish(ctx, progress)
	if err != nil && !errors.Is(err, ErrUnsure) {
		return nil, err
	}
	// The import has taken effect; what cannot be deleted now is at the next opening.
	_ = b.Clean()
	if err != nil && b.store.Settle() != nil {
		return nil, err
	}
	return result, nil
}

// Publish is [Bulk.Commit] but for the deletion of what it replaces: snapshots taken before go on reading until
// [Bulk.Clean], with which the import ends. With an [ErrUnsure] too the import has taken effect, and Clean ends it.
func (b *Bulk) Publish(ctx context.Context, progress func(done, total int64)) (result *BulkResult, err error) {
	if b.over || b.replaced != nil {
		return nil, errors.New("the import is over")
	}
	defer func() {
		if err != nil && b.replaced == nil {
			b.Abort()
		}
	}()
	s := b.store
	if err := b.mayPublish(); err != nil {
		return nil, err
	}
	before := s.now.Load()
	if before.Leftovers { // of an import that failed, and could not be swept then
		if err := s.sweep(); err != nil {
			return nil, s.importError(err)
		}
	}
	err = s.updateBeside(func(c *commit) error {
		c.next.Leftovers = true
		return c.putRoot()
	})
	if err != nil {
		return nil, s.importError(err)
	}
	w := &bulkWriter{
		store: s, bulk: b, progress: progress,
		result: &BulkResult{Events: map[string]EventCount{}, Members: b.next.Members - before.Members},
		fresh:  map[objectID]entry{},
	}
	b.next.Generation = s.now.Load().Generation + 1
	w.generation = b.next.Generation
	w.plan()
	if b.live.upto == 0 { // nothing else is written meanwhile
		s.db.AllocSize = int(max(smallGrowth, min(w.total/16, largeGrowth)))
		defer func() { s.db.AllocSize = smallGrowth }()
	}
	if err := w.write(ctx); err != nil {
		return nil, s.failImport(err)
	}
	replaced, err := w.publish()
	if err != nil && !errors.Is(err, ErrUnsure) {
		return nil, s.failImport(err)
	}
	b.replaced = replaced
	b.spool.close()
	if err != nil {
		return w.result, s.writeError(err)
	}
	return w.result, nil
}

// Clean ends a published import: it deletes what was replaced. What it cannot delete is at the next opening.
func (b *Bulk) Clean() error {
	if b.over || b.replaced == nil {
		return nil
	}
	defer b.Abort()
	return b.clean(b.replaced)
}

// failImport deletes what a failed import has written; what it cannot delete is before the next import.
func (s *Store) failImport(err error) error {
	_ = s.sweep()
	return s.importError(err)
}

func (s *Store) importError(err error) error {
	err = asFailed(err)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrCorrupt) {
		return err
	}
	return fmt.Errorf("the import failed and the store %s is as it was: %w", s.path, err)
}

// bulkWriter writes the merged blocks of a bulk import.
type bulkWriter struct {
	store    *Store
	bulk     *Bulk
	progress func(done, total int64)
	result   *BulkResult
	fresh    map[objectID]entry // what was written; without parts, what is not there any more

	generation uint64
	tasks      []task
	total      int64 // bytes of all tasks

	pending      []stagedValue
	pendingBytes int
	chunks       chunkRoom
}

// plan lists what is to be merged, in the order of its keys: blocks with staged rows, and those of replaced members.
func (w *bulkWriter) plan() {
	b := w.bulk
	void := b.live.blocks()
	add := func(st *stage, event int) {
		for _, block := range void {
			st.reach(block)
		}
		for block := range st.blocks {
			if staged := st.blocks[block]; staged.rows > 0 || b.live.void(block) {
				w.tasks = append(w.tasks, task{st, event, block, staged.bytes})
				w.total += staged.bytes
			}
		}
	}
	add(b.attributes, -1)
	for event := range b.next.schema.Events {
		if event >= len(b.events) {
			b.events = append(b.events, nil)
		}
		if b.events[event] == nil {
			if len(void) == 0 {
				continue
			}
			b.events[event] = b.spool.newStage(true)
		}
		add(b.events[event], event)
	}
}

// write merges all staged blocks, several at a time, and writes them in order.
func (w *bulkWriter) write(parent context.Context) error {
	ctx, cancel := context.WithCancel(parent)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	tasks := w.tasks
	type outcome struct {
		merged *merged
		err    error
	}
	workers := min(runtime.GOMAXPROCS(0), len(tasks))
	if w.bulk.rest != nil {
		workers = min(1, len(tasks))
	}
	outcomes := make([]chan outcome, len(tasks))
	for i := range outcomes {
		outcomes[i] = make(chan outcome, 1)
	}
	next := make(chan int)
	ahead := make(chan struct{}, workers+2) // merged blocks that wait to be written
	go func() {
		defer close(next)
		for i := range tasks {
			select {
			case ahead <- struct{}{}:
			case <-ctx.Done():
				return
			}
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	for range workers {
		m := &merger{
			store: w.store, old: w.store.now.Load(), next: w.bulk.next,
			generation: w.generation, plain: w.bulk.plain, live: &w.bulk.live, pause: w.bulk.pause, chunks: &w.chunks,
		}
		running.Go(func() {
			for i := range next {
				merged, err := m.run(tasks[i])
				m.pause()
				outcomes[i] <- outcome{merged, err}
			}
		})
	}
	var done int64
	for i, t := range tasks {
		var o outcome
		select {
		case o = <-outcomes[i]:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if o.err != nil {
			return o.err
		}
		if err := w.add(o.merged); err != nil {
			return err
		}
		<-ahead
		done += t.bytes
		if w.progress != nil {
			w.progress(done, w.total)
		}
	}
	if err := parent.Err(); err != nil {
		return err
	}
	return w.flush()
}

func (m *merger) run(t task) (*merged, error) {
	if t.event < 0 {
		return m.attributes(t.stage, t.block)
	}
	return m.events(t.stage, t.event, t.block)
}

// add takes a merged block and writes a transaction when there is enough for one.
func (w *bulkWriter) add(m *merged) error {
	if m.event >= 0 {
		name := w.bulk.next.schema.Events[m.event].Name
		c := w.result.Events[name]
		c.Accepted += m.count.Accepted
		c.Duplicates += m.count.Duplicates
		w.result.Events[name] = c
	}
	for _, o := range m.objects {
		w.fresh[o.id] = entry{w.generation, o.sizes}
		for _, v := range o.values {
			w.pending = append(w.pending, v)
			if w.pendingBytes += len(v.value); w.pendingBytes >= w.bulk.txBytes {
				if err := w.flush(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// pause lets whoever asked for it rest.
func (b *Bulk) pause() {
	if b.rest != nil {
		b.rest()
	}
}

func (w *bulkWriter) flush() error {
	if len(w.pending) == 0 {
		return nil
	}
	slices.SortFunc(w.pending, func(a, b stagedValue) int { return bytes.Compare(a.key, b.key) })
	began := time.Now()
	err := w.store.transact("the file", func(tx *bolt.Tx) error {
		objects := tx.Bucket(objectBucket)
		for _, v := range w.pending {
			if err := objects.Put(v.key, v.value); err != nil {
				return err
			}
		}
		return nil
	})
	for _, v := range w.pending {
		w.chunks.give(v.value)
	}
	clear(w.pending)
	w.pending, w.pendingBytes = w.pending[:0], 0
	if err == nil && w.bulk.wrote != nil {
		w.bulk.wrote(time.Since(began))
	}
	return err
}

// publish makes everything written take effect, and returns what it replaced.
func (w *bulkWriter) publish() (replaced map[objectID]entry, err error) {
	w.store.change.Lock()
	defer w.store.change.Unlock()
	b, now := w.bulk, w.store.now.Load()
	for i := range b.imports {
		record := &b.imports[i]
		if count, ok := w.result.Events[record.Event]; ok && len(b.imports) == 1 {
			record.Accepted, record.Duplicates = count.Accepted, count.Duplicates
		}
	}
	next := b.next
	next.Leftovers = true
	next.DataVersion++
	next.Generation, next.Pinned = now.Generation+1, now.Pinned // the rest may have moved on
	next.Stamp, next.Conflicts, next.Sinks = max(next.Stamp, now.Stamp), now.Conflicts, now.Sinks
	next.Syncs, next.Erasing = now.Syncs, now.Erasing
	if b.live.upto > 0 {
		next.Checkpointed, next.CheckpointClock = b.live.upto, b.live.clock
	}
	next.imports = append(next.imports, b.imports...)
	replaced = map[objectID]entry{}
	err = w.store.transact("the file", func(tx *bolt.Tx) error {
		c := &commit{tx: tx, objects: tx.Bucket(objectBucket), old: now, next: next}
		next.Documents = now.Documents
		for _, t := range b.tables {
			if err := c.put(objectID{tableObject, uint32(t.number), 0}, t.parts...); err != nil {
				return err
			}
		}
		for id, e := range w.fresh {
			if old, ok := now.manifest[id]; ok {
				replaced[id] = old
			}
			if len(e.sizes) == 0 {
				delete(next.manifest, id)
			} else {
				next.manifest[id] = e
			}
		}
		if err := b.live.put(c, replaced); err != nil {
			return err
		}
		if err := c.appendConflicts(b.conflicts); err != nil {
			return err
		}
		if b.journal != nil {
			if err := w.store.putJournal(tx, JournalEntry{Seq: now.Checkpointed + 1, Record: b.journal}); err != nil {
				return err
			}
		}
		if err := c.erase(w.store, b.live.erased, next.Checkpointed); err != nil {
			return err
		}
		if len(b.imports) > 0 {
			if err := c.putDocument(importsDocument, next.imports); err != nil {
				return err
			}
		}
		return c.putState()
	})
	if err == nil || errors.Is(err, ErrUnsure) {
		w.store.now.Store(next)
	}
	return replaced, err
}

// clean deletes what was replaced, in bounded steps, and notes that nothing is left over.
func (b *Bulk) clean(replaced map[objectID]entry) error {
	ids := slices.SortedFunc(maps.Keys(replaced), compareObjects)
	step := deleteStep
	if b.live.upto > 0 {
		step /= 16
	}
	for {
		budget, trimmed := step, false
		err := b.store.updateBeside(func(c *commit) error {
			for len(ids) > 0 && budget > 0 {
				e := replaced[ids[0]]
				if err := deleteObject(c.objects, ids[0], e); err != nil {
					return err
				}
				for _, size := range e.sizes {
					budget -= chunksOf(size)
				}
				ids = ids[1:]
			}
			if len(ids) == 0 {
				var err error
				if trimmed, err = trimJournal(c.tx, c.next.Checkpointed, step); err != nil {
					return err
				}
			}
			c.next.Leftovers = !trimmed
			return c.putRoot()
		})
		if err != nil || trimmed {
			return err
		}
	}
}
