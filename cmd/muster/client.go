package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/muster-engine/muster/runtime/api"
)

// client asks a server.
type client struct {
	base      string
	token     string
	transport http.RoundTripper // nil is the usual one
}

// client returns what asks the server at an address.
func (a *app) client(server string) (*client, error) {
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address of a server; write http://127.0.0.1:7077", server)
	}
	return &client{base: strings.TrimSuffix(u.String(), "/"), token: a.env("MUSTER_TOKEN")}, nil
}

// serverOrHere returns what asks the server of --server or $MUSTER_SERVER, else the one of this machine.
func (a *app) serverOrHere() (*client, error) {
	server := a.serverURL()
	if server == "" {
		server = defaultListen
	}
	return a.client(server)
}

// unreachable is the error of a server that does not answer.
type unreachable struct {
	base string
	err  error
}

func (e *unreachable) Error() string {
	why := e.err
	if asked := new(url.Error); errors.As(why, &asked) {
		why = asked.Err
	}
	return fmt.Sprintf("no server answers at %s: %v", e.base, systemReason(why))
}

// do sends a request and reads the answer into a value, which may be nil; an answer that is an error is one here, in the
// server's words.
func (c *client) do(ctx context.Context, method, path string, body, into any) error {
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		in = bytes.NewReader(text)
	}
	res, err := c.send(ctx, method, path, "application/json", in)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return &unreachable{c.base, err}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("what %s answers is not what a muster server does", c.base)
	}
	return nil
}

// send sends a request, with a body of a type unless that is nil, and returns the answer, whose body is the caller's to
// close.
func (c *client) send(ctx context.Context, method, path, kind string, body io.Reader) (*http.Response, error) {
	return c.sendWith(ctx, method, path, kind, body, nil)
}

// sendWith is send with further headers.
func (c *client) sendWith(ctx context.Context, method, path, kind string, body io.Reader, further http.Header) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	maps.Copy(r.Header, further)
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := (&http.Client{Transport: c.transport}).Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &unreachable{c.base, err}
	}
	if res.StatusCode < 300 {
		return res, nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, &unreachable{c.base, err}
	}
	return nil, c.refusal(res.StatusCode, text)
}

// busy is an answer that asks to come back later.
var errBusy = errors.New("the server is busy")

func (c *client) refusal(status int, text []byte) error {
	var p api.Problem
	if json.Unmarshal(text, &p) != nil || p.Detail == "" {
		return fmt.Errorf("%s answers with status %d, and is perhaps no muster server", c.base, status)
	}
	switch {
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%s: %s; the token is taken from $MUSTER_TOKEN", c.base, p.Detail)
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		return fmt.Errorf("%w: %s", errBusy, p.Detail)
	}
	return fmt.Errorf("%s", p.Detail)
}
