package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/api"
	"github.com/muster-engine/muster/storage"
)

func newClock(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "clock",
		Short:   "show or set the time that a store goes by",
		GroupID: groupStore,
		Long: `A store goes by the system's clock, or by one that is pinned to an instant: for data of the past,
and for answers that stay the same. A pinned clock is advanced by hand. Without a command, shows which.

In a store that a server has served, and in a server itself, time does not run backwards, and what changes on the way to
the new time is reported, each crossing with its instant and the cause clock.`,
		Example: `  muster clock
  muster clock pin 2011-12-10T00:00     local time in the rules' timezone
  muster clock advance 3 days
  muster clock follow                   go by the system's clock again`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.clockShow(cmd.Context()) },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:     "pin TIME",
			Short:   "let the clock stand at a time",
			Example: "  muster clock pin 2011-12-10T00:00",
			Args:    cobra.ExactArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.clockCommand(cmd.Context(), api.ClockCommand{Pin: args[0]})
			},
		},
		&cobra.Command{
			Use:   "advance SPAN|TIME",
			Short: "move a pinned clock on",
			Example: `  muster clock advance 3 days
  muster clock advance 2011-12-12T09:30`,
			Args: cobra.RangeArgs(1, 2),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.clockCommand(cmd.Context(), api.ClockCommand{Advance: strings.Join(args, " ")})
			},
		},
		&cobra.Command{
			Use:     "follow",
			Short:   "go by the system's clock",
			Example: "  muster clock follow",
			Args:    cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.clockCommand(cmd.Context(), api.ClockCommand{Follow: true})
			},
		},
	)
	return cmd
}

func (a *app) clockShow(ctx context.Context) error {
	if server := a.serverURL(); server != "" {
		c, err := a.client(server)
		if err != nil {
			return err
		}
		return a.clockOf(ctx, c, "GET", nil)
	}
	s, err := a.open(ctx, readStore)
	if err != nil {
		return err
	}
	defer s.close()
	return s.showClock()
}

func (s *session) showClock() error {
	clock := s.store.Clock()
	now := clock.Now(s.now().Truncate(time.Second).UnixMicro())
	shown := clockJSON{Clock: "system", Now: s.vs.rfc3339(now), Timezone: s.prog.Zone.Name()}
	if clock.Pinned {
		shown.Clock = "pinned"
	}
	return s.writeClock(shown)
}

// clockJSON is a clock, here and as a server shows it.
type clockJSON struct {
	Clock    string `json:"clock"` // "system" or "pinned"
	Now      string `json:"now"`
	Timezone string `json:"timezone"`
}

func (a *app) writeClock(c clockJSON) error {
	switch a.format {
	case formatJSON:
		return writeJSON(a.out, c)
	case formatCSV:
		t := table{columns: []col{{head: "clock"}, {head: "now"}, {head: "timezone"}}}
		t.add(c.Clock, c.Now, c.Timezone)
		return t.writeCSV(a.out)
	}
	mode, now := "follows the system's clock", c.Now
	if c.Clock == "pinned" {
		mode = "pinned"
	}
	if at, err := time.Parse(time.RFC3339Nano, c.Now); err == nil {
		now = strings.TrimSuffix(at.Format("2006-01-02T15:04:05"), ":00")
	}
	_, err := fmt.Fprintf(a.out, "%s %s, %s\n", now, c.Timezone, mode)
	return err
}

// clockCommand sets the clock of a server or a store. Of a store that no server has served, nobody has been told anything:
// it may be set to any time.
func (a *app) clockCommand(ctx context.Context, command api.ClockCommand) error {
	if server := a.serverURL(); server != "" {
		c, err := a.client(server)
		if err != nil {
			return err
		}
		return a.clockOf(ctx, c, "POST", command)
	}
	s, err := a.open(ctx, writeStore)
	if err != nil {
		return err
	}
	defer s.close()
	if served, _ := s.store.Checkpointed(); served > 0 {
		c, end, err := s.serveHere(ctx)
		if err != nil {
			return err
		}
		defer end()
		return a.clockOf(ctx, c, "POST", command)
	}
	clock := storage.Clock{Pinned: true}
	switch {
	case command.Follow:
		clock.Pinned = false
	case command.Pin != "":
		clock.At, err = s.vs.parseTime(command.Pin)
	case !s.store.Clock().Pinned:
		err = errors.New("the clock follows the system's; pin it first, then it can be advanced")
	default:
		clock.At, err = api.Later(s.prog, s.store.Clock().At, command.Advance)
	}
	if err != nil {
		return err
	}
	return s.setClock(ctx, clock)
}

// clockOf asks for a server's clock, or sets it.
func (a *app) clockOf(ctx context.Context, c *client, method string, command any) error {
	var got clockJSON
	if err := c.do(ctx, method, "/v1/clock", command, &got); err != nil {
		return err
	}
	return a.writeClock(got)
}

// setClock sets the clock and takes the cuts that hold by it.
func (s *session) setClock(ctx context.Context, clock storage.Clock) error {
	if err := s.store.SetClock(clock); err != nil {
		return err
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	return s.showClock()
}
