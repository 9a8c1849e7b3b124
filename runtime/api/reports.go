package api

import (
	"errors"
	"net/http"

	"github.com/muster-engine/muster/runtime/report"
)

// getReport answers with a report of a kind, as JSON or as a chart.
func (s *Server) getReport(kind report.Kind) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		asked := r.URL.Query()
		q, err := s.ask(asked.Get("as_of"))
		if err != nil {
			return err
		}
		period, err := report.ParsePeriod(asked.Get("from"), asked.Get("to"))
		if err != nil {
			return fail(http.StatusUnprocessableEntity, "%s", err)
		}
		format := asked.Get("format")
		if format != "" && format != "json" && format != "svg" {
			return fail(http.StatusUnprocessableEntity, "reports are sent as json or svg, not as %s", quote(format))
		}
		ctx, done, err := s.question(r.Context())
		if err != nil {
			return err
		}
		defer done()
		got, err := report.Open(q.view, period).Make(ctx, kind, asked.Get("name"))
		var unknown *report.UnknownError
		switch {
		case errors.As(err, &unknown):
			return fail(http.StatusNotFound, "%s", err)
		case err != nil:
			return err
		case format == "svg":
			w.Header().Set("Content-Type", "image/svg+xml")
			return report.WriteSVG(w, got.Charts())
		}
		return send(w, got)
	}
}

// getBooks proves the ledgers of points.
func (s *Server) getBooks(w http.ResponseWriter, r *http.Request) error {
	q, err := s.ask(r.URL.Query().Get("as_of"))
	if err != nil {
		return err
	}
	ctx, done, err := s.question(r.Context())
	if err != nil {
		return err
	}
	defer done()
	got, err := report.Open(q.view, report.Period{}).Books(ctx, r.URL.Query().Get("name"))
	var unknown *report.UnknownError
	switch {
	case errors.As(err, &unknown):
		return fail(http.StatusNotFound, "%s", err)
	case err != nil:
		return err
	}
	return send(w, got)
}
