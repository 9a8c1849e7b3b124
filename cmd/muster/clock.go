package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/storage"
)

func newClock(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "clock",
		Short:   "show or set the time that a store goes by",
		GroupID: groupStore,
		Long: `A store goes by the system's clock, or by one that is pinned to an instant: for data of the past,
and for answers that stay the same. Without a command, shows which.`,
		Example: `  muster clock
  muster clock pin 2011-12-10T00:00     local time in the rules' timezone
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
			RunE:    func(cmd *cobra.Command, args []string) error { return a.clockPin(cmd.Context(), args[0]) },
		},
		&cobra.Command{
			Use:     "follow",
			Short:   "go by the system's clock",
			Example: "  muster clock follow",
			Args:    cobra.NoArgs,
			RunE:    func(cmd *cobra.Command, _ []string) error { return a.clockFollow(cmd.Context()) },
		},
	)
	return cmd
}

func (a *app) clockShow(ctx context.Context) error {
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
	mode, words := "system", "follows the system's clock"
	if clock.Pinned {
		mode, words = "pinned", "pinned"
	}
	switch s.format {
	case formatJSON:
		return writeJSON(s.out, map[string]any{"clock": mode, "now": s.vs.rfc3339(now), "timezone": s.prog.Zone.Name()})
	case formatCSV:
		t := table{columns: []col{{head: "clock"}, {head: "now"}, {head: "timezone"}}}
		t.add(mode, s.vs.rfc3339(now), s.prog.Zone.Name())
		return t.writeCSV(s.out)
	}
	_, err := fmt.Fprintf(s.out, "%s %s, %s\n", s.vs.time(now), s.prog.Zone.Name(), words)
	return err
}

func (a *app) clockPin(ctx context.Context, text string) error {
	s, err := a.open(ctx, writeStore)
	if err != nil {
		return err
	}
	defer s.close()
	at, err := s.vs.parseTime(text)
	if err != nil {
		return err
	}
	return s.setClock(ctx, storage.Clock{Pinned: true, At: at})
}

func (a *app) clockFollow(ctx context.Context) error {
	s, err := a.open(ctx, writeStore)
	if err != nil {
		return err
	}
	defer s.close()
	return s.setClock(ctx, storage.Clock{})
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
