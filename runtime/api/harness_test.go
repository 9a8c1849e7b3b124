package api

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/storagetest"
)

const shop = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id phone "CN"  card id many  city string  birthday date  nick set of string }
event order { order_id key  amount money  channel enum "pos" "app" }
event visit { page string }
list vips "Important"
source till gives order { phone from "mobile"  order_id from "no"  amount from "total"  at from "when" }
source people gives member { phone from "mobile"  city from "town" }
group value "Value"
tag spend "Spend" in value = sum(order.amount) in last 30 days
tag orders = count(order) in last 30 days
tag foot "Foot" manual enum "wide" "narrow"
segment active "Active" = has(order) in last 2 days
segment big = spend >= 1000
segment wide_vip = foot = "wide" and vips
sink sms { webhook env "SMS_URL" }
sync crm to sms daily at 02:00 { segments active  tags spend }
points stars { start 2026-01-01  expire never  earn looking on visit { give 10 } }
tiers level { by earned(stars)  tier "plain"  tier "gold" from 1000 }
coupon back100 "100 off" { off 100  min_spend 500  valid 30 days  stock 10  at most 5 }
event filed { ticket string  shop string }
event resolved { ticket string }
case complaint { open on filed  close on resolved  matching ticket  due 90 minutes  by shop }
coupon tenth { off 10% up to 20.50  valid 2026-11-01 to 2026-11-11 }
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

const (
	everything = "token-of-everybody"
	onlyReads  = "token-of-the-office"
	onlyWrites = "token-of-the-till"
)

func testTokens() Tokens {
	tokens, err := ReadTokens(strings.NewReader(`
# who may do what
` + everything + ` boss admin
` + onlyReads + ` office read
` + onlyWrites + ` till write
`))
	if err != nil {
		panic(err)
	}
	return tokens
}

// fixture is a server over a real engine on a store of its own, whose clock stands unless it is moved.
type fixture struct {
	t       testing.TB
	engine  *live.Engine
	server  *Server
	clock   atomic.Int64
	log     bytes.Buffer
	token   string
	disk    *storagetest.Disk
	observe func(*http.Request, *httptest.ResponseRecorder)
}

func newFixture(t testing.TB, change func(*Options)) *fixture {
	t.Helper()
	return newFixtureOf(t, shop, change)
}

// newFixtureOf is [newFixture] with other rules.
func newFixtureOf(t testing.TB, rules string, change func(*Options)) *fixture {
	t.Helper()
	store, err := storage.Open(filepath.Join(t.TempDir(), "store.db"), storage.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, token: everything, disk: storagetest.NewDisk()}
	f.disk.Attach(store)
	f.clock.Store(time.Date(2026, 11, 1, 4, 0, 0, 0, time.UTC).UnixMicro()) // noon in Shanghai
	f.engine, err = live.Open(context.Background(), live.Options{
		Store: store, Program: compile(t, rules), System: f.clock.Load, Random: new(counting),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.engine.Close(); store.Close() })
	opt := Options{
		Logger: slog.New(slog.NewJSONHandler(&f.log, nil)), Tokens: testTokens(),
		Now: func() time.Time { return time.UnixMicro(f.clock.Load()) },
	}
	if change != nil {
		change(&opt)
	}
	f.server = New(f.engine, opt)
	return f
}

// counting is a reader of the numbers from 1 on.
type counting struct{ n byte }

func (c *counting) Read(b []byte) (int, error) {
	for i := range b {
		c.n++
		b[i] = c.n
	}
	return len(b), nil
}

// send makes a request with the fixture's token. headers are pairs.
func (f *fixture) send(method, path, body string, headers ...string) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	if f.token != "" {
		r.Header.Set("Authorization", "Bearer "+f.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.server.ServeHTTP(w, r)
	if f.observe != nil {
		f.observe(r, w)
	}
	return w
}

// expect makes a request and compares the whole answer: the status and, if want is not empty, the body as JSON.
func (f *fixture) expect(method, path, body string, status int, want string, headers ...string) {
	f.t.Helper()
	w := f.send(method, path, body, headers...)
	if w.Code != status {
		f.t.Fatalf("%s %s: status %d, want %d: %s", method, path, w.Code, status, w.Body)
	}
	if want == "" {
		return
	}
	if got, want := canonical(f.t, w.Body.Bytes()), canonical(f.t, []byte(want)); got != want {
		f.t.Fatalf("%s %s:\n got %s\nwant %s", method, path, got, want)
	}
}

// canonical is JSON with sorted keys, numbers as they stand.
func canonical(t testing.TB, text []byte) string {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("no JSON: %v: %s", err, text)
	}
	out, _ := json.MarshalIndent(v, "", " ")
	return string(out)
}

const order1 = `{"type":"order","phone":"13900000001","at":"2026-11-01T10:00:00+08:00","order_id":"O1","amount":1234.50,"channel":"pos"}`

// seed puts two members in.
func (f *fixture) seed() {
	f.t.Helper()
	f.expect("POST", "/v1/events", order1+"\n"+
		`{"type":"order","phone":"13900000002","at":"2026-11-01T11:00:00+08:00","order_id":"O2","amount":50}`,
		200, `{"accepted":2,"duplicate":0,"rejected":[]}`)
	f.expect("POST", "/v1/members", `{"phone":"13900000001","city":"Suzhou"}`, 200, `{"accepted":1,"duplicate":0,"rejected":[]}`)
}
