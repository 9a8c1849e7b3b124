package api

import (
	"errors"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// RulesState tells which rule set is in force.
type RulesState struct {
	Revision int64  // counts from 1
	Hash     string // of its meaning
	Since    int64  // microseconds since 1970
	// Error says why a later one was not taken; empty if there is none.
	Error string
}

// rulesAnswer is a RulesState as clients get it.
type rulesAnswer struct {
	Revision  int64   `json:"revision"`
	Hash      string  `json:"hash"`
	Since     *string `json:"since"`
	LastError *string `json:"last_error"`
}

func (s *Server) getRules(w http.ResponseWriter, _ *http.Request) error {
	return send(w, s.rulesAnswer())
}

func (s *Server) rulesAnswer() rulesAnswer {
	prog := s.engine.View().Program()
	out := rulesAnswer{Hash: prog.Hash}
	if s.opt.Rules != nil {
		state := s.opt.Rules()
		out.Revision, out.Hash = state.Revision, state.Hash
		if state.Since != 0 {
			since := values{prog}.time(state.Since)
			out.Since = &since
		}
		if state.Error != "" {
			out.LastError = &state.Error
		}
	}
	return out
}

// Reloaded tells what putting the rule files in force did.
type Reloaded struct {
	// Same is set where they mean what the rules in force do.
	Same bool
	// Crossings is how many members entered or left segments by it.
	Crossings int
}

// RulesError says why rules are not put in force, in words for people.
type RulesError struct{ Reason string }

func (e *RulesError) Error() string { return e.Reason }

type reloadAnswer struct {
	rulesAnswer
	Same      bool `json:"same"`
	Crossings int  `json:"crossings"`
}

// postReload puts the rule files in force as they are now, without waiting until an edit is noticed.
func (s *Server) postReload(w http.ResponseWriter, r *http.Request) error {
	if s.opt.Reload == nil {
		return fail(http.StatusConflict, "this server has no rule files to read: it goes by the rules that its store remembers")
	}
	done, err := s.opt.Reload(r.Context())
	var refused *RulesError
	if errors.As(err, &refused) {
		return fail(http.StatusUnprocessableEntity, "%s", refused.Reason)
	}
	if err != nil {
		return err
	}
	return send(w, reloadAnswer{s.rulesAnswer(), done.Same, done.Crossings})
}

// Status is a server at a glance.
type Status struct {
	// Members is how many numbers have been given; Changed how many members differ from the store's columns.
	Members int `json:"members"`
	Changed int `json:"changed"`
	// Crossings is the number of the last one.
	Crossings uint64 `json:"crossings"`
	// Waiting is how much that was sent has not been taken yet.
	Waiting int    `json:"waiting"`
	Bytes   int64  `json:"bytes"`
	Clock   string `json:"clock"` // "system" or "pinned"
	Now     string `json:"now"`
	// Applied is the instant up to which time has passed.
	Applied  string      `json:"applied"`
	Timezone string      `json:"timezone"`
	Rules    rulesAnswer `json:"rules"`
	// Fault is why time cannot pass or why the last checkpoint failed.
	Fault string `json:"fault,omitempty"`
}

func (s *Server) getStatus(w http.ResponseWriter, _ *http.Request) error {
	state, clock := s.engine.State(), s.clock()
	out := Status{
		Members: state.Members, Changed: state.Changed, Crossings: state.Crossed, Waiting: state.Waiting,
		Bytes: s.engine.Size(), Clock: clock.Clock, Now: clock.Now, Timezone: clock.Timezone,
		Applied: values{s.engine.View().Program()}.time(state.Clock), Rules: s.rulesAnswer(),
	}
	if state.Fault != nil {
		out.Fault = state.Fault.Error()
	}
	return send(w, out)
}

// health says that the process answers.
type health struct {
	Status string `json:"status"`
}

func (s *Server) getHealth(w http.ResponseWriter, _ *http.Request) error {
	return send(w, health{"ok"})
}

// getReady says whether the server should be sent requests.
func (s *Server) getReady(w http.ResponseWriter, _ *http.Request) error {
	select {
	case <-s.draining:
		return fail(http.StatusServiceUnavailable, "the server is shutting down")
	default:
		return send(w, health{"ready"})
	}
}

func (s *Server) getMetrics(w http.ResponseWriter, r *http.Request) error {
	promhttp.HandlerFor(s.metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	return nil
}
