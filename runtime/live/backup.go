package live

import (
	"context"
	"io"
)

// Backup copies the store with all that is accepted, as it is at one moment, to what begin returns when it is told how
// many bytes there will be. Inputs are accepted meanwhile.
func (e *Engine) Backup(ctx context.Context, begin func(size int64) io.Writer) error {
	return e.store.CopyTo(ctx, begin, nil)
}

// Size is how many bytes the store's file has.
func (e *Engine) Size() int64 { return e.store.Size() }
