package docs

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/deliver"
	"github.com/muster-engine/muster/storage"
)

// verify checks that a request comes from a muster that has the secret, and was made within the last five minutes.
func verify(secret []byte, r *http.Request, body []byte, now time.Time) error {
	id, timestamp := r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return errors.New("no timestamp")
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > 5*time.Minute || age < -5*time.Minute {
		return errors.New("too old")
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if !hmac.Equal([]byte(r.Header.Get("Webhook-Signature")), []byte(want)) {
		return errors.New("the signature does not match")
	}
	return nil
}

// TestTheReceiverOfTheDocument holds sinks.md to the function above, and the function to what a webhook gets.
func TestTheReceiverOfTheDocument(t *testing.T) {
	source, err := os.ReadFile("receiver_test.go")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("sinks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(source), "\n// verify checks")
	function, _, _ := strings.Cut(rest, "\n}\n")
	if function = "// verify checks" + function + "\n}\n"; !strings.Contains(string(page), "```go\n"+function+"```\n") {
		t.Error("sinks.md shows another function than the one that is tested here")
	}
	now := time.Now()
	got := make(chan error, 3)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		got <- verify([]byte("a secret"), r, body, now)
		got <- verify([]byte("another"), r, body, now)
		got <- verify([]byte("a secret"), r, body, now.Add(time.Hour))
	}))
	defer receiver.Close()
	tree, _ := dsl.Parse(diag.NewFile("rules.muster", `settings { language 1 timezone "UTC" currency CNY }
		member { phone id phone "CN" }  sink sms { webhook env "URL" secret env "SECRET" }`))
	prog, found := compiler.Compile([]*dsl.RuleFile{tree})
	if found.HasErrors() {
		t.Fatal(found)
	}
	store, err := storage.Open(filepath.Join(t.TempDir(), "store"), storage.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	message := storage.Message{Sink: "sms", Key: "k/1", Template: "hello", Values: json.RawMessage(`{}`)}
	if err := store.AppendJournal(storage.JournalEntry{Seq: 1, Messages: []storage.Message{message}}); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"URL": receiver.URL, "SECRET": "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret"))}
	d, err := deliver.Start(prog, deliver.Options{
		Store: store, Setup: deliver.Setup{Env: func(name string) string { return env[name] }},
		Clock: deliver.Clock{Now: func() time.Time { return now }},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop(context.Background())
	for i, want := range []string{"", "the signature does not match", "too old"} {
		text := ""
		if err := <-got; err != nil {
			text = err.Error()
		}
		if text != want {
			t.Errorf("answer %d is %q, not %q", i, text, want)
		}
	}
}
