package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/api"
)

type tailOptions struct {
	after  string
	noWait bool
}

func newTail(a *app) *cobra.Command {
	var o tailOptions
	cmd := &cobra.Command{
		Use:     "tail [SEGMENT]...",
		Short:   "print who enters and leaves segments, from a server",
		GroupID: groupStore,
		Long: `Prints each member who enters or leaves a segment when it happens; of some segments only, if they are named.
Every crossing has a number, from 1 and without gaps: --after takes up where an earlier run ended. The server is that of
--server or $MUSTER_SERVER, else the one of this machine; a server that goes away is waited for.`,
		Example: `  muster tail
  muster tail vip_at_risk --after 0 --format json
  muster tail --server https://muster.example.com --after 1200 --no-wait`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.tail(cmd.Context(), args, o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.after, "after", "last", "begin after the crossing with this `number`; 0 is all, last only those to come")
	flags.BoolVar(&o.noWait, "no-wait", false, "end when there are no more")
	return cmd
}

// crossingsPage is a page of what a server reports.
type crossingsPage struct {
	Crossings []api.Crossing `json:"crossings"`
	Next      uint64         `json:"next"`
}

// patience is how long to wait before a server that did not answer is asked again.
const patience = time.Second

func (a *app) tail(ctx context.Context, segments []string, o tailOptions) error {
	if _, err := strconv.ParseUint(o.after, 10, 62); err != nil && o.after != "last" {
		return usageError("tail", "--after takes the number of a crossing, or last")
	}
	c, err := a.serverOrHere()
	if err != nil {
		return err
	}
	out := a.crossingWriter()
	after, met := o.after, false
	for {
		wait := "30s"
		if o.noWait {
			wait = "0s"
		}
		var page crossingsPage
		err := c.do(ctx, "GET", "/v1/crossings?"+url.Values{"after": {after}, "wait": {wait}}.Encode(), nil, &page)
		var gone *unreachable
		switch {
		case err == nil:
			met = true
		case met && !o.noWait && (errors.As(err, &gone) || errors.Is(err, errBusy)):
			if err := sleep(ctx, patience); err != nil {
				return nil
			}
			continue
		case met && errors.Is(err, context.Canceled):
			return nil
		default:
			return err
		}
		for _, one := range page.Crossings {
			if len(segments) == 0 || slices.Contains(segments, one.Segment) {
				if err := out(one); err != nil {
					return err
				}
			}
		}
		after = strconv.FormatUint(page.Next, 10)
		if o.noWait && len(page.Crossings) == 0 {
			return nil
		}
	}
}

// crossingWriter returns what prints one crossing, as --format says.
func (a *app) crossingWriter() func(api.Crossing) error {
	switch a.format {
	case formatJSON:
		enc := json.NewEncoder(a.out)
		enc.SetEscapeHTML(false)
		return func(c api.Crossing) error { return enc.Encode(c) }
	case formatCSV:
		w, head := csv.NewWriter(a.out), true
		return func(c api.Crossing) error {
			if head {
				_ = w.Write([]string{"seq", "at", "segment", "id", "entered", "cause"})
				head = false
			}
			_ = w.Write([]string{fmt.Sprint(c.Seq), c.At, c.Segment, c.ID, strconv.FormatBool(c.Entered), c.Cause})
			w.Flush()
			return w.Error()
		}
	}
	s := a.style(a.out)
	return func(c api.Crossing) error {
		what := s.green("enters")
		if !c.Entered {
			what = s.red("leaves")
		}
		_, err := fmt.Fprintf(a.out, "%.*s  %s %s %s  %s\n", len("2026-06-01T10:30:00"), c.At, s.bold(c.ID), what, c.Segment, s.faint(fmt.Sprintf("#%d by %s", c.Seq, c.Cause)))
		return err
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
