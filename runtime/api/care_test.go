package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-engine/muster/storage"
)

func TestRetractOfWhoeverHasIt(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	order := func(phone, key string) string {
		return fmt.Sprintf(`{"type":"order","phone":"1390000000%s","order_id":"%s","amount":1000}`, phone, key)
	}
	f.expect("POST", "/v1/events", order("3", "S1")+"\n"+order("4", "S1")+"\n"+order("4", "S2"), 200, `{"accepted":3,"duplicate":0,"rejected":[]}`)
	big := func(members int) {
		t.Helper()
		f.expect("GET", "/v1/segments/big?trend=0", "", 200,
			fmt.Sprintf(`{"name":"big","members":%d,"of":4,"share":%v,"as_of":"2026-11-01T12:00:00+08:00"}`, members, float64(members)/4))
	}
	for round, checkpoint := range []bool{false, true} { // who has it may be told by the overlay or by the columns
		if checkpoint {
			if err := f.engine.Checkpoint(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		big(3)
		f.expect("DELETE", "/v1/events/order/S2", "", 204, "")
		f.expect("DELETE", "/v1/events/order/S2", "", 404, `{"status":404,"title":"Not Found","detail":"nobody has an order with the key \"S2\""}`)
		f.expect("DELETE", "/v1/events/order/S1", "", 409, `{"status":409,"title":"Conflict","detail":"2 members have an order with the key \"S1\", such as +8613900000003, +8613900000004; say of whom, by phone or card"}`)
		f.expect("DELETE", "/v1/events/order/S1?member=139-0000-0004", "", 204, "")
		big(2)
		f.expect("DELETE", "/v1/events/order/S1", "", 204, "")
		big(1)
		f.expect("POST", "/v1/events", order("3", "S1")+"\n"+order("4", "S1")+"\n"+order("4", "S2"), 200, `{"accepted":3,"duplicate":0,"rejected":[]}`)
		if round == 0 {
			f.expect("POST", "/v1/events", order("4", "S2"), 200, `{"accepted":0,"duplicate":1,"rejected":[]}`)
		}
	}
}

func TestTheClockIsMovedByHand(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	f.expect("GET", "/v1/clock", "", 200, `{"clock":"system","now":"2026-11-01T12:00:00+08:00","timezone":"Asia/Shanghai"}`)
	f.expect("POST", "/v1/clock", `{"advance":"1 day"}`, 409, `{"status":409,"title":"Conflict","detail":"the clock follows the system's; pin it first, then it can be advanced"}`)
	f.expect("POST", "/v1/clock", `{"pin":"2026-11-01T12:00"}`, 200, `{"clock":"pinned","now":"2026-11-01T12:00:00+08:00","timezone":"Asia/Shanghai"}`)
	f.expect("POST", "/v1/clock", `{"advance":"1 day"}`, 200, `{"clock":"pinned","now":"2026-11-02T12:00:00+08:00","timezone":"Asia/Shanghai"}`)
	f.expect("GET", "/v1/segments/active?trend=0", "", 200, `{"name":"active","title":"Active","members":2,"of":2,"share":1,"as_of":"2026-11-02T12:00:00+08:00"}`)
	f.expect("POST", "/v1/clock", `{"advance":"2026-12-24T08:30"}`, 200, `{"clock":"pinned","now":"2026-12-24T08:30:00+08:00","timezone":"Asia/Shanghai"}`)
	f.expect("GET", "/v1/crossings?after=3", "", 200, `{"next":6,"crossings":[
		{"seq":4,"segment":"active","member":0,"id":"+8613900000001","entered":false,"at":"2026-11-03T00:00:00+08:00","cause":"clock"},
		{"seq":5,"segment":"active","member":1,"id":"+8613900000002","entered":false,"at":"2026-11-03T00:00:00+08:00","cause":"clock"},
		{"seq":6,"segment":"big","member":0,"id":"+8613900000001","entered":false,"at":"2026-12-01T00:00:00+08:00","cause":"clock"}]}`)
	f.expect("POST", "/v1/clock", `{"pin":"2026-11-05"}`, 409, `{"status":409,"title":"Conflict","detail":"time does not run backwards here: it is 2026-12-24T08:30:00, and that would be 2026-11-05T00:00:00; ask as of another time instead"}`)
	f.expect("POST", "/v1/clock", `{"follow":true}`, 409, "")
	f.clock.Add(100 * 86400_000_000)
	f.expect("POST", "/v1/clock", `{"follow":true}`, 200, `{"clock":"system","now":"2027-02-09T12:00:00+08:00","timezone":"Asia/Shanghai"}`)
	f.expect("POST", "/v1/clock", `{"follow":true,"pin":"2027-06-01"}`, 422, `{"status":422,"title":"Unprocessable Entity","detail":"say one of pin, advance and follow"}`)
}

// What is answered is of the present, though nothing has changed for a while; what no rule counts is seen in its time too.
func TestAnswersAreOfThePresent(t *testing.T) {
	f := newFixtureOf(t, `settings { language 1  timezone "Asia/Shanghai" }
		member { phone id phone "CN" }
		event visit { page string }
		segment here = phone is known`, nil)
	f.expect("POST", "/v1/events", `{"type":"visit","phone":"13900000001","at":"2026-11-01T14:30","page":"home"}`, 200, "")
	f.expect("GET", "/v1/members/13900000001/timeline", "", 200, `{"member":0,"as_of":"2026-11-01T12:00:00+08:00","total":0,"events":[]}`)
	f.clock.Add(3 * 3600_000_000)
	f.expect("GET", "/v1/members/13900000001/timeline", "", 200, `{"member":0,"as_of":"2026-11-01T15:00:00+08:00","total":1,
		"events":[{"type":"visit","at":"2026-11-01T14:30:00+08:00","fields":{"page":"home"}}]}`)
	f.expect("GET", "/v1/segments/here?trend=0", "", 200, `{"name":"here","members":1,"of":1,"share":1,"as_of":"2026-11-01T15:00:00+08:00"}`)
	if got := f.send("GET", "/metrics", "").Body.String(); !strings.Contains(got, "muster_clock_seconds 1.7935164e+09\n") {
		t.Error(got)
	}
}

func TestTrendOfASegment(t *testing.T) {
	f := newFixture(t, nil)
	f.expect("POST", "/v1/events", strings.Join([]string{
		`{"type":"order","phone":"13900000001","order_id":"1","amount":1,"at":"2026-10-29T10:00:00+08:00"}`,
		`{"type":"order","phone":"13900000002","order_id":"2","amount":1,"at":"2026-10-30T10:00:00+08:00"}`,
		`{"type":"order","phone":"13900000003","order_id":"3","amount":1,"at":"2026-11-01T11:00:00+08:00"}`,
	}, "\n"), 200, "")
	f.expect("GET", "/v1/segments/active?trend=4", "", 200, `{"name":"active","title":"Active","members":1,"of":3,"share":0.3333333333333333,"as_of":"2026-11-01T12:00:00+08:00","trend":[
		{"as_of":"2026-10-29T00:00:00+08:00","members":0},{"as_of":"2026-10-30T00:00:00+08:00","members":1},
		{"as_of":"2026-10-31T00:00:00+08:00","members":1},{"as_of":"2026-11-01T00:00:00+08:00","members":0}]}`)
	if n := strings.Count(f.send("GET", "/v1/segments/active", "").Body.String(), `"as_of"`); n != 8 {
		t.Fatalf("%d instants, not the present one and seven", n)
	}
	f.expect("GET", "/v1/segments/active?trend=93", "", 422, "")
}

func TestReloadOnDemand(t *testing.T) {
	var result error
	f := newFixture(t, func(o *Options) {
		o.Rules = func() RulesState { return RulesState{Revision: 4, Hash: "h"} }
		o.Reload = func(context.Context) (Reloaded, error) { return Reloaded{Crossings: 3}, result }
	})
	f.expect("POST", "/v1/rules/reload", "", 200, `{"revision":4,"hash":"h","since":null,"last_error":null,"same":false,"crossings":3}`)
	result = fmt.Errorf("shop: %w", &RulesError{"shop.muster:3:1: error M0213"})
	f.expect("POST", "/v1/rules/reload", "", 422, `{"status":422,"title":"Unprocessable Entity","detail":"shop.muster:3:1: error M0213"}`)
	result = errors.New("a file cannot be read")
	f.expect("POST", "/v1/rules/reload", "", 500, "")
}

func TestBackupWhileServing(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	w := f.send("GET", "/v1/backup", "")
	if w.Code != 200 || w.Header().Get("Content-Length") != strconv.Itoa(w.Body.Len()) {
		t.Fatal(w.Code, w.Header(), w.Body.Len())
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(path, w.Body.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := storage.Open(path, storage.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Verify(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	if n, err := s.JournalLength(); n < 3 || err != nil {
		t.Fatalf("%d entries, %v: what was answered is not in it", n, err)
	}
}

// torn is an engine whose backup breaks off.
type torn struct {
	Engine
	at int
}

func (b torn) Backup(_ context.Context, begin func(int64) io.Writer) error {
	if b.at < 0 {
		return errors.New("no")
	}
	w := begin(3000)
	for range b.at {
		w.Write(make([]byte, 1000))
	}
	return errors.New("the disk failed meanwhile")
}

// A copy that failed is never taken for a whole one, not even if all of it had been read.
func TestABackupThatBreaksOffIsNone(t *testing.T) {
	f := newFixture(t, nil)
	for at := -1; at <= 3; at++ {
		web := httptest.NewServer(New(torn{f.engine, at}, Options{}))
		res, err := http.Get(web.URL + "/v1/backup")
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		if res.StatusCode == 200 && err == nil {
			t.Fatalf("broken off after %d parts, it passes for whole", at)
		}
		web.Close()
	}
}
