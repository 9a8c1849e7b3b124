package api

import (
	"context"
	"net/http"
	"sort"
	"strconv"
	"strings"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/runtime/holdings"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/runtime/live"
)

// asked is a view and what is asked about it.
type asked struct {
	*Server
	view *runtime.View
	prog *ir.Program
	vs   values
	now  bool // the question is of the present
	// undeclared says that something is asked that the rules do not declare, which may change unnoticed.
	undeclared bool
}

// asOf is the time that an answer is of.
func (q *asked) asOf() string { return q.vs.time(q.instant()) }

func (q *asked) instant() int64 {
	if q.undeclared {
		return q.view.Now()
	}
	return q.engine.Holds(q.view)
}

// ask returns the view of a request: as of now, or of the parameter as_of.
func (s *Server) ask(asOf string) (*asked, error) {
	view := s.engine.View()
	q := &asked{s, view, view.Program(), values{view.Program()}, asOf == "", false}
	if asOf != "" {
		at, err := q.vs.parseTime(asOf)
		if err != nil {
			return nil, err
		}
		q.view = s.engine.AsOf(at)
	}
	return q, nil
}

// find returns the number of the member with an id, by the first id attribute that knows it, or with #NUMBER.
func (q *asked) find(id string) (uint32, error) {
	if digits, ok := strings.CutPrefix(id, "#"); ok {
		if n, err := strconv.ParseUint(digits, 10, 32); err == nil && int(n) < q.engine.State().Members {
			return uint32(n), nil
		}
	}
	var names []string
	for _, a := range q.prog.Attributes {
		if a.ID == nil {
			continue
		}
		names = append(names, a.Name)
		if form, ok := ingest.NormaliseID(a, id); ok {
			if n, found := q.engine.Find(a.Name, string(form)); found {
				return n, nil
			}
		}
	}
	return 0, fail(http.StatusNotFound, "there is no member with %s %s", orList(names), quote(id))
}

// person opens the member that a request names.
func (s *Server) person(r *http.Request) (*asked, uint32, *runtime.Person, error) {
	q, err := s.ask(r.URL.Query().Get("as_of"))
	if err != nil {
		return nil, 0, nil, err
	}
	number, err := q.find(r.PathValue("id"))
	if err != nil {
		return nil, 0, nil, err
	}
	p, err := s.engine.Person(q.view, number)
	return q, number, p, err
}

// profile is all that is known of a member.
type profile struct {
	Member     uint32         `json:"member"`
	IDs        map[string]any `json:"ids"`
	AsOf       string         `json:"as_of"`
	Attributes map[string]any `json:"attributes"`
	Tags       []tagValue     `json:"tags"`
	Segments   []string       `json:"segments"`
	Lists      []string       `json:"lists"`
	Events     []event        `json:"events"`
	holdings.Holdings
}

type tagValue struct {
	Name   string `json:"name"`
	Title  string `json:"title,omitempty"`
	Group  string `json:"group,omitempty"`
	Type   string `json:"type"`
	Manual bool   `json:"manual,omitempty"`
	Value  any    `json:"value"`
	// SetAt and SetBy are of a manual tag that is set.
	SetAt string `json:"set_at,omitempty"`
	SetBy string `json:"set_by,omitempty"`
}

// lastEvents is how many events a profile shows unless it is asked for more.
const lastEvents = 20

func (s *Server) getMember(w http.ResponseWriter, r *http.Request) error {
	events, err := numberParam(r, "events", lastEvents, 1000)
	if err != nil {
		return err
	}
	q, number, p, err := s.person(r)
	if err != nil {
		return err
	}
	out := profile{Member: number, IDs: map[string]any{}, AsOf: q.asOf(), Attributes: map[string]any{}}
	for i, a := range q.prog.Attributes {
		v, err := p.Attribute(i)
		if err != nil {
			return err
		}
		if a.ID != nil {
			out.IDs[a.Name] = q.vs.json(v, a.Type)
		} else {
			out.Attributes[a.Name] = q.vs.json(v, a.Type)
		}
	}
	if out.Tags, err = q.tags(r.Context(), number, p); err != nil {
		return err
	}
	if out.Segments, err = q.segmentsOf(r.Context(), p); err != nil {
		return err
	}
	if out.Lists, err = q.listsOf(p); err != nil {
		return err
	}
	if out.Holdings, err = holdings.Of(r.Context(), p); err != nil {
		return err
	}
	all, err := q.timeline(p, "")
	if err != nil {
		return err
	}
	out.Events = q.page(all, 0, events).Events
	return send(w, out)
}

func (q *asked) tags(ctx context.Context, number uint32, p *runtime.Person) ([]tagValue, error) {
	out := []tagValue{}
	for _, tag := range q.prog.Tags {
		node, err := q.tagNode(tag)
		if err != nil {
			return nil, err
		}
		v, err := p.Value(ctx, node)
		if err != nil {
			return nil, err
		}
		one := tagValue{Name: tag.Name, Title: tag.Title, Type: tag.Type.Kind.String(), Manual: tag.Manual, Value: q.vs.json(v, tag.Type)}
		if tag.Group >= 0 {
			one.Group = q.prog.Groups[tag.Group].Name
		}
		if tag.Manual && v.Known {
			at, by, ok, err := q.engine.Marked(number, tag.Name)
			if err != nil {
				return nil, err
			}
			if ok {
				one.SetAt, one.SetBy = q.vs.time(at), by
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// tagNode is the value of a tag: of a bool tag too, which as a condition would have no unknown.
func (q *asked) tagNode(tag *ir.Tag) (*ir.Node, error) {
	query, found := compiler.CompileQuery(q.prog, diag.NewFile("tag", "`"+tag.Name+"`"), nil)
	if query == nil {
		return nil, wrongExpression(tag.Name, found)
	}
	if query.Node.Op == ir.OpTruth {
		return query.Node.Args[0], nil
	}
	return query.Node, nil
}

func (q *asked) segmentsOf(ctx context.Context, p *runtime.Person) ([]string, error) {
	out := []string{}
	for _, segment := range q.prog.Segments {
		v, err := p.Value(ctx, segment.Expr)
		if err != nil {
			return nil, err
		}
		if v.True() {
			out = append(out, segment.Name)
		}
	}
	return out, nil
}

func (q *asked) listsOf(p *runtime.Person) ([]string, error) {
	out := []string{}
	for i, list := range q.prog.Lists {
		on, err := p.OnList(i)
		if err != nil {
			return nil, err
		}
		if on {
			out = append(out, list.Name)
		}
	}
	return out, nil
}

// memberSegments answers which segments a member is in.
type memberSegments struct {
	Member   uint32   `json:"member"`
	AsOf     string   `json:"as_of"`
	Segments []string `json:"segments"`
}

func (s *Server) getMemberSegments(w http.ResponseWriter, r *http.Request) error {
	q, number, p, err := s.person(r)
	if err != nil {
		return err
	}
	in, err := q.segmentsOf(r.Context(), p)
	if err != nil {
		return err
	}
	return send(w, memberSegments{number, q.asOf(), in})
}

// moment is an event of a member, before it is shown.
type moment struct {
	decl   *ir.Event
	at     int64
	fields []ir.Value
}

// timeline is a page of a member's events, the latest first.
type timeline struct {
	Member uint32  `json:"member"`
	AsOf   string  `json:"as_of"`
	Total  int     `json:"total"`
	Events []event `json:"events"`
}

func (s *Server) getTimeline(w http.ResponseWriter, r *http.Request) error {
	limit, err := numberParam(r, "limit", 100, 10_000)
	if err != nil {
		return err
	}
	offset, err := numberParam(r, "offset", 0, 1<<31-1)
	if err != nil {
		return err
	}
	q, number, p, err := s.person(r)
	if err != nil {
		return err
	}
	only := r.URL.Query().Get("type")
	if only != "" && eventIndex(q.prog, only) < 0 {
		return unknownName("event", only, eventNames(q.prog))
	}
	all, err := q.timeline(p, only)
	if err != nil {
		return err
	}
	out := q.page(all, offset, limit)
	out.Member = number
	return send(w, out)
}

// timeline returns a member's events up to the view's instant, the latest first.
func (q *asked) timeline(p *runtime.Person, only string) ([]moment, error) {
	var out []moment
	for i, decl := range q.prog.Events {
		if only != "" && decl.Name != only || decl.Facts != "" {
			continue
		}
		events, err := p.Events(i)
		if err != nil {
			return nil, err
		}
		for k := len(events) - 1; k >= 0; k-- {
			if e := events[k]; e.At <= q.instant() {
				out = append(out, moment{decl, e.At, e.Fields})
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].at > out[j].at })
	return out, nil
}

func (q *asked) page(all []moment, offset, limit int) timeline {
	out := timeline{AsOf: q.asOf(), Total: len(all), Events: []event{}}
	from := min(offset, len(all))
	for _, m := range all[from:min(from+limit, len(all))] {
		out.Events = append(out.Events, q.vs.event(m.decl, m.at, m.fields))
	}
	return out
}

// shownIDs are what members are shown by: their first id, or #NUMBER for who has none. The numbers ascend.
func (s *Server) shownIDs(numbers []uint32) ([]string, error) {
	ids, err := s.engine.IDs(numbers)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(numbers))
	for i, n := range numbers {
		out[i] = shown(n, ids[i])
	}
	return out, nil
}

func shown(number uint32, ids []live.ID) string {
	if len(ids) == 0 {
		return "#" + strconv.FormatUint(uint64(number), 10)
	}
	return ids[0].Text
}
