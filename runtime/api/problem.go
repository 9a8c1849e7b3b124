package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
)

// Problem is an error as clients get it (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	// Reason says in one word why something that was asked of a coupon is refused.
	Reason string `json:"reason,omitempty"`
	// Findings say what is wrong with an expression, and where.
	Findings []Finding `json:"findings,omitempty"`
}

// Finding is one fault in an expression.
type Finding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
}

func (p *Problem) Error() string { return p.Detail }

func fail(status int, format string, args ...any) error {
	return &Problem{Status: status, Title: http.StatusText(status), Detail: fmt.Sprintf(format, args...)}
}

// wrongExpression is the problem of an expression with faults. param says where it was given.
func wrongExpression(param string, found diag.List) error {
	p := &Problem{Status: http.StatusUnprocessableEntity, Title: http.StatusText(http.StatusUnprocessableEntity)}
	for _, d := range found {
		if d.Severity == diag.Error && p.Detail == "" {
			p.Detail = param + ": " + d.Message
			if d.Hint != "" {
				p.Detail += "; " + d.Hint
			}
		}
		f := Finding{Code: d.Code, Severity: d.Severity.String(), Message: d.Message, Hint: d.Hint}
		if !d.Span.IsZero() {
			at := d.Span.File.Position(d.Span.Start)
			f.Line, f.Column = at.Line, at.Column
		}
		p.Findings = append(p.Findings, f)
	}
	return p
}

// unknownName says that there is no such thing, and which near one there is.
func unknownName(kind, name string, names []string) error {
	if near, ok := diag.Near(name, names); ok {
		return fail(http.StatusNotFound, "there is no %s %q; did you mean %s?", kind, name, near)
	}
	return fail(http.StatusNotFound, "there is no %s %q", kind, name)
}

// refuse sends an error, if nothing has been sent yet.
func (s *Server) refuse(w *answer, r *http.Request, err error) {
	var p *Problem
	var unwritten *storage.WriteError
	switch {
	case errors.As(err, &p):
	case r.Context().Err() != nil:
		w.code = 499 // the client has gone: for the log
		return
	case errors.Is(err, live.ErrClosed):
		p = &Problem{Status: http.StatusServiceUnavailable, Detail: "the server is shutting down"}
	case errors.Is(err, live.ErrFull):
		p = &Problem{Status: http.StatusServiceUnavailable, Detail: "nothing of it is taken, for too much waits to be written; send it again a little later"}
	case errors.Is(err, storage.ErrUnsure):
		s.metrics.unwritten.Inc()
		p = &Problem{Status: http.StatusServiceUnavailable, Detail: "what was sent is written, but not known to be safely on the disk; send it again"}
	case errors.As(err, &unwritten):
		s.metrics.unwritten.Inc()
		p = &Problem{Status: http.StatusServiceUnavailable, Detail: "nothing of it is taken, for the store cannot be written: " + unwritten.Cause.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		p = &Problem{Status: http.StatusServiceUnavailable, Detail: "the answer took too long; ask for less, or later"}
	default:
		p = &Problem{Status: http.StatusInternalServerError, Detail: "something went wrong inside the server; its log says what"}
	}
	if w.code != 0 {
		return
	}
	p.Title = http.StatusText(p.Status)
	if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="muster"`)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// send answers with JSON.
func send(w http.ResponseWriter, value any) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(encode(value))
	return err
}

// encode is a value of this package as a line of JSON.
func encode(value any) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		panic(err) // nothing here has values that JSON has not
	}
	return out.Bytes()
}
