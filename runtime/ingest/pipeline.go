package ingest

import (
	"context"
	"io"
	"runtime"
	"sync"

	"github.com/muster-engine/muster/runtime/ingest/csv"
)

// pipeline runs the rows of one file through three stages: one goroutine reads and cuts it into chunks, as many as there
// are processors map them, and the caller's applies them in file order. Batches go round between the stages, so memory
// does not depend on the file.
type pipeline struct {
	in      *input
	layout  *layout
	mappers []*batchMapper
	apply   func(*batch) error
	chunk   int // bytes of a chunk, and so of the longest row
}

// run takes the file to its end, or until ctx is done or apply fails. The input is closed when the goroutine that reads it
// has let go of it; nobody waits for one that hangs on a pipe.
func (p *pipeline) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := 2*len(p.mappers) + 2
	free, work, order := make(chan *batch, n), make(chan *batch, n), make(chan *batch, n)
	for range n {
		free <- &batch{buf: make([]byte, p.chunk), done: make(chan struct{}, 1)}
	}
	var readErr error
	go func() {
		defer close(order)
		defer close(work)
		defer p.in.Close()
		readErr = p.read(ctx, free, work, order)
	}()
	var mapping sync.WaitGroup
	for _, m := range p.mappers {
		mapping.Go(func() {
			for b := range work {
				m.run(b)
				b.done <- struct{}{}
			}
		})
	}
	for b := range order {
		select {
		case <-b.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := p.apply(b); err != nil {
			return err
		}
		free <- b
	}
	mapping.Wait()
	if readErr == nil {
		readErr = ctx.Err()
	}
	return readErr
}

// read cuts the input and hands each chunk to the mappers and, in order, to the caller.
func (p *pipeline) read(ctx context.Context, free <-chan *batch, work, order chan<- *batch) error {
	cutter := csv.NewLineCutter(p.in.text)
	if p.layout.format == formatCSV {
		cutter = csv.NewCutter(p.in.text, p.layout.delim)
	}
	for first := p.layout.format == formatCSV; ; first = false {
		var b *batch
		select {
		case b = <-free:
		case <-ctx.Done():
			return ctx.Err()
		}
		chunk, err := cutter.Next(b.buf)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return p.in.readError(err)
		}
		b.chunk, b.first, b.replaces = chunk, first, p.in.replaces()
		work <- b
		order <- b
	}
}

// parallelism is how many goroutines map rows.
func parallelism() int { return max(1, runtime.GOMAXPROCS(0)) }
