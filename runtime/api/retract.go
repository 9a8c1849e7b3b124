package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/runtime/live"
)

// deleteEvent takes an event back by its key: of the member that a parameter names, else of whoever has it.
func (s *Server) deleteEvent(w http.ResponseWriter, r *http.Request) error {
	prog := s.engine.View().Program()
	id, err := s.idParam(prog, r)
	if err != nil {
		return err
	}
	if err := s.retract(r.Context(), prog, r.PathValue("type"), r.PathValue("key"), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *Server) retract(ctx context.Context, prog *ir.Program, name, key string, id *live.ID) error {
	event := eventIndex(prog, name)
	if event < 0 {
		return unknownName("event", name, eventNames(prog))
	}
	if prog.Events[event].Key < 0 {
		return fail(http.StatusUnprocessableEntity, "%s has no key by which one could be taken back", name)
	}
	if id == nil {
		var err error
		if id, err = s.holder(ctx, prog, name, key); err != nil {
			return err
		}
	}
	return s.one(ctx, live.Input{Kind: live.Retract, Type: name, Key: key, IDs: []live.ID{*id}}, http.StatusNotFound)
}

// holder finds the one member that has an event with a key, and returns an id of theirs.
func (s *Server) holder(ctx context.Context, prog *ir.Program, name, key string) (*live.ID, error) {
	ctx, done, err := s.question(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	numbers, err := s.engine.Holders(ctx, name, key)
	if err != nil {
		return nil, err
	}
	switch {
	case len(numbers) == 0:
		return nil, fail(http.StatusNotFound, "nobody has %s with the key %s", article(name), quote(key))
	case len(numbers) > 1:
		shown, err := s.shownIDs(numbers[:min(5, len(numbers))])
		if err != nil {
			return nil, err
		}
		return nil, fail(http.StatusConflict, "%d members have %s with the key %s, such as %s; say of whom, by %s",
			len(numbers), article(name), quote(key), strings.Join(shown, ", "), orList(idNames(prog)))
	}
	return s.idOf(numbers[0])
}

func article(name string) string {
	switch name[0] {
	case 'a', 'e', 'i', 'o', 'u':
		return "an " + name
	}
	return "a " + name
}

// idParam reads the id of a member from the query: a parameter that is called like an id attribute, or member with an id
// of any kind. It is nil if there is none.
func (s *Server) idParam(prog *ir.Program, r *http.Request) (*live.ID, error) {
	query := r.URL.Query()
	for _, a := range prog.Attributes {
		if a.ID == nil {
			continue
		}
		if text := query.Get(a.Name); text != "" {
			form, ok := ingest.NormaliseID(a, text)
			if !ok {
				return nil, fail(http.StatusUnprocessableEntity, "%s is no usable %s", quote(text), a.Name)
			}
			return &live.ID{Attribute: a.Name, Text: string(form)}, nil
		}
	}
	if query.Get("member") == "" {
		return nil, nil
	}
	q, err := s.ask("")
	if err != nil {
		return nil, err
	}
	number, err := q.find(query.Get("member"))
	if err != nil {
		return nil, err
	}
	return s.idOf(number)
}

// idOf is an id by which inputs can name a member.
func (s *Server) idOf(number uint32) (*live.ID, error) {
	ids, err := s.engine.IDs([]uint32{number})
	if err != nil {
		return nil, err
	}
	if len(ids[0]) == 0 {
		return nil, fail(http.StatusUnprocessableEntity, "member #%d has no id, so nothing can be sent to it", number)
	}
	return &ids[0][0], nil
}

func idNames(prog *ir.Program) (names []string) {
	for _, a := range prog.Attributes {
		if a.ID != nil {
			names = append(names, a.Name)
		}
	}
	return names
}
