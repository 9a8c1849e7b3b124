package api

import (
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

type rulesAnswer struct {
	Revision  int64   `json:"revision"`
	Hash      string  `json:"hash"`
	Since     *string `json:"since"`
	LastError *string `json:"last_error"`
}

func (s *Server) getRules(w http.ResponseWriter, _ *http.Request) error {
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
