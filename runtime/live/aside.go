package live

import (
	"context"
	"runtime"
)

// aside lets in who works for the loop beside it. Requests come by the dozen, and the loop is one goroutine: if all of them
// had work for the processors at once, it would wait for each in turn.
type aside chan struct{}

func newAside() aside { return make(aside, runtime.GOMAXPROCS(0)) }

// Aside runs f, what a request has to do for itself before it is handed over, when fewer do such work than there are
// processors, in the order of arrival. It waits for nothing but that; [ErrFull] says that it waited until ctx was at its end.
func (e *Engine) Aside(ctx context.Context, f func()) error {
	select {
	case e.aside <- struct{}{}:
	case <-ctx.Done():
		return ErrFull
	}
	defer func() { <-e.aside }()
	f()
	return nil
}

// atOnce is how many members are read before somebody else may read some.
const atOnce = 100

// foresee reads the members of whom inputs probably are, beside the loop, which then finds them among those that were read
// a moment ago; of more inputs than members are kept, only those of the first. What goes wrong, goes wrong again where it
// matters.
func (e *Engine) foresee(ctx context.Context, inputs []Input) error {
	inputs = inputs[:min(len(inputs), maxRecent)]
	for len(inputs) > 0 {
		some := inputs[:min(len(inputs), atOnce)]
		inputs = inputs[len(some):]
		err := e.Aside(ctx, func() {
			for i := range some {
				for _, id := range some[i].IDs[:min(1, len(some[i].IDs))] {
					if number, known := e.Find(id.Attribute, id.Text); known && !e.differs(number) {
						_, _ = e.base.load(number)
					}
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
