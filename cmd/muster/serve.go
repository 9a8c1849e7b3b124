package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/api"
	"github.com/muster-engine/muster/runtime/deliver"
	"github.com/muster-engine/muster/runtime/live"
)

type serveOptions struct {
	listen  string
	cert    string
	key     string
	tokens  string
	verbose bool
	sinks   deliver.Setup
}

// defaultListen is where a server listens, and where muster tail looks for one.
const defaultListen = "127.0.0.1:7077"

func newServe(a *app) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "take events and answer questions over HTTP",
		GroupID: groupStore,
		Long: `Opens the store, makes one if there is none, and serves it until it is told to end (Ctrl-C, SIGTERM): events
and members are taken, every tag and segment is kept right as they come and as time passes, and each member who enters
or leaves a segment is reported once. Edits of the rule files take effect by themselves once they are whole and settled;
rules with errors never do. /v1/openapi.json describes the interface. What was answered is durable; at the end
what was handed over is finished first. The log, a JSON object a line, goes to standard error.

A file of tokens says who may do what: on each line a token, the name of who has it, and read, write, admin or several of
them joined by commas. Without tokens only this machine can reach the server. The files of tokens and of the certificate
are read again when they change, and on SIGHUP.`,
		Example: `  muster serve --rules rules
  muster serve --listen 0.0.0.0:7077 --tokens tokens.txt --tls-cert cert.pem --tls-key key.pem`,
		Args:        cobra.NoArgs,
		Annotations: map[string]string{"formats": formatTable},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.listen, "listen", defaultListen, "the `address` to listen at")
	flags.StringVar(&o.tokens, "tokens", "", "the `file` that says who may do what")
	flags.StringVar(&o.cert, "tls-cert", "", "the certificate `file` (PEM), to serve by TLS")
	flags.StringVar(&o.key, "tls-key", "", "the `file` with its key")
	flags.StringVar(&o.sinks.Dir, "sink-dir", ".", "the `directory` of file sinks")
	flags.IntVar(&o.sinks.AtOnce, "sink-at-once", 8, "how `many` requests a webhook gets at once")
	flags.Float64Var(&o.sinks.Rate, "sink-rate", 0, "how `many` requests a webhook gets in a second; 0 is no limit")
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "log every request, not only those that went wrong")
	return cmd
}

// drainTime is how long requests that are being answered may take when the server ends.
const drainTime = 30 * time.Second

func (a *app) serve(ctx context.Context, o serveOptions) error {
	a.now = oneAtATime(a.now)
	secrets, err := readSecrets(o.tokens, o.cert, o.key)
	if err != nil {
		return err
	}
	listener, err := o.open(secrets)
	if err != nil {
		return err
	}
	defer listener.Close()
	s, err := a.open(ctx, createStore)
	if err != nil {
		return err
	}
	defer s.close()
	o.sinks.Env = a.env
	if err := o.sinks.Check(s.prog); err != nil {
		return err
	}
	if err := s.remember(); err != nil {
		return err
	}
	before, err := s.before()
	if err != nil {
		return err
	}
	engine, err := live.Open(ctx, live.Options{
		Store: s.store, Program: s.prog, Before: before, System: func() int64 { return a.now().UnixMicro() }, Env: a.env,
	})
	if err != nil {
		return err
	}
	defer engine.Close()
	engine.Warm(ctx)
	claimMemory(a.env)
	go paceGarbage(ctx, a.env)
	level := slog.LevelWarn
	if o.verbose {
		level = slog.LevelInfo
	}
	log := slog.New(slog.NewJSONHandler(a.err, nil))
	sinks, err := deliver.Start(s.prog, deliver.Options{
		Store: s.store, Members: engine, Handovers: s.store, Setup: o.sinks, Clock: deliver.Clock{Now: time.Now}, Logger: log,
	})
	if err != nil {
		return err
	}
	defer rest(ctx, sinks)
	edits := &reloader{session: s, engine: engine, sinks: sinks, lacks: o.sinks.Check, log: log}
	if err := edits.watch(ctx); err != nil {
		return err
	}
	handler := api.New(engine, api.Options{
		Logger: slog.New(slog.NewJSONHandler(a.err, &slog.HandlerOptions{Level: level})),
		Tokens: secrets.tokens, Rules: edits.state, Reload: edits.onDemand(), Sinks: sinks, Env: a.env, Now: a.now, Console: a.console,
	})
	log.Info("listening", "address", o.scheme()+"://"+listener.Addr().String(), "store", s.store.Path(), "tokens", len(secrets.tokens))
	secrets.follow(ctx, handler.SetTokens, log)
	err = serveUntil(ctx, handler, listener, log)
	rest(ctx, sinks)
	engine.Close()
	log.Info("ended", "crossings", engine.State().Crossed)
	return err
}

// restTime is how long what is being handed to sinks may take when the server ends or the rules change.
const restTime = 10 * time.Second

// rest ends the handing over of messages.
func rest(ctx context.Context, sinks *deliver.Deliverer) {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), restTime)
	defer cancel()
	sinks.Stop(last)
}

// serveUntil answers requests until the context ends, then finishes those that it has.
func serveUntil(ctx context.Context, handler *api.Server, listener net.Listener, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("ending", "seconds", drainTime.Seconds())
	handler.Drain()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		log.Warn("some requests were cut off", "error", err.Error())
		return server.Close()
	}
	return nil
}

// open listens, unless everybody could reach a server that asks nobody who they are.
func (o serveOptions) open(secrets *secrets) (net.Listener, error) {
	address, err := net.ResolveTCPAddr("tcp", o.listen)
	if err != nil {
		return nil, usageError("serve", "--listen %q is no address; write 127.0.0.1:7077", o.listen)
	}
	if len(secrets.tokens) == 0 && !address.IP.IsLoopback() {
		return nil, fmt.Errorf("%s can be reached from other machines; say with --tokens who may do what, or listen at %s", o.listen, defaultListen)
	}
	listener, err := net.ListenTCP("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen at %s: %w", o.listen, systemReason(err))
	}
	if config := secrets.tls(); config != nil {
		return tls.NewListener(listener, config), nil
	}
	return listener, nil
}

func (o serveOptions) scheme() string {
	if o.cert != "" {
		return "https"
	}
	return "http"
}

// systemReason is what the system said, without the names of calls.
func systemReason(err error) error {
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Err
	}
	return err
}

func readTokens(file string) (api.Tokens, error) {
	if file == "" {
		return nil, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("the tokens in %s cannot be read: %w", file, pathless(err))
	}
	defer f.Close()
	tokens, err := api.ReadTokens(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("%s has no tokens, so nobody could do anything", file)
	}
	return tokens, nil
}

// oneAtATime makes a clock safe for several goroutines.
func oneAtATime(clock func() time.Time) func() time.Time {
	var mu sync.Mutex
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return clock()
	}
}
