package api

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
)

// Addresses of codes that the fixture's numbers make, in the order of their issue, and of one that nobody has.
const (
	codeA  = "/v1/coupons/codes/123456789ABCDEFP/"
	codeB  = "/v1/coupons/codes/GHJKMNPQRSTVWXY3/"
	codeC  = "/v1/coupons/codes/Z0123456789ABCD5/"
	codeD  = "/v1/coupons/codes/EFGHJKMNPQRSTVWA/"
	codeE  = "/v1/coupons/codes/XYZ0123456789AB0/"
	noCode = "/v1/coupons/codes/0000000000000000/"
)

// The requests of coupons, for the contract.
func init() {
	maps.Copy(calls, map[string][]call{
		"GET /v1/cases":                         {{200, "/v1/cases", "overdue=true", "", nil}, {404, "/v1/cases", "case=complain", "", nil}, {422, "/v1/cases", "overdue=no", "", nil}},
		"GET /v1/coupons":                       {{200, "/v1/coupons", "", "", nil}},
		"GET /v1/coupons/{name}":                {{200, "/v1/coupons/back100", "", "", nil}, {404, "/v1/coupons/back10", "", "", nil}},
		"POST /v1/coupons/{name}/issue":         {{200, "/v1/coupons/back100/issue", "", `{"member":"13900000001"}`, []string{"Idempotency-Key", "I9"}}, {400, "/v1/coupons/back100/issue", "", "{", nil}, {404, "/v1/coupons/back10/issue", "", `{"member":"13900000001","key":"I9"}`, nil}, {409, "/v1/coupons/back100/issue", "", `{"member":"13900000001","key":"I10"}`, nil}, {422, "/v1/coupons/back100/issue", "", `{"member":"13900000001"}`, nil}},
		"POST /v1/coupons/codes/{code}/check":   {{200, codeA + "check", "", `{"amount":600}`, nil}, {200, codeA + "check", "", `{"amount":6}`, nil}, {400, codeA + "check", "", "{", nil}, {404, noCode + "check", "", "{}", nil}, {422, codeA + "check", "", `{"amount":6.001}`, nil}},
		"POST /v1/coupons/codes/{code}/use":     {{200, codeA + "use", "", `{"key":"U1","amount":600,"reservation":"cart"}`, nil}, {400, codeA + "use", "", "{", nil}, {404, noCode + "use", "", `{"key":"U1","amount":600}`, nil}, {409, codeB + "use", "", `{"key":"U1","amount":6}`, nil}, {422, codeB + "use", "", `{"key":"U1"}`, nil}},
		"POST /v1/coupons/codes/{code}/return":  {{200, codeC + "return", "", `{"key":"R1"}`, nil}, {400, codeA + "return", "", "{", nil}, {404, noCode + "return", "", `{"key":"R1"}`, nil}, {409, codeB + "return", "", `{"key":"R1"}`, nil}, {422, codeA + "return", "", `{}`, nil}},
		"POST /v1/coupons/codes/{code}/void":    {{200, codeD + "void", "", `{"key":"V1"}`, nil}, {400, codeA + "void", "", "{", nil}, {404, noCode + "void", "", `{"key":"V1"}`, nil}, {409, codeA + "void", "", `{"key":"V2"}`, nil}, {422, codeA + "void", "", `{}`, nil}},
		"POST /v1/coupons/codes/{code}/reserve": {{200, codeA + "reserve", "", `{"key":"cart","seconds":900}`, nil}, {400, codeA + "reserve", "", "{", nil}, {404, noCode + "reserve", "", `{"key":"cart","seconds":900}`, nil}, {409, codeA + "reserve", "", `{"key":"cart2","seconds":900}`, nil}, {422, codeA + "reserve", "", `{"key":"cart3"}`, nil}},
		"POST /v1/coupons/codes/{code}/release": {{200, codeE + "release", "", `{"key":"L1","reservation":"cart"}`, nil}, {400, codeA + "release", "", "{", nil}, {404, noCode + "release", "", `{"key":"L1","reservation":"cart"}`, nil}, {409, codeB + "release", "", `{"key":"L1","reservation":"cart"}`, nil}, {422, codeA + "release", "", `{"key":"L1"}`, nil}},
	})
}

// issued issues a code to the first member.
func (f *fixture) issued(key string) string {
	f.t.Helper()
	w := f.send("POST", "/v1/coupons/back100/issue", `{"member":"13900000001","key":"`+key+`"}`)
	var got codeAnswer
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 {
		f.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return got.Code
}

// says holds an answer to a status and a part of its text.
func (f *fixture) says(method, path, body string, status int, part string) {
	f.t.Helper()
	w := f.send(method, path, body)
	if w.Code != status || !strings.Contains(w.Body.String(), part) {
		f.t.Fatalf("%s %s: %d %s, want %d and %s", method, path, w.Code, w.Body, status, part)
	}
}

func TestCouponsOverHTTP(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	f.expect("GET", "/v1/coupons/tenth", "", 200, `{"name":"tenth","percent":0.10,"up_to":20.50,"from":"2026-11-01","stock":null,"left":null,"issued":0,"used":0,"usable":0,"worth":0.00}`)
	const first = `"coupon":"back100","code":"123456789ABCDEFP","member":0,"done":"issue"`
	const rest = `"at":"2026-11-01T12:00:00+08:00","expires":"2026-12-01","terms":{"off":100.00,"min_spend":500.00}`
	f.expect("POST", "/v1/coupons/back100/issue", `{"member":"13900000001","key":"I1"}`, 200, `{`+first+`,"again":false,`+rest+`}`)
	f.expect("POST", "/v1/coupons/back100/issue", `{"member":"13900000001","key":"I1"}`, 200, `{`+first+`,"again":true,`+rest+`}`)
	f.says("POST", "/v1/coupons/back100/issue", `{"member":"13900000001"}`, 422, `a key is needed`)
	f.says("POST", "/v1/coupons/back10/issue", `{"member":"13900000001","key":"I1"}`, 404, `there is no coupon \"back10\"; did you mean back100?`)
	const code = "/v1/coupons/codes/1234-5678-9abc-defp/"
	f.expect("POST", code+"check", `{"amount":499.99}`, 200, `{"usable":false,"reason":"min_spend","detail":"the purchase must be at least 500.00 CNY, and is 499.99 CNY","code":"123456789ABCDEFP","member":0}`)
	f.expect("POST", code+"check", `{"amount":500}`, 200, `{"usable":true,"coupon":"back100","code":"123456789ABCDEFP","member":0,"expires":"2026-12-01","terms":{"off":100.00,"min_spend":500.00},"worth":100.00}`)
	f.says("POST", code+"reserve", `{"key":"cart","seconds":900}`, 200, `"until":"2026-11-01T12:15:00+08:00"`)
	f.expect("POST", code+"use", `{"key":"U1","amount":600}`, 409, `{"status":409,"title":"Conflict","detail":"this code is reserved for another purchase until 2026-11-01 at 12:15","reason":"reserved"}`)
	f.says("POST", code+"use", `{"key":"U1","amount":600,"reservation":"cart"}`, 200, `"amount":600.00,"worth":100.00`)
	f.says("POST", code+"use", `{"key":"U1","amount":600}`, 200, `"again":true`)
	f.says("POST", code+"use", `{"key":"U1","amount":600.001}`, 422, `amount: 600.001 is no amount of CNY`)
	f.says("POST", code+"use", `{"key":"U1","amount":-1}`, 422, `amount: -1 is no amount of CNY`)
	f.says("POST", code+"void", `{"key":"V1"}`, 409, `return it first`)
	f.says("GET", "/v1/coupons/back100", "", 200, `"stock":10,"left":9,"issued":1,"used":1,"usable":0,"worth":100.00`)
	f.says("POST", code+"return", `{"key":"R1"}`, 200, `"done":"return"`)
	f.says("POST", code+"void", `{"key":"V1"}`, 200, `"done":"void"`)
	f.says("POST", code+"release", `{"key":"L1","reservation":"cart"}`, 409, `"reason":"not_reserved"`)
	f.says("POST", code+"release", `{"key":"L1"}`, 422, `say which reservation`)
	f.says("POST", code+"reserve", `{"key":"L1"}`, 422, `say for how long`)
	f.says("POST", "/v1/coupons/codes/1234-5678-9abc-defx/use", `{"key":"U1","amount":600}`, 422, `a symbol is missing, wrong or in the wrong place`)
	f.says("POST", "/v1/coupons/codes/0000000000000000/check", `{"amount":600}`, 404, `nobody has this code`)
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		f.issued(key)
	}
	f.says("POST", "/v1/coupons/back100/issue", `{"member":"13900000001","key":"g"}`, 409, `"reason":"at_most"`)
}
