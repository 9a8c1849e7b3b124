package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/api"
	"github.com/muster-engine/muster/runtime/deliver"
)

type deadOptions struct {
	keys  []string
	all   bool
	limit int
}

func newSinks(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "sinks",
		Short:   "show what waits for sinks, and see to what could not be handed over",
		GroupID: groupStore,
		Long: `Messages wait in the store until a server has handed them over. One that the receiver refuses, or that
fails too often, becomes a dead letter: it stays until it is sent again or dropped. Without a command, shows each sink.
The commands ask the server of --server or $MUSTER_SERVER, or work on a store that no server has open.`,
		Example: `  muster sinks
  muster sinks dead sms
  muster sinks retry sms --key winback:1780281000000000:17:0
  muster sinks drop sms --all`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.sinks(cmd.Context()) },
	}
	var dead deadOptions
	list := &cobra.Command{
		Use:     "dead NAME",
		Short:   "list the dead letters of a sink",
		Example: "  muster sinks dead sms --format json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.deadLetters(cmd.Context(), args[0], dead.limit)
		},
	}
	list.Flags().IntVar(&dead.limit, "limit", 100, "at most so `many`; 0 is all")
	cmd.AddCommand(list)
	for _, c := range []struct {
		name, short, done string
	}{
		{"retry", "send dead letters of a sink again", "sent again"},
		{"drop", "give dead letters of a sink up", "dropped"},
	} {
		var o deadOptions
		verb := &cobra.Command{
			Use:         c.name + " NAME",
			Short:       c.short,
			Example:     "  muster sinks " + c.name + " sms --key winback:1780281000000000:17:0\n  muster sinks " + c.name + " sms --all",
			Args:        cobra.ExactArgs(1),
			Annotations: onlyTableAndJSON,
			RunE: func(cmd *cobra.Command, args []string) error {
				if o.all == (len(o.keys) > 0) {
					return usageError("sinks "+c.name, "say which: --key KEY, as often as need be, or --all")
				}
				return a.seeToDead(cmd.Context(), args[0], c.name, c.done, o)
			},
		}
		verb.Flags().StringArrayVar(&o.keys, "key", nil, "the `key` of a dead letter; may be given more than once")
		verb.Flags().BoolVar(&o.all, "all", false, "all of them")
		cmd.AddCommand(verb)
	}
	return cmd
}

// atServer asks a server if one is named, and reports whether one is.
func (a *app) atServer(ctx context.Context, method, path string, body, into any) (bool, error) {
	server := a.serverURL()
	if server == "" {
		return false, nil
	}
	if a.storePath != "" || a.rulesPath != "" {
		return true, usageError("", "a server has its own store and rules: --server goes without --store and --rules")
	}
	c, err := a.client(server)
	if err != nil {
		return true, err
	}
	return true, c.do(ctx, method, path, body, into)
}

func (a *app) sinks(ctx context.Context) error {
	var got api.SinkList
	asked, err := a.atServer(ctx, "GET", "/v1/sinks", nil, &got)
	if err == nil && !asked {
		err = a.withSinks(ctx, readStore, func(s *session, states []deliver.SinkState) error {
			got = api.SinksOf(s.prog, states)
			return nil
		})
	}
	if err != nil {
		return err
	}
	if a.format == formatJSON {
		return writeJSON(a.out, got.Sinks)
	}
	s := a.style(a.out)
	t := table{columns: []col{
		{head: "sink", paint: s.bold}, {head: "kind"}, {head: "pending", right: true}, {head: "oldest"}, {head: "dead", right: true},
		{head: "delivered", right: true}, {head: "dropped", right: true}, {head: "trouble", paint: s.red},
	}}
	for _, one := range got.Sinks {
		trouble := one.Trouble
		if one.Down {
			trouble = "does not work: " + trouble
		}
		if a.format == formatCSV {
			t.add(one.Name, one.Kind, fmt.Sprint(one.Pending), one.Oldest, fmt.Sprint(one.Dead), fmt.Sprint(one.Delivered), fmt.Sprint(one.Dropped), trouble)
			continue
		}
		t.add(one.Name, one.Kind, count(one.Pending), second(one.Oldest), count(one.Dead), count(one.Delivered), count(one.Dropped), trouble)
	}
	if a.format == formatCSV {
		return t.writeCSV(a.out)
	}
	if len(got.Sinks) == 0 {
		_, err := fmt.Fprintln(a.out, "The rules have no sinks.")
		return err
	}
	return t.write(a.out, "", s)
}

// second is a time to the second, without its offset.
func second(text string) string { return text[:min(len(text), len("2026-06-01T10:30:00"))] }

// withSinks opens a store and does something with its sinks.
func (a *app) withSinks(ctx context.Context, how access, f func(s *session, states []deliver.SinkState) error) error {
	s, err := a.open(ctx, how)
	if err != nil {
		return err
	}
	defer s.close()
	states, err := deliver.States(s.store, s.prog.Sinks)
	if err != nil {
		return err
	}
	return f(s, states)
}

// withSink is withSinks for one that has to be there.
func (a *app) withSink(ctx context.Context, how access, name string, f func(s *session) error) error {
	return a.withSinks(ctx, how, func(s *session, states []deliver.SinkState) error {
		var names []string
		for _, st := range states {
			names = append(names, st.Sink)
		}
		if !slices.Contains(names, name) {
			return unknownName("sink", name, names)
		}
		return f(s)
	})
}

func (a *app) deadLetters(ctx context.Context, name string, limit int) error {
	const page = 1000
	all := []api.DeadLetter{}
	for after := uint64(0); limit <= 0 || len(all) < limit; {
		most := page
		if limit > 0 {
			most = min(most, limit-len(all))
		}
		var got api.DeadLetterPage
		query := url.Values{"after": {fmt.Sprint(after)}, "limit": {fmt.Sprint(most)}}
		asked, err := a.atServer(ctx, "GET", "/v1/sinks/"+url.PathEscape(name)+"/dead?"+query.Encode(), nil, &got)
		if err == nil && !asked {
			err = a.withSink(ctx, readStore, name, func(s *session) error {
				some, err := s.store.DeadLetters(name, after, most)
				got = api.DeadLettersOf(s.prog, after, some)
				return err
			})
		}
		if err != nil {
			return err
		}
		all, after = append(all, got.Dead...), got.Next
		if len(got.Dead) < most {
			break
		}
	}
	if a.format == formatJSON {
		return writeJSON(a.out, all)
	}
	t := table{columns: []col{{head: "failed"}, {head: "key"}, {head: "template"}, {head: "ids"}, {head: "attempts", right: true}, {head: "reason"}}}
	for _, d := range all {
		ids := ""
		for _, name := range slices.Sorted(maps.Keys(d.IDs)) {
			text, err := json.Marshal(d.IDs[name])
			if err != nil {
				return err
			}
			ids += " " + name + " " + string(text)
		}
		ids = ids[min(1, len(ids)):]
		if a.format == formatCSV {
			t.add(d.FailedAt, d.Key, d.Template, ids, fmt.Sprint(d.Attempts), d.Reason)
			continue
		}
		t.add(second(d.FailedAt), d.Key, d.Template, ids, count(d.Attempts), d.Reason)
	}
	switch {
	case a.format == formatCSV:
		return t.writeCSV(a.out)
	case len(all) == 0:
		_, err := fmt.Fprintf(a.out, "%s has no dead letters.\n", name)
		return err
	}
	return t.write(a.out, "", a.style(a.out))
}

// seeToDead sends dead letters again or drops them.
func (a *app) seeToDead(ctx context.Context, name, verb, done string, o deadOptions) error {
	var got api.DeadCount
	asked, err := a.atServer(ctx, "POST", "/v1/sinks/"+url.PathEscape(name)+"/"+verb, api.DeadChoice{Keys: o.keys, All: o.all}, &got)
	if err == nil && !asked {
		err = a.withSink(ctx, writeStore, name, func(s *session) error {
			f := s.store.Resend
			if verb == "drop" {
				f = s.store.DropDead
			}
			var err error
			got.Count, err = f(name, o.keys)
			return err
		})
	}
	if err != nil {
		return err
	}
	if a.format == formatJSON {
		return writeJSON(a.out, got)
	}
	_, err = fmt.Fprintf(a.out, "%s %s\n", many(got.Count, "dead letter"), done)
	return err
}

// syncNames lists the syncs of a program.
func syncNames(p *ir.Program) (names []string) {
	for _, s := range p.Syncs {
		names = append(names, s.Name)
	}
	return names
}
