package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/muster-engine/muster/runtime/live"
)

// Crossing is a member's entering or leaving of a segment, as clients get it.
type Crossing struct {
	Seq     uint64 `json:"seq"`
	Segment string `json:"segment"`
	Member  uint32 `json:"member"`
	// ID is the member's first id, or #NUMBER.
	ID      string `json:"id"`
	Entered bool   `json:"entered"`
	At      string `json:"at"`
	Cause   string `json:"cause"`
}

// crossings is a page of them. Next is what to ask after for those that follow.
type crossings struct {
	Crossings []Crossing `json:"crossings"`
	Next      uint64     `json:"next"`
}

const (
	someCrossings = 1000
	maxCrossings  = 10_000
)

// getCrossings answers with the crossings after a number: at once, after some have come (wait), or as a stream.
func (s *Server) getCrossings(w http.ResponseWriter, r *http.Request) error {
	after, err := s.afterParam(r)
	if err != nil {
		return err
	}
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		return s.stream(w, r, after)
	}
	limit, err := numberParam(r, "limit", someCrossings, maxCrossings)
	if err != nil {
		return err
	}
	wait, err := s.waitParam(r)
	if err != nil {
		return err
	}
	list, err := s.crossings(after, limit)
	if err != nil {
		return err
	}
	if len(list) == 0 && limit > 0 && wait > 0 {
		if list, err = s.awaited(r.Context(), after, limit, wait); err != nil {
			return err
		}
	}
	out := crossings{Crossings: list, Next: after}
	if n := len(list); n > 0 {
		out.Next = list[n-1].Seq
	}
	return send(w, out)
}

// awaited waits for crossings, and gives none if the time is up or the server drains.
func (s *Server) awaited(parent context.Context, after uint64, limit int, wait time.Duration) ([]Crossing, error) {
	if !s.streams.TryAcquire(1) {
		return nil, fail(http.StatusTooManyRequests, "too many wait for crossings; ask again a little later")
	}
	defer s.streams.Release(1)
	ctx, cancel := s.untilDrained(parent, wait)
	defer cancel()
	if s.engine.Await(ctx, after) != nil && parent.Err() != nil {
		return nil, parent.Err()
	}
	return s.crossings(after, limit)
}

// stream sends crossings as server-sent events until the client goes or the server drains.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, after uint64) error {
	if !s.streams.TryAcquire(1) {
		return fail(http.StatusTooManyRequests, "too many wait for crossings; ask again a little later")
	}
	defer s.streams.Release(1)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	for {
		if _, err := s.admit(route{right: Read}, r); err != nil {
			return nil // the token has been taken back
		}
		list, err := s.crossings(after, someCrossings)
		if err != nil {
			return err
		}
		_ = control.SetWriteDeadline(time.Now().Add(s.opt.Heartbeat + time.Minute))
		for _, c := range list {
			data, err := json.Marshal(c)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(w, "id: %d\nevent: crossing\ndata: %s\n\n", c.Seq, data); err != nil {
				return nil
			}
			after = c.Seq
		}
		if len(list) == 0 {
			if _, err := fmt.Fprint(w, ": none\n\n"); err != nil {
				return nil
			}
		}
		if control.Flush() != nil {
			return nil
		}
		if len(list) > 0 {
			continue
		}
		ctx, cancel := s.untilDrained(r.Context(), s.opt.Heartbeat)
		_ = s.engine.Await(ctx, after)
		cancel()
		select {
		case <-s.draining:
			return nil
		case <-r.Context().Done():
			return nil
		default:
		}
	}
}

// crossings reads crossings with the ids of their members.
func (s *Server) crossings(after uint64, limit int) ([]Crossing, error) {
	out := []Crossing{}
	if limit == 0 {
		return out, nil
	}
	list, err := s.engine.Crossings(after, limit)
	if err != nil {
		return nil, err
	}
	numbers := make([]uint32, len(list))
	for i, c := range list {
		numbers[i] = c.Member
	}
	ids, err := s.shownIDs(numbers)
	if err != nil {
		return nil, err
	}
	vs := values{s.engine.View().Program()}
	for i, c := range list {
		out = append(out, crossing(vs, c, ids[i]))
	}
	return out, nil
}

func crossing(vs values, c live.Crossing, id string) Crossing {
	return Crossing{c.Seq, c.Segment, c.Member, id, c.Entered, vs.time(c.At), c.Cause}
}

// afterParam is the number after which crossings are asked for: of the parameter after, where "last" is the last one that
// there is, or of the header that a browser sends when it comes back to a stream.
func (s *Server) afterParam(r *http.Request) (uint64, error) {
	text := r.URL.Query().Get("after")
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		text = last
	}
	switch text {
	case "":
		return 0, nil
	case "last":
		return s.engine.State().Crossed, nil
	}
	after, err := strconv.ParseUint(text, 10, 62)
	if err != nil {
		return 0, fail(http.StatusUnprocessableEntity, "after is the number of a crossing, or last")
	}
	return after, nil
}

func (s *Server) waitParam(r *http.Request) (time.Duration, error) {
	text := r.URL.Query().Get("wait")
	if text == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 {
		return 0, fail(http.StatusUnprocessableEntity, "wait is a duration such as 30s")
	}
	return min(wait, s.opt.MaxWait), nil
}
