package api

import (
	"bytes"
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-engine/muster/runtime/live"
)

// contract is openapi.json, and which of its answers have been seen.
type contract struct {
	t    *testing.T
	doc  map[string]any
	seen map[string]bool // "GET /v1/rules 200"
}

func newContract(t *testing.T) *contract {
	c := &contract{t: t, seen: map[string]bool{}}
	dec := json.NewDecoder(bytes.NewReader(openAPI))
	dec.UseNumber()
	if err := dec.Decode(&c.doc); err != nil {
		t.Fatal(err)
	}
	return c
}

// operations calls f with each operation of the document.
func (c *contract) operations(f func(method, path string, op map[string]any)) {
	for path, methods := range c.doc["paths"].(map[string]any) {
		for method, op := range methods.(map[string]any) {
			f(strings.ToUpper(method), path, op.(map[string]any))
		}
	}
}

func (c *contract) operation(method, path string) map[string]any {
	methods, _ := c.doc["paths"].(map[string]any)[path].(map[string]any)
	op, _ := methods[strings.ToLower(method)].(map[string]any)
	return op
}

// hold holds an answer to the document.
func (c *contract) hold(path string, r *http.Request, w *httptest.ResponseRecorder) {
	c.t.Helper()
	what := r.Method + " " + path + " " + strconv.Itoa(w.Code)
	op := c.operation(r.Method, path)
	if op == nil {
		c.t.Fatalf("%s is not documented", what)
	}
	answer, ok := op["responses"].(map[string]any)[strconv.Itoa(w.Code)].(map[string]any)
	if !ok {
		c.t.Fatalf("%s is not documented: %s", what, w.Body)
	}
	if ref, ok := answer["$ref"].(string); ok {
		answer = deref(c.doc, ref)
	}
	for name := range sub(answer, "headers") {
		if w.Header().Get(name) == "" {
			c.t.Errorf("%s: lacks the header %s", what, name)
		}
	}
	c.seen[what] = true
	content := sub(answer, "content")
	if len(content) == 0 {
		if w.Body.Len() > 0 {
			c.t.Errorf("%s: has a body, which is not documented", what)
		}
		return
	}
	kind, _, err := mime.ParseMediaType(w.Header().Get("Content-Type"))
	if err != nil || content[kind] == nil {
		c.t.Errorf("%s: %q is not documented", what, w.Header().Get("Content-Type"))
		return
	}
	s := schema(sub(content[kind].(map[string]any), "schema"))
	switch {
	case kind == "application/x-ndjson":
		for _, l := range strings.Split(strings.TrimSpace(w.Body.String()), "\n") {
			c.check(what, s, []byte(l))
		}
	case strings.HasSuffix(kind, "json"):
		c.check(what, s, w.Body.Bytes())
	}
}

func (c *contract) check(what string, s schema, text []byte) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		c.t.Errorf("%s: no JSON: %s", what, text)
		return
	}
	for _, fault := range s.faults(c.doc, what, v) {
		c.t.Error(fault)
	}
}

func sub(m map[string]any, key string) map[string]any {
	out, _ := m[key].(map[string]any)
	return out
}

func TestEveryRouteIsDocumentedAndTheOtherWayRound(t *testing.T) {
	c := newContract(t)
	f := newFixture(t, nil)
	routes := map[string]route{}
	for _, rt := range f.server.routes() {
		routes[rt.method+" "+rt.path] = rt
		op := c.operation(rt.method, rt.path)
		if op == nil {
			t.Errorf("%s %s is not documented", rt.method, rt.path)
			continue
		}
		_, open := op["security"]
		if open != (rt.right == 0) {
			t.Errorf("%s %s: the document and the handler differ on whether a token is needed", rt.method, rt.path)
		}
	}
	c.operations(func(method, path string, op map[string]any) {
		if _, ok := routes[method+" "+path]; !ok {
			t.Errorf("%s %s is documented and not there", method, path)
		}
		for _, part := range strings.Split(path, "/") {
			if name, ok := strings.CutPrefix(part, "{"); ok && !documents(op, strings.TrimSuffix(name, "}")) {
				t.Errorf("%s %s: the parameter %s is not documented", method, path, part)
			}
		}
	})
}

func documents(op map[string]any, param string) bool {
	list, _ := op["parameters"].([]any)
	for _, p := range list {
		if p.(map[string]any)["name"] == param {
			return true
		}
	}
	return false
}

// call is a request that leads to a documented answer.
type call struct {
	status      int
	path, query string // path parameters filled in
	body        string
	headers     []string
}

// calls are requests for the answers that differ from route to route.
var calls = map[string][]call{
	"POST /v1/events":                    {{200, "/v1/events", "", order1, nil}, {400, "/v1/events", "", "", nil}, {404, "/v1/events", "source=none", order1, nil}, {422, "/v1/events", "source=people", order1, nil}},
	"DELETE /v1/events/{type}/{key}":     {{204, "/v1/events/order/O2", "phone=13900000002", "", nil}, {404, "/v1/events/order/O1x", "", "", nil}, {409, "/v1/events/order/O7", "", "", nil}, {404, "/v1/events/order/O9", "phone=13900000001", "", nil}, {422, "/v1/events/visit/O1", "phone=13900000001", "", nil}},
	"POST /v1/members":                   {{200, "/v1/members", "", `{"phone":"13900000001","city":"Wuxi"}`, nil}, {400, "/v1/members", "", "", nil}, {404, "/v1/members", "source=none", "{}", nil}, {422, "/v1/members", "source=till", "{}", nil}},
	"GET /v1/members/{id}":               {{200, "/v1/members/13900000001", "events=3", "", nil}, {404, "/v1/members/13999999999", "", "", nil}, {422, "/v1/members/13900000001", "as_of=soon", "", nil}},
	"GET /v1/members/{id}/timeline":      {{200, "/v1/members/%230/timeline", "limit=1", "", nil}, {404, "/v1/members/x/timeline", "", "", nil}, {422, "/v1/members/13900000001/timeline", "limit=-1", "", nil}},
	"GET /v1/members/{id}/segments":      {{200, "/v1/members/13900000001/segments", "as_of=2026-11-01", "", nil}, {404, "/v1/members/x/segments", "", "", nil}, {422, "/v1/members/13900000001/segments", "as_of=x", "", nil}},
	"GET /v1/members/{id}/explain":       {{200, "/v1/members/13900000001/explain", "condition=big", "", nil}, {400, "/v1/members/13900000001/explain", "", "", nil}, {404, "/v1/members/x/explain", "condition=big", "", nil}, {422, "/v1/members/13900000001/explain", "condition=bigg", "", nil}},
	"PUT /v1/members/{id}/tags/{tag}":    {{204, "/v1/members/13900000001/tags/foot", "", `{"value":"wide"}`, nil}, {400, "/v1/members/13900000001/tags/foot", "", "\xff", nil}, {404, "/v1/members/13900000001/tags/foott", "", `{"value":"wide"}`, nil}, {422, "/v1/members/13900000001/tags/foot", "", `{"value":"wid"}`, nil}},
	"DELETE /v1/members/{id}/tags/{tag}": {{204, "/v1/members/13900000001/tags/foot", "", "", nil}, {404, "/v1/members/x/tags/foot", "", "", nil}, {422, "/v1/members/13900000001/tags/spend", "", "", nil}},
	"PUT /v1/members/{id}/tiers/{name}":  {{200, "/v1/members/13900000001/tiers/level", "", `{"tier":"gold","until":"2026-12-31"}`, nil}, {400, "/v1/members/13900000001/tiers/level", "", "{", nil}, {404, "/v1/members/13900000001/tiers/levels", "", `{"tier":"gold"}`, nil}, {409, "/v1/members/13900000001/tiers/level", "", `{"tier":"gold","until":"2020-01-01"}`, nil}, {422, "/v1/members/13900000001/tiers/level", "", `{"tier":"gold","until":"soon"}`, nil}},
	"POST /v1/points/{name}/spend":       {{200, "/v1/points/stars/spend", "", `{"member":"13900000001","key":"S1","points":5}`, nil}, {400, "/v1/points/stars/spend", "", "{", nil}, {404, "/v1/points/star/spend", "", `{"member":"13900000001","key":"S2","points":5}`, nil}, {409, "/v1/points/stars/spend", "", `{"member":"13900000001","key":"S3","points":5000}`, nil}, {422, "/v1/points/stars/spend", "", `{"member":"13900000001","points":5}`, nil}},
	"POST /v1/points/{name}/return":      {{200, "/v1/points/stars/return", "", `{"member":"13900000001","key":"R1","spending":"S0","points":5}`, nil}, {400, "/v1/points/stars/return", "", "{", nil}, {404, "/v1/points/star/return", "", `{"member":"13900000001","key":"R2","spending":"S0","points":5}`, nil}, {409, "/v1/points/stars/return", "", `{"member":"13900000001","key":"R3","spending":"S0","points":50}`, nil}, {422, "/v1/points/stars/return", "", `{"member":"13900000001","key":"R4","points":5}`, nil}},
	"POST /v1/points/{name}/adjust":      {{200, "/v1/points/stars/adjust", "", `{"member":"13900000001","points":5,"until":"2027-12-31"}`, []string{"Idempotency-Key", "A1"}}, {400, "/v1/points/stars/adjust", "", "{", nil}, {404, "/v1/points/star/adjust", "", `{"member":"13900000001","key":"A2","points":5}`, nil}, {409, "/v1/points/stars/adjust", "", `{"member":"13900000001","key":"A3","points":0}`, nil}, {422, "/v1/points/stars/adjust", "", `{"member":"13900000001","key":"A4","points":5,"until":"x"}`, nil}},
	"GET /v1/lists":                      {{200, "/v1/lists", "", "", nil}},
	"GET /v1/members/{id}/export":        {{200, "/v1/members/13900000001/export", "", "", nil}, {404, "/v1/members/13999999999/export", "", "", nil}},
	"DELETE /v1/members/{id}":            {{200, "/v1/members/13900000004", "", "", nil}, {404, "/v1/members/13999999999", "", "", nil}},
	"POST /v1/identity/change":           {{200, "/v1/identity/change", "", `{"from":"13900000005","to":"13900000006"}`, nil}, {400, "/v1/identity/change", "", "{", nil}, {404, "/v1/identity/change", "", `{"from":"13999999999","to":"13900000009"}`, nil}, {409, "/v1/identity/change", "", `{"from":"13900000001","to":"13900000002"}`, nil}, {422, "/v1/identity/change", "", `{"from":"13900000001","to":"x"}`, nil}},
	"POST /v1/identity/split":            {{200, "/v1/identity/split", "", `{"id":"M3"}`, nil}, {400, "/v1/identity/split", "", "{", nil}, {404, "/v1/identity/split", "", `{"id":"13999999999"}`, nil}, {409, "/v1/identity/split", "", `{"id":"13900000001"}`, nil}, {422, "/v1/identity/split", "", `{}`, nil}},
	"GET /v1/identity/conflicts":         {{200, "/v1/identity/conflicts", "", "", nil}, {422, "/v1/identity/conflicts", "after=x", "", nil}},
	"GET /v1/identity/merges":            {{200, "/v1/identity/merges", "", "", nil}, {422, "/v1/identity/merges", "limit=x", "", nil}},
	"PUT /v1/lists/{name}":               {{200, "/v1/lists/vips", "", "13900000001\n# note\n\n13999999999\n", nil}, {400, "/v1/lists/vips", "", "[1", nil}, {404, "/v1/lists/vip", "", "", nil}},
	"POST /v1/lists/{name}":              {{200, "/v1/lists/vips", "", `["13900000002"]`, nil}, {400, "/v1/lists/vips", "", "{", nil}, {404, "/v1/lists/vip", "", "", nil}},
	"DELETE /v1/lists/{name}":            {{200, "/v1/lists/vips", "", `{"ids":["13900000002"]}`, nil}, {400, "/v1/lists/vips", "", "[", nil}, {404, "/v1/lists/vip", "", "", nil}},
	"GET /v1/segments":                   {{200, "/v1/segments", "", "", nil}, {422, "/v1/segments", "as_of=x", "", nil}},
	"GET /v1/segments/{name}":            {{200, "/v1/segments/big", "", "", nil}, {404, "/v1/segments/bigg", "", "", nil}, {422, "/v1/segments/big", "as_of=x", "", nil}},
	"GET /v1/segments/{name}/members":    {{200, "/v1/segments/active/members", "", "", nil}, {200, "/v1/segments/active/members", "format=csv", "", nil}, {404, "/v1/segments/x/members", "", "", nil}, {422, "/v1/segments/active/members", "format=xml", "", nil}},
	"GET /v1/reports/campaigns":          {{200, "/v1/reports/campaigns", "", "", nil}, {200, "/v1/reports/campaigns", "format=svg", "", nil}, {404, "/v1/reports/campaigns", "name=x", "", nil}, {422, "/v1/reports/campaigns", "from=x", "", nil}},
	"GET /v1/reports/points":             {{200, "/v1/reports/points", "", "", nil}, {200, "/v1/reports/points", "format=svg", "", nil}, {404, "/v1/reports/points", "name=x", "", nil}, {422, "/v1/reports/points", "from=x", "", nil}},
	"GET /v1/reports/tiers":              {{200, "/v1/reports/tiers", "", "", nil}, {200, "/v1/reports/tiers", "format=svg", "", nil}, {404, "/v1/reports/tiers", "name=x", "", nil}, {422, "/v1/reports/tiers", "from=x", "", nil}},
	"GET /v1/reports/coupons":            {{200, "/v1/reports/coupons", "", "", nil}, {200, "/v1/reports/coupons", "format=svg", "", nil}, {404, "/v1/reports/coupons", "name=x", "", nil}, {422, "/v1/reports/coupons", "from=x", "", nil}},
	"GET /v1/reports/cases":              {{200, "/v1/reports/cases", "", "", nil}, {200, "/v1/reports/cases", "format=svg", "", nil}, {404, "/v1/reports/cases", "name=x", "", nil}, {422, "/v1/reports/cases", "from=x", "", nil}},
	"GET /v1/books":                      {{200, "/v1/books", "", "", nil}, {404, "/v1/books", "name=x", "", nil}, {422, "/v1/books", "as_of=x", "", nil}},
	"POST /v1/query":                     {{200, "/v1/query", "", `{"condition":"active","by":["foot"]}`, nil}, {200, "/v1/query", "", `{"condition":"active","ids":true}`, nil}, {200, "/v1/query", "", `{"condition":"spend"}`, nil}, {400, "/v1/query", "", "{", nil}, {422, "/v1/query", "", `{"condition":"spend >"}`, nil}},
	"POST /v1/console":                   {{200, "/v1/console", "", `{"args":["segments"]}`, nil}, {400, "/v1/console", "", "x", nil}},
	"GET /v1/crossings":                  {{200, "/v1/crossings", "after=1&limit=1", "", nil}, {422, "/v1/crossings", "after=x", "", nil}},
	"GET /v1/sinks":                      {{200, "/v1/sinks", "", "", nil}},
	"GET /v1/sinks/{name}/dead":          {{200, "/v1/sinks/sms/dead", "limit=1", "", nil}, {404, "/v1/sinks/sm/dead", "", "", nil}, {422, "/v1/sinks/sms/dead", "after=x", "", nil}},
	"POST /v1/sinks/{name}/retry":        {{200, "/v1/sinks/sms/retry", "", `{"keys":["k1","k9"]}`, nil}, {400, "/v1/sinks/sms/retry", "", "{", nil}, {404, "/v1/sinks/sm/retry", "", `{"all":true}`, nil}, {422, "/v1/sinks/sms/retry", "", "{}", nil}},
	"POST /v1/sinks/{name}/drop":         {{200, "/v1/sinks/sms/drop", "", `{"all":true}`, nil}, {400, "/v1/sinks/sms/drop", "", "{", nil}, {404, "/v1/sinks/sm/drop", "", `{"all":true}`, nil}, {422, "/v1/sinks/sms/drop", "", `{"keys":["a"],"all":true}`, nil}},
	"GET /v1/syncs":                      {{200, "/v1/syncs", "", "", nil}},
	"POST /v1/syncs/{name}":              {{200, "/v1/syncs/crm", "", `{"whole":true}`, nil}, {400, "/v1/syncs/crm", "", "{", nil}, {404, "/v1/syncs/crn", "", "{}", nil}},
	"GET /v1/rules":                      {{200, "/v1/rules", "", "", nil}},
	"GET /v1/sources":                    {{200, "/v1/sources", "", "", nil}},
	"POST /v1/rules/reload":              {{200, "/v1/rules/reload", "", "", nil}},
	"GET /v1/clock":                      {{200, "/v1/clock", "", "", nil}},
	"POST /v1/clock":                     {{200, "/v1/clock", "", `{"pin":"2026-11-01T12:00"}`, nil}, {200, "/v1/clock", "", `{"advance":"1 minute"}`, nil}, {400, "/v1/clock", "", "{", nil}, {409, "/v1/clock", "", `{"pin":"2026-01-01"}`, nil}, {422, "/v1/clock", "", `{"advance":"soon"}`, nil}},
	"GET /v1/status":                     {{200, "/v1/status", "", "", nil}},
	"GET /v1/backup":                     {{200, "/v1/backup", "", "", nil}},
	"GET /v1/openapi.json":               {{200, "/v1/openapi.json", "", "", nil}},
	"GET /healthz":                       {{200, "/healthz", "", "", nil}},
	"GET /readyz":                        {{200, "/readyz", "", "", nil}},
	"GET /metrics":                       {{200, "/metrics", "", "", nil}},
}

// slow is an engine whose answers come too late.
type slow struct{ Engine }

func (slow) IDs([]uint32) ([][]live.ID, error) { return nil, context.DeadlineExceeded }

// TestEveryAnswerIsAsDocumented asks for every documented status of every route.
func TestEveryAnswerIsAsDocumented(t *testing.T) {
	c := newContract(t)
	console := func(_ context.Context, _ Source, args []string) Printed {
		return Printed{Out: strings.Join(args, " "), Status: 0}
	}
	rules := func() RulesState { return RulesState{Revision: 3, Hash: "h", Since: 1e15, Error: "M0213: …"} }
	normal := newFixture(t, func(o *Options) {
		o.Console, o.Rules = console, rules
		o.Reload = func(context.Context) (Reloaded, error) { return Reloaded{Crossings: 2}, nil }
	})
	normal.seed()
	normal.messages()
	normal.expect("POST", "/v1/events", `{"type":"order","phone":"13900000001","order_id":"O7","amount":1}
		{"type":"order","phone":"13900000002","order_id":"O7","amount":1}`, 200, "")
	normal.expect("POST", "/v1/points/stars/adjust", `{"member":"13900000001","key":"A0","points":500}`, 200, `{"member":0,"again":false,"balance":500,"pending":0}`)
	normal.expect("POST", "/v1/points/stars/spend", `{"member":"13900000001","key":"S0","points":20}`, 200, `{"member":0,"again":false,"balance":480,"pending":0}`)
	for _, key := range []string{"A", "B", "C", "D", "E"} {
		normal.issued(key)
	}
	normal.says("POST", codeC+"use", `{"key":"U1","amount":600}`, 200, "")
	normal.says("POST", codeE+"reserve", `{"key":"cart","seconds":900}`, 200, "")
	normal.says("POST", "/v1/members", `{"phone":"13900000004","card":"M4"}
{"phone":"13900000005"}
{"phone":"13900000001","card":["M1","M4"]}
{"card":"M2"}
{"card":"M3","city":"Suzhou"}
{"card":["M2","M3"]}`, 200, "")
	tight := newFixture(t, func(o *Options) {
		o.Console = func(ctx context.Context, _ Source, _ []string) Printed { <-ctx.Done(); return Printed{} }
		o.MaxBody, o.QueryTime = 1000, 20*time.Millisecond
		o.Reload = func(context.Context) (Reloaded, error) { return Reloaded{}, &RulesError{"shop.muster:1:1: error"} }
	})
	tight.seed()
	busy := newFixture(t, func(o *Options) { o.QueryTime = 20 * time.Millisecond; o.Console = console })
	busy.seed()
	for _, s := range []interface{ TryAcquire(int64) bool }{busy.server.streams, busy.server.queries, busy.server.buffer} {
		for s.TryAcquire(1 << 20) {
		}
		for s.TryAcquire(1) {
		}
	}
	closed := newFixture(t, func(o *Options) {
		o.Reload = func(context.Context) (Reloaded, error) { return Reloaded{}, live.ErrClosed }
	})
	closed.seed()
	closed.engine.Close()
	closed.server.Drain()

	ask := func(f *fixture, method, path string, one call) {
		t.Helper()
		target := one.path
		if one.query != "" {
			target += "?" + one.query
		}
		w := f.send(method, target, one.body, one.headers...)
		if w.Code != one.status {
			t.Errorf("%s %s: status %d, want %d: %s", method, target, w.Code, one.status, w.Body)
			return
		}
		r := httptest.NewRequest(method, "/", nil)
		c.hold(path, r, w)
	}
	var keys []string
	for key := range calls {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		method, path, _ := strings.Cut(key, " ")
		op := c.operation(method, path)
		if op == nil {
			t.Errorf("%s is not documented", key)
			continue
		}
		good := calls[key][0]
		for status := range sub(op, "responses") {
			one := good
			one.status, _ = strconv.Atoi(status)
			switch one.status {
			case 401:
				normal.token = ""
				ask(normal, method, path, one)
				normal.token = "nobody-has-this-token"
				ask(normal, method, path, one)
			case 403:
				normal.token = map[bool]string{true: onlyWrites, false: onlyReads}[method == "GET" && path != "/v1/sources" || path == "/v1/query" || path == "/v1/console"]
				ask(normal, method, path, one)
			case 413:
				one.body = strings.Repeat("1", 2000)
				ask(tight, method, path, one)
			case 415:
				one.headers = []string{"Content-Encoding", "br"}
				ask(normal, method, path, one)
			case 422:
				one.query = "none_such=1"
				ask(normal, method, path, one)
			case 429:
				switch path {
				case "/v1/crossings":
					one.query = "after=100&wait=1s"
				case "/v1/events/{type}/{key}":
					one.query = ""
				}
				ask(busy, method, path, one)
			case 503:
				switch path {
				case "/v1/members/{id}":
					one.path = "/v1/members/13900000001"
				case "/v1/identity/change":
					one.body = `{"from":"13900000001","to":"13900000006"}`
				case "/v1/identity/split":
					one.body = `{"member":1}`
				}
				switch path {
				case "/v1/console":
					ask(tight, method, path, one)
				case "/v1/query":
					late := &fixture{t: t, token: everything, server: New(slow{normal.engine}, Options{Tokens: testTokens()})}
					one.body = `{"condition":"active","ids":true}`
					ask(late, method, path, one)
				default:
					ask(closed, method, path, one)
				}
			}
			normal.token = everything
		}
		for _, one := range calls[key] {
			ask(normal, method, path, one)
		}
		switch path {
		case "/v1/console":
			one := good
			one.status = 404
			ask(closed, method, path, one)
		case "/v1/rules/reload":
			one := good
			one.status = 409
			ask(busy, method, path, one)
			one.status = 422
			ask(tight, method, path, one)
		}
	}
	c.operations(func(method, path string, op map[string]any) {
		for status := range sub(op, "responses") {
			if what := method + " " + path + " " + status; !c.seen[what] {
				t.Errorf("%s is documented and was not seen", what)
			}
		}
	})
}

// A parameter that is misspelt is not passed over: the request would reach further than was meant.
func TestParametersThatMeanNothing(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	f.expect("DELETE", "/v1/events/order/O2?phon=13900000001", "", 422, `{"status":422,"title":"Unprocessable Entity","detail":"there is no parameter \"phon\" here; did you mean phone?"}`)
	f.expect("DELETE", "/v1/events/order/O2?card=13900000001", "", 404, "")
	f.expect("DELETE", "/v1/events/order/O2?phone=13900000002", "", 204, "")
	f.expect("POST", "/v1/events?sorce=till", order1, 422, `{"status":422,"title":"Unprocessable Entity","detail":"there is no parameter \"sorce\" here; did you mean source?"}`)
	f.expect("GET", "/v1/rules?x=1", "", 422, `{"status":422,"title":"Unprocessable Entity","detail":"there is no parameter \"x\" here, nor any other"}`)
	f.expect("GET", "/v1/members/13900000001?x=1", "", 422, `{"status":422,"title":"Unprocessable Entity","detail":"there is no parameter \"x\" here; there is events or as_of"}`)
	f.expect("GET", "/v1/segments?as_of=%zz", "", 422, "")
	f.expect("GET", "/healthz?probe=1", "", 200, "")
	f.token = ""
	f.expect("GET", "/v1/segments", "", 200, "", "Authorization", "bearer "+onlyReads)
}

func TestPathsThatAreNotThere(t *testing.T) {
	f := newFixture(t, nil)
	f.expect("GET", "/v1/nothing", "", 404, "")
	f.expect("PATCH", "/v1/query", "", 405, `{"status":405,"title":"Method Not Allowed","detail":"this address takes POST"}`)
	if got := f.send("POST", "/v1/members/1/tags/foot", "").Header().Get("Allow"); got != "PUT, DELETE" {
		t.Fatal(got)
	}
}

func TestWithoutTokensOnlyFromHere(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Tokens = nil })
	f.token = ""
	f.expect("POST", "/v1/events", order1, 200, "")
	f.expect("POST", "/v1/events", order1, 403, "", "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site")
	r := httptest.NewRequest("GET", "http://elsewhere.example/v1/segments", nil)
	w := httptest.NewRecorder()
	f.server.ServeHTTP(w, r)
	if w.Code != 403 {
		t.Fatal(w.Code)
	}
}

func TestLogNamesNoMember(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	f.expect("GET", "/v1/members/13900000001?"+url.Values{"as_of": {"2026-11-01"}}.Encode(), "", 200, "")
	f.expect("GET", "/v1/members/13977777777", "", 404, "")
	log := regexp.MustCompile(`"time":"[^"]*"`).ReplaceAllString(f.log.String(), "") // whose fractions may be any digits
	if strings.Contains(log, "139") || !strings.Contains(log, `"route":"/v1/members/{id}","status":404`) || !strings.Contains(log, `"by":"boss"`) {
		t.Fatal(log)
	}
}

func TestMetrics(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	f.expect("POST", "/v1/events", order1, 200, "")
	text := f.send("GET", "/metrics", "").Body.String()
	for _, want := range []string{
		`muster_inputs_total{kind="event",outcome="accepted"} 2`,
		`muster_inputs_total{kind="event",outcome="duplicate"} 1`,
		`muster_requests_total{method="POST",route="/v1/events",status="200"} 2`,
		`muster_members 2`, `muster_crossings 3`, `muster_engine_fault 0`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("lacks %s", want)
		}
	}
}

func TestTokenFiles(t *testing.T) {
	for text, want := range map[string]string{
		"short me read":                                    "line 1: the token of me is too short to be safe; take 16 characters or more",
		"\n0123456789abcdef me":                            "line 2: a line is TOKEN NAME RIGHTS, with RIGHTS such as read,write",
		"0123456789abcdef me reed":                         `line 1: "reed" is no right; there are read, write and admin`,
		"0123456789abcdef a read\n0123456789abcdef b read": "line 2: this token stands on an earlier line",
	} {
		if _, err := ReadTokens(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
