package api

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage/column"
)

// putTag sets a manual tag of a member, in the name of whose token it is.
func (s *Server) putTag(w http.ResponseWriter, r *http.Request) error {
	prog := s.engine.View().Program()
	tag, err := manualTag(prog, r.PathValue("tag"))
	if err != nil {
		return err
	}
	body, release, err := s.readText(w, r)
	if err != nil {
		return err
	}
	defer release()
	if body, err = written(body, tag.Type); err != nil {
		return err
	}
	value, reason := ingest.ReadValue(prog, tag.Type, body)
	switch {
	case reason != "":
		return fail(http.StatusUnprocessableEntity, "%s: %s", tag.Name, reason)
	case value.Kind == 0:
		return fail(http.StatusUnprocessableEntity, `%s: there is no value; send {"value": …}, or DELETE to clear the tag`, tag.Name)
	}
	return s.setTag(w, r, tag, value)
}

// written makes of {"text": …}, a value as somebody types it, what has it as a value; any other body it leaves alone.
func written(body []byte, t ir.Type) ([]byte, error) {
	var in struct {
		Text  *string         `json:"text"`
		Value json.RawMessage `json:"value"`
	}
	if json.Unmarshal(body, &in) != nil || in.Text == nil {
		return body, nil
	}
	if in.Value != nil {
		return nil, fail(http.StatusUnprocessableEntity, "say value or text, not both")
	}
	value := any(*in.Text)
	switch text := strings.ToLower(strings.TrimSpace(*in.Text)); {
	case t.Kind == ir.Bool && (text == "yes" || text == "true"):
		value = true
	case t.Kind == ir.Bool && (text == "no" || text == "false"):
		value = false
	case t.Kind == ir.Set:
		elements := []string{}
		for _, one := range strings.Split(*in.Text, ",") {
			if one = strings.TrimSpace(one); one != "" {
				elements = append(elements, one)
			}
		}
		value = elements
	}
	return encode(map[string]any{"value": value}), nil
}

func (s *Server) deleteTag(w http.ResponseWriter, r *http.Request) error {
	tag, err := manualTag(s.engine.View().Program(), r.PathValue("tag"))
	if err != nil {
		return err
	}
	return s.setTag(w, r, tag, column.Value{})
}

func (s *Server) setTag(w http.ResponseWriter, r *http.Request, tag *ir.Tag, value column.Value) error {
	q, err := s.ask("")
	if err != nil {
		return err
	}
	number, err := q.find(r.PathValue("id"))
	if err != nil {
		return err
	}
	id, err := s.idOf(number)
	if err != nil {
		return err
	}
	in := live.Input{Kind: live.Manual, Tag: tag.Name, Value: value, By: nameOf(r.Context()), IDs: []live.ID{*id}}
	if err := s.one(r.Context(), in, http.StatusUnprocessableEntity); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func manualTag(prog *ir.Program, name string) (*ir.Tag, error) {
	var names []string
	for _, t := range prog.Tags {
		if t.Name == name && t.Manual {
			return t, nil
		}
		if t.Name == name {
			return nil, fail(http.StatusUnprocessableEntity, "%s follows from the rules; only a manual tag can be set", name)
		}
		if t.Manual {
			names = append(names, t.Name)
		}
	}
	return nil, unknownName("manual tag", name, names)
}
