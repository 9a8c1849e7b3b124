package live

import (
	"context"
	"path/filepath"
	"testing"
)

// An entry of the journal that has an answer and concerns no member takes the time on with it: set back, the clock shows
// nothing earlier.
func TestAnAnswerOfNobodyTakesTimeOn(t *testing.T) {
	store, e, clock := killEngine(t, filepath.Join(t.TempDir(), "store"), 0, -1)
	defer store.Close()
	defer e.Close()
	before := clock.Load()
	clock.Store(before + 1e6)
	_, _, err := e.SubmitOnce(context.Background(), nil, Once{Key: [32]byte{1}, Answer: func([]Outcome) []byte { return []byte("nothing") }})
	if err != nil {
		t.Fatal(err)
	}
	clock.Store(before - 60e6)
	if got := e.Clock(); got != before+1e6 {
		t.Errorf("the clock shows %d µs after the entry", got-before-1e6)
	}
	if _, err := e.Submit(context.Background(), killBatch(0)[:1]); err != nil {
		t.Fatal(err)
	}
	if got := e.Clock(); got != before+1e6 {
		t.Errorf("an input is taken %d µs after the entry", got-before-1e6)
	}
}
