package api

import (
	_ "embed"
	"errors"
	"net"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/runtime/report"
)

// route is one kind of request. A route without a right needs no token.
type route struct {
	method, path string
	right        Right
	handle       func(w http.ResponseWriter, r *http.Request) error
}

func (s *Server) routes() []route {
	return []route{
		{"POST", "/v1/events", Write, s.postEvents},
		{"DELETE", "/v1/events/{type}/{key}", Write, s.deleteEvent},
		{"POST", "/v1/members", Write, s.postMembers},
		{"GET", "/v1/members/{id}", Read, s.getMember},
		{"GET", "/v1/members/{id}/timeline", Read, s.getTimeline},
		{"GET", "/v1/members/{id}/segments", Read, s.getMemberSegments},
		{"GET", "/v1/members/{id}/explain", Read, s.getExplanation},
		{"GET", "/v1/members/{id}/export", Read, s.getExport},
		{"DELETE", "/v1/members/{id}", Admin, s.deleteMember},
		{"POST", "/v1/identity/change", Write, s.postIDChange},
		{"POST", "/v1/identity/split", Write, s.postSplit},
		{"GET", "/v1/identity/conflicts", Read, s.getConflicts},
		{"GET", "/v1/identity/merges", Read, s.getMerges},
		{"PUT", "/v1/members/{id}/tags/{tag}", Write, s.putTag},
		{"DELETE", "/v1/members/{id}/tags/{tag}", Write, s.deleteTag},
		{"PUT", "/v1/members/{id}/tiers/{name}", Write, s.putTier},
		{"POST", "/v1/points/{name}/spend", Write, s.postSpend},
		{"POST", "/v1/points/{name}/return", Write, s.postReturn},
		{"POST", "/v1/points/{name}/adjust", Write, s.postAdjust},
		{"GET", "/v1/cases", Read, s.getCases},
		{"GET", "/v1/coupons", Read, s.getCoupons},
		{"GET", "/v1/coupons/{name}", Read, s.getCoupon},
		{"POST", "/v1/coupons/{name}/issue", Write, s.postIssue},
		{"POST", "/v1/coupons/codes/{code}/check", Write, s.postCode(live.CheckCode)},
		{"POST", "/v1/coupons/codes/{code}/use", Write, s.postCode(live.UseCode)},
		{"POST", "/v1/coupons/codes/{code}/return", Write, s.postCode(live.ReturnCode)},
		{"POST", "/v1/coupons/codes/{code}/void", Write, s.postCode(live.VoidCode)},
		{"POST", "/v1/coupons/codes/{code}/reserve", Write, s.postCode(live.ReserveCode)},
		{"POST", "/v1/coupons/codes/{code}/release", Write, s.postCode(live.ReleaseCode)},
		{"GET", "/v1/lists", Read, s.getLists},
		{"PUT", "/v1/lists/{name}", Write, s.putList},
		{"POST", "/v1/lists/{name}", Write, s.postList},
		{"DELETE", "/v1/lists/{name}", Write, s.deleteList},
		{"GET", "/v1/segments", Read, s.getSegments},
		{"GET", "/v1/segments/{name}", Read, s.getSegment},
		{"GET", "/v1/segments/{name}/members", Read, s.getSegmentMembers},
		{"GET", "/v1/reports/campaigns", Read, s.getReport(report.OnCampaigns)},
		{"GET", "/v1/reports/points", Read, s.getReport(report.OnPoints)},
		{"GET", "/v1/reports/tiers", Read, s.getReport(report.OnTiers)},
		{"GET", "/v1/reports/coupons", Read, s.getReport(report.OnCoupons)},
		{"GET", "/v1/reports/cases", Read, s.getReport(report.OnCases)},
		{"GET", "/v1/books", Read, s.getBooks},
		{"POST", "/v1/query", Read, s.postQuery},
		{"POST", "/v1/console", Read, s.postConsole},
		{"GET", "/v1/crossings", Read, s.getCrossings},
		{"GET", "/v1/sinks", Read, s.getSinks},
		{"GET", "/v1/sinks/{name}/dead", Read, s.getDeadLetters},
		{"POST", "/v1/sinks/{name}/retry", Admin, s.postRetry},
		{"POST", "/v1/sinks/{name}/drop", Admin, s.postDrop},
		{"GET", "/v1/syncs", Read, s.getSyncs},
		{"POST", "/v1/syncs/{name}", Admin, s.postSync},
		{"GET", "/v1/rules", Read, s.getRules},
		{"GET", "/v1/sources", Write, s.getSources},
		{"POST", "/v1/rules/reload", Admin, s.postReload},
		{"GET", "/v1/clock", Read, s.getClock},
		{"POST", "/v1/clock", Admin, s.postClock},
		{"GET", "/v1/status", Read, s.getStatus},
		{"GET", "/v1/backup", Admin, s.getBackup},
		{"GET", "/v1/openapi.json", 0, s.getOpenAPI},
		{"GET", "/healthz", 0, s.getHealth},
		{"GET", "/readyz", 0, s.getReady},
		{"GET", "/metrics", Read, s.getMetrics},
	}
}

func (s *Server) mux() http.Handler {
	mux := http.NewServeMux()
	paths := map[string][]string{}
	for _, rt := range s.routes() {
		mux.HandleFunc(rt.method+" "+rt.path, func(w http.ResponseWriter, r *http.Request) { s.serve(rt, w, r) })
		paths[rt.path] = append(paths[rt.path], rt.method)
	}
	for path, methods := range paths {
		none := route{path: path, handle: func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			return fail(http.StatusMethodNotAllowed, "this address takes %s", strings.Join(methods, " and "))
		}}
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { s.serve(none, w, r) })
	}
	nothing := route{path: "/", handle: func(_ http.ResponseWriter, _ *http.Request) error {
		return fail(http.StatusNotFound, "there is nothing at this address; /v1/openapi.json describes what there is")
	}}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.serve(nothing, w, r) })
	return mux
}

// serve answers one request: it checks who asks, runs the handler, tells the error, logs and counts.
func (s *Server) serve(rt route, w http.ResponseWriter, r *http.Request) {
	began := s.opt.Now()
	out := &answer{ResponseWriter: w}
	by, err := s.admit(rt, r)
	if err == nil {
		err = s.sensible(rt, r)
	}
	if err == nil {
		err = s.guard(rt, out, r.WithContext(withName(r.Context(), by)))
	}
	if err != nil {
		s.refuse(out, r, err)
	}
	took := s.opt.Now().Sub(began)
	s.metrics.request(rt, r.Method, out.status(), took)
	args := []any{
		"method", r.Method, "route", rt.path, "status", out.status(), "bytes", out.bytes,
		"ms", float64(took.Microseconds()) / 1000, "by", by,
	}
	var p *Problem
	if err != nil && !errors.As(err, &p) {
		args = append(args, "error", err.Error())
	}
	switch {
	case out.status() >= 500:
		s.log.Error("request", args...)
	default:
		s.log.Info("request", args...)
	}
}

// guard runs a handler; what goes wrong inside it is an error of that request alone.
func (s *Server) guard(rt route, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if fault := recover(); fault != nil && fault != http.ErrAbortHandler {
			s.log.Error("internal fault", "route", rt.path, "fault", fault, "stack", string(debug.Stack()))
			err = errors.New("internal fault")
		}
	}()
	return rt.handle(w, r)
}

// admit finds out who asks and whether they may.
func (s *Server) admit(rt route, r *http.Request) (by string, err error) {
	tokens := *s.tokens.Load()
	switch {
	case rt.right == 0:
		return "", nil
	case len(tokens) == 0:
		return "", fromHere(r)
	}
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	token, known := tokens.find(strings.TrimSpace(text))
	switch {
	case !strings.EqualFold(scheme, "Bearer"):
		return "", fail(http.StatusUnauthorized, "send a token: Authorization: Bearer TOKEN")
	case !known:
		return "", fail(http.StatusUnauthorized, "nobody has this token")
	case !token.Rights.Has(rt.right):
		return token.Name, fail(http.StatusForbidden, "%s has not the right to %s", token.Name, rt.right)
	}
	return token.Name, nil
}

// fromHere refuses requests to a server without tokens that a web page of somebody else's may have made.
func fromHere(r *http.Request) error {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fail(http.StatusForbidden, "a server without tokens answers to localhost only, not to %q", host)
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return fail(http.StatusForbidden, "a server without tokens takes nothing from web pages")
	}
	return nil
}

// answer notes what was sent.
type answer struct {
	http.ResponseWriter
	code  int
	bytes int64
}

func (a *answer) status() int {
	if a.code == 0 {
		return http.StatusOK
	}
	return a.code
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(code int) {
	if a.code == 0 {
		a.code = code
	}
	a.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	if a.code == 0 {
		a.code = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(p)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

//go:embed openapi.json
var openAPI []byte

func (s *Server) getOpenAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(openAPI)
	return err
}
