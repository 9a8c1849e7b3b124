package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
)

// clock is the clock that a server goes by.
type clock struct {
	Clock    string `json:"clock"` // "system" or "pinned"
	Now      string `json:"now"`
	Timezone string `json:"timezone"`
}

// ClockCommand sets a server's clock: one of the three.
type ClockCommand struct {
	// Pin lets the clock stand at a time.
	Pin string `json:"pin,omitempty"`
	// Advance moves a pinned clock on: by a span such as "3 days", or to a time.
	Advance string `json:"advance,omitempty"`
	// Follow lets it go by the system's clock.
	Follow bool `json:"follow,omitempty"`
}

func (s *Server) getClock(w http.ResponseWriter, _ *http.Request) error { return send(w, s.clock()) }

func (s *Server) clock() clock {
	prog := s.engine.View().Program()
	out := clock{Clock: "system", Now: values{prog}.time(s.engine.Present()), Timezone: prog.Zone.Name()}
	if s.engine.Pinned() {
		out.Clock = "pinned"
	}
	return out
}

// postClock sets the clock. Everything that changes on the way has changed when it is answered.
func (s *Server) postClock(w http.ResponseWriter, r *http.Request) error {
	var in ClockCommand
	if err := s.decode(w, r, &in); err != nil {
		return err
	}
	given := 0
	for _, one := range []bool{in.Pin != "", in.Advance != "", in.Follow} {
		if one {
			given++
		}
	}
	if given != 1 {
		return fail(http.StatusUnprocessableEntity, "say one of pin, advance and follow")
	}
	if err := s.setClock(r.Context(), in); err != nil {
		return err
	}
	return send(w, s.clock())
}

func (s *Server) setClock(ctx context.Context, in ClockCommand) (err error) {
	prog := s.engine.View().Program()
	switch {
	case in.Follow:
		_, err = s.engine.SetClock(ctx, storage.Clock{})
	case in.Pin != "":
		var at int64
		if at, err = (values{prog}).parseTime(in.Pin); err == nil {
			_, err = s.engine.SetClock(ctx, storage.Clock{Pinned: true, At: at})
		}
	default:
		_, err = s.engine.AdvanceClock(ctx, func(from int64) (int64, error) { return Later(prog, from, in.Advance) })
	}
	var refused *live.ClockError
	if errors.As(err, &refused) {
		return fail(http.StatusConflict, "%s", refused.Reason)
	}
	return err
}

// Later reads a time, or a span such as "3 days" and then adds it to an instant.
func Later(prog *ir.Program, from int64, text string) (int64, error) {
	e, found := dsl.ParseExpr(diag.NewFile("advance", "now + "+text))
	if sum, ok := e.(*dsl.Binary); ok && !found.HasErrors() {
		if span, ok := sum.Y.(*dsl.SpanLit); ok {
			to, ok := prog.Zone.AddSpanToTime(from, span.N, span.Unit)
			if !ok {
				return 0, fail(http.StatusUnprocessableEntity, "the clock cannot go on by %s", quote(text))
			}
			return to, nil
		}
	}
	to, err := values{prog}.parseTime(text)
	if err != nil {
		err = fail(http.StatusUnprocessableEntity, "%s is neither a span nor a time; write 3 days, 2 hours or 2026-06-01T10:30", quote(text))
	}
	return to, err
}
