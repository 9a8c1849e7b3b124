package api

import (
	"sync"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/live"
)

// objectReader reads the objects of one batch after the other, in one goroutine at a time. why is why an object cannot be
// taken; slip, of one that can, is a field that is not read and may be misspelt.
type objectReader func([]byte) (in live.Input, why, slip *refused)

// readers keeps what reads batches from request to request, for making it takes longer than reading an event. What was
// made under an earlier rule set is dropped.
type readers struct {
	mu   sync.Mutex
	prog *ir.Program
	free map[readerKind][]objectReader
}

type readerKind struct {
	target ir.SourceTarget
	source string
}

// borrow takes a reader out or makes one; it is given back after the batch.
func (r *readers) borrow(prog *ir.Program, kind readerKind, make func() (objectReader, error)) (objectReader, error) {
	r.mu.Lock()
	if r.prog == prog {
		if free := r.free[kind]; len(free) > 0 {
			last := free[len(free)-1]
			r.free[kind] = free[:len(free)-1]
			r.mu.Unlock()
			return last, nil
		}
	}
	r.mu.Unlock()
	return make()
}

// maxReaders is how many readers of one kind are kept.
const maxReaders = 64

func (r *readers) giveBack(prog *ir.Program, kind readerKind, read objectReader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.prog != prog {
		r.prog, r.free = prog, make(map[readerKind][]objectReader)
	}
	if len(r.free[kind]) < maxReaders {
		r.free[kind] = append(r.free[kind], read)
	}
}
