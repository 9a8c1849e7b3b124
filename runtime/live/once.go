package live

import (
	"context"
	"errors"

	"github.com/muster-engine/muster/storage"
)

// Once makes a submission count once, however often it is handed over: what is answered to it is kept with it, for
// [storage.ReceiptDays] days or longer.
type Once struct {
	// Key is by what the sender calls the submission, and who that is, as a hash.
	Key [32]byte
	// Content is what was sent, as a hash: a key stands for one content.
	Content [32]byte
	// Answer makes of the outcomes what is kept. It is called by the apply loop, and at most once for a submission.
	Answer func([]Outcome) []byte
}

// ErrOtherContent says that the key of a submission was given to another content before.
var ErrOtherContent = errors.New("the key stands for something else that was sent before")

// SubmitOnce is [Engine.Submit] of inputs that count once. It returns what Answer made of their outcomes, now or, if again
// is true, when they were taken. Of several that come at the same time with one key, one is taken.
func (e *Engine) SubmitOnce(ctx context.Context, inputs []Input, once Once) (kept []byte, again bool, err error) {
	s := &submission{inputs: inputs, once: &once, done: make(chan answer, 1)}
	a, err := e.hand(ctx, s)
	return a.kept, a.again, err
}

// receipts are those that a group gives.
type receipts struct {
	engine *Engine
	given  []storage.Receipt
	byKey  map[[32]byte]int
}

// find answers a submission that was taken before, and refuses one whose key stands for something else; then it reports
// true, and the submission is not to be taken.
func (r *receipts) find(s *submission) (bool, error) {
	if s.once == nil {
		return false, nil
	}
	var found *storage.Receipt
	if i, ok := r.byKey[s.once.Key]; ok {
		found = &r.given[i]
	} else {
		var err error
		if found, err = r.engine.store.Receipt(s.once.Key); found == nil || err != nil {
			return false, err
		}
	}
	if found.Content != s.once.Content {
		s.refused = ErrOtherContent
	}
	s.kept, s.again = found.Answer, true
	return true, nil
}

// give keeps the answer to a submission that is taken.
func (r *receipts) give(s *submission, outcomes []Outcome) {
	if s.once == nil {
		return
	}
	s.kept = s.once.Answer(outcomes)
	r.byKey[s.once.Key] = len(r.given)
	r.given = append(r.given, storage.Receipt{
		Key: s.once.Key, Content: s.once.Content, At: r.engine.opt.System(), Answer: s.kept,
	})
}
