package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/load"
	"github.com/muster-engine/muster/runtime/workload"
)

type loadOptions struct {
	members, orders int64
	connections     int
	batch           int
	rate            float64
	duration        time.Duration
	events          int64
	during          string
	programme       bool
	profile         string
}

func newLoad(a *app) *cobra.Command {
	var o loadOptions
	cmd := &cobra.Command{
		Use:     "load [DIR]",
		Short:   "measure: send events to a server and time the answers",
		GroupID: groupStore,
		Long: `Sends orders of the benchmark's workload (80 tags, 30 segments) to a server and prints how many became durable
per second and how long the answers took. The server is one of its own, on this machine, over a copy of the store
DIR/live.db, which is made first if it is not there; or that of --server, which must have the workload's rules.

With --rate an answer's time counts from the instant at which its batch was due, however busy the server was before it.
Without, the next batch is sent when one is answered. --during does something in the middle of the run, to the server
of its own: checkpoint puts the journal into the columns, reload changes the window of one tag, midnight lets a new day
begin, schedule lets a campaign begin that runs once a day. With --programme the rules have points, tiers, coupons and
campaigns, too, and what they send goes to a file. Questions asked meanwhile, twenty a second, are timed too. CPU is that of the process,
the sender's share included.

load report DIR prints the table of docs/performance.md.`,
		Example: `  muster load data --members 1000000
  muster load data --rate 8000 --duration 60s --during reload
  muster load data --batch 100 --format json
  muster load --server http://127.0.0.1:7077 --rate 500`,
		Args:        cobra.MaximumNArgs(1),
		Annotations: onlyTableAndJSON,
		RunE:        func(cmd *cobra.Command, args []string) error { return a.load(cmd.Context(), args, o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	o.sizes(cmd)
	flags.IntVar(&o.connections, "connections", 64, "how many requests may be on their way at once")
	flags.IntVar(&o.batch, "batch", 1, "how many events go in one request")
	flags.Float64Var(&o.rate, "rate", 0, "how many events are due per `second`; 0 sends as many as are answered")
	flags.DurationVar(&o.duration, "duration", 20*time.Second, "how `long` to send")
	flags.Int64Var(&o.events, "events", 0, "end after so many events")
	flags.BoolVar(&o.programme, "programme", false, "with points, tiers, coupons and campaigns on, and a sink that takes the messages")
	flags.StringVar(&o.during, "during", "", "`what` happens in the middle: checkpoint, reload, midnight, or the programme's schedule")
	flags.StringVar(&o.profile, "profile", "", "write a CPU profile of the run to a `file`")
	cmd.AddCommand(newLoadReport(a), newLoadFlash(a))
	return cmd
}

// sizes are the flags that say what the store has.
func (o *loadOptions) sizes(cmd *cobra.Command) {
	cmd.Flags().Int64Var(&o.members, "members", 100_000, "how many members the store has, if it is made")
	cmd.Flags().Int64Var(&o.orders, "orders", 0, "how many orders they have (default five a member)")
}

func (o *loadOptions) check() error {
	switch {
	case o.members < 1 || o.members > 50_000_000 || o.orders < 0:
		return usageError("load", "--members takes a number up to 50000000, --orders one of 0 or more")
	case o.connections < 1 || o.batch < 1 || o.rate < 0 || o.events < 0:
		return usageError("load", "--connections and --batch take a number of at least 1, --rate and --events one of 0 or more")
	case o.duration <= 0 && o.events == 0:
		return usageError("load", "say with --duration or --events when to end")
	case o.during != "" && disturbances[o.during] == nil:
		return usageError("load", "--during takes checkpoint, reload, midnight or schedule")
	case o.during == "schedule" && !o.programme:
		return usageError("load", "--during schedule is for --programme: nothing else has a schedule")
	}
	if o.orders == 0 {
		o.orders = 5 * o.members
	}
	return nil
}

func (a *app) load(ctx context.Context, args []string, o loadOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	a.now = oneAtATime(a.now)
	m := &measurement{What: "events"}
	switch {
	case len(args) == 0:
		if a.serverURL() == "" {
			return usageError("load", "say where the store is, or which --server to send to")
		}
		if o.during != "" {
			return usageError("load", "--during is for a server of its own")
		}
		target, err := a.loadTarget()
		if err != nil {
			return err
		}
		if err := m.run(ctx, a, target, o, nil); err != nil {
			return err
		}
	case a.server != "":
		return usageError("load", "a store and a server cannot both be loaded")
	default:
		own, err := a.ownServer(ctx, args[0], o, ownOptions{})
		if err != nil {
			return err
		}
		defer own.close()
		if err := m.run(ctx, a, own.target(), o, own); err != nil {
			return err
		}
	}
	return a.showLoad([]*measurement{m})
}

// target is where events go.
type target struct {
	load.Options
	base string
	now  func() time.Time // by the clock that the server goes by
}

// run sends events and fills the measurement.
func (m *measurement) run(ctx context.Context, a *app, t *target, o loadOptions, own *ownServer) (err error) {
	opt := t.Options
	opt.Connections, opt.Batch, opt.Rate, opt.Duration, opt.Events, opt.Now = o.connections, o.batch, o.rate, o.duration, o.events, a.now
	opt.First = uint64(a.now().UnixMicro())
	members := o.members
	if own != nil {
		members = own.members
	}
	opt.Append = func(b []byte, i uint64) []byte { return workload.AppendEvent(b, i, members, t.now()) }
	stopProfile, err := startProfile(o.profile)
	if err != nil {
		return err
	}
	defer stopProfile()
	m.Batch, m.Connections, m.Rate, m.Members = o.batch, o.connections, o.rate, members
	var meanwhile *disturbance
	if own != nil {
		meanwhile = own.disturb(ctx, o)
	}
	before := cpuTime()
	out, err := load.Run(ctx, opt)
	spent := cpuTime() - before
	if out == nil {
		return err
	}
	if meanwhile != nil {
		if fault := meanwhile.end(m); err == nil {
			err = fault
		}
	}
	m.take(out, spent)
	if err == nil && out.Accepted == 0 && out.Reason != "" {
		err = fmt.Errorf("no event is taken: %s; the server must have the workload's rules", out.Reason)
	}
	return err
}

func (a *app) loadTarget() (*target, error) {
	c, err := a.client(a.serverURL())
	if err != nil {
		return nil, err
	}
	host, secure := strings.CutPrefix(c.base, "https://")
	if secure {
		return nil, errors.New("load sends without TLS; measure a server without it")
	}
	host, _, _ = strings.Cut(strings.TrimPrefix(host, "http://"), "/")
	t := &target{base: c.base, now: a.now}
	t.Host, t.Dial = host, dialTCP(host)
	if c.token != "" {
		t.Header = []string{"Authorization: Bearer " + c.token}
	}
	return t, nil
}
