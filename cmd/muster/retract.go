package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
)

func newRetract(a *app) *cobra.Command {
	var of string
	cmd := &cobra.Command{
		Use:     "retract EVENT KEY",
		Short:   "take an event back",
		GroupID: groupStore,
		Long: `Takes an event back by its key: everything is then as if it had not been sent, and it can be sent anew.
Who leaves or enters a segment by that is reported like any other crossing.

A key belongs to the member that has it. Without --of everybody's keys are looked at, and if several members have one,
nothing happens and they are named.`,
		Example: `  muster retract order 20261101-0042
  muster retract order 20261101-0042 --of 13800138000
  muster retract order 20261101-0042 --server http://127.0.0.1:7077`,
		Args:        cobra.ExactArgs(2),
		Annotations: onlyTableAndJSON,
		RunE:        func(cmd *cobra.Command, args []string) error { return a.retract(cmd.Context(), args[0], args[1], of) },
	}
	cmd.Flags().StringVar(&of, "of", "", "of the member with this `id`")
	return cmd
}

func (a *app) retract(ctx context.Context, event, key, of string) error {
	c, end, err := a.reach(ctx)
	if err != nil {
		return err
	}
	defer end()
	path := "/v1/events/" + url.PathEscape(event) + "/" + url.PathEscape(key)
	if of != "" {
		path += "?" + url.Values{"member": {of}}.Encode()
	}
	if err := c.do(ctx, "DELETE", path, nil, nil); err != nil {
		return err
	}
	if a.format == formatJSON {
		return writeJSON(a.out, map[string]any{"event": event, "key": key, "retracted": true})
	}
	_, err = fmt.Fprintf(a.out, "%s %s is taken back\n", event, key)
	return err
}
