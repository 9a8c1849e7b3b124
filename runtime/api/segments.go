package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/asjson"
	"github.com/muster-engine/muster/runtime/live"
)

// segments lists all segments.
type segments struct {
	AsOf     string    `json:"as_of"`
	Of       int       `json:"of"`
	Segments []segment `json:"segments"`
}

// segment is a segment with how many members it has; Share is of all members, from 0 to 1.
type segment struct {
	Name    string  `json:"name"`
	Title   string  `json:"title,omitempty"`
	Members int     `json:"members"`
	Of      int     `json:"of"`
	Share   float64 `json:"share"`
	AsOf    string  `json:"as_of"`
	// Trend is how many members it had, the earliest first.
	Trend []point `json:"trend,omitempty"`
}

func (s *Server) getSegments(w http.ResponseWriter, r *http.Request) error {
	q, err := s.ask(r.URL.Query().Get("as_of"))
	if err != nil {
		return err
	}
	ctx, done, err := s.question(r.Context())
	if err != nil {
		return err
	}
	defer done()
	out := segments{AsOf: q.asOf(), Segments: []segment{}}
	for _, decl := range q.prog.Segments {
		one, err := q.segment(ctx, decl)
		if err != nil {
			return err
		}
		out.Segments = append(out.Segments, one)
	}
	if out.Of, err = q.view.Of(ctx); err != nil {
		return err
	}
	return send(w, out)
}

func (s *Server) getSegment(w http.ResponseWriter, r *http.Request) error {
	days, err := numberParam(r, "trend", trendDays, MaxTrend)
	if err != nil {
		return err
	}
	q, decl, err := s.segmentOf(r)
	if err != nil {
		return err
	}
	ctx, done, err := s.question(r.Context())
	if err != nil {
		return err
	}
	defer done()
	one, err := q.segment(ctx, decl)
	if err != nil {
		return err
	}
	if one.Trend, err = q.trend(ctx, decl, days); err != nil {
		return err
	}
	return send(w, one)
}

func (s *Server) segmentOf(r *http.Request) (*asked, *ir.Segment, error) {
	q, err := s.ask(r.URL.Query().Get("as_of"))
	if err != nil {
		return nil, nil, err
	}
	var names []string
	for _, decl := range q.prog.Segments {
		if decl.Name == r.PathValue("name") {
			return q, decl, nil
		}
		names = append(names, decl.Name)
	}
	return nil, nil, unknownName("segment", r.PathValue("name"), names)
}

func (q *asked) segment(ctx context.Context, decl *ir.Segment) (segment, error) {
	out := segment{Name: decl.Name, Title: decl.Title, AsOf: q.asOf()}
	var err error
	if out.Members, err = q.view.Count(ctx, decl.Expr); err != nil {
		return out, err
	}
	if out.Of, err = q.view.Of(ctx); err != nil {
		return out, err
	}
	if out.Of > 0 {
		out.Share = float64(out.Members) / float64(out.Of)
	}
	return out, nil
}

// question waits its turn among the questions that are answered at once; done must be called when it is answered.
func (s *Server) question(parent context.Context) (ctx context.Context, done func(), err error) {
	ctx, cancel := context.WithTimeout(parent, s.opt.QueryTime)
	turn, over := context.WithTimeout(ctx, s.opt.QueryTime/4)
	defer over()
	if s.queries.Acquire(turn, 1) != nil {
		cancel()
		return nil, nil, fail(http.StatusTooManyRequests, "too many questions are being answered; ask again a little later")
	}
	return ctx, func() { s.queries.Release(1); cancel() }, nil
}

// streamed is how many members are read and sent at a time.
const streamed = 4096

// getSegmentMembers sends the members of a segment in the order of their numbers, as NDJSON or CSV.
func (s *Server) getSegmentMembers(w http.ResponseWriter, r *http.Request) error {
	asCSV, err := wantsCSV(r)
	if err != nil {
		return err
	}
	limit, err := numberParam(r, "limit", 0, 1<<31-1)
	if err != nil {
		return err
	}
	q, decl, err := s.segmentOf(r)
	if err != nil {
		return err
	}
	numbers, err := q.membersOf(r, decl.Expr, limit)
	if err != nil {
		return err
	}
	var out memberWriter
	if asCSV {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		out = newCSVMembers(w, q.prog)
	} else {
		w.Header().Set("Content-Type", "application/x-ndjson")
		out = &jsonMembers{json.NewEncoder(w), q.prog}
	}
	control := http.NewResponseController(w)
	for len(numbers) > 0 {
		part := numbers[:min(streamed, len(numbers))]
		numbers = numbers[len(part):]
		ids, err := s.engine.IDs(part)
		if err != nil {
			return err
		}
		_ = control.SetWriteDeadline(time.Now().Add(time.Minute))
		for i, n := range part {
			if err := out.write(n, ids[i]); err != nil {
				return err
			}
		}
		if err := out.flush(); err != nil {
			return err
		}
	}
	return out.flush()
}

// membersOf are the numbers of the members for whom a condition holds, after the parameter after.
func (q *asked) membersOf(r *http.Request, cond *ir.Node, limit int) ([]uint32, error) {
	after, err := numberParam(r, "after", -1, 1<<32-1)
	if err != nil {
		return nil, err
	}
	ctx, done, err := q.question(r.Context())
	if err != nil {
		return nil, err
	}
	defer done()
	chosen, err := q.view.Select(ctx, cond)
	if err != nil {
		return nil, err
	}
	it := chosen.Iterator()
	if after >= 0 {
		it.AdvanceIfNeeded(uint32(min(after+1, 1<<32-1)))
	}
	var out []uint32
	for it.HasNext() && (limit == 0 || len(out) < limit) {
		out = append(out, it.Next())
	}
	return out, nil
}

func wantsCSV(r *http.Request) (bool, error) {
	switch format := r.URL.Query().Get("format"); format {
	case "csv":
		return true, nil
	case "ndjson":
		return false, nil
	case "":
		return strings.Contains(r.Header.Get("Accept"), "text/csv"), nil
	default:
		return false, fail(http.StatusUnprocessableEntity, "members are sent as ndjson or csv, not as %s", quote(format))
	}
}

type memberWriter interface {
	write(number uint32, ids []live.ID) error
	flush() error
}

// memberLine is a member with the ids that it has: one text each, or a list where a member can have many.
type memberLine struct {
	Member uint32         `json:"member"`
	IDs    map[string]any `json:"ids"`
}

func idsByName(prog *ir.Program, ids []live.ID) map[string]any {
	return asjson.IDs(prog, func(f func(attribute, text string)) {
		for _, id := range ids {
			f(id.Attribute, id.Text)
		}
	})
}

type jsonMembers struct {
	enc  *json.Encoder
	prog *ir.Program
}

func (m *jsonMembers) write(number uint32, ids []live.ID) error {
	return m.enc.Encode(memberLine{number, idsByName(m.prog, ids)})
}

func (m *jsonMembers) flush() error { return nil }

// csvMembers writes a column for the number and one for each id; several ids of a kind are parted by spaces.
type csvMembers struct {
	out     *csv.Writer
	columns []string
}

func newCSVMembers(w http.ResponseWriter, prog *ir.Program) *csvMembers {
	m := &csvMembers{out: csv.NewWriter(w)}
	for _, a := range prog.Attributes {
		if a.ID != nil {
			m.columns = append(m.columns, a.Name)
		}
	}
	_ = m.out.Write(append([]string{"member"}, m.columns...))
	return m
}

func (m *csvMembers) write(number uint32, ids []live.ID) error {
	row := []string{strconv.FormatUint(uint64(number), 10)}
	for _, name := range m.columns {
		var texts []string
		for _, id := range ids {
			if id.Attribute == name {
				texts = append(texts, id.Text)
			}
		}
		row = append(row, strings.Join(texts, " "))
	}
	return m.out.Write(row)
}

func (m *csvMembers) flush() error {
	m.out.Flush()
	return m.out.Error()
}
