package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"regexp"
	"slices"

	"github.com/muster-engine/muster/runtime/live"
)

// longestKey is how many characters a key of a batch may have.
const longestKey = 255

// replayed is the header of an answer that was given before.
const replayed = "Idempotency-Replayed"

// once is what makes a batch count once: its Idempotency-Key, which is its sender's own, and what was sent. It is nil if
// the request has no key. The answer is kept with the batch; an answer that refuses all of it before it is taken is not.
func once(r *http.Request, body []byte, keep func([]live.Outcome) []byte) (*live.Once, error) {
	keys := r.Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		return nil, nil
	}
	key := keys[0]
	if len(keys) > 1 || key == "" || len(key) > longestKey {
		return nil, fail(http.StatusBadRequest, "Idempotency-Key is one text of 1 to %d characters, a new one for each batch", longestKey)
	}
	return &live.Once{
		Key:     digest(nameOf(r.Context()), key),
		Content: digest(r.URL.Path, r.URL.Query().Get("source"), string(body)),
		Answer:  keep,
	}, nil
}

// digest hashes texts so that other texts, or the same ones parted otherwise, hash to something else.
func digest(texts ...string) [sha256.Size]byte {
	h := sha256.New()
	for _, text := range texts {
		one := sha256.Sum256([]byte(text))
		h.Write(one[:])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// quoted is a value in a reason.
var quoted = regexp.MustCompile(`"(\\.|[^"\\])*"`)

// withoutValues is an answer as it is kept: reasons do not say any more what was refused, so that nothing of a member is
// kept with it.
func (t taken) withoutValues() taken {
	t.Rejected, t.Unread = slices.Clone(t.Rejected), nil
	for i := range t.Rejected {
		t.Rejected[i].Reason = quoted.ReplaceAllString(t.Rejected[i].Reason, `"…"`)
	}
	return t
}

// submitOnce hands inputs over that count once. If they were taken before it answers with what is kept.
func (s *Server) submitOnce(w http.ResponseWriter, r *http.Request, inputs []live.Input, key *live.Once) (before bool, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), s.opt.QueueTime)
	defer cancel()
	kept, again, err := s.engine.SubmitOnce(ctx, inputs, *key)
	switch {
	case errors.Is(err, live.ErrOtherContent):
		return false, fail(http.StatusUnprocessableEntity, "this Idempotency-Key was sent with something else before; a new batch takes a new key")
	case err != nil || !again:
		return false, err
	}
	w.Header().Set(replayed, "true")
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(kept)
	return true, err
}
