package api

import (
	"net/http"
	"slices"

	"github.com/muster-engine/muster/compiler/ir"
)

// sourceOfRules is a source that the rules declare, as clients get it.
type sourceOfRules struct {
	Name  string `json:"name"`
	Title string `json:"title,omitempty"`
	// Gives is what its rows are: "events", "members" or "tables"; Of is the event type or the table.
	Gives string `json:"gives"`
	Of    string `json:"of,omitempty"`
	// Columns are the columns or keys that it reads, in the order of the rules.
	Columns []string `json:"columns"`
}

func (s *Server) getSources(w http.ResponseWriter, _ *http.Request) error {
	prog := s.engine.View().Program()
	out := struct {
		Sources []sourceOfRules `json:"sources"`
	}{[]sourceOfRules{}}
	for _, src := range prog.Sources {
		one := sourceOfRules{Name: src.Name, Title: src.Title, Gives: targetNames[src.Target], Columns: []string{}}
		switch src.Target {
		case ir.ToEvent:
			one.Of = prog.Events[src.Index].Name
		case ir.ToTable:
			one.Of = prog.Tables[src.Index].Name
		}
		for _, m := range src.Mappings {
			if m.Column != "" && !slices.Contains(one.Columns, m.Column) {
				one.Columns = append(one.Columns, m.Column)
			}
		}
		out.Sources = append(out.Sources, one)
	}
	return send(w, out)
}
