package deliver

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/storage"
)

const shop = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id phone "CN"  card id many  city string  points int }
event order { order_id key  amount money }
tag spend = sum(order.amount) in last 30 days
tag town = city
segment big = spend >= 1000
segment all_here = city = "here"
sink sms { webhook env "SMS_URL" secret env "SMS_SECRET" }
sink mail { webhook env "MAIL_URL" }
sink ops { file "out/ops.ndjson" }
sync crm to ops daily at 02:00 { segments big, all_here  tags spend, town }
`

func compile(t testing.TB, text string) *ir.Program {
	t.Helper()
	tree, found := dsl.Parse(diag.NewFile("rules.muster", text))
	prog, more := compiler.Compile([]*dsl.RuleFile{tree})
	if found = append(found, more...); found.HasErrors() {
		t.Fatal(found)
	}
	return prog
}

// speed is how much faster than the wall's the clock of tests runs.
const speed = 200

func fastClock() Clock {
	began := time.Now()
	return Clock{
		Now: func() time.Time {
			return time.Date(2026, 6, 1, 4, 0, 0, 0, time.UTC).Add(time.Since(began) * speed)
		},
		After: func(d time.Duration) <-chan time.Time { return time.After(d / speed) },
	}
}

// receiver is the receiving side: a real server that answers as it is told.
type receiver struct {
	*httptest.Server
	t      testing.TB
	secret []byte

	mu      sync.Mutex
	answer  func(got written, nth int, w http.ResponseWriter, r *http.Request) // nil: 200
	got     []written                                                          // that were answered well
	asked   map[string]int                                                     // by key
	now     int
	mostNow int
}

const testSecret = "whsec_c2VjcmV0IG9mIHRlc3Rz" // "secret of tests"

func newReceiver(t testing.TB) *receiver {
	r := &receiver{t: t, secret: []byte("secret of tests"), asked: map[string]int{}}
	r.Server = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (rc *receiver) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var got written
	if err := json.Unmarshal(body, &got); err != nil {
		rc.t.Errorf("the body is no JSON: %s", body)
	}
	if err := Verify(rc.secret, r.Header, body, r.Header.Get(timestampHeader)); err != nil && r.URL.Path == "/sms" {
		rc.t.Errorf("the signature does not verify: %v", err)
	}
	if r.Header.Get("Idempotency-Key") != headerText(got.Key) || r.Header.Get("Content-Type") != "application/json" {
		rc.t.Errorf("the headers are %v", r.Header)
	}
	rc.mu.Lock()
	rc.now++
	rc.mostNow = max(rc.mostNow, rc.now)
	rc.asked[got.Key]++
	nth, answer := rc.asked[got.Key], rc.answer
	rc.mu.Unlock()
	defer func() { rc.mu.Lock(); rc.now--; rc.mu.Unlock() }()
	if answer != nil {
		answer(got, nth, w, r)
		return
	}
	rc.accept(got, w)
}

// accept notes a message and answers 200.
func (rc *receiver) accept(got written, w http.ResponseWriter) {
	rc.mu.Lock()
	rc.got = append(rc.got, got)
	rc.mu.Unlock()
	w.WriteHeader(http.StatusOK)
}

func (rc *receiver) answers(f func(got written, nth int, w http.ResponseWriter, r *http.Request)) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	rc.answer = f
}

// received are the keys that were taken, in order.
func (rc *receiver) received() (keys []string) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	for _, m := range rc.got {
		keys = append(keys, m.Key)
	}
	return keys
}

func (rc *receiver) times(key string) int {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	return rc.asked[key]
}

// bench is a store with an outbox, and receivers for the sinks of shop.
type bench struct {
	t       testing.TB
	dir     string
	store   *storage.Store
	entries uint64
	sent    map[string]int // by sink
	prog    *ir.Program
	sms     *receiver
	mail    *receiver
	log     strings.Builder
	logged  sync.Mutex
}

func newBench(t testing.TB) *bench {
	t.Helper()
	dir := t.TempDir()
	store, err := storage.Open(filepath.Join(dir, "store"), storage.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return &bench{t: t, dir: dir, store: store, sent: map[string]int{}, prog: compile(t, shop), sms: newReceiver(t), mail: newReceiver(t)}
}

// Write implements io.Writer for the log.
func (b *bench) Write(p []byte) (int, error) {
	b.logged.Lock()
	defer b.logged.Unlock()
	return b.log.Write(p)
}

func (b *bench) env(name string) string {
	return map[string]string{"SMS_URL": b.sms.URL + "/sms?token=hush", "SMS_SECRET": testSecret, "MAIL_URL": b.mail.URL + "/mail"}[name]
}

func (b *bench) options() Options {
	return Options{
		Store: b.store, Setup: Setup{Env: b.env, Dir: b.dir, Timeout: 200 * time.Millisecond}, Clock: fastClock(),
		Logger: slog.New(slog.NewTextHandler(b, nil)),
	}
}

func (b *bench) start(change func(*Options)) *Deliverer {
	b.t.Helper()
	opt := b.options()
	if change != nil {
		change(&opt)
	}
	d, err := Start(b.prog, opt)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { d.Stop(context.Background()) })
	return d
}

// send puts n messages into the outbox, in turn to some members; the key ends with the member and the number.
func (b *bench) send(sink string, n, members int) {
	b.t.Helper()
	var some []storage.Message
	for range n {
		b.sent[sink]++
		i := b.sent[sink]
		some = append(some, storage.Message{
			Sink: sink, Key: fmt.Sprintf("欢迎/1/%s/%d/%d", sink, i%members, i), Member: uint32(i % members), At: int64(1780000000000000 + i),
			IDs:      []storage.ID{{Attribute: "phone", Text: "+8613900000001"}, {Attribute: "card", Text: "C1"}, {Attribute: "card", Text: "C2"}},
			Template: "hello", Values: json.RawMessage(`{"name":"林","points":12}`),
		})
	}
	b.entries++
	if err := b.store.AppendJournal(storage.JournalEntry{Seq: b.entries, Messages: some}); err != nil {
		b.t.Fatal(err)
	}
}

// until waits for something to become true.
func until(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it did not come about that %s", what)
		}
	}
}

func (b *bench) state(sink string) storage.SinkState {
	b.t.Helper()
	all, err := b.store.Sinks()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, st := range all {
		if st.Sink == sink {
			return st
		}
	}
	return storage.SinkState{}
}

// settled waits until nothing waits for a sink.
func (b *bench) settled(sink string) storage.SinkState {
	b.t.Helper()
	until(b.t, "nothing waits for "+sink, func() bool { return b.state(sink).Pending == 0 })
	return b.state(sink)
}

// inOrder holds that every message arrived, and that those of a member arrived in order when each is taken once.
func inOrder(t testing.TB, got []written, sent int) {
	t.Helper()
	seen, last := map[string]bool{}, map[uint32]int64{}
	for _, m := range got {
		if seen[m.Key] {
			continue
		}
		seen[m.Key] = true
		at, err := time.Parse(time.RFC3339Nano, m.At)
		if err != nil {
			t.Fatal(err)
		}
		if at.UnixMicro() < last[m.Member] {
			t.Fatalf("%s came after a later message of the member", m.Key)
		}
		last[m.Member] = at.UnixMicro()
	}
	if len(seen) != sent {
		t.Fatalf("%d of %d messages arrived", len(seen), sent)
	}
}
