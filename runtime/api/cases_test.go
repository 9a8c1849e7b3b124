package api

import (
	"testing"
	"time"
)

func TestCasesOverHTTP(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	f.expect("GET", "/v1/cases", "", 200, `{"as_of":"2026-11-01T12:00:00+08:00","open":0,"overdue":0,"cases":[]}`)
	f.says("POST", "/v1/events", `{"type":"filed","phone":"13900000001","ticket":"T1","shop":"S1","at":"2026-11-01T11:00"}
		{"type":"filed","phone":"13900000002","ticket":"T2","at":"2026-11-01T09:00"}
		{"type":"filed","phone":"13900000002","ticket":"T3","shop":"S2","at":"2026-11-01T08:00"}
		{"type":"resolved","phone":"13900000002","ticket":"T3"}`, 200, `"accepted":4`)
	const late = `{"case":"complaint","ticket":"T2","member":1,"opened":"2026-11-01T09:00:00+08:00","due":"2026-11-01T10:30:00+08:00","overdue":true,"reopened":false,"by":{"shop":""}}`
	const open = `{"case":"complaint","ticket":"T1","member":0,"opened":"2026-11-01T11:00:00+08:00","due":"2026-11-01T12:30:00+08:00","overdue":false,"reopened":false,"by":{"shop":"S1"}}`
	f.expect("GET", "/v1/cases", "", 200, `{"as_of":"2026-11-01T12:00:00+08:00","open":2,"overdue":1,"cases":[`+late+`,`+open+`]}`)
	f.expect("GET", "/v1/cases?overdue=true&case=complaint", "", 200, `{"as_of":"2026-11-01T12:00:00+08:00","open":2,"overdue":1,"cases":[`+late+`]}`)
	f.expect("GET", "/v1/cases?limit=0", "", 200, `{"as_of":"2026-11-01T12:00:00+08:00","open":2,"overdue":1,"cases":[]}`)
	f.clock.Add((30 * time.Minute).Microseconds())
	f.says("POST", "/v1/events", `{"type":"visit","phone":"13900000001","page":"p"}`, 200, "")
	f.says("GET", "/v1/cases", "", 200, `"overdue":2`)
	f.says("GET", "/v1/cases?case=complain", "", 404, `did you mean complaint?`)
}
