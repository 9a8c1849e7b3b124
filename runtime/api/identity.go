package api

import (
	"net/http"

	"github.com/muster-engine/muster/runtime/dossier"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
)

// findID returns an id as the store has it, by the first id attribute that knows it. Only ids find anybody here, no numbers.
func (q *asked) findID(id string) (live.ID, uint32, error) {
	var names []string
	for _, a := range q.prog.Attributes {
		if a.ID == nil {
			continue
		}
		names = append(names, a.Name)
		if form, ok := ingest.NormaliseID(a, id); ok {
			if n, found := q.engine.Find(a.Name, string(form)); found {
				return live.ID{Attribute: a.Name, Text: string(form)}, n, nil
			}
		}
	}
	return live.ID{}, 0, fail(http.StatusNotFound, "there is no member with %s %s", orList(names), quote(id))
}

// IDChange asks for another id in the place of one.
type IDChange struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Join says that the member who has the new id, if there is one, is the same.
	Join bool `json:"join,omitempty"`
}

// Identified answers what became of a member.
type Identified struct {
	Member uint32 `json:"member"`
	ID     string `json:"id"`
	Joined bool   `json:"joined,omitempty"`
}

func (s *Server) postIDChange(w http.ResponseWriter, r *http.Request) error {
	var in IDChange
	if err := s.decode(w, r, &in); err != nil {
		return err
	}
	q, err := s.ask("")
	if err != nil {
		return err
	}
	old, _, err := q.findID(in.From)
	if err != nil {
		return err
	}
	to := live.ID{Attribute: old.Attribute}
	for _, a := range q.prog.Attributes {
		if a.Name != old.Attribute {
			continue
		}
		form, ok := ingest.NormaliseID(a, in.To)
		if !ok {
			return fail(http.StatusUnprocessableEntity, "%s is no usable %s", quote(in.To), a.Name)
		}
		to.Text = string(form)
	}
	out, err := s.identify(r, live.Input{Kind: live.Change, IDs: []live.ID{old}, To: &to, Join: in.Join, By: nameOf(r.Context())})
	if err != nil {
		return err
	}
	return s.sendIdentified(w, out)
}

// identify hands over an input that is of members' identity.
func (s *Server) identify(r *http.Request, in live.Input) (live.Outcome, error) {
	outcomes, err := s.submit(r.Context(), []live.Input{in})
	if err != nil {
		return live.Outcome{}, err
	}
	if outcomes[0].Status != live.Accepted {
		return live.Outcome{}, fail(http.StatusConflict, "%s", outcomes[0].Reason)
	}
	return outcomes[0], nil
}

func (s *Server) sendIdentified(w http.ResponseWriter, o live.Outcome) error {
	shown, err := s.shownIDs([]uint32{o.Member})
	if err != nil {
		return err
	}
	return send(w, Identified{o.Member, shown[0], o.Absorbed > 0})
}

// MergeUndone asks for a merge to be undone: of the absorbed member, by an id that it brought or by its number.
type MergeUndone struct {
	ID     string  `json:"id,omitempty"`
	Member *uint32 `json:"member,omitempty"`
}

func (s *Server) postSplit(w http.ResponseWriter, r *http.Request) error {
	var in MergeUndone
	if err := s.decode(w, r, &in); err != nil {
		return err
	}
	q, err := s.ask("")
	if err != nil {
		return err
	}
	split := live.Input{Kind: live.Split, By: nameOf(r.Context())}
	switch {
	case in.Member != nil && in.ID == "":
		split.Member = *in.Member
	case in.ID != "" && in.Member == nil:
		id, _, err := q.findID(in.ID)
		if err != nil {
			return err
		}
		split.IDs = []live.ID{id}
	default:
		return fail(http.StatusUnprocessableEntity, "say whom: by an id that the member brought, or by its number")
	}
	out, err := s.identify(r, split)
	if err != nil {
		return err
	}
	return s.sendIdentified(w, out)
}

// Conflicts is a page of them. Next is what to ask after for those that follow.
type Conflicts struct {
	Conflicts []dossier.Conflict `json:"conflicts"`
	Next      int64              `json:"next"`
}

func (s *Server) getConflicts(w http.ResponseWriter, r *http.Request) error {
	after, err := numberParam(r, "after", 0, 1<<31-1)
	if err != nil {
		return err
	}
	limit, err := numberParam(r, "limit", 1000, 10_000)
	if err != nil {
		return err
	}
	prog := s.engine.View().Program()
	out := Conflicts{Conflicts: []dossier.Conflict{}, Next: int64(after)}
	err = s.engine.Conflicts(int64(after), func(c storage.Conflict) (bool, error) {
		if len(out.Conflicts) == limit {
			return false, nil
		}
		out.Conflicts, out.Next = append(out.Conflicts, dossier.NewConflict(prog, c)), c.Number
		return true, nil
	})
	if err != nil {
		return err
	}
	return send(w, out)
}

// Merges is a page of them, by the absorbed members' numbers. Next is what to ask after for those that follow.
type Merges struct {
	Merges []dossier.Merge `json:"merges"`
	Next   int64           `json:"next"`
}

func (s *Server) getMerges(w http.ResponseWriter, r *http.Request) error {
	after, err := numberParam(r, "after", -1, 1<<31-1)
	if err != nil {
		return err
	}
	limit, err := numberParam(r, "limit", 1000, 10_000)
	if err != nil {
		return err
	}
	all, err := s.engine.Merges()
	if err != nil {
		return err
	}
	prog := s.engine.View().Program()
	out := Merges{Merges: []dossier.Merge{}, Next: int64(after)}
	for _, m := range all {
		if int64(m.Absorbed) > int64(after) && len(out.Merges) < limit {
			out.Merges, out.Next = append(out.Merges, dossier.NewMerge(prog, m)), int64(m.Absorbed)
		}
	}
	return send(w, out)
}

// getExport gives a member all that is held of them.
func (s *Server) getExport(w http.ResponseWriter, r *http.Request) error {
	q, number, _, err := s.person(r)
	if err != nil {
		return err
	}
	held, err := s.engine.Held(number)
	if err != nil {
		return err
	}
	p, err := s.engine.Person(q.view, held.Number)
	if err != nil {
		return err
	}
	out, err := dossier.New(r.Context(), q.view, p, held)
	if err != nil {
		return err
	}
	return send(w, out)
}

// deleteMember erases a member, and answers with what was removed and the proof. It takes as long as a checkpoint and a
// reading of the whole file.
func (s *Server) deleteMember(w http.ResponseWriter, r *http.Request) error {
	q, err := s.ask("")
	if err != nil {
		return err
	}
	number, err := q.find(r.PathValue("id"))
	if err != nil {
		return err
	}
	held, err := s.engine.Held(number)
	if err != nil {
		return err
	}
	out, err := s.engine.Forget(r.Context(), live.Input{Kind: live.Forget, Member: held.Number, By: nameOf(r.Context())})
	if err != nil {
		return err
	}
	if out.Status != live.Accepted {
		return fail(http.StatusNotFound, "%s", out.Reason)
	}
	erased, err := dossier.Finish(r.Context(), held, q.prog, s.engine.StorePath(), s.engine)
	if err != nil {
		return err
	}
	return send(w, erased)
}
