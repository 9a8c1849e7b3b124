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
	if b.over {
		return nil, errors.New("the import is over")
	}
	defer b.Abort()
	s := b.store
	s.change.Lock()
	defer s.change.Unlock()

	before := s.now.Load()
	err := s.updateLocked(func(c *commit) error {
		c.next.Leftovers = true
		return c.putRoot()
	})
	if err != nil {
		return nil, err
	}
	w := &bulkWriter{
		store: s, bulk: b, progress: progress,
		result: &BulkResult{Events: map[string]EventCount{}, Members: b.next.Members - before.Members},
		fresh:  map[objectID]entry{},
	}
	b.next.Generation = s.now.Load().Generation + 1
	_, staged := w.tasks()
	s.db.AllocSize = int(max(smallGrowth, min(staged/16, largeGrowth)))
	defer func() { s.db.AllocSize = smallGrowth }()
	if err := w.write(ctx); err != nil {
		return nil, errors.Join(s.importError(err), s.sweep())
	}
	replaced, err := w.publish(before)
	if err != nil {
		return nil, errors.Join(s.importError(err), s.sweep())
	}
	if err := w.clean(replaced); err != nil {
		// The import has taken effect; what could not be deleted is at the next opening.
		return w.result, nil
	}
	return w.result, nil
}

func (s *Store) importError(err error) error {
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
	fresh    map[objectID]entry // what was written

	pending      []stagedValue
	pendingBytes int
}

// tasks lists what was staged, in the order of its keys.
func (w *bulkWriter) tasks() (list []task, total int64) {
	add := func(st *stage, event int) {
		if st == nil {
			return
		}
		for block := range st.blocks {
			if b := st.blocks[block]; b.rows > 0 {
				list = append(list, task{st, event, block, b.bytes})
				total += b.bytes
			}
		}
	}
	add(w.bulk.attributes, -1)
	for event, st := range w.bulk.events {
		add(st, event)
	}
	return list, total
}

// write merges all staged blocks, several at a time, and writes them in order.
func (w *bulkWriter) write(parent context.Context) error {
	ctx, cancel := context.WithCancel(parent)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	tasks, total := w.tasks()
	type outcome struct {
		merged *merged
		err    error
	}
	workers := min(runtime.GOMAXPROCS(0), len(tasks))
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
			generation: w.bulk.next.Generation, plain: w.bulk.plain,
		}
		running.Go(func() {
			for i := range next {
				merged, err := m.run(tasks[i])
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
			w.progress(done, total)
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
		w.fresh[o.id] = entry{w.bulk.next.Generation, o.sizes}
		for _, v := range o.values {
			w.pending = append(w.pending, v)
			if w.pendingBytes += len(v.value); w.pendingBytes >= transactionBytes {
				if err := w.flush(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (w *bulkWriter) flush() error {
	if len(w.pending) == 0 {
		return nil
	}
	slices.SortFunc(w.pending, func(a, b stagedValue) int { return bytes.Compare(a.key, b.key) })
	err := guard(w.store.path, "the file", func() error {
		return w.store.db.Update(func(tx *bolt.Tx) error {
			objects := tx.Bucket(objectBucket)
			for _, v := range w.pending {
				if err := objects.Put(v.key, v.value); err != nil {
					return err
				}
			}
			return nil
		})
	})
	clear(w.pending)
	w.pending, w.pendingBytes = w.pending[:0], 0
	return err
}

// publish makes everything written take effect, and returns what it replaced.
func (w *bulkWriter) publish(before *state) (replaced map[objectID]entry, err error) {
	b := w.bulk
	for i := range b.imports {
		record := &b.imports[i]
		if count, ok := w.result.Events[record.Event]; ok && len(b.imports) == 1 {
			record.Accepted, record.Duplicates = count.Accepted, count.Duplicates
		}
	}
	next := b.next
	next.Leftovers = true
	next.DataVersion++
	next.imports = append(next.imports, b.imports...)
	replaced = map[objectID]entry{}
	err = guard(w.store.path, "the file", func() error {
		return w.store.db.Update(func(tx *bolt.Tx) error {
			now := w.store.now.Load()
			c := &commit{tx: tx, objects: tx.Bucket(objectBucket), old: now, next: next}
			next.Documents = now.Documents
			for _, t := range b.tables {
				if err := c.put(objectID{tableObject, uint32(t.number), 0}, t.parts...); err != nil {
					return err
				}
			}
			for id, e := range w.fresh {
				if old, ok := before.manifest[id]; ok {
					replaced[id] = old
				}
				next.manifest[id] = e
			}
			if len(b.imports) > 0 {
				if err := c.putDocument(importsDocument, next.imports); err != nil {
					return err
				}
			}
			return c.putState()
		})
	})
	if err == nil {
		w.store.now.Store(next)
	}
	return replaced, err
}

// clean deletes what was replaced, in bounded steps, and notes that nothing is left over.
func (w *bulkWriter) clean(replaced map[objectID]entry) error {
	ids := slices.SortedFunc(maps.Keys(replaced), compareObjects)
	for {
		budget := deleteStep
		err := w.store.updateLocked(func(c *commit) error {
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
			c.next.Leftovers = len(ids) > 0
			return c.putRoot()
		})
		if err != nil || len(ids) == 0 {
			return err
		}
	}
}
