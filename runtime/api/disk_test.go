package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-engine/muster/storage/storagetest"
)

// While the disk fails a batch is refused in words and may be sent again, questions are answered, and the metrics tell;
// when it is well the same batch is taken.
func TestADiskThatFailsIsToldToTheClient(t *testing.T) {
	f := newFixture(t, nil)
	send := func() (int, string, http.Header) {
		w := f.send("POST", "/v1/events", `{"type":"order","phone":"13900000001","order_id":"A","amount":2000}`)
		return w.Code, w.Body.String(), w.Header()
	}
	expect := func(words string) {
		t.Helper()
		code, body, header := send()
		if code != http.StatusServiceUnavailable || header.Get("Retry-After") == "" || !strings.Contains(body, words) {
			t.Fatalf("the answer is %d %s", code, body)
		}
		if w := f.send("GET", "/v1/segments/big?trend=0", ""); w.Code != http.StatusOK {
			t.Fatalf("a question is answered with %d %s", w.Code, w.Body)
		}
	}
	f.disk.Fail(1, storagetest.Lost, true)
	expect("nothing of it is taken, for the store cannot be written: ")
	f.disk.Heal()
	// The last page of the transaction is written and cannot be synced.
	before := f.disk.Count()
	if code, body, _ := send(); code != http.StatusOK || !strings.Contains(body, `"accepted":1`) {
		t.Fatalf("the answer is %d %s", code, body)
	}
	operations := f.disk.Count() - before
	f.disk.Fail(operations, storagetest.Whole, true)
	w := f.send("POST", "/v1/events", `{"type":"order","phone":"13900000002","order_id":"B","amount":2000}`)
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "send it again") {
		t.Fatalf("the answer is %d %s", w.Code, w.Body)
	}
	if w := f.send("GET", "/v1/crossings?after=2", ""); strings.Contains(w.Body.String(), `"seq"`) {
		t.Fatalf("crossings that may yet be lost are reported: %s", w.Body)
	}
	f.disk.Heal()
	w = f.send("POST", "/v1/events", `{"type":"order","phone":"13900000002","order_id":"B","amount":2000}`)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"duplicate":1`) {
		t.Fatalf("the answer is %d %s", w.Code, w.Body)
	}
	if w := f.send("GET", "/v1/crossings?after=2", ""); strings.Count(w.Body.String(), `"seq"`) != 2 {
		t.Fatalf("crossings: %s", w.Body)
	}
	if w := f.send("GET", "/metrics", ""); !strings.Contains(w.Body.String(), "muster_write_failures_total 2") {
		t.Fatalf("metrics: %s", w.Body)
	}
}

// Whichever operation of the disk fails under a batch with a key, sent again it counts once.
func TestADiskThatFailsUnderABatchWithAKey(t *testing.T) {
	f := newFixture(t, nil)
	visit := func(key string) (int, http.Header) {
		w := f.send("POST", "/v1/events", `{"type":"visit","phone":"13900000001","page":"/"}`, "Idempotency-Key", key)
		return w.Code, w.Header()
	}
	taken, unsure := 0, 0
	for _, outcome := range storagetest.Outcomes {
		for n := 1; ; n++ {
			key := fmt.Sprint(outcome, n)
			f.disk.Fail(n, outcome, true)
			code, _ := visit(key)
			fired := f.disk.Fired()
			f.disk.Heal()
			if (code == http.StatusOK) == fired {
				t.Fatalf("%s: the answer is %d", key, code)
			}
			again, header := visit(key)
			taken++
			if again != http.StatusOK {
				t.Fatalf("%s: sent again, the answer is %d", key, again)
			}
			if fired && header.Get(replayed) != "" {
				unsure++
			}
			want := fmt.Sprintf(`"condition":"count(visit) = %d","type":"bool","members":1`, taken)
			if w := f.send("POST", "/v1/query", fmt.Sprintf(`{"condition":"count(visit) = %d"}`, taken)); !strings.Contains(w.Body.String(), want) {
				t.Fatalf("%s: %s", key, w.Body)
			}
			if !fired {
				break
			}
		}
	}
	if unsure == 0 {
		t.Error("no batch was left in doubt")
	}
}
