package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-engine/muster/runtime/deliver"
	"github.com/muster-engine/muster/storage"
)

// messages gives the server sinks: a receiver that is not ready yet, three messages and a dead letter with the key k1.
func (f *fixture) messages() *deliver.Deliverer {
	f.t.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	f.t.Cleanup(receiver.Close)
	store, err := storage.Open(filepath.Join(f.t.TempDir(), "outbox.db"), storage.Options{Create: true})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { store.Close() })
	var some []storage.Message
	for i, key := range []string{"k1", "k2", "k3", "k4"} {
		some = append(some, storage.Message{
			Sink: "sms", Key: key, Member: uint32(i), At: f.clock.Load() - 60e6, IDs: []storage.ID{{Attribute: "phone", Text: "+8613900000001"}},
			Template: "hello", Values: json.RawMessage(`{"name":"Lin"}`),
		})
	}
	if err := store.AppendJournal(storage.JournalEntry{Seq: 1, Messages: some}); err != nil {
		f.t.Fatal(err)
	}
	failure := &storage.Failure{FailedAt: f.clock.Load(), Attempts: 3, Reason: "the answer was 422 Unprocessable Entity"}
	if err := store.Acknowledge([]storage.Handed{{Sink: "sms", Seq: 1, Failure: failure}}); err != nil {
		f.t.Fatal(err)
	}
	d, err := deliver.Start(f.engine.View().Program(), deliver.Options{
		Store: store, Members: f.engine, Handovers: store, Setup: deliver.Setup{Env: func(string) string { return receiver.URL }},
		Clock: deliver.Clock{Now: func() time.Time { return time.UnixMicro(f.clock.Load()) }},
	})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { d.Stop(context.Background()) })
	f.server.opt.Sinks = d
	return d
}

func TestSinks(t *testing.T) {
	f := newFixture(t, nil)
	f.expect("GET", "/v1/sinks", "", 404, `{"status":404,"title":"Not Found","detail":"this server hands nothing to sinks"}`)
	d := f.messages()
	for tried := false; !tried; time.Sleep(time.Millisecond) {
		states, err := d.States()
		if err != nil {
			t.Fatal(err)
		}
		tried = states[0].Trouble != ""
	}
	w := f.send("GET", "/v1/sinks", "")
	const begins = `{"sinks":[{"name":"sms","kind":"webhook","pending":3,"oldest":"2026-11-01T11:59:00+08:00","dead":1,"delivered":0,"dropped":0,"retried":`
	const ends = `,"down":false,"trouble":"the answer was 503 Service Unavailable","since":"2026-11-01T12:00:00+08:00"}]}`
	if got := strings.TrimSpace(w.Body.String()); !strings.HasPrefix(got, begins) || !strings.HasSuffix(got, ends) {
		t.Errorf("the sinks are %s", got)
	}
	f.expect("GET", "/v1/sinks/sms/dead", "", 200, `{"dead":[{"seq":1,"key":"k1","template":"hello","at":"2026-11-01T11:59:00+08:00","member":0,
		"ids":{"phone":"+8613900000001"},"values":{"name":"Lin"},"failed_at":"2026-11-01T12:00:00+08:00","attempts":3,
		"reason":"the answer was 422 Unprocessable Entity"}],"next":1}`)
	f.expect("GET", "/v1/sinks/sms/dead?after=1", "", 200, `{"dead":[],"next":1}`)
	f.expect("GET", "/v1/sinks/smss/dead", "", 404, `{"status":404,"title":"Not Found","detail":"there is no sink \"smss\"; did you mean sms?"}`)
	f.expect("POST", "/v1/sinks/sms/retry", `{}`, 422, `{"status":422,"title":"Unprocessable Entity","detail":"say {\"keys\": [...]} or {\"all\": true}"}`)
	text := f.send("GET", "/metrics", "").Body.String()
	for _, want := range []string{`muster_sink_pending{sink="sms"} 3`, `muster_sink_oldest_seconds{sink="sms"} 60`, `muster_sink_dead_letters{sink="sms"} 1`, `muster_sink_down{sink="sms"} 0`} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
	f.expect("POST", "/v1/sinks/sms/retry", `{"keys":["k1","k2"]}`, 200, `{"count":1}`)
	f.expect("GET", "/v1/sinks/sms/dead", "", 200, `{"dead":[],"next":0}`)
	f.expect("POST", "/v1/sinks/sms/drop", `{"all":true}`, 200, `{"count":0}`)
	f.expect("GET", "/v1/syncs", "", 200, `{"syncs":[{"name":"crm","sink":"sms","daily":"02:00","run":0,"running":false,"whole":true,"records":0}]}`)
	f.expect("POST", "/v1/syncs/crm", `{}`, 200, `{"name":"crm","sink":"sms","daily":"02:00","run":1,"running":true,"whole":true,"began":"2026-11-01T12:00:00+08:00","records":0}`)
	f.expect("POST", "/v1/syncs/crn", `{}`, 404, `{"status":404,"title":"Not Found","detail":"there is no sync \"crn\"; did you mean crm?"}`)
}
