package api

import (
	"strings"
	"testing"
)

func TestManualTags(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	f.expect("PUT", "/v1/lists/vips", "13900000001\n", 200, `{"members":1,"unknown":0}`)
	f.token = onlyWrites
	f.expect("PUT", "/v1/members/13900000001/tags/foot", `{"value":"wide"}`, 204, "")
	f.token = everything
	if got := f.send("GET", "/v1/members/13900000001", "").Body.String(); !strings.Contains(got, `"value":"wide","set_at":"2026-11-01T12:00:00+08:00","set_by":"till"`) {
		t.Fatal(got)
	}
	f.expect("GET", "/v1/members/13900000001/segments", "", 200, `{"member":0,"as_of":"2026-11-01T12:00:00+08:00","segments":["active","big","wide_vip"]}`)
	f.expect("PUT", "/v1/members/13900000001/tags/foot", `{"value":"wider"}`, 422, `{"status":422,"title":"Unprocessable Entity","detail":"foot: \"wider\" is not one of \"wide\" \"narrow\""}`)
	f.expect("PUT", "/v1/members/13900000001/tags/foot", `{"value":null}`, 422, "")
	f.expect("PUT", "/v1/members/13900000001/tags/spend", `{"value":1}`, 422, `{"status":422,"title":"Unprocessable Entity","detail":"spend follows from the rules; only a manual tag can be set"}`)
	f.expect("DELETE", "/v1/members/13900000001/tags/foot", "", 204, "")
	f.expect("GET", "/v1/members/13900000001/segments", "", 200, `{"member":0,"as_of":"2026-11-01T12:00:00+08:00","segments":["active","big"]}`)
}

func TestLists(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	on := func(want string) {
		t.Helper()
		f.expect("POST", "/v1/query", `{"condition":"vips","ids":true}`, 200, "")
		got := f.send("POST", "/v1/query", `{"condition":"vips","ids":true}`).Body.String()
		if !strings.Contains(got, want) {
			t.Fatalf("%s is not in %s", want, got)
		}
	}
	f.expect("PUT", "/v1/lists/vips", "# from the shop\n139 0000 0001\n\n13977777777\n13900000001", 200, `{"members":1,"unknown":1,"examples":["13977777777"]}`)
	on(`"ids":["+8613900000001"]`)
	f.expect("POST", "/v1/lists/vips", `["13900000002"]`, 200, `{"members":1,"unknown":0}`)
	on(`"ids":["+8613900000001","+8613900000002"]`)
	f.expect("DELETE", "/v1/lists/vips", `{"ids":["13900000001"]}`, 200, `{"members":1,"unknown":0}`)
	on(`"ids":["+8613900000002"]`)
	f.expect("PUT", "/v1/lists/vips", "", 200, `{"members":0,"unknown":0}`)
	on(`"members":0,"of":2`)
}

func TestSegmentMembers(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	f.expect("POST", "/v1/members", `{"phone":"13900000001","card":["C1","C2"]}`, 200, "")
	if got := f.send("GET", "/v1/segments/active/members", "").Body.String(); got != `{"member":0,"ids":{"card":["C1","C2"],"phone":"+8613900000001"}}
{"member":1,"ids":{"phone":"+8613900000002"}}
` {
		t.Fatal(got)
	}
	if got := f.send("GET", "/v1/segments/active/members", "", "Accept", "text/csv").Body.String(); got != "member,phone,card\n0,+8613900000001,C1 C2\n1,+8613900000002,\n" {
		t.Fatal(got)
	}
	if got := f.send("GET", "/v1/segments/active/members?after=0&format=csv&limit=5", "").Body.String(); got != "member,phone,card\n1,+8613900000002,\n" {
		t.Fatal(got)
	}
	f.expect("GET", "/v1/segments", "", 200, `{"as_of":"2026-11-01T12:00:00+08:00","of":2,"segments":[
		{"name":"active","title":"Active","members":2,"of":2,"share":1,"as_of":"2026-11-01T12:00:00+08:00"},
		{"name":"big","members":1,"of":2,"share":0.5,"as_of":"2026-11-01T12:00:00+08:00"},
		{"name":"wide_vip","members":0,"of":2,"share":0,"as_of":"2026-11-01T12:00:00+08:00"}]}`)
	f.expect("GET", "/v1/segments/active?trend=0&as_of=2026-11-01T10:30", "", 200, `{"name":"active","title":"Active","members":1,"of":2,"share":0.5,"as_of":"2026-11-01T10:30:00+08:00"}`)
}

func TestQueries(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	ask := func(in, want string) {
		t.Helper()
		f.expect("POST", "/v1/query", in, 200, want)
	}
	ask(`{"condition":"sum(order.amount) in last 90 days > 100"}`,
		`{"condition":"sum(order.amount) in last 90 days > 100","type":"bool","members":1,"of":2,"as_of":"2026-11-01T12:00:00+08:00","took_ms":0}`)
	ask(`{"condition":"active","as_of":"2026-11-01T10:30:00+08:00"}`,
		`{"condition":"active","type":"bool","members":1,"of":2,"as_of":"2026-11-01T10:30:00+08:00","took_ms":0}`)
	ask(`{"condition":"active","by":["city","orders"]}`,
		`{"condition":"active","type":"bool","members":2,"of":2,"as_of":"2026-11-01T12:00:00+08:00","took_ms":0,"by":["city","orders"],
		"cells":[{"values":["Suzhou",1],"members":1},{"values":[null,1],"members":1}]}`)
	ask(`{"condition":"active","ids":true,"limit":1}`,
		`{"condition":"active","type":"bool","members":2,"of":2,"as_of":"2026-11-01T12:00:00+08:00","took_ms":0,"ids":["+8613900000001"]}`)
	ask(`{"condition":"city"}`,
		`{"condition":"city","type":"string","members":1,"of":2,"as_of":"2026-11-01T12:00:00+08:00","took_ms":0,
		"cells":[{"values":["Suzhou"],"members":1},{"values":[null],"members":1}]}`)
	f.expect("POST", "/v1/query", `{"condition":"actve"}`, 422, `{"status":422,"title":"Unprocessable Entity",
		"detail":"condition: no attribute, tag, segment or list is called `+"`actve`"+`; did you mean `+"`active`"+`?",
		"findings":[{"code":"M0205","severity":"error","message":"no attribute, tag, segment or list is called `+"`actve`"+`","hint":"did you mean `+"`active`"+`?","line":1,"column":1}]}`)
	f.expect("POST", "/v1/query", `{"conditon":"active"}`, 400, `{"status":400,"title":"Bad Request","detail":"the body is no JSON object as described: unknown field \"conditon\""}`)
	f.expect("POST", "/v1/query", `{"condition":1}`, 400, `{"status":400,"title":"Bad Request","detail":"the body is no JSON object as described: condition cannot be a number"}`)
}

func TestExplanation(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	f.expect("GET", "/v1/members/13900000002/explain?condition=spend", "", 200, `{"member":1,"as_of":"2026-11-01T12:00:00+08:00","condition":"spend",
		"clause":{"text":"spend","name":"spend","type":"money","value":50.00,"children":[
			{"text":"sum(order.amount) in last 30 days","type":"money","value":50.00,"counted":1,"events":[
				{"type":"order","at":"2026-11-01T11:00:00+08:00","fields":{"order_id":"O2","amount":50.00}}]}]}}`)
}

// TestElapsedTimeOfUndeclaredAggregates asks for hours that go by while nothing arrives.
func TestElapsedTimeOfUndeclaredAggregates(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	const body = `{"condition":"has(order) in last 3 hours"}`
	members := func(want string) {
		t.Helper()
		if got := f.send("POST", "/v1/query", body).Body.String(); !strings.Contains(got, want) {
			t.Fatalf("want %s in %s", want, got)
		}
	}
	members(`"members":2,"of":2,"as_of":"2026-11-01T12:00:00+08:00"`)
	f.clock.Add(90 * 60e6)
	members(`"members":1,"of":2,"as_of":"2026-11-01T13:30:00+08:00"`)
	if got := f.send("GET", "/v1/members/13900000001/explain?condition=has(order)+in+last+3+hours", "").Body.String(); !strings.Contains(got, `"value":false`) {
		t.Fatal(got)
	}
}

// TestRanksAreAmongAllMembers asks one member's rank, which others decide.
func TestRanksAreAmongAllMembers(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	for id, want := range map[string]string{"13900000001": "2", "13900000002": "1"} {
		got := f.send("GET", "/v1/members/"+id+"/explain?condition=ntile(2,+spend)", "").Body.String()
		if !strings.Contains(got, `"type":"int","value":`+want) {
			t.Fatal(got)
		}
	}
}
