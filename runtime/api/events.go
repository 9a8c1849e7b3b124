package api

import (
	"context"
	"encoding/hex"
	"net/http"
	"unicode/utf8"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/runtime/ingest/ndjson"
	"github.com/muster-engine/muster/runtime/live"
)

// taken answers a batch.
type taken struct {
	Accepted  int `json:"accepted"`
	Duplicate int `json:"duplicate"`
	// Merged is how many members became part of others; Conflicts how many records have ids of members that cannot.
	Merged    int       `json:"merged,omitempty"`
	Conflicts int       `json:"conflicts,omitempty"`
	Rejected  []refused `json:"rejected"`
	// Unread are fields that mean nothing and are near ones that are missing; their lines were taken without them.
	Unread []refused `json:"unread,omitempty"`
}

// refused is a line that was not taken.
type refused struct {
	Line   int    `json:"line"`
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
}

func (s *Server) postEvents(w http.ResponseWriter, r *http.Request) error {
	return s.postBatch(w, r, ir.ToEvent)
}

func (s *Server) postMembers(w http.ResponseWriter, r *http.Request) error {
	return s.postBatch(w, r, ir.ToMember)
}

// postBatch takes a batch of events or members as one group: it is durable as a whole before it is answered.
func (s *Server) postBatch(w http.ResponseWriter, r *http.Request, target ir.SourceTarget) error {
	prog := s.engine.View().Program()
	by := readerKind{target, r.URL.Query().Get("source")}
	read, err := s.readers.borrow(prog, by, func() (objectReader, error) { return s.reader(prog, by) })
	if err != nil {
		return err
	}
	defer s.readers.giveBack(prog, by, read)
	body, release, err := s.readBody(w, r)
	if err != nil {
		return err
	}
	defer release()
	var b *batch
	if err := s.aside(r.Context(), func() (err error) {
		b, err = s.readBatch(body, read)
		return err
	}); err != nil {
		return err
	}
	kind := "event"
	if target == ir.ToMember {
		kind = "member"
	}
	var out taken
	key, err := once(r, body, func(outcomes []live.Outcome) []byte {
		out = b.answer(outcomes)
		return encode(out.withoutValues())
	})
	if err != nil {
		return err
	}
	if key != nil {
		before, err := s.submitOnce(w, r, b.inputs, key)
		if err != nil || before {
			return err
		}
		s.metrics.taken(kind, out)
		return send(w, out)
	}
	outcomes, err := s.submit(r.Context(), b.inputs)
	if err != nil {
		return err
	}
	out = b.answer(outcomes)
	s.metrics.taken(kind, out)
	return send(w, out)
}

// aside runs f when there is room for it beside the loop.
func (s *Server) aside(ctx context.Context, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, s.opt.QueueTime)
	defer cancel()
	var failed error
	if err := s.engine.Aside(ctx, func() { failed = f() }); err != nil {
		return err
	}
	return failed
}

// readBatch reads the lines of a body.
func (s *Server) readBatch(body []byte, read objectReader) (*batch, error) {
	lines, err := s.objects(body)
	if err != nil {
		return nil, err
	}
	b := &batch{
		lines: lines, refusals: make([]*refused, len(lines)),
		inputs: make([]live.Input, 0, len(lines)), places: make([]int, 0, len(lines)),
	}
	for i, l := range lines {
		if !utf8.Valid(l.text) {
			b.refusals[i] = &refused{Reason: "the line is not valid UTF-8"}
			continue
		}
		in, why, slip := read(l.text)
		if why != nil {
			b.refusals[i] = why
			continue
		}
		b.inputs, b.places = append(b.inputs, in), append(b.places, i)
		if slip != nil && len(b.slips) < maxSlips {
			slip.Line = l.number
			b.slips = append(b.slips, *slip)
		}
	}
	return b, nil
}

// batch is the lines of a request, as inputs where they are sound.
type batch struct {
	lines    []line
	refusals []*refused // by line; nil where it is sound
	inputs   []live.Input
	places   []int // the line of each input
	slips    []refused
}

// maxSlips is how many fields that were passed over are told of a batch.
const maxSlips = 100

// answer tells what became of the lines.
func (b *batch) answer(outcomes []live.Outcome) taken {
	out := taken{Rejected: []refused{}, Unread: b.slips}
	for k, o := range outcomes {
		out.Merged += o.Absorbed
		if o.Conflict {
			out.Conflicts++
		}
		switch o.Status {
		case live.Accepted:
			out.Accepted++
		case live.Duplicate:
			out.Duplicate++
		default:
			b.refusals[b.places[k]] = &refused{Reason: o.Reason}
		}
	}
	for i, why := range b.refusals {
		if why != nil {
			why.Line = b.lines[i].number
			out.Rejected = append(out.Rejected, *why)
		}
	}
	return out
}

// submit hands inputs to the engine; while its queue is full they wait a little.
func (s *Server) submit(ctx context.Context, inputs []live.Input) ([]live.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opt.QueueTime)
	defer cancel()
	return s.engine.Submit(ctx, inputs)
}

// one hands over a single input; what the engine rejects is a problem with the given status.
func (s *Server) one(ctx context.Context, in live.Input, status int) error {
	outcomes, err := s.submit(ctx, []live.Input{in})
	if err != nil {
		return err
	}
	if o := outcomes[0]; o.Status == live.Rejected {
		return fail(status, "%s", o.Reason)
	}
	return nil
}

// reader returns what reads the objects of a batch: as a source of the rules maps them, or by their own names.
func (s *Server) reader(prog *ir.Program, kind readerKind) (objectReader, error) {
	target, name := kind.target, kind.source
	if name != "" {
		src, err := sourceOf(prog, target, name)
		if err != nil {
			return nil, err
		}
		m, err := ingest.NewObjectMapper(prog, src, s.opt.Env)
		if err != nil {
			return nil, fail(http.StatusUnprocessableEntity, "%v", err)
		}
		event := ""
		if target == ir.ToEvent {
			event = prog.Events[src.Index].Name
		}
		return func(text []byte) (live.Input, *refused, *refused) { return mapped(m, event, text) }, nil
	}
	if target == ir.ToMember {
		m, err := ingest.NewObjectMapper(prog, ingest.MembersByName(prog), s.opt.Env)
		if err != nil {
			return nil, fail(http.StatusUnprocessableEntity, "%v", err)
		}
		return func(text []byte) (live.Input, *refused, *refused) { return mapped(m, "", text) }, nil
	}
	return s.byType(prog), nil
}

// byType reads events that say in the key type what they are.
func (s *Server) byType(prog *ir.Program) objectReader {
	which := ndjson.NewReader([]string{"type"})
	mappers := make([]*ingest.ObjectMapper, len(prog.Events))
	return func(text []byte) (in live.Input, why, slip *refused) {
		if f, ok := which.Read(text); !ok {
			return in, &refused{Reason: ingest.NoObject(f, text).Reason}, nil
		}
		if which.Values[0].Kind != ndjson.String {
			return in, &refused{Field: "type", Reason: "type must name an event of the rules"}, nil
		}
		name := string(which.Values[0].Text)
		event := eventIndex(prog, name)
		if event < 0 {
			reason := "there is no event " + quote(name)
			if near, ok := diag.Near(name, eventNames(prog)); ok {
				reason += "; did you mean " + near + "?"
			}
			return in, &refused{Field: "type", Reason: reason}, nil
		}
		if mappers[event] == nil {
			m, err := ingest.NewObjectMapper(prog, ingest.EventByName(prog, event), s.opt.Env)
			if err != nil {
				return in, &refused{Reason: err.Error()}, nil
			}
			mappers[event] = m
		}
		return mapped(mappers[event], name, text)
	}
}

// mapped is an object as an input: an event if it has a name, else attributes.
func mapped(m *ingest.ObjectMapper, event string, text []byte) (in live.Input, why, slip *refused) {
	o, f, ok := m.Map(text)
	if !ok {
		return in, &refused{Field: f.Field, Reason: f.Reason}, nil
	}
	in = live.Input{Kind: live.Attributes, Values: o.Values}
	if event != "" {
		in = live.Input{Kind: live.Event, Type: event, Key: o.Key, HasAt: o.HasAt, At: o.At, Values: o.Values}
	}
	for _, id := range o.IDs {
		if id.Hashed {
			in.Hashed = append(in.Hashed, live.ID{Attribute: id.Attribute, Text: hex.EncodeToString([]byte(id.Text))})
			continue
		}
		in.IDs = append(in.IDs, live.ID{Attribute: id.Attribute, Text: id.Text})
	}
	if o.Slip.Field != "" {
		slip = &refused{Field: o.Slip.Field, Reason: o.Slip.Reason}
	}
	return in, nil, slip
}

func sourceOf(prog *ir.Program, target ir.SourceTarget, name string) (*ir.Source, error) {
	var names []string
	for _, src := range prog.Sources {
		if src.Target != target {
			if src.Name == name {
				return nil, fail(http.StatusUnprocessableEntity, "source %s gives %s; this address takes %s", name, targetNames[src.Target], targetNames[target])
			}
			continue
		}
		if src.Name == name {
			return src, nil
		}
		names = append(names, src.Name)
	}
	return nil, unknownName("source", name, names)
}

var targetNames = map[ir.SourceTarget]string{ir.ToEvent: "events", ir.ToMember: "members", ir.ToTable: "tables"}

// eventIndex finds an event type that the rules declare. Types of facts are not for others to send or to see.
func eventIndex(prog *ir.Program, name string) int {
	for i, e := range prog.Events {
		if e.Name == name && e.Facts == "" {
			return i
		}
	}
	return -1
}

func eventNames(prog *ir.Program) (names []string) {
	for _, e := range prog.Events {
		if e.Facts == "" {
			names = append(names, e.Name)
		}
	}
	return names
}
