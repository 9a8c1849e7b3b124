package main

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/muster-engine/muster/runtime/api"
	"github.com/muster-engine/muster/runtime/live"
)

// reach returns what asks a server: the one of --server or $MUSTER_SERVER, else one inside this process over the store of
// its own, so that a command does the same to both. close must be called at the end.
func (a *app) reach(ctx context.Context) (c *client, close func(), err error) {
	if server := a.serverURL(); server != "" {
		c, err = a.client(server)
		return c, func() {}, err
	}
	s, err := a.open(ctx, writeStore)
	if err != nil {
		return nil, nil, err
	}
	c, end, err := s.serveHere(ctx)
	if err != nil {
		s.close()
		return nil, nil, err
	}
	return c, func() { end(); s.close() }, nil
}

// serveHere brings a live engine up over the session's store; close puts what it takes into the store's columns.
func (s *session) serveHere(ctx context.Context) (c *client, close func(), err error) {
	engine, err := live.Open(ctx, live.Options{Store: s.store, Program: s.prog, System: func() int64 { return s.now().UnixMicro() }})
	if err != nil {
		return nil, nil, err
	}
	handler := api.New(engine, api.Options{Now: s.now, Env: s.env})
	return &client{base: "http://localhost", transport: inProcess{handler}}, engine.Close, nil
}

// inProcess answers requests by a handler of this process.
type inProcess struct{ handler http.Handler }

// RoundTrip implements http.RoundTripper.
func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := &recorder{res: http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
	}}
	p.handler.ServeHTTP(w, r)
	w.res.Body = io.NopCloser(&w.body)
	return &w.res, nil
}

// recorder keeps an answer.
type recorder struct {
	res  http.Response
	body bytes.Buffer
}

// Header implements http.ResponseWriter.
func (w *recorder) Header() http.Header { return w.res.Header }

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) { w.res.StatusCode = status }

// Write implements http.ResponseWriter.
func (w *recorder) Write(p []byte) (int, error) { return w.body.Write(p) }
