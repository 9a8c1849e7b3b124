package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/holdings"
	"github.com/muster-engine/muster/runtime/live"
)

// pointsRequest asks for points of a member to be spent, returned or adjusted.
type pointsRequest struct {
	Member string `json:"member"`
	// Key names the request, which counts once however often it is sent; else the header Idempotency-Key does.
	Key    string `json:"key"`
	Points int64  `json:"points"`
	// Spending is the key of the spending that is returned, in whole or in part.
	Spending string `json:"spending"`
	// Until is the last date on which points that are added hold.
	Until string `json:"until"`
}

// pointsAnswer says what a request did, and what the member has now.
type pointsAnswer struct {
	Member  uint32 `json:"member"`
	Again   bool   `json:"again"` // it was carried out before, and nothing was done now
	Balance int64  `json:"balance"`
	Pending int64  `json:"pending"`
}

func (s *Server) postSpend(w http.ResponseWriter, r *http.Request) error {
	return s.postPoints(w, r, live.Spend)
}

func (s *Server) postReturn(w http.ResponseWriter, r *http.Request) error {
	return s.postPoints(w, r, live.Return)
}

func (s *Server) postAdjust(w http.ResponseWriter, r *http.Request) error {
	return s.postPoints(w, r, live.Adjust)
}

func (s *Server) postPoints(w http.ResponseWriter, r *http.Request, kind live.Kind) error {
	q, err := s.ask("")
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	var names []string
	for _, p := range q.prog.Points {
		names = append(names, p.Name)
	}
	if !slices.Contains(names, name) {
		return unknownName("points", name, names)
	}
	var in pointsRequest
	if err := s.decode(w, r, &in); err != nil {
		return err
	}
	if in.Key == "" {
		in.Key = r.Header.Get("Idempotency-Key")
	}
	switch {
	case in.Key == "":
		return fail(http.StatusUnprocessableEntity, `a key is needed, by which the request is known again: {"key": "…"} or the header Idempotency-Key`)
	case kind == live.Return && in.Spending == "":
		return fail(http.StatusUnprocessableEntity, `a return names the key of the spending: {"spending": "…"}`)
	}
	ask := live.Ask{Of: name, Key: in.Key, Points: in.Points, Spent: in.Spending}
	if ask.Until, err = untilDate(in.Until); err != nil {
		return err
	}
	number, err := q.find(in.Member)
	if err != nil {
		return err
	}
	status, err := s.asks(r, kind, number, ask)
	if err != nil {
		return err
	}
	held, err := s.held(r, number)
	if err != nil {
		return err
	}
	out := pointsAnswer{Member: number, Again: status == live.Duplicate}
	for _, p := range held.Points {
		if p.Name == name {
			out.Balance, out.Pending = p.Balance, p.Pending
		}
	}
	return send(w, out)
}

// tierRequest gives a tier by hand.
type tierRequest struct {
	Tier  string `json:"tier"`
	Until string `json:"until"` // the last date for which it holds at least; for ever without
}

func (s *Server) putTier(w http.ResponseWriter, r *http.Request) error {
	q, err := s.ask("")
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	ladder, err := ladderOf(q.prog, name)
	if err != nil {
		return err
	}
	var in tierRequest
	if err := s.decode(w, r, &in); err != nil {
		return err
	}
	if ladder.Enum.Ordinal(in.Tier) < 0 {
		return unknownName("tier of "+name, in.Tier, ladder.Enum.Values)
	}
	ask := live.Ask{Of: name, Tier: in.Tier, By: nameOf(r.Context())}
	if ask.Until, err = untilDate(in.Until); err != nil {
		return err
	}
	number, err := q.find(r.PathValue("id"))
	if err != nil {
		return err
	}
	if _, err := s.asks(r, live.SetTier, number, ask); err != nil {
		return err
	}
	held, err := s.held(r, number)
	if err != nil {
		return err
	}
	for _, t := range held.Tiers {
		if t.Name == name {
			return send(w, t)
		}
	}
	return fail(http.StatusConflict, "the rules have changed meanwhile, and have no tiers %s", name)
}

func ladderOf(prog *ir.Program, name string) (*ir.Tiers, error) {
	var names []string
	for _, t := range prog.Tiers {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return nil, unknownName("tiers", name, names)
}

// asks hands over what is asked for a member.
func (s *Server) asks(r *http.Request, kind live.Kind, number uint32, ask live.Ask) (live.Status, error) {
	ids, err := s.engine.IDs([]uint32{number})
	if err != nil {
		return 0, err
	}
	if len(ids[0]) == 0 {
		return 0, fail(http.StatusUnprocessableEntity, "member #%d has no id, so nothing can be sent to it", number)
	}
	outcomes, err := s.submit(r.Context(), []live.Input{{Kind: kind, IDs: ids[0][:1], Ask: &ask}})
	if err != nil {
		return 0, err
	}
	if o := outcomes[0]; o.Status == live.Rejected {
		return 0, fail(http.StatusConflict, "%s", o.Reason)
	}
	return outcomes[0].Status, nil
}

// held is what a member has now.
func (s *Server) held(r *http.Request, number uint32) (holdings.Holdings, error) {
	p, err := s.engine.Person(s.engine.View(), number)
	if err != nil {
		return holdings.Holdings{}, err
	}
	return holdings.Of(r.Context(), p)
}

// untilDate reads a date; "" is none.
func untilDate(text string) (*int64, error) {
	if text == "" {
		return nil, nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil, fail(http.StatusUnprocessableEntity, "until: %s is no date; write 2026-06-01", quote(text))
	}
	day := at.Unix() / 86400
	return &day, nil
}
