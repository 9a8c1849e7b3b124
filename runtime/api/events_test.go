package api

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
)

func TestOrderOfATill(t *testing.T) {
	f := newFixture(t, nil)
	f.expect("POST", "/v1/events", order1, 200, `{"accepted":1,"duplicate":0,"rejected":[]}`)
	f.expect("POST", "/v1/events", order1, 200, `{"accepted":0,"duplicate":1,"rejected":[]}`)
	f.expect("GET", "/v1/members/+86%20139-0000-0001", "", 200, `{
		"member":0,"as_of":"2026-11-01T12:00:00+08:00",
		"ids":{"phone":"+8613900000001","card":null},
		"attributes":{"city":null,"birthday":null,"nick":null},
		"tags":[
			{"name":"spend","title":"Spend","group":"value","type":"money","value":1234.50},
			{"name":"orders","type":"int","value":1},
			{"name":"foot","title":"Foot","type":"enum","manual":true,"value":null}],
		"segments":["active","big"],"lists":[],
		"points":[{"name":"stars","balance":0,"pending":0,"lots":[]}],"tiers":[{"name":"level","tier":"plain","measure":0,"next":"gold","to_next":1000}],
		"events":[{"type":"order","at":"2026-11-01T10:00:00+08:00","fields":{"order_id":"O1","amount":1234.50,"channel":"pos"}}]
	}`)
}

func TestAmountsAreReadFromTheirText(t *testing.T) {
	f := newFixture(t, nil)
	f.expect("POST", "/v1/events", strings.Join([]string{
		`{"type":"order","phone":"13900000001","order_id":"1","amount":90071992547409.93}`,
		`{"type":"order","phone":"13900000001","order_id":"2","amount":"0.10"}`,
		`{"type":"order","phone":"13900000001","order_id":"3","amount":2e-1}`,
		`{"type":"order","phone":"13900000001","order_id":"4","amount":0.005}`,
	}, "\n"), 200, `{"accepted":3,"duplicate":0,"rejected":[{"line":4,"field":"amount","reason":"\"0.005\" has more decimals than the currency"}]}`)
	if got := f.send("POST", "/v1/query", `{"condition":"spend"}`).Body.String(); !strings.Contains(got, `"values":[90071992547410.23]`) {
		t.Fatal(got)
	}
}

func TestBadLinesKeepGoodOnes(t *testing.T) {
	f := newFixture(t, nil)
	f.expect("POST", "/v1/events", strings.Join([]string{
		`{"type":"order","phone":"13900000001","order_id":"1","amount":1}`,
		`{"type":"ordre","phone":"13900000001"}`,
		``,
		`{"type":"order","phone":"12","order_id":"2"}`,
		`{"type":"order","phone":"13900000001","order_id":"3","amount":"much"}`,
		`{"type":"order","phone":"13900000001"`,
		`{"phone":"13900000001"}`,
		`{"type":"order","order_id":"4"}`,
		`{"type":"order","phone":"13900000001","order_id":"1","amount":9}`,
		`{"type":"order","phone":"13900000001","order_id":"5","channel":"fax"}`,
		`{"type":"visit","phone":"13900000009","page":"home","other":[1,{"a":2}]}`,
		"{\"type\":\"visit\",\"phone\":\"13900000009\",\"page\":\"caf\xe9\"}",
	}, "\r\n"), 200, `{"accepted":2,"duplicate":1,"rejected":[
		{"line":2,"field":"type","reason":"there is no event \"ordre\"; did you mean order?"},
		{"line":4,"field":"phone","reason":"\"12\" is not a phone number; there is no usable id"},
		{"line":5,"field":"amount","reason":"\"much\" is not an amount"},
		{"line":6,"reason":"no JSON object: the line ends in the middle of the object (character 38)"},
		{"line":7,"field":"type","reason":"type must name an event of the rules"},
		{"line":8,"field":"phone","reason":"no usable id: all id cells are empty"},
		{"line":10,"field":"channel","reason":"\"fax\" is not one of \"pos\" \"app\""},
		{"line":12,"reason":"the line is not valid UTF-8"}
	]}`)
	f.expect("GET", "/v1/members/13900000001/timeline", "", 200, `{"member":0,"as_of":"2026-11-01T12:00:00+08:00","total":1,
		"events":[{"type":"order","at":"2026-11-01T12:00:00+08:00","fields":{"order_id":"1","amount":1.00}}]}`)
}

// A line that is no object needs nothing of the rules to be refused, such as the salt of a hashed id.
func TestBadLinesWhereIDsAreSalted(t *testing.T) {
	f := newFixtureOf(t, `settings { language 1  timezone "Asia/Shanghai" }
		member { phone id phone "CN" hashed sha256 salt env "SALT" }
		event visit { page string }`, func(o *Options) { o.Env = func(string) string { return "pepper" } })
	f.expect("POST", "/v1/events", `{"type":"visit","phone":"13900000001"}`+"\n"+`{"type":"visit"`, 200, `{"accepted":1,"duplicate":0,"rejected":[
		{"line":2,"reason":"no JSON object: the line ends in the middle of the object (character 16)"}]}`)
}

// A field that is near one that is missing is told; others that mean nothing are passed over.
func TestMisspeltFieldsAreTold(t *testing.T) {
	f := newFixture(t, nil)
	f.expect("POST", "/v1/events", strings.Join([]string{
		`{"type":"order","phone":"13900000001","order_id":"1","amuont":1,"channel":"pos","cashier":"Li"}`,
		`{"type":"order","phone":"13900000001","order_id":"2","amount":1,"amounts":2}`,
		`{"type":"order","phone":"13900000001","order_id":"3","Amount":1,"chanel":"app"}`,
		`{"type":"order","phon":"13900000001","order_id":"4"}`,
		`{"type":"visit","phone":"13900000001","pages":"home","more":{"page":"x"}}`,
	}, "\n"), 200, `{"accepted":4,"duplicate":0,"rejected":[{"line":4,"field":"phone","reason":"no usable id: all id cells are empty"}],"unread":[
		{"line":1,"field":"amuont","reason":"means nothing here; did you mean amount?"},
		{"line":3,"field":"Amount","reason":"means nothing here; did you mean amount?"},
		{"line":5,"field":"pages","reason":"means nothing here; did you mean page?"}]}`)
	f.expect("POST", "/v1/members", `{"phone":"13900000001","ctiy":"Suzhou"}`, 200,
		`{"accepted":1,"duplicate":0,"rejected":[],"unread":[{"line":1,"field":"ctiy","reason":"means nothing here; did you mean city?"}]}`)
	f.expect("POST", "/v1/members?source=people", `{"mobile":"13900000001","twon":"Suzhou"}`, 200, `{"accepted":1,"duplicate":0,"rejected":[]}`)
	var many strings.Builder
	for range 200 {
		many.WriteString(`{"phone":"13900000001","ctiy":"Suzhou"}` + "\n")
	}
	if got := strings.Count(f.send("POST", "/v1/members", many.String()).Body.String(), "ctiy"); got != maxSlips {
		t.Error(got)
	}
}

func TestObjectOverSeveralLines(t *testing.T) {
	f := newFixture(t, nil)
	f.expect("POST", "/v1/events", "{\n \"type\": \"order\",\n \"phone\": \"13900000001\",\n \"order_id\": \"O1\"\n}\n", 200, `{"accepted":1,"duplicate":0,"rejected":[]}`)
	f.expect("POST", "/v1/events", "{\n \"type\": \"order\",\n \"order_id\": \"O1\"\n}\n", 200,
		`{"accepted":0,"duplicate":0,"rejected":[{"line":1,"field":"phone","reason":"no usable id: all id cells are empty"}]}`)
}

func TestSourceMapsObjects(t *testing.T) {
	f := newFixture(t, nil)
	f.expect("POST", "/v1/events?source=till", `{"mobile":"139 0000 0001","no":7,"total":"12.30","when":"2026-10-31 09:30"}`, 200, `{"accepted":1,"duplicate":0,"rejected":[]}`)
	f.expect("POST", "/v1/members?source=people", `{"mobile":"139 0000 0001","town":"Wuxi"}`, 200, `{"accepted":1,"duplicate":0,"rejected":[]}`)
	f.expect("GET", "/v1/members/13900000001?events=1", "", 200, "")
	f.expect("GET", "/v1/members/13900000001/timeline?type=order", "", 200, `{"member":0,"as_of":"2026-11-01T12:00:00+08:00","total":1,
		"events":[{"type":"order","at":"2026-10-31T09:30:00+08:00","fields":{"order_id":"7","amount":12.30}}]}`)
	f.expect("POST", "/v1/events?source=tills", "{}", 404, `{"status":404,"title":"Not Found","detail":"there is no source \"tills\"; did you mean till?"}`)
	f.expect("POST", "/v1/events?source=people", "{}", 422, "")
}

func TestNullClearsAndAbsentKeeps(t *testing.T) {
	f := newFixture(t, nil)
	post := func(body string) {
		t.Helper()
		f.expect("POST", "/v1/members", body, 200, `{"accepted":1,"duplicate":0,"rejected":[]}`)
	}
	attributes := func(want string) {
		t.Helper()
		w := f.send("GET", "/v1/members/13900000001", "")
		if got := canonical(t, w.Body.Bytes()); !strings.Contains(strings.Join(strings.Fields(got), ""), want) {
			t.Fatalf("want %s in %s", want, got)
		}
	}
	post(`{"phone":"13900000001","card":["C1","C2"],"city":"Suzhou","birthday":"1990-02-28","nick":["A","B"]}`)
	attributes(`"attributes":{"birthday":"1990-02-28","city":"Suzhou","nick":["A","B"]}`)
	post(`{"card":"C2","birthday":null}`)
	attributes(`"attributes":{"birthday":null,"city":"Suzhou","nick":["A","B"]}`)
	post(`{"card":"C1","nick":["B"],"city":""}`)
	attributes(`"attributes":{"birthday":null,"city":"Suzhou","nick":["B"]}`)
}

func TestAMemberHasOnePhone(t *testing.T) {
	f := newFixture(t, nil)
	f.expect("POST", "/v1/members", strings.Join([]string{
		`{"phone":"13900000001","card":"C1"}`,
		`{"phone":"13900000002","card":"C1"}`,
		`{"phone":"13900000003","card":"C3"}`,
		`{"phone":"13900000003","card":"C1"}`,
		`{"card":"C4"}`,
		`{"card":"C5"}`,
		`{"card":["C4","C5"],"phone":"13900000003"}`,
	}, "\n"), 200, `{"accepted":7,"duplicate":0,"merged":2,"conflicts":2,"rejected":[]}`)
	f.expect("GET", "/v1/members/13900000002/segments", "", 200, "")
	w := f.send("GET", "/v1/members/C5", "")
	if got := canonical(t, w.Body.Bytes()); !strings.Contains(strings.Join(strings.Fields(got), ""), `"ids":{"card":["C3","C4","C5"],"phone":"+8613900000003"}`) {
		t.Fatal(got)
	}
}

func TestPackedBody(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.MaxBody = 10_000 })
	pack := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
		return b.String()
	}
	f.expect("POST", "/v1/events", pack(order1), 200, `{"accepted":1,"duplicate":0,"rejected":[]}`, "Content-Encoding", "gzip")
	f.expect("POST", "/v1/events", pack(strings.Repeat(" ", 20_000)+order1), 413, "", "Content-Encoding", "gzip")
	f.expect("POST", "/v1/events", order1, 400, "", "Content-Encoding", "gzip")
	f.expect("POST", "/v1/events", pack(order1)[:30], 400, "", "Content-Encoding", "gzip")
}

func TestThousandsOfLines(t *testing.T) {
	f := newFixture(t, nil)
	var body strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&body, `{"type":"order","phone":"1390000%04d","order_id":"O%d","amount":%d}`+"\n", i%1000, i, i)
	}
	f.expect("POST", "/v1/events", body.String(), 200, `{"accepted":5000,"duplicate":0,"rejected":[]}`)
	f.expect("POST", "/v1/events", body.String(), 200, `{"accepted":0,"duplicate":5000,"rejected":[]}`)
	f.expect("GET", "/v1/segments/active?trend=0", "", 200, `{"name":"active","title":"Active","members":1000,"of":1000,"share":1,"as_of":"2026-11-01T12:00:00+08:00"}`)
}

func TestLimitsOfABatch(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.MaxLine, o.MaxInputs = 300, 2 })
	f.expect("POST", "/v1/events", `{"type":"order","order_id":"`+strings.Repeat("x", 300)+`"}`, 413, "")
	f.expect("POST", "/v1/events", "{}\n{}\n{}\n", 413, `{"status":413,"title":"Request Entity Too Large","detail":"there are more than 2 lines; send them in parts"}`)
	f.expect("POST", "/v1/events", " \n", 400, `{"status":400,"title":"Bad Request","detail":"the body is empty"}`)
	f.expect("POST", "/v1/events", "{}", 415, "", "Content-Encoding", "br")
	f.expect("POST", "/v1/events", "{\"type\":\"order\"}", 400, `{"status":400,"title":"Bad Request","detail":"the body cannot be read to its end: it is not packed with gzip"}`, "Content-Encoding", "gzip")
	f.expect("POST", "/v1/events", "\x1f\x8b\x08\x00\x00\x00", 400, `{"status":400,"title":"Bad Request","detail":"the body cannot be read to its end: it breaks off"}`, "Content-Encoding", "GZIP")
	f.expect("POST", "/v1/query", `[1]`, 400, `{"status":400,"title":"Bad Request","detail":"the body is no JSON object as described: it is a list"}`)
}

func TestRetractAndSendAnew(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	f.expect("DELETE", "/v1/events/order/O1?phone=139-0000-0001", "", 204, "")
	f.expect("GET", "/v1/members/13900000001/segments", "", 200, `{"member":0,"as_of":"2026-11-01T12:00:00+08:00","segments":[]}`)
	f.expect("DELETE", "/v1/events/order/O1?phone=13900000001", "", 404, `{"status":404,"title":"Not Found","detail":"there is no order with the key \"O1\""}`)
	f.expect("DELETE", "/v1/events/visit/O1?phone=13900000001", "", 422, "")
	f.expect("POST", "/v1/events", order1, 200, `{"accepted":1,"duplicate":0,"rejected":[]}`)
	f.expect("GET", "/v1/members/13900000001/segments", "", 200, `{"member":0,"as_of":"2026-11-01T12:00:00+08:00","segments":["active","big"]}`)
}
