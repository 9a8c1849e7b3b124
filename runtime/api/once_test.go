package api

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
)

func TestABatchWithAKeyCountsOnce(t *testing.T) {
	f := newFixture(t, nil)
	visit := `{"type":"visit","phone":"13900000001","page":"/"}` // events without a key of their own
	batch := visit + "\n" + visit + "\nx\n"
	first := f.send("POST", "/v1/events", batch, "Idempotency-Key", "monday-1")
	if first.Code != 200 || first.Header().Get(replayed) != "" {
		t.Fatal(first.Code, first.Header(), first.Body)
	}
	want := first.Body.String()
	if !strings.HasPrefix(want, `{"accepted":2,"duplicate":0,"rejected":[{"line":3,`) {
		t.Fatal(want)
	}
	visits := func(n string) {
		t.Helper()
		f.expect("POST", "/v1/query", `{"condition":"count(visit) = `+n+`","ids":true}`, 200,
			`{"condition":"count(visit) = `+n+`","type":"bool","members":1,"of":1,"as_of":"2026-11-01T12:00:00+08:00","took_ms":0,"ids":["+8613900000001"]}`)
	}
	visits("2")
	for range 3 {
		again := f.send("POST", "/v1/events", batch, "Idempotency-Key", "monday-1")
		if again.Code != 200 || again.Body.String() != want || again.Header().Get(replayed) != "true" {
			t.Fatal(again.Code, again.Header(), again.Body)
		}
	}
	visits("2")

	const other = `{"status":422,"title":"Unprocessable Entity","detail":"this Idempotency-Key was sent with something else before; a new batch takes a new key"}`
	f.expect("POST", "/v1/events", visit, 422, other, "Idempotency-Key", "monday-1")
	f.expect("POST", "/v1/events?source=till", batch, 422, other, "Idempotency-Key", "monday-1")
	f.expect("POST", "/v1/members", batch, 422, other, "Idempotency-Key", "monday-1")
	f.expect("POST", "/v1/events", visit, 400, "", "Idempotency-Key", strings.Repeat("k", 256))
	f.expect("POST", "/v1/events", visit, 400, "", "Idempotency-Key", "")
	visits("2")

	// The key is the sender's own.
	f.token = onlyWrites
	f.expect("POST", "/v1/events", visit, 200, `{"accepted":1,"duplicate":0,"rejected":[]}`, "Idempotency-Key", "monday-1")
	f.token = everything
	visits("3")

	// What was refused as a whole is not kept; what was taken without effect is.
	f.expect("POST", "/v1/events", "", 400, "", "Idempotency-Key", "monday-2")
	f.expect("POST", "/v1/events", `{"type":"visit","page":"/"}`, 200, `{"accepted":0,"duplicate":0,"rejected":[{"line":1,"field":"phone","reason":"no usable id: all id cells are empty"}]}`, "Idempotency-Key", "monday-2")
	f.expect("POST", "/v1/events", `{"type":"visit","page":"/"}`, 200, `{"accepted":0,"duplicate":0,"rejected":[{"line":1,"field":"phone","reason":"no usable id: all id cells are empty"}]}`, "Idempotency-Key", "monday-2")
	f.expect("POST", "/v1/members", `{"phone":"13900000001","city":"Wuxi"}`, 200, `{"accepted":1,"duplicate":0,"rejected":[]}`, "Idempotency-Key", "people")
	f.expect("POST", "/v1/members", `{"phone":"13900000001","city":"Suzhou"}`, 200, `{"accepted":1,"duplicate":0,"rejected":[]}`)
	f.expect("POST", "/v1/members", `{"phone":"13900000001","city":"Wuxi"}`, 200, `{"accepted":1,"duplicate":0,"rejected":[]}`, "Idempotency-Key", "people")
	f.expect("POST", "/v1/query", `{"condition":"city = \"Suzhou\""}`, 200, `{"condition":"city = \"Suzhou\"","type":"bool","members":1,"of":1,"as_of":"2026-11-01T12:00:00+08:00","took_ms":0}`)
}

// What is kept to answer again has nothing of what a member sent.
func TestAKeptAnswerNamesNobody(t *testing.T) {
	f := newFixture(t, nil)
	batch := `{"type":"order","phone":"13900000001","order_id":"O1","amount":"13900000001 \"much\""}`
	f.expect("POST", "/v1/events", batch, 200, `{"accepted":0,"duplicate":0,"rejected":[{"line":1,"field":"amount",
		"reason":"\"13900000001 \\\"much\\\"\" is not an amount"}]}`, "Idempotency-Key", "k")
	f.expect("POST", "/v1/events", batch, 200, `{"accepted":0,"duplicate":0,"rejected":[{"line":1,"field":"amount",
		"reason":"\"…\" is not an amount"}]}`, "Idempotency-Key", "k")
}

func TestBatchesWithOneKeyAtTheSameTime(t *testing.T) {
	f := newFixture(t, nil)
	visit := `{"type":"visit","phone":"13900000001","page":"/"}`
	var wg sync.WaitGroup
	var fresh atomic.Int64
	for range 40 {
		wg.Go(func() {
			w := f.send("POST", "/v1/events", visit, "Idempotency-Key", "k")
			if w.Code != 200 || w.Body.String() != "{\"accepted\":1,\"duplicate\":0,\"rejected\":[]}\n" {
				t.Error(w.Code, w.Body)
			}
			if w.Header().Get(replayed) == "" {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	if fresh.Load() != 1 {
		t.Fatalf("%d were taken", fresh.Load())
	}
	f.expect("POST", "/v1/query", `{"condition":"count(visit) = 1"}`, 200, `{"condition":"count(visit) = 1","type":"bool","members":1,"of":1,"as_of":"2026-11-01T12:00:00+08:00","took_ms":0}`)
}

// A batch whose answer was lost with the machine is not taken again by the next process.
func TestABatchWithAKeyCountsOnceAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	open := func() (*fixture, func()) {
		store, err := storage.Open(path, storage.Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		f := &fixture{t: t, token: everything}
		f.clock.Store(time.Date(2026, 11, 1, 4, 0, 0, 0, time.UTC).UnixMicro())
		// Without checkpoints: nothing but the journal is there, as after a kill.
		f.engine, err = live.Open(context.Background(), live.Options{Store: store, Program: compile(t, shop), System: f.clock.Load, CheckpointMembers: -1})
		if err != nil {
			t.Fatal(err)
		}
		f.server = New(f.engine, Options{Tokens: testTokens()})
		return f, func() { f.engine.Close(); store.Close() }
	}
	visit := `{"type":"visit","phone":"13900000001","page":"/"}`
	f, end := open()
	f.expect("POST", "/v1/events", visit, 200, `{"accepted":1,"duplicate":0,"rejected":[]}`, "Idempotency-Key", "k")
	end()
	f, end = open()
	defer func() { end() }()
	w := f.send("POST", "/v1/events", visit, "Idempotency-Key", "k")
	if w.Code != 200 || w.Header().Get(replayed) != "true" {
		t.Fatal(w.Code, w.Body)
	}
	f.expect("POST", "/v1/events", visit+"\n"+visit, 422, "", "Idempotency-Key", "k")
	if err := f.engine.Checkpoint(context.Background()); err != nil {
		t.Fatal(err)
	}
	end()
	f, end = open()
	if w := f.send("POST", "/v1/events", visit, "Idempotency-Key", "k"); w.Header().Get(replayed) != "true" {
		t.Fatal(w.Code, w.Body)
	}
	f.expect("GET", "/v1/members/13900000001/timeline", "", 200, "")
	if n := strings.Count(f.send("GET", "/v1/members/13900000001/timeline", "").Body.String(), `"visit"`); n != 1 {
		t.Fatalf("%d visits", n)
	}
}

// stuck is an engine whose queue stays full.
type stuck struct{ Engine }

func (stuck) Submit(ctx context.Context, _ []live.Input) ([]live.Outcome, error) {
	<-ctx.Done()
	return nil, live.ErrFull
}

func TestAFullQueueIsToldToTheClient(t *testing.T) {
	f := newFixture(t, nil)
	f.server = New(stuck{f.engine}, Options{Tokens: testTokens(), Limits: Limits{QueueTime: time.Millisecond}})
	w := f.send("POST", "/v1/events", order1)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), "too much waits to be written") {
		t.Fatal(w.Code, w.Header(), w.Body)
	}
}
