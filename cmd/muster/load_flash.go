package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/load"
)

type flashOptions struct {
	pieces, requests, connections int
}

func newLoadFlash(a *app) *cobra.Command {
	var o flashOptions
	cmd := &cobra.Command{
		Use:   "flash DIR",
		Short: "measure a flash sale: more requests for a coupon than there are pieces, and a kill",
		Long: `Starts a server of its own over a new store DIR/flash.db and lets members ask for a coupon, many at once, one in ten of
them twice. In the middle the server is killed (SIGKILL) and started again; whoever had no answer asks again with the same
key. At the end it is killed once more, and all who got a code, and some who did not, ask again.

It holds the answers to each other and to the server's count: never one code too many, none lost, and every answer the
same when it is asked for again. It ends with status 1 if that is not so.`,
		Example: `  muster load flash data
  muster load flash data --pieces 200 --requests 2000 --format json`,
		Args: cobra.ExactArgs(1), Annotations: onlyTableAndJSON,
		RunE: func(cmd *cobra.Command, args []string) error { return a.loadFlash(cmd.Context(), args[0], o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&o.pieces, "pieces", 20_000, "how many codes there are")
	flags.IntVar(&o.requests, "requests", 200_000, "how many requests are sent")
	flags.IntVar(&o.connections, "connections", 64, "how many requests may be on their way at once")
	return cmd
}

// flashJSON is what came of a flash sale.
type flashJSON struct {
	Pieces      int         `json:"pieces"`
	Requests    int64       `json:"requests"`
	Connections int         `json:"connections"`
	Issued      int64       `json:"issued"`
	SoldOut     int64       `json:"sold_out"`
	Repeated    int64       `json:"repeated"`
	Interrupted int64       `json:"interrupted"`
	Seconds     json.Number `json:"seconds"`
	PerSecond   int64       `json:"answers_per_second"`
	Answers     answersJSON `json:"answers_ms"`
	DownMS      json.Number `json:"down_ms"` // from the kill until it answered again
	Faults      []string    `json:"faults"`
}

const flashRules = `settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { card id }
event order { order_id key  amount money }
coupon flash { off 50  min_spend 100  valid 7 days  stock %d  at most 1 }
segment holders = flash
segment buyers = has(order) in last 30 days
`

func (a *app) loadFlash(ctx context.Context, dir string, o flashOptions) (err error) {
	if o.pieces < 1 || o.requests < 2 || o.connections < 1 {
		return usageError("load flash", "--pieces and --connections take a number of at least 1, --requests one of at least 2")
	}
	a.now = oneAtATime(a.now)
	s, err := a.flashServer(ctx, dir, o.pieces)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.kill()); os.Remove(s.store) }()
	var down time.Duration
	restarted := make(chan error, 1)
	rush := &load.Rush{
		Base: s.base, Client: s.client, Coupon: "flash", Pieces: o.pieces, Requests: o.requests, Connections: o.connections,
		Patience: 2 * time.Minute, Now: a.now,
		Half: func() {
			go func() {
				began := a.now()
				err := errors.Join(s.kill(), s.start(ctx))
				down = a.now().Sub(began)
				restarted <- err
			}()
		},
	}
	s.client.Transport = &http.Transport{MaxIdleConns: o.connections, MaxIdleConnsPerHost: o.connections}
	if err := s.enlist(ctx, rush.Members()); err != nil {
		return err
	}
	result, err := rush.Run(ctx)
	if err != nil {
		return err
	}
	if err := <-restarted; err != nil {
		return err
	}
	out := flashJSON{
		Pieces: o.pieces, Requests: result.Answered, Connections: o.connections, Issued: result.Issued, SoldOut: result.SoldOut,
		Repeated: result.Repeated, Interrupted: result.Interrupted, Answers: *answersOf(&result.Answers), DownMS: milliseconds(down),
		Seconds: json.Number(strconv.FormatFloat(result.Elapsed.Seconds(), 'f', 3, 64)), Faults: append([]string{}, result.Faults...),
	}
	if result.Elapsed > down {
		out.PerSecond = int64(float64(result.Answered) / (result.Elapsed - down).Seconds())
	}
	if err := errors.Join(s.kill(), s.start(ctx)); err != nil {
		return err
	}
	var counted couponJSON
	if err := s.asker().do(ctx, "GET", "/v1/coupons/flash", nil, &counted); err != nil {
		return err
	}
	if want := int64(min(o.pieces, rush.Members())); counted.Issued != want || result.Issued != want {
		out.Faults = append(out.Faults, fmt.Sprintf("%d codes were answered and %d are counted after a restart, of %d", result.Issued, counted.Issued, want))
	}
	again, err := rush.Again(ctx)
	if err != nil {
		return err
	}
	out.Faults = append(out.Faults, again...)
	return a.showFlash(&out)
}

func (a *app) showFlash(out *flashJSON) error {
	if a.format == formatJSON {
		if err := writeJSON(a.out, out); err != nil {
			return err
		}
	} else {
		t := table{columns: []col{
			{head: "requests", right: true}, {head: "pieces", right: true}, {head: "issued", right: true}, {head: "answers/s", right: true},
			{head: "p50", right: true}, {head: "p99", right: true}, {head: "max", right: true}, {head: "down", right: true},
		}}
		t.add(count(out.Requests), count(int64(out.Pieces)), count(out.Issued), count(out.PerSecond), string(out.Answers.P50),
			string(out.Answers.P99), string(out.Answers.Max)+" ms", string(out.DownMS)+" ms")
		if err := t.write(a.out, "", a.style(a.out)); err != nil {
			return err
		}
		fmt.Fprintf(a.out, "%s; %s sent again after the kill; %s to a request made before\n", many(int64(out.Connections), "connection"),
			many(out.Interrupted, "request"), many(out.Repeated, "answer"))
		for _, fault := range out.Faults {
			fmt.Fprintln(a.out, fault)
		}
	}
	if len(out.Faults) > 0 {
		return errFindings
	}
	return nil
}

// flashServer is a server in a process of its own, which can be killed.
type flashServer struct {
	*app
	store, rules string
	address      string
	base         string
	client       *http.Client
	process      *exec.Cmd
	said         bytes.Buffer
}

func (a *app) flashServer(ctx context.Context, dir string, pieces int) (*flashServer, error) {
	s := &flashServer{app: a, store: filepath.Join(dir, "flash.db"), rules: filepath.Join(dir, "flash-rules"), client: &http.Client{}}
	if err := os.MkdirAll(s.rules, 0o777); err != nil {
		return nil, pathless(err)
	}
	if err := os.Remove(s.store); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, pathless(err)
	}
	if err := os.WriteFile(filepath.Join(s.rules, "flash.muster"), fmt.Appendf(nil, flashRules, pieces), 0o666); err != nil {
		return nil, pathless(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.address = l.Addr().String()
	s.base = "http://" + s.address
	l.Close()
	return s, s.start(ctx)
}

// start starts the server and waits until it answers.
func (s *flashServer) start(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s.process = exec.Command(self)
	s.process.Args = []string{s.name, "serve", "--store", s.store, "--rules", s.rules, "--listen", s.address}
	s.said.Reset()
	s.process.Stderr = &s.said
	if err := s.process.Start(); err != nil {
		return err
	}
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(5 * time.Millisecond) {
		res, err := s.client.Get(s.base + "/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return ctx.Err()
			}
		}
	}
	return fmt.Errorf("the server does not come up: %s", s.said.Bytes())
}

// kill ends the server at once, as a loss of power would.
func (s *flashServer) kill() error {
	if s.process == nil {
		return nil
	}
	err := s.process.Process.Kill()
	_ = s.process.Wait() // it was killed, and says so
	s.process = nil
	return err
}

func (s *flashServer) asker() *client { return &client{base: s.base} }

// enlist makes the members.
func (s *flashServer) enlist(ctx context.Context, members int) error {
	const batch = 5000
	for first := 0; first < members; first += batch {
		var body bytes.Buffer
		for i := first; i < min(first+batch, members); i++ {
			fmt.Fprintf(&body, "{\"card\":\"m%d\"}\n", i)
		}
		req, err := http.NewRequestWithContext(ctx, "POST", s.base+"/v1/members", &body)
		if err != nil {
			return err
		}
		res, err := s.client.Do(req)
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("the server takes no members: %s", res.Status)
		}
	}
	return nil
}
