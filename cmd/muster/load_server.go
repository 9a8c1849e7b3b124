package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync/atomic"
	"time"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/runtime/api"
	"github.com/muster-engine/muster/runtime/deliver"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/runtime/load"
	"github.com/muster-engine/muster/runtime/workload"
	"github.com/muster-engine/muster/storage"
)

// ownOptions are how a server that is only measured differs from others.
type ownOptions struct {
	checkpointMembers int // as in [live.Options]
	text              string
}

// ownServer serves a copy of the benchmark's store on this machine. Its clock starts at ten in the morning of the
// benchmark's day, or a little before its first midnight.
type ownServer struct {
	*app
	opt      ownOptions
	path     string // of the copy
	prog     *ir.Program
	store    *storage.Store
	engine   *live.Engine
	sinks    *deliver.Deliverer
	server   *http.Server
	listener net.Listener
	members  int64
	began    time.Time
	zero     time.Time          // what the server's clock showed at began
	comes    int64              // the instant by its clock that lies in the middle of a run, if something comes then
	ahead    atomic.Int64       // by how much it was moved since, in nanoseconds
	opening  time.Duration      // how long the engine took to come up
	unpaced  context.CancelFunc // ends the pacing of garbage; nil if it has not begun
}

func (a *app) ownServer(ctx context.Context, dir string, o loadOptions, own ownOptions) (*ownServer, error) {
	if own.text = workload.LiveRules; o.programme {
		own.text = workload.LoyaltyRules
	}
	prog, err := a.program(rules.FromSources([]rules.Source{{Name: "rules.muster", Text: own.text}}))
	if err != nil {
		return nil, err
	}
	master := filepath.Join(dir, "live.db")
	if _, err := os.Stat(master); errors.Is(err, fs.ErrNotExist) {
		if err := a.makeLoadStore(ctx, prog, dir, master, o); err != nil {
			return nil, err
		}
	}
	s := &ownServer{app: a, opt: own, prog: prog, path: filepath.Join(dir, "load.db"), began: a.now()}
	day := calendar.FromCivil(workload.Clock.Year, workload.Clock.Month, workload.Clock.Day)
	switch s.zero = time.UnixMicro(prog.Zone.Midnight(day) + 11*calendar.Hour); o.during {
	case "midnight":
		s.zero = time.UnixMicro(prog.Zone.Midnight(day) - 10*calendar.Minute)
	case "schedule":
		s.zero = time.UnixMicro(prog.Zone.Midnight(day) + 10*calendar.Hour - 10*calendar.Minute)
	}
	s.comes = s.zero.UnixMicro() + 10*calendar.Minute
	if err := copyFile(s.path, master); err != nil {
		return nil, err
	}
	if err := s.open(ctx); err != nil {
		s.close()
		return nil, err
	}
	pacing, stop := context.WithCancel(ctx)
	s.unpaced = stop
	claimMemory(a.env)
	go paceGarbage(pacing, a.env)
	return s, nil
}

// makeLoadStore makes the benchmark's store from generated files, which are deleted then.
func (a *app) makeLoadStore(ctx context.Context, prog *ir.Program, dir, path string, o loadOptions) error {
	if err := writeWorkload(dir, o.members, o.orders); err != nil {
		return err
	}
	half := path + ".part"
	store, err := storage.Open(half, storage.Options{Create: true})
	if err != nil {
		return err
	}
	for _, src := range prog.Sources {
		file := filepath.Join(dir, src.Name+".csv")
		if err == nil {
			_, err = ingest.Run(ctx, ingest.Options{Store: store, Program: prog, Source: src, Files: []string{file}, MaxRejects: -1})
		}
		os.Remove(file)
	}
	store.Close()
	if err != nil {
		os.Remove(half)
		return err
	}
	return os.Rename(half, path)
}

// open brings the engine up over the copy and serves it.
func (s *ownServer) open(ctx context.Context) (err error) {
	began := s.app.now()
	if s.store, err = storage.Open(s.path, storage.Options{}); err != nil {
		return err
	}
	s.members = int64(s.store.Members())
	s.engine, err = live.Open(ctx, live.Options{
		Store: s.store, Program: s.prog, CheckpointMembers: s.opt.checkpointMembers,
		System: func() int64 { return s.clock().UnixMicro() },
	})
	if err != nil {
		return err
	}
	s.engine.Warm(ctx)
	s.opening = s.app.now().Sub(began)
	s.sinks, err = deliver.Start(s.prog, deliver.Options{
		Store: s.store, Members: s.engine, Handovers: s.store, Setup: deliver.Setup{Env: s.env, Dir: filepath.Dir(s.path)},
		Clock: deliver.Clock{Now: s.clock}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	server, listener := &http.Server{Handler: api.New(s.engine, api.Options{Env: s.env, Now: s.app.now})}, s.listener
	s.server = server
	go func() { _ = server.Serve(listener) }()
	return nil
}

// stop ends the engine and closes the store. Without checkpoints of its own it leaves what a killed server leaves.
func (s *ownServer) stop() {
	if s.server != nil {
		s.server.Close()
	}
	if s.sinks != nil {
		s.sinks.Stop(context.Background())
	}
	if s.engine != nil {
		s.engine.Close()
	}
	if s.store != nil {
		s.store.Close()
	}
	s.server, s.sinks, s.engine, s.store = nil, nil, nil, nil
}

func (s *ownServer) close() {
	s.stop()
	if s.unpaced != nil {
		s.unpaced()
		if s.env("GOGC") == "" {
			debug.SetGCPercent(100) // as a process begins
		}
	}
	os.Remove(s.path)
	os.Remove(filepath.Join(filepath.Dir(s.path), workload.SinkFile))
}

// clock is the server's.
func (s *ownServer) clock() time.Time {
	return s.zero.Add(s.app.now().Sub(s.began) + time.Duration(s.ahead.Load()))
}

func (s *ownServer) target() *target {
	host := s.listener.Addr().String()
	return &target{Options: load.Options{Host: host, Dial: dialTCP(host)}, base: "http://" + host, now: s.clock}
}

func dialTCP(address string) func(context.Context) (net.Conn, error) {
	return func(ctx context.Context) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, &unreachable{"http://" + address, err}
		}
		return c, nil
	}
}

// editedRules are the workload's rules with one tag changed, on which other tags and segments stand.
func (s *ownServer) editedRules(ctx context.Context) (*ir.Program, error) {
	const before, after = "sum(order.amount) in last 90 days\n", "sum(order.amount) in last 91 days\n"
	text := s.opt.text
	if s.engine.View().Program().Hash == s.prog.Hash {
		text = strings.Replace(text, before, after, 1)
	}
	return s.program(rules.FromSources([]rules.Source{{Name: "rules.muster", Text: text}}))
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	os.Remove(to) // another that uses it keeps it
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// startProfile writes a CPU profile to a file, if one is named, until the returned function is called.
func startProfile(file string) (stop func(), err error) {
	if file == "" {
		return func() {}, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, fmt.Errorf("the profile cannot be written: %w", pathless(err))
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, nil
}
