package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/api"
	"github.com/muster-engine/muster/runtime/deliver"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
)

type syncOptions struct {
	whole bool
	dir   string
}

func newSync(a *app) *cobra.Command {
	var o syncOptions
	cmd := &cobra.Command{
		Use:     "sync [NAME]",
		Short:   "hand over now what has changed of segments and tags",
		GroupID: groupStore,
		Long: `Runs a sync of the rules at once, besides its schedule, and waits until the sink has everything: what has
changed since it was handed over last, or all there is with --whole. Without a name, lists the syncs. The server of
--server or $MUSTER_SERVER does it, or this command on a store that no server has open.`,
		Example: `  muster sync
  muster sync crm
  muster sync crm --whole --server http://127.0.0.1:7077`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.syncs(cmd.Context())
			}
			return a.sync(cmd.Context(), args[0], o)
		},
	}
	cmd.Flags().BoolVar(&o.whole, "whole", false, "everything, not what has changed")
	cmd.Flags().StringVar(&o.dir, "sink-dir", ".", "the `directory` of file sinks, where no server does it")
	return cmd
}

func (a *app) syncs(ctx context.Context) error {
	var got api.SyncList
	asked, err := a.atServer(ctx, "GET", "/v1/syncs", nil, &got)
	if err == nil && !asked {
		got, err = a.storedSyncs(ctx)
	}
	if err != nil {
		return err
	}
	if a.format == formatJSON {
		return writeJSON(a.out, got.Syncs)
	}
	return a.writeSyncs(got.Syncs)
}

func (a *app) storedSyncs(ctx context.Context) (api.SyncList, error) {
	out := api.SyncList{Syncs: []api.Sync{}}
	s, err := a.open(ctx, readStore)
	if err != nil {
		return out, err
	}
	defer s.close()
	known, err := s.store.SyncStates()
	for _, name := range syncNames(s.prog) {
		one := storage.SyncState{Sync: name, Whole: true}
		for _, st := range known {
			if st.Sync == name {
				one = st
			}
		}
		out.Syncs = append(out.Syncs, api.SyncOf(s.prog, one))
	}
	return out, err
}

func (a *app) writeSyncs(all []api.Sync) error {
	s := a.style(a.out)
	t := table{columns: []col{
		{head: "sync", paint: s.bold}, {head: "sink"}, {head: "daily"}, {head: "run", right: true}, {head: "began"}, {head: "ended"},
		{head: "records", right: true}, {head: "trouble", paint: s.red},
	}}
	for _, one := range all {
		if a.format == formatCSV {
			t.add(one.Name, one.Sink, one.Daily, fmt.Sprint(one.Run), one.Began, one.Ended, fmt.Sprint(one.Records), one.Failure)
			continue
		}
		t.add(one.Name, one.Sink, one.Daily, count(one.Run), second(one.Began), second(one.Ended), count(one.Records), one.Failure)
	}
	switch {
	case a.format == formatCSV:
		return t.writeCSV(a.out)
	case len(all) == 0:
		_, err := fmt.Fprintln(a.out, "The rules have no syncs.")
		return err
	}
	return t.write(a.out, "", s)
}

func (a *app) sync(ctx context.Context, name string, o syncOptions) error {
	var got api.Sync
	asked, err := a.atServer(ctx, "POST", "/v1/syncs/"+url.PathEscape(name), api.SyncCommand{Whole: o.whole}, &got)
	switch {
	case err == nil && asked:
		got, err = a.awaitSync(ctx, got)
	case err == nil:
		got, err = a.syncHere(ctx, name, o)
	}
	if err != nil {
		return err
	}
	if got.Failure != "" {
		return fmt.Errorf("%s has handed over %s of run %d and failed: %s", name, many(got.Records, "record"), got.Run, got.Failure)
	}
	if a.format == formatJSON {
		return writeJSON(a.out, got)
	}
	if a.format == formatCSV {
		return a.writeSyncs([]api.Sync{got})
	}
	_, err = fmt.Fprintf(a.out, "%s: %s handed over to %s in run %d\n", name, many(got.Records, "record"), got.Sink, got.Run)
	return err
}

// awaitSync asks a server until a run has ended.
func (a *app) awaitSync(ctx context.Context, begun api.Sync) (api.Sync, error) {
	for {
		var got api.SyncList
		if _, err := a.atServer(ctx, "GET", "/v1/syncs", nil, &got); err != nil {
			return begun, err
		}
		for _, one := range got.Syncs {
			if one.Name == begun.Name && (one.Run > begun.Run || !one.Running) {
				return one, nil
			}
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return begun, err
		}
	}
}

// syncHere brings the store up to date as a server does, and runs a sync of it.
func (a *app) syncHere(ctx context.Context, name string, o syncOptions) (api.Sync, error) {
	a.now = oneAtATime(a.now)
	s, err := a.open(ctx, writeStore)
	if err != nil {
		return api.Sync{}, err
	}
	defer s.close()
	engine, err := live.Open(ctx, live.Options{Store: s.store, Program: s.prog, System: func() int64 { return a.now().UnixMicro() }})
	if err != nil {
		return api.Sync{}, err
	}
	defer engine.Close()
	st, err := deliver.RunSync(ctx, s.prog, deliver.Options{
		Store: s.store, Members: engine, Handovers: s.store, Setup: deliver.Setup{Env: a.env, Dir: o.dir}, Clock: deliver.Clock{Now: time.Now},
	}, name, o.whole)
	if errors.Is(err, deliver.ErrNoSync) {
		return api.Sync{}, unknownName("sync", name, syncNames(s.prog))
	}
	return api.SyncOf(s.prog, st), err
}
