package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/rules/watch"
	"github.com/muster-engine/muster/runtime/api"
	"github.com/muster-engine/muster/runtime/live"
)

// reloader puts edited rules in force while a server runs. A rule set with errors, or one that stored data contradict,
// never takes effect: the one before goes on, and the log and the state say why.
type reloader struct {
	*session
	engine *live.Engine
	log    *slog.Logger

	mu    sync.Mutex
	fault string // why the last edit was not taken
}

// watch takes every settled edit of the rules until the context ends. Rules that only the store remembers are nowhere to
// be edited, and are not watched.
func (r *reloader) watch(ctx context.Context) error {
	path := r.rulesPath
	if path == "" {
		path = r.env("MUSTER_RULES")
	}
	if path == "" {
		return nil
	}
	edits, err := watch.Start(ctx, path, watch.Options{
		Known:   r.set.Hash,
		Problem: func(err error) { r.refused(err.Error()) },
	})
	if err != nil {
		return err
	}
	go func() {
		for edit := range edits {
			r.take(ctx, edit.Sources)
		}
	}()
	return nil
}

// take puts a rule set in force, or says why not.
func (r *reloader) take(ctx context.Context, sources []rules.Source) {
	set := rules.FromSources(sources)
	if set.Program == nil || set.Diags.HasErrors() {
		r.refused(rendered(set.Diags))
		return
	}
	done, err := r.reload(ctx, set)
	if err != nil {
		r.refused(err.Error())
		return
	}
	r.mu.Lock()
	r.fault = ""
	r.mu.Unlock()
	r.log.Info("rules in force", "hash", set.Program.Hash, "same", done.Same, "crossings", done.Crossings)
}

func (r *reloader) reload(ctx context.Context, set *rules.Set) (live.Reloaded, error) {
	remembered, err := r.store.Rules()
	if err != nil {
		return live.Reloaded{}, err
	}
	if remembered.Hash != set.Program.Hash {
		if err := r.engine.Checkpoint(ctx); err != nil { // so that what was just taken is looked at too
			return live.Reloaded{}, err
		}
		found, err := contradictions(r.store, remembered, set.Program)
		if err != nil {
			return live.Reloaded{}, err
		}
		if found.HasErrors() {
			return live.Reloaded{}, errors.New(rendered(found))
		}
	}
	done, err := r.engine.Reload(ctx, set.Program)
	if err != nil {
		return done, err
	}
	r.set, r.prog = set, set.Program
	return done, r.remember()
}

// refused notes why an edit was not taken.
func (r *reloader) refused(why string) {
	r.mu.Lock()
	r.fault = why
	r.mu.Unlock()
	r.log.Error("the rules stay as they are", "why", why)
}

// state tells which rules are in force, and why a later edit is not.
func (r *reloader) state() api.RulesState {
	r.mu.Lock()
	fault := r.fault
	r.mu.Unlock()
	set, err := r.store.Rules()
	if err != nil {
		return api.RulesState{Error: err.Error()}
	}
	return api.RulesState{Revision: set.Revision, Hash: set.Hash, Since: set.Since, Error: fault}
}

// rendered is findings as people are shown them, without colour.
func rendered(found diag.List) string {
	var out strings.Builder
	diag.Render(&out, found, diag.RenderOptions{})
	return strings.TrimSpace(out.String())
}
