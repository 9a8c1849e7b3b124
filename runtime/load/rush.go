package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Rush is a flash sale: more members ask for a code of a coupon than there are codes, all at once. Each has a key of its
// own, and one in ten asks twice at about the same time. Whoever gets no answer, because the server has gone, asks again
// when it is back.
type Rush struct {
	// Base is the address of the server, Client sends.
	Base   string
	Client *http.Client
	// Coupon is asked for; a member gets one at most, and there are Pieces of it. Members are called m0, m1, … up to
	// [Rush.Members].
	Coupon      string
	Pieces      int
	Requests    int
	Connections int
	// Half is called once, when half of the requests are answered. May be nil.
	Half func()
	// Patience is how long somebody goes on asking without an answer.
	Patience time.Duration
	Now      func() time.Time

	mu       sync.Mutex
	verdicts map[int]string // by member: a code, or why there is none
	holders  map[string]int // by code
	faults   []string
	out      RushResult
}

// RushResult is what came of a rush.
type RushResult struct {
	Answered    int64 // requests
	Interrupted int64 // times that a request was sent again for want of an answer
	Repeated    int64 // answers to requests that were carried out before
	Issued      int64 // codes
	SoldOut     int64 // members who got none
	Elapsed     time.Duration
	Answers     Histogram // of requests that were answered at the first time of asking
	// Faults are answers that contradict each other; there must be none.
	Faults []string
}

// Members is how many members ask.
func (r *Rush) Members() int { return r.member(r.Requests-1) + 1 }

// member is who sends a request: every tenth comes from the one before.
func (r *Rush) member(request int) int { return request - request/10 }

// Run sends all requests.
func (r *Rush) Run(ctx context.Context) (*RushResult, error) {
	r.verdicts, r.holders = make(map[int]string), make(map[string]int)
	began := r.Now()
	var next atomic.Int64
	var half sync.Once
	err := r.each(ctx, func(ctx context.Context) error {
		var mine Histogram
		defer func() {
			r.mu.Lock()
			r.out.Answers.Merge(&mine)
			r.mu.Unlock()
		}()
		for {
			i := int(next.Add(1) - 1)
			if i >= r.Requests || ctx.Err() != nil {
				return ctx.Err()
			}
			sent := r.Now()
			member := r.member(i)
			v, tries, err := r.ask(ctx, member)
			if err != nil {
				return fmt.Errorf("request %d: %w", i, err)
			}
			if tries == 1 {
				mine.Add(r.Now().Sub(sent))
			}
			if r.answered(member, v, tries) == int64(r.Requests/2) && r.Half != nil {
				half.Do(r.Half)
			}
		}
	})
	r.out.Elapsed = r.Now().Sub(began)
	r.out.Faults = r.faults
	return &r.out, err
}

// Again asks for everybody who has got a code, and for one in fifty of the others, once more: each must get the answer that
// it got. It returns what contradicts that.
func (r *Rush) Again(ctx context.Context) ([]string, error) {
	var asked []int
	for member, text := range r.verdicts {
		if r.holders[text] == member || member%50 == 0 {
			asked = append(asked, member)
		}
	}
	r.faults = nil
	var next atomic.Int64
	err := r.each(ctx, func(ctx context.Context) error {
		for {
			i := int(next.Add(1) - 1)
			if i >= len(asked) || ctx.Err() != nil {
				return ctx.Err()
			}
			v, tries, err := r.ask(ctx, asked[i])
			if err != nil {
				return err
			}
			r.answered(asked[i], v, tries)
		}
	})
	return r.faults, err
}

// each runs f once for each connection.
func (r *Rush) each(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, r.Connections)
	for i := range errs {
		wg.Go(func() {
			if errs[i] = f(ctx); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return context.Cause(ctx)
}

// verdict is the answer to a request.
type verdict struct {
	Code   string
	Again  bool
	Reason string
}

// text is what must be the same whenever a member asks.
func (v verdict) text() string {
	if v.Code != "" {
		return v.Code
	}
	return v.Reason
}

// ask asks for a code for a member until there is an answer.
func (r *Rush) ask(ctx context.Context, member int) (v verdict, tries int, err error) {
	body := fmt.Appendf(nil, `{"member":"m%d","key":"rush %d"}`, member, member)
	began := r.Now()
	for {
		tries++
		answered, err := r.post(ctx, body, &v)
		switch {
		case err != nil:
			return v, tries, err
		case answered:
			return v, tries, nil
		case r.Now().Sub(began) > r.Patience:
			return v, tries, errors.New("the server does not come back")
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return v, tries, ctx.Err()
		}
	}
}

// post sends a request once; false if it has no answer.
func (r *Rush) post(ctx context.Context, body []byte, v *verdict) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, "POST", r.Base+"/v1/coupons/"+r.Coupon+"/issue", bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	res, err := r.Client.Do(req)
	if err != nil {
		return false, ctx.Err()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return false, ctx.Err()
	}
	switch res.StatusCode {
	case http.StatusOK, http.StatusConflict:
		return true, json.Unmarshal(text, v)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return false, nil
	}
	return false, fmt.Errorf("the server answers %s: %.300s", res.Status, bytes.TrimSpace(text))
}

// answered notes an answer, holds it to those before it, and returns how many there are.
func (r *Rush) answered(member int, v verdict, tries int) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.Answered++
	r.out.Interrupted += int64(tries - 1)
	if v.Again {
		r.out.Repeated++
	}
	before, known := r.verdicts[member]
	switch {
	case known && before != v.text():
		r.fault("m%d gets %q, and got %q before", member, v.text(), before)
		return r.out.Answered
	case known:
		return r.out.Answered
	}
	r.verdicts[member] = v.text()
	if v.Code == "" {
		r.out.SoldOut++
		if v.Reason != "sold_out" {
			r.fault("m%d gets none for the reason %q", member, v.Reason)
		}
		return r.out.Answered
	}
	if other, taken := r.holders[v.Code]; taken {
		r.fault("m%d and m%d get the same code", member, other)
	}
	r.holders[v.Code] = member
	if r.out.Issued++; r.out.Issued == int64(r.Pieces)+1 {
		r.fault("there are more codes than the %d of the stock", r.Pieces)
	}
	return r.out.Answered
}

func (r *Rush) fault(format string, args ...any) {
	if len(r.faults) < 20 {
		r.faults = append(r.faults, fmt.Sprintf(format, args...))
	}
}
