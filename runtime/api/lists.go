package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/live"
)

func (s *Server) putList(w http.ResponseWriter, r *http.Request) error {
	return s.changeList(w, r, live.Replace)
}

func (s *Server) postList(w http.ResponseWriter, r *http.Request) error {
	return s.changeList(w, r, live.Append)
}

func (s *Server) deleteList(w http.ResponseWriter, r *http.Request) error {
	return s.changeList(w, r, live.Remove)
}

// lists are all of them.
type lists struct {
	Lists []listCount `json:"lists"`
}

// listCount is a list with how many members are on it.
type listCount struct {
	Name    string `json:"name"`
	Title   string `json:"title,omitempty"`
	Members int    `json:"members"`
	Of      int    `json:"of"`
}

func (s *Server) getLists(w http.ResponseWriter, r *http.Request) error {
	q, err := s.ask("")
	if err != nil {
		return err
	}
	ctx, done, err := s.question(r.Context())
	if err != nil {
		return err
	}
	defer done()
	of, err := q.view.Of(ctx)
	if err != nil {
		return err
	}
	out := lists{Lists: []listCount{}}
	for _, l := range q.prog.Lists {
		query, err := q.compile("list", "`"+l.Name+"`")
		if err != nil {
			return err
		}
		n, err := q.view.Count(ctx, query.Node)
		if err != nil {
			return err
		}
		out.Lists = append(out.Lists, listCount{l.Name, l.Title, n, of})
	}
	return send(w, out)
}

// listed answers an upload.
type listed struct {
	// Members is how many members the ids name; Unknown how many ids nobody has, with a few of them.
	Members  int      `json:"members"`
	Unknown  int      `json:"unknown"`
	Examples []string `json:"examples,omitempty"`
}

// changeList takes ids, one a line or as JSON, and puts their members on a list or takes them off.
func (s *Server) changeList(w http.ResponseWriter, r *http.Request, mode live.ListMode) error {
	q, err := s.ask("")
	if err != nil {
		return err
	}
	list, err := listOf(q.prog, r.PathValue("name"))
	if err != nil {
		return err
	}
	body, release, err := s.readText(w, r)
	if err != nil {
		return err
	}
	defer release()
	ids, err := s.idsIn(body)
	if err != nil {
		return err
	}
	var out listed
	var numbers []uint32
	seen := map[uint32]bool{}
	for _, id := range ids {
		n, err := q.find(id)
		switch {
		case err != nil:
			out.Unknown++
			if len(out.Examples) < 5 {
				out.Examples = append(out.Examples, id)
			}
		case !seen[n]:
			seen[n] = true
			numbers = append(numbers, n)
		}
	}
	of, err := s.engine.IDs(numbers)
	if err != nil {
		return err
	}
	in := live.Input{Kind: live.List, Name: list.Name, Mode: mode}
	for _, one := range of {
		if len(one) > 0 {
			in.IDs = append(in.IDs, one[0])
			out.Members++
		}
	}
	if err := s.one(r.Context(), in, http.StatusUnprocessableEntity); err != nil {
		return err
	}
	return send(w, out)
}

// idsIn reads the ids of an upload: a line each (blank lines and those that begin with # are passed over), a JSON list, or
// an object with the list under ids.
func (s *Server) idsIn(body []byte) ([]string, error) {
	var ids []string
	switch text := bytes.TrimSpace(body); {
	case len(text) == 0:
	case text[0] == '[':
		if err := json.Unmarshal(text, &ids); err != nil {
			return nil, fail(http.StatusBadRequest, "the body is no list of ids: %s", plainJSON(err))
		}
	case text[0] == '{':
		var in struct {
			IDs []string `json:"ids"`
		}
		if err := json.Unmarshal(text, &in); err != nil {
			return nil, fail(http.StatusBadRequest, "the body is no object with a list of ids: %s", plainJSON(err))
		}
		ids = in.IDs
	default:
		for l := range strings.Lines(string(text)) {
			if l = strings.TrimSpace(l); l != "" && l[0] != '#' {
				ids = append(ids, l)
			}
		}
	}
	if len(ids) > s.opt.MaxIDs {
		return nil, fail(http.StatusRequestEntityTooLarge, "there are more than %d ids; add them in parts", s.opt.MaxIDs)
	}
	return ids, nil
}

func listOf(prog *ir.Program, name string) (*ir.List, error) {
	var names []string
	for _, l := range prog.Lists {
		if l.Name == name {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return nil, unknownName("list", name, names)
}
