package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-engine/muster/runtime/live"
)

func TestCrossingsArePaged(t *testing.T) {
	f := newFixture(t, nil)
	f.seed()
	f.expect("GET", "/v1/crossings?limit=2", "", 200, `{"crossings":[
		{"seq":1,"segment":"active","member":0,"id":"+8613900000001","entered":true,"at":"2026-11-01T12:00:00+08:00","cause":"input"},
		{"seq":2,"segment":"big","member":0,"id":"+8613900000001","entered":true,"at":"2026-11-01T12:00:00+08:00","cause":"input"}],"next":2}`)
	f.expect("GET", "/v1/crossings?after=2", "", 200, `{"crossings":[
		{"seq":3,"segment":"active","member":1,"id":"+8613900000002","entered":true,"at":"2026-11-01T12:00:00+08:00","cause":"input"}],"next":3}`)
	f.expect("GET", "/v1/crossings?after=last", "", 200, `{"crossings":[],"next":3}`)
}

func TestLongPollEndsWithACrossing(t *testing.T) {
	f := newFixture(t, nil)
	web := httptest.NewServer(f.server)
	defer web.Close()
	got := make(chan string, 1)
	go func() {
		r, _ := http.NewRequest("GET", web.URL+"/v1/crossings?after=0&wait=1m", nil)
		r.Header.Set("Authorization", "Bearer "+everything)
		res, err := web.Client().Do(r)
		if err != nil {
			got <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		got <- string(b)
	}()
	for f.server.streams.TryAcquire(int64(f.server.opt.MaxStreams)) { // until it waits
		f.server.streams.Release(int64(f.server.opt.MaxStreams))
		time.Sleep(time.Millisecond)
	}
	f.expect("POST", "/v1/events", order1, 200, "")
	if text := <-got; !strings.Contains(text, `"seq":1,"segment":"active"`) || !strings.Contains(text, `"next":2`) {
		t.Fatal(text)
	}
}

func TestLongPollEndsWhenTheServerDrains(t *testing.T) {
	f := newFixture(t, nil)
	done := make(chan int)
	go func() { done <- f.send("GET", "/v1/crossings?wait=1m", "").Code }()
	f.server.Drain()
	if code := <-done; code != 200 {
		t.Fatal(code)
	}
	f.expect("GET", "/readyz", "", 503, "")
	f.expect("POST", "/v1/events", order1, 200, "")
}

func TestStreamOfCrossings(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Heartbeat = 10 * time.Millisecond })
	f.seed()
	web := httptest.NewServer(f.server)
	defer web.Close()
	open := func(last string) (*bufio.Scanner, io.Closer) {
		t.Helper()
		r, _ := http.NewRequest("GET", web.URL+"/v1/crossings", nil)
		r.Header.Set("Authorization", "Bearer "+everything)
		r.Header.Set("Accept", "text/event-stream")
		if last != "" {
			r.Header.Set("Last-Event-ID", last)
		}
		res, err := web.Client().Do(r)
		if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
			t.Fatal(res, err)
		}
		return bufio.NewScanner(res.Body), res.Body
	}
	next := func(lines *bufio.Scanner) (id string, c Crossing) {
		t.Helper()
		for lines.Scan() {
			text := lines.Text()
			if rest, ok := strings.CutPrefix(text, "id: "); ok {
				id = rest
			}
			if rest, ok := strings.CutPrefix(text, "data: "); ok {
				if err := json.Unmarshal([]byte(rest), &c); err != nil {
					t.Fatal(err)
				}
				return id, c
			}
		}
		t.Fatal("the stream ended", lines.Err())
		return
	}
	lines, body := open("")
	for want := 1; want <= 3; want++ {
		if id, c := next(lines); id != fmt.Sprint(want) || c.Seq != uint64(want) {
			t.Fatal(id, c)
		}
	}
	f.clock.Add(int64(3 * 24 * time.Hour / time.Microsecond))
	f.expect("POST", "/v1/members", `{"phone":"13900000001"}`, 200, "")
	if _, c := next(lines); c.Seq != 4 || c.Entered || c.Cause != "time" || c.At != "2026-11-03T00:00:00+08:00" {
		t.Fatal(c)
	}
	body.Close()
	lines, body = open("3")
	defer body.Close()
	if _, c := next(lines); c.Seq != 4 {
		t.Fatal(c)
	}
	f.server.Drain()
	for lines.Scan() {
	}
	if err := lines.Err(); err != nil {
		t.Fatal("a drained stream must end in good order:", err)
	}
}

// A stream ends when the token that opened it is taken back.
func TestStreamOfATokenThatIsTakenBack(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Heartbeat = 10 * time.Millisecond })
	web := httptest.NewServer(f.server)
	defer web.Close()
	r, _ := http.NewRequest("GET", web.URL+"/v1/crossings", nil)
	r.Header.Set("Authorization", "Bearer "+onlyReads)
	r.Header.Set("Accept", "text/event-stream")
	res, err := web.Client().Do(r)
	if err != nil || res.StatusCode != 200 {
		t.Fatal(res, err)
	}
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	if !lines.Scan() {
		t.Fatal("the stream ended")
	}
	f.server.SetTokens(Tokens{}) // nobody: passed over
	f.expect("GET", "/v1/rules", "", 200, "")
	left := Tokens{}
	left.Add(everything, Token{Name: "boss", Rights: Admin})
	f.server.SetTokens(left)
	for lines.Scan() {
	}
	f.expect("GET", "/v1/rules", "", 200, "")
	f.token = onlyReads
	f.expect("GET", "/v1/rules", "", 401, "")
}

// TestStopLosesNothing stops a server under load: what was answered is there after a restart, and what was refused is not.
func TestStopLosesNothing(t *testing.T) {
	f := newFixture(t, nil)
	web := httptest.NewServer(f.server)
	var mu sync.Mutex
	accepted := 0
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				body := fmt.Sprintf(`{"type":"order","phone":"139%08d","order_id":"%d-%d","amount":1}`, w, w, i)
				r, _ := http.NewRequest("POST", web.URL+"/v1/events", strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer "+everything)
				res, err := web.Client().Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if res.StatusCode == 503 {
					return
				}
				mu.Lock()
				accepted++
				mu.Unlock()
			}
		})
	}
	for {
		mu.Lock()
		enough := accepted > 200
		mu.Unlock()
		if enough {
			break
		}
		f.send("GET", "/v1/segments", "")
		f.send("POST", "/v1/query", `{"condition":"count(order) in last 90 days >= 3","by":["foot"]}`)
		f.send("GET", "/v1/members/13900000001", "")
	}
	f.server.Drain()
	f.engine.Close()
	wg.Wait()
	web.Close()
	if _, err := f.engine.Submit(context.Background(), []live.Input{{}}); !errors.Is(err, live.ErrClosed) {
		t.Fatal(err)
	}
	var out reply
	if err := json.Unmarshal(f.send("POST", "/v1/query", `{"condition":"sum(order.amount)"}`).Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, c := range out.Cells {
		sum += int(c.Values[0].(float64)) * c.Members
	}
	if sum != accepted {
		t.Fatalf("%d answered, %d there", accepted, sum)
	}
}
