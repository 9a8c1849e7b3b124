package api

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
)

// Engine is what the handlers need of a live engine; [live.Engine] is one.
type Engine interface {
	View() *runtime.View
	AsOf(at int64) *runtime.View
	Present() int64
	Holds(view *runtime.View) int64
	Person(view *runtime.View, number uint32) (*runtime.Person, error)
	People(view *runtime.View, numbers []uint32) (func(i int) (*runtime.Person, error), error)
	Find(attribute, text string) (uint32, bool)
	IDs(numbers []uint32) ([][]live.ID, error)
	Marked(number uint32, tag string) (at int64, by string, ok bool, err error)
	State() live.State
	CouponCount(coupon string) live.CouponCount
	Aside(ctx context.Context, f func()) error
	Submit(ctx context.Context, inputs []live.Input) ([]live.Outcome, error)
	SubmitOnce(ctx context.Context, inputs []live.Input, once live.Once) (kept []byte, again bool, err error)
	Holders(ctx context.Context, event, key string) ([]uint32, error)
	Pinned() bool
	SetClock(ctx context.Context, clock storage.Clock) (now int64, err error)
	AdvanceClock(ctx context.Context, step func(from int64) (int64, error)) (now int64, err error)
	Size() int64
	Backup(ctx context.Context, begin func(size int64) io.Writer) error
	Crossings(after uint64, limit int) ([]live.Crossing, error)
	Await(ctx context.Context, after uint64) error
	Conflicts(after int64, f func(storage.Conflict) (more bool, err error)) error
	Merges() ([]*storage.Merge, error)
	Held(number uint32) (*live.Held, error)
	Forget(ctx context.Context, in live.Input) (live.Outcome, error)
	Scan(ctx context.Context, texts []string) (storage.Scanned, error)
	StorePath() string
}

// Options are what a server goes by. The zero value is a server without tokens, with the limits below.
type Options struct {
	// Logger gets a line for each request, without ids of members. nil logs nothing.
	Logger *slog.Logger
	// Tokens are who may do what, until [Server.SetTokens]. Without any, everybody may do everything: for loopback only.
	Tokens Tokens
	// Rules tells which rule set is in force. May be nil.
	Rules func() RulesState
	// Reload puts the rule files in force as they are now. nil refuses to.
	Reload func(ctx context.Context) (Reloaded, error)
	// Env gives environment variables: salts of hashed ids. nil has none.
	Env func(string) string
	// Now is the system's clock, for durations. nil is time.Now.
	Now func() time.Time
	// Sinks hands messages over. nil leaves its routes out of service.
	Sinks Sinks
	// Console answers a question of the command line with what that would print. nil leaves /v1/console out of service.
	Console Console
	Limits
}

// Limits bound what one request, and all of them together, may take. A field that is 0 has the value named.
type Limits struct {
	MaxBody    int64         // bytes of a body, unpacked: 16 MiB
	MaxLine    int           // bytes of one line of it: 1 MiB
	MaxInputs  int           // lines of one batch: 20,000
	MaxIDs     int           // ids of one upload to a list: 1,000,000
	MaxBuffer  int64         // bytes of all bodies being read: 256 MiB
	MaxQueries int           // questions answered at once: 16
	QueryTime  time.Duration // for one question: 30 s
	QueueTime  time.Duration // that something sent waits while too much is waiting already: 2 s
	MaxWait    time.Duration // of a long poll: 60 s
	Heartbeat  time.Duration // between signs of life of a stream of crossings: 15 s
	MaxStreams int           // long polls and streams at once: 256
}

func (l *Limits) fill() {
	set(&l.MaxBody, 16<<20)
	set(&l.MaxLine, 1<<20)
	set(&l.MaxInputs, 20_000)
	set(&l.MaxIDs, 1_000_000)
	set(&l.MaxBuffer, 256<<20)
	set(&l.MaxQueries, 16)
	set(&l.QueryTime, 30*time.Second)
	set(&l.QueueTime, 2*time.Second)
	set(&l.MaxWait, time.Minute)
	set(&l.Heartbeat, 15*time.Second)
	set(&l.MaxStreams, 256)
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Server is the handler. It is safe for concurrent use.
type Server struct {
	engine  Engine
	opt     Options
	log     *slog.Logger
	handler http.Handler
	metrics *metrics
	readers readers
	tokens  atomic.Pointer[Tokens]

	buffer  *semaphore.Weighted
	queries *semaphore.Weighted
	streams *semaphore.Weighted

	drain    sync.Once
	draining chan struct{}
}

// New returns a server over an engine.
func New(engine Engine, opt Options) *Server {
	opt.Limits.fill()
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s := &Server{
		engine: engine, opt: opt, log: opt.Logger,
		buffer:   semaphore.NewWeighted(opt.MaxBuffer),
		queries:  semaphore.NewWeighted(int64(opt.MaxQueries)),
		streams:  semaphore.NewWeighted(int64(opt.MaxStreams)),
		draining: make(chan struct{}),
	}
	s.tokens.Store(&opt.Tokens)
	s.metrics = newMetrics(s)
	s.handler = s.mux()
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// SetTokens says who may do what from now on. There must be some: a server that was given tokens never does without.
// Streams of those who may no longer read end within a heartbeat.
func (s *Server) SetTokens(tokens Tokens) {
	if len(tokens) > 0 {
		s.tokens.Store(&tokens)
	}
}

// Drain prepares for the end: the server says that it is not ready, and those who wait for crossings get what there is.
// Other requests go on being answered.
func (s *Server) Drain() { s.drain.Do(func() { close(s.draining) }) }

// untilDrained returns a context that also ends when the server drains.
func (s *Server) untilDrained(parent context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(parent, most)
	go func() {
		select {
		case <-s.draining:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
