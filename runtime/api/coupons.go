package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/asjson"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/runtime/loyalty"
)

// couponTerms are what a code is worth: of a coupon as it is issued now, or of a code as it was issued.
type couponTerms struct {
	Off      json.Number `json:"off,omitempty"`
	Percent  json.Number `json:"percent,omitempty"` // a fraction
	UpTo     json.Number `json:"up_to,omitempty"`
	Gift     string      `json:"gift,omitempty"`
	MinSpend json.Number `json:"min_spend,omitempty"`
	From     string      `json:"from,omitempty"`
	Price    int64       `json:"price,omitempty"`
	Points   string      `json:"points,omitempty"`
}

func (vs values) terms(t loyalty.Terms) couponTerms {
	out := couponTerms{Percent: json.Number(t.Percent), Gift: t.Gift, Price: t.Price, Points: t.Points}
	if t.Off != 0 {
		out.Off = vs.money(t.Off)
	}
	if t.UpTo != nil {
		out.UpTo = vs.money(*t.UpTo)
	}
	if t.MinSpend != 0 {
		out.MinSpend = vs.money(t.MinSpend)
	}
	if t.From != nil {
		out.From = vs.date(*t.From)
	}
	return out
}

func (vs values) money(minor int64) json.Number {
	return json.Number(decimal.FromMinor(minor).Text(vs.prog.Digits))
}

func (vs values) date(d int64) string {
	text, _ := asjson.Value(vs.prog, ir.IntLike(ir.Date, d), ir.Type{Kind: ir.Date}).(string)
	return text
}

// coupon is a coupon of the rules, and how many codes there are of it.
type coupon struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	couponTerms
	// Stock is how many codes there may be, Left how many more can be issued; null without a limit.
	Stock  *int64      `json:"stock"`
	Left   *int64      `json:"left"`
	Issued int64       `json:"issued"` // and not void
	Used   int64       `json:"used"`   // and not returned
	Usable int64       `json:"usable"`
	Worth  json.Number `json:"worth"` // taken off in all uses
}

type coupons struct {
	Coupons []coupon `json:"coupons"`
}

func (s *Server) getCoupons(w http.ResponseWriter, _ *http.Request) error {
	vs := values{s.engine.View().Program()}
	out := coupons{Coupons: []coupon{}}
	for _, c := range vs.prog.Coupons {
		out.Coupons = append(out.Coupons, s.coupon(vs, c))
	}
	return send(w, out)
}

func (s *Server) getCoupon(w http.ResponseWriter, r *http.Request) error {
	vs := values{s.engine.View().Program()}
	c, err := couponOf(vs.prog, r.PathValue("name"))
	if err != nil {
		return err
	}
	return send(w, s.coupon(vs, c))
}

func (s *Server) coupon(vs values, c *ir.Coupon) coupon {
	n := s.engine.CouponCount(c.Name)
	out := coupon{
		Name: c.Name, Title: c.Title, couponTerms: vs.terms(loyalty.TermsOf(vs.prog, c)),
		Issued: n.Issued, Used: n.Used, Usable: n.Usable, Worth: vs.money(n.Worth),
	}
	if c.Stock != nil {
		left := max(0, *c.Stock-n.Issued)
		out.Stock, out.Left = c.Stock, &left
	}
	return out
}

func couponOf(prog *ir.Program, name string) (*ir.Coupon, error) {
	var names []string
	for _, c := range prog.Coupons {
		if c.Name == name {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return nil, unknownName("coupon", name, names)
}

// couponRequest is the body of what is asked of coupons.
type couponRequest struct {
	// Key names the request, which counts once however often it is sent; else the header Idempotency-Key does.
	Key string `json:"key"`
	// Member gets a code that is issued.
	Member string `json:"member"`
	// Amount is the purchase, before anything is taken off.
	Amount json.Number `json:"amount"`
	// Reservation is the key under which the code was reserved for the purchase, or which is given up.
	Reservation string `json:"reservation"`
	// Seconds is for how long a code is reserved.
	Seconds int64 `json:"seconds"`
}

// codeAnswer says what was done with a code.
type codeAnswer struct {
	Coupon string `json:"coupon"`
	Code   string `json:"code"`
	Member uint32 `json:"member"`
	Done   string `json:"done"`
	// Again says that it was done when the request was sent first.
	Again   bool        `json:"again"`
	At      string      `json:"at"`
	Expires string      `json:"expires,omitempty"` // the last date on which the code can be used
	Terms   couponTerms `json:"terms"`
	// Of a use and its return: the purchase, and what is taken off it.
	Amount json.Number `json:"amount,omitempty"`
	Worth  json.Number `json:"worth,omitempty"`
	// Of a reservation: when it ends.
	Until string `json:"until,omitempty"`
}

// checkAnswer says whether a code can be used for a purchase.
type checkAnswer struct {
	Usable bool `json:"usable"`
	// Reason and Detail say why not.
	Reason  loyalty.Reason `json:"reason,omitempty"`
	Detail  string         `json:"detail,omitempty"`
	Coupon  string         `json:"coupon,omitempty"`
	Code    string         `json:"code"`
	Member  uint32         `json:"member"`
	Expires string         `json:"expires,omitempty"`
	Terms   *couponTerms   `json:"terms,omitempty"`
	Worth   json.Number    `json:"worth,omitempty"`
}

// mostSeconds is the longest reservation: 30 days.
const mostSeconds = 30 * 24 * 60 * 60

func (s *Server) postIssue(w http.ResponseWriter, r *http.Request) error {
	q, err := s.ask("")
	if err != nil {
		return err
	}
	c, err := couponOf(q.prog, r.PathValue("name"))
	if err != nil {
		return err
	}
	in, err := s.couponRequest(w, r, live.IssueCode)
	if err != nil {
		return err
	}
	number, err := q.find(in.Member)
	if err != nil {
		return err
	}
	ids, err := s.engine.IDs([]uint32{number})
	if err != nil {
		return err
	}
	if len(ids[0]) == 0 {
		return fail(http.StatusUnprocessableEntity, "member #%d has no id, so nothing can be sent to it", number)
	}
	ask := live.CouponRequest{Do: live.IssueCode, Coupon: c.Name, Key: in.Key}
	return s.redeem(w, r, live.Input{Kind: live.Coupon, IDs: ids[0][:1], Coupon: &ask})
}

// postCode returns a handler of what is asked of a code.
func (s *Server) postCode(do string) func(w http.ResponseWriter, r *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		code, err := loyalty.ReadCode(r.PathValue("code"))
		if err != nil {
			return fail(http.StatusUnprocessableEntity, "%s: %v", quote(r.PathValue("code")), err)
		}
		in, err := s.couponRequest(w, r, do)
		if err != nil {
			return err
		}
		ask := live.CouponRequest{Do: do, Code: code, Key: in.Key, Reservation: in.Reservation, Span: in.Seconds * 1_000_000}
		if ask.Amount, err = readAmount(s.engine.View().Program(), in.Amount); err != nil {
			return err
		}
		return s.redeem(w, r, live.Input{Kind: live.Coupon, Coupon: &ask})
	}
}

// couponRequest reads a body; what is asked needs a key, but for a check.
func (s *Server) couponRequest(w http.ResponseWriter, r *http.Request, do string) (in couponRequest, err error) {
	if err := s.decode(w, r, &in); err != nil {
		return in, err
	}
	if in.Key == "" {
		in.Key = r.Header.Get("Idempotency-Key")
	}
	switch {
	case in.Key == "" && do != live.CheckCode:
		return in, fail(http.StatusUnprocessableEntity, `a key is needed, by which the request is known again: {"key": "…"} or the header Idempotency-Key`)
	case len(in.Key) > longestKey:
		return in, fail(http.StatusUnprocessableEntity, "a key has at most %d characters", longestKey)
	case do == live.ReserveCode && (in.Seconds < 1 || in.Seconds > mostSeconds):
		return in, fail(http.StatusUnprocessableEntity, `say for how long, from 1 to %d seconds: {"seconds": 900}`, mostSeconds)
	case do == live.ReleaseCode && in.Reservation == "":
		return in, fail(http.StatusUnprocessableEntity, `say which reservation is given up, by its key: {"reservation": "…"}`)
	}
	return in, nil
}

// readAmount reads an amount in the major unit from its text; nil if there is none.
func readAmount(prog *ir.Program, n json.Number) (*int64, error) {
	if n == "" {
		return nil, nil
	}
	d, exact, ok := decimal.FromText(n.String(), prog.Digits)
	minor, fits := d.Minor()
	if !ok || !exact || !fits || !d.IsMinor() || minor < 0 {
		return nil, fail(http.StatusUnprocessableEntity, "amount: %s is no amount of %s", strings.TrimSpace(n.String()), prog.Currency)
	}
	return &minor, nil
}

// redeem hands a request over and answers with what came of it.
func (s *Server) redeem(w http.ResponseWriter, r *http.Request, in live.Input) error {
	outcomes, err := s.submit(r.Context(), []live.Input{in})
	if err != nil {
		return err
	}
	o, vs := outcomes[0], values{s.engine.View().Program()}
	check := in.Coupon.Do == live.CheckCode
	switch {
	case o.Status == live.Rejected && check && o.Refused != "" && o.Refused != loyalty.WhyNoCode:
		return send(w, checkAnswer{Reason: o.Refused, Detail: o.Reason, Code: in.Coupon.Code, Member: o.Member})
	case o.Status == live.Rejected:
		return couponProblem(o)
	}
	a := o.Coupon
	terms, expires := vs.terms(a.Terms), ""
	if a.Lapses() {
		expires = vs.date(a.Expires)
	}
	if check {
		return send(w, checkAnswer{Usable: true, Coupon: a.Coupon, Code: a.Code, Member: o.Member, Expires: expires, Terms: &terms, Worth: vs.money(a.Worth)})
	}
	out := codeAnswer{Coupon: a.Coupon, Code: a.Code, Member: o.Member, Done: a.Done, Again: a.Again, At: vs.time(a.At), Expires: expires, Terms: terms}
	if a.Done == live.UseCode || a.Done == live.ReturnCode {
		out.Amount, out.Worth = vs.money(a.Amount), vs.money(a.Worth)
	}
	if a.Until != 0 {
		out.Until = vs.time(a.Until)
	}
	return send(w, out)
}

// couponProblem is the answer to what is refused.
func couponProblem(o live.Outcome) error {
	status := http.StatusConflict
	switch o.Refused {
	case loyalty.WhyNoCode:
		status = http.StatusNotFound
	case loyalty.WhyNoAmount, loyalty.WhySpan, loyalty.WhyOtherKey, "":
		status = http.StatusUnprocessableEntity
	}
	return &Problem{Status: status, Title: http.StatusText(status), Detail: o.Reason, Reason: string(o.Refused)}
}
