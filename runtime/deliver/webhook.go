package deliver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// webhook is a sink that gets a POST request for each message.
type webhook struct {
	url    string
	secret []byte // nil: requests are not signed
	client *http.Client
	atOnce int
	clock  Clock
}

func newWebhook(u *url.URL, secret []byte, s Setup, clock Clock) *webhook {
	if s.Timeout <= 0 {
		s.Timeout = 15 * time.Second
	}
	if s.AtOnce <= 0 {
		s.AtOnce = 8
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = s.AtOnce
	transport.MaxResponseHeaderBytes = 64 << 10
	return &webhook{
		url: u.String(), secret: secret, atOnce: s.AtOnce, clock: clock,
		client: &http.Client{
			Transport:     transport,
			Timeout:       s.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

func (w *webhook) room() (letters, atOnce int) { return 1, w.atOnce }

func (w *webhook) hand(ctx context.Context, some []*letter) error {
	for _, l := range some {
		if err := w.post(ctx, l.Key, "application/json", l.body); err != nil {
			return err
		}
	}
	return nil
}

func (w *webhook) lines(ctx context.Context, key string, text []byte) error {
	return w.post(ctx, key, "application/x-ndjson", text)
}

// post makes one request. Only an answer from 200 to 299 that has come as a whole counts.
func (w *webhook) post(ctx context.Context, key, kind string, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return &refusal{reason: "the request cannot be made", final: true}
	}
	r.GetBody = nil // a request whose connection breaks is made again by the courier, not behind its back
	id, timestamp := headerText(key), strconv.FormatInt(w.clock.Now().Unix(), 10)
	r.Header.Set("Content-Type", kind)
	r.Header.Set("User-Agent", "muster")
	r.Header.Set(keyHeader, id)
	r.Header.Set(idHeader, id)
	r.Header.Set(timestampHeader, timestamp)
	if w.secret != nil {
		r.Header.Set(signatureHeader, signature(w.secret, id, timestamp, body))
	}
	res, err := w.client.Do(r)
	if err != nil {
		return unanswered(ctx, err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20)); err != nil {
		return unanswered(ctx, err)
	}
	return w.answered(res)
}

// unanswered says why there is no answer, without the URL that the client's errors begin with.
func unanswered(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var u *url.Error
	if errors.As(err, &u) {
		if u.Timeout() {
			return &refusal{reason: "there was no answer in time"}
		}
		err = u.Err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &refusal{reason: "the connection was closed without an answer"}
	}
	return &refusal{reason: err.Error()}
}

func (w *webhook) answered(res *http.Response) error {
	code := res.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	out := &refusal{reason: strings.TrimSpace(fmt.Sprintf("the answer was %d %s", code, http.StatusText(code)))}
	switch {
	case code >= 300 && code < 400:
		out.final = true
		out.reason += ", and redirects are not followed"
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		out.after = retryAfter(res.Header.Get("Retry-After"), w.clock.Now())
	default:
		out.final = true
	}
	return out
}

// longestPause is the most that a receiver is left alone because it asks for it.
const longestPause = time.Hour

// retryAfter reads a number of seconds or a date.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(longestPause, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(longestPause, max(0, at.Sub(now)))
	}
	return 0
}
