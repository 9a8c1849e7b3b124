package api

import (
	"encoding/json"
	"strings"
	"testing"
)

// FuzzRequests sends bodies of any kind to everything that takes one. Whatever they are, the server answers in JSON that
// the fault is the sender's or what came of each line, and goes on.
func FuzzRequests(f *testing.F) {
	targets := []string{
		"/v1/events", "/v1/members", "/v1/events?source=till", "/v1/members?source=people", "/v1/query",
		"/v1/points/stars/spend", "/v1/points/stars/adjust", "/v1/coupons/back100/issue",
	}
	for _, body := range []string{
		`{"type":"order","phone":"13900000001","at":"2026-11-01T10:00:00+08:00","order_id":"O1","amount":123.45,"channel":"pos"}`,
		"{\"type\":\"visit\",\"card\":\"c1\",\"page\":\"a\"}\n\n{\"type\":\"order\"}\nnothing\n",
		`{"phone":"13900000001","city":"上海","nick":["a","b"],"birthday":"1990-02-29"}`,
		`{"mobile":"13900000001","no":"O2","total":"1e400","when":"yesterday"}`,
		`{"condition":"spend >= 1000 and (","by":["foot"],"as_of":"2026-01-01"}`,
		`{"member":"13900000001","key":"k","points":9223372036854775807}`,
		"\xef\xbb\xbf{\"type\":\"order\",\"amount\":-0.005}",
		"[1,[2,{\"a\":null}]]", "\"\\ud800\"", "{\"type\":\"order\",\"type\":\"visit\"}", "",
	} {
		for i := range targets {
			f.Add(uint8(i), body)
		}
	}
	server := newFixture(f, nil)
	f.Fuzz(func(t *testing.T, target uint8, body string) {
		server.t = t
		path := targets[int(target)%len(targets)]
		got := server.send("POST", path, body)
		server.log.Reset()
		if got.Code >= 500 {
			t.Fatalf("%s: status %d: %s", path, got.Code, got.Body)
		}
		if !json.Valid(got.Body.Bytes()) {
			t.Fatalf("%s: status %d with no JSON: %q", path, got.Code, got.Body)
		}
		if got.Code != 200 || !strings.HasPrefix(path, "/v1/events") && !strings.HasPrefix(path, "/v1/members") {
			return
		}
		var answer taken
		if err := json.Unmarshal(got.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
		lines := strings.Count(body, "\n") + 1
		if n := answer.Accepted + answer.Duplicate + len(answer.Rejected); n > lines {
			t.Fatalf("%d lines came, and %d are answered: %s", lines, n, got.Body)
		}
		for _, r := range answer.Rejected {
			if r.Line < 1 || r.Line > lines || r.Reason == "" {
				t.Fatalf("rejected: %+v of %d lines", r, lines)
			}
		}
	})
}
