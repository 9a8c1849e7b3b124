package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Options are what is sent, and how.
type Options struct {
	// Dial opens a connection to the server, Host is its name and Header lines are sent with each request.
	Dial   func(ctx context.Context) (net.Conn, error)
	Host   string
	Header []string
	// Connections is how many batches may be on their way at once.
	Connections int
	// Batch is how many events go in one request.
	Batch int
	// Rate is how many events are due per second; 0 sends the next batch as soon as one is answered.
	Rate float64
	// The run ends after Duration, or when Events have been sent if that is not 0.
	Duration time.Duration
	Events   int64
	// Append writes event i as a line of JSON without its end. It is called by several goroutines.
	Append func(b []byte, i uint64) []byte
	// First is the number of the first event.
	First uint64
	// Now is the clock by which answers are timed.
	Now func() time.Time
}

// Result is what came of a run.
type Result struct {
	Sent, Accepted, Duplicate, Rejected int64 // events
	Refused                             int64 // batches that the server was too busy for
	Elapsed                             time.Duration
	Answers                             Histogram // a batch each
	Reason                              string    // why one event was rejected
}

// Durable is how many events the server made durable per second.
func (r *Result) Durable() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Accepted) / r.Elapsed.Seconds()
}

// run is one on its way.
type run struct {
	Options
	began time.Time
	next  atomic.Int64 // batch
	mu    sync.Mutex
	out   Result
}

// Run sends events until the duration or the events are over, or the context ends. What was answered until an error is
// in the result.
func Run(ctx context.Context, opt Options) (*Result, error) {
	if opt.Connections < 1 || opt.Batch < 1 {
		return nil, errors.New("there must be at least one connection, and one event in a batch")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conns := make([]*conn, opt.Connections)
	for i := range conns {
		c, err := dial(ctx, &opt)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		conns[i] = c
	}
	stop := context.AfterFunc(ctx, func() {
		for _, c := range conns {
			c.Close()
		}
	})
	defer stop()
	r := &run{Options: opt, began: opt.Now()}
	errs := make([]error, len(conns))
	var wg sync.WaitGroup
	for i, c := range conns {
		wg.Go(func() {
			if errs[i] = r.send(ctx, c); errs[i] != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	r.out.Elapsed = opt.Now().Sub(r.began)
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, net.ErrClosed) {
			return &r.out, err
		}
	}
	return &r.out, context.Cause(ctx)
}

// send sends batches on a connection.
func (r *run) send(ctx context.Context, c *conn) error {
	var mine Result
	defer func() { r.add(&mine) }()
	var body []byte
	for {
		k := r.next.Add(1) - 1
		first := k * int64(r.Batch)
		n := int64(r.Batch)
		if r.Events > 0 {
			n = min(n, r.Events-first)
		}
		due, more := r.due(ctx, first)
		if n <= 0 || !more {
			return nil
		}
		body = body[:0]
		for i := range n {
			body = append(r.Append(body, r.First+uint64(first+i)), '\n')
		}
		a, err := c.post(body)
		if err != nil {
			return fmt.Errorf("after %d events: %w", first, err)
		}
		mine.Answers.Add(r.Now().Sub(due))
		mine.Sent += n
		mine.take(a)
	}
}

// due waits until a batch is due and returns that instant; false if the run is over by then.
func (r *run) due(ctx context.Context, first int64) (time.Time, bool) {
	at := r.Now()
	if r.Rate > 0 {
		at = r.began.Add(time.Duration(float64(first) / r.Rate * float64(time.Second)))
	}
	if r.Duration > 0 && at.Sub(r.began) >= r.Duration || ctx.Err() != nil {
		return at, false
	}
	if wait := at.Sub(r.Now()); r.Rate > 0 && wait > 0 {
		time.Sleep(wait)
	}
	return at, true
}

func (r *Result) take(a answer) {
	if a.busy {
		r.Refused++
		return
	}
	r.Accepted += int64(a.Accepted)
	r.Duplicate += int64(a.Duplicate)
	r.Rejected += int64(len(a.Rejected))
	if len(a.Rejected) > 0 {
		r.Reason = a.Rejected[0].Reason
	}
}

func (r *run) add(o *Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.Sent += o.Sent
	r.out.Accepted += o.Accepted
	r.out.Duplicate += o.Duplicate
	r.out.Rejected += o.Rejected
	r.out.Refused += o.Refused
	r.out.Answers.Merge(&o.Answers)
	if o.Reason != "" {
		r.out.Reason = o.Reason
	}
}
