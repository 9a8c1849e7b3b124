package live

import (
	"context"

	"github.com/muster-engine/muster/storage"
)

// Forget takes an input of the kind [Forget] and carries it to its end: when it returns without an error nothing of the
// member is left in the store's file.
func (e *Engine) Forget(ctx context.Context, in Input) (Outcome, error) {
	outcomes, err := e.Submit(ctx, []Input{in})
	if err != nil || outcomes[0].Status != Accepted {
		if err != nil {
			return Outcome{}, err
		}
		return outcomes[0], nil
	}
	return outcomes[0], e.Checkpoint(ctx)
}

// Conflicts hands f the conflicts after a number, in order, until f returns false.
func (e *Engine) Conflicts(after int64, f func(storage.Conflict) (more bool, err error)) error {
	return e.store.Conflicts(after, f)
}

// Scan looks for texts in the store's file: see [storage.Store.Scan].
func (e *Engine) Scan(ctx context.Context, texts []string) (storage.Scanned, error) {
	return e.store.Scan(ctx, texts)
}

// StorePath is where the store's file is.
func (e *Engine) StorePath() string { return e.store.Path() }
