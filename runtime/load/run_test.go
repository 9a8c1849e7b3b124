package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serve answers batches with f, which is handed the number of the batch and its lines.
func serve(t *testing.T, f func(w http.ResponseWriter, batch int64, lines [][]byte)) Options {
	var batches atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != "POST" || r.URL.Path != "/v1/events" || r.Header.Get("Authorization") != "Bearer t" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		f(w, batches.Add(1)-1, bytes.Split(bytes.TrimSuffix(body, []byte("\n")), []byte("\n")))
	}))
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "http://")
	return Options{
		Dial: func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", host) },
		Host: host, Header: []string{"Authorization: Bearer t"}, Now: time.Now,
		Append: func(b []byte, i uint64) []byte { return fmt.Appendf(b, `{"n":%d}`, i) },
	}
}

// TestEachEventIsSentOnce sends more events than fit whole batches, and counts what the server has got.
func TestEachEventIsSentOnce(t *testing.T) {
	var seen [203]atomic.Int64
	opt := serve(t, func(w http.ResponseWriter, _ int64, lines [][]byte) {
		for _, line := range lines {
			var n int
			if _, err := fmt.Sscanf(string(line), `{"n":%d}`, &n); err != nil {
				t.Error(err)
				return
			}
			seen[n-1000].Add(1)
		}
		fmt.Fprintf(w, `{"accepted":%d,"duplicate":1,"rejected":[{"line":1,"reason":"no"}]}`, len(lines)-2)
	})
	opt.Connections, opt.Batch, opt.Events, opt.First = 3, 10, 203, 1000
	r, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	for n := range seen {
		if got := seen[n].Load(); got != 1 {
			t.Fatalf("event %d was sent %d times", n, got)
		}
	}
	if r.Sent != 203 || r.Accepted != 203-2*21 || r.Duplicate != 21 || r.Rejected != 21 || r.Reason != "no" || r.Answers.Count() != 21 {
		t.Fatalf("%d sent, %d accepted, %d duplicate, %d rejected, %q, %d answers",
			r.Sent, r.Accepted, r.Duplicate, r.Rejected, r.Reason, r.Answers.Count())
	}
}

// TestAStopMakesLateWhatIsDueMeanwhile lets the server stop once: every batch that was due meanwhile counts from when it
// was due, not from when it could be sent.
func TestAStopMakesLateWhatIsDueMeanwhile(t *testing.T) {
	const stop = 300 * time.Millisecond
	opt := serve(t, func(w http.ResponseWriter, batch int64, lines [][]byte) {
		if batch == 0 {
			time.Sleep(stop)
		}
		fmt.Fprintf(w, `{"accepted":%d}`, len(lines))
	})
	opt.Connections, opt.Batch, opt.Rate, opt.Events = 1, 1, 100, 30
	r, err := Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if late := r.Answers.Quantile(0.5); late < stop/4 {
		t.Fatalf("half of the answers took %v, though the server stopped for all of that time", late)
	}
}

func TestWhatAServerCanDoWrong(t *testing.T) {
	for _, c := range []struct {
		name, want string
		f          func(w http.ResponseWriter, batch int64, lines [][]byte)
	}{
		{"is busy", "", func(w http.ResponseWriter, _ int64, _ [][]byte) { w.WriteHeader(http.StatusTooManyRequests) }},
		{"refuses", "after 0 events: the server answers 403 Forbidden: not you", func(w http.ResponseWriter, _ int64, _ [][]byte) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintln(w, "not you")
		}},
		{"goes away", "after 0 events: the server went away: unexpected EOF", func(http.ResponseWriter, int64, [][]byte) {
			panic(http.ErrAbortHandler)
		}},
	} {
		opt := serve(t, c.f)
		opt.Connections, opt.Batch, opt.Events = 1, 1, 1
		r, err := Run(context.Background(), opt)
		if got := fmt.Sprint(err); c.want != got && (c.want != "" || err != nil) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if c.want == "" && r.Refused != 1 {
			t.Errorf("%s: %d batches refused", c.name, r.Refused)
		}
	}
}
