package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/rules/watch"
	"github.com/muster-engine/muster/runtime/api"
	"github.com/muster-engine/muster/runtime/deliver"
	"github.com/muster-engine/muster/runtime/live"
)

// reloader puts edited rules in force while a server runs. A rule set with errors, or one that stored data contradict,
// never takes effect: the one before goes on, and the log and the state say why.
type reloader struct {
	*session
	engine *live.Engine
	sinks  *deliver.Deliverer
	lacks  func(*ir.Program) error // what the sinks of a program lack
	log    *slog.Logger
	taking sync.Mutex // one rule set at a time

	mu    sync.Mutex
	fault string // why the last edit was not taken
}

// watch takes every settled edit of the rules until the context ends. Rules that only the store remembers are nowhere to
// be edited, and are not watched.
func (r *reloader) watch(ctx context.Context) error {
	path := r.files()
	if path == "" {
		return nil
	}
	edits, err := watch.Start(ctx, path, watch.Options{
		Known:   r.set.Hash,
		Problem: r.unwatched,
	})
	if err != nil {
		return err
	}
	go func() {
		for edit := range edits {
			_, _ = r.take(ctx, edit.Sources)
		}
	}()
	return nil
}

// unwatched notes that the rules cannot be read, or logs what else is wrong with watching them.
func (r *reloader) unwatched(err error) {
	if unreadable := new(watch.Unreadable); errors.As(err, &unreadable) {
		_ = r.refused(err)
		return
	}
	r.log.Warn("watching the rules", "why", err.Error())
}

// take puts a rule set in force, or notes why not.
func (r *reloader) take(ctx context.Context, sources []rules.Source) (live.Reloaded, error) {
	r.taking.Lock()
	defer r.taking.Unlock()
	set := rules.FromSources(sources)
	if set.Program == nil || set.Diags.HasErrors() {
		return live.Reloaded{}, r.refused(&api.RulesError{Reason: rendered(set.Diags)})
	}
	done, err := r.reload(ctx, set)
	if err != nil {
		return done, r.refused(err)
	}
	r.mu.Lock()
	r.fault = ""
	r.mu.Unlock()
	r.log.Info("rules in force", "hash", set.Program.Hash, "same", done.Same, "crossings", done.Crossings)
	return done, nil
}

// onDemand returns what takes the rule files as they are now; nil where there are none.
func (r *reloader) onDemand() func(context.Context) (api.Reloaded, error) {
	path := r.files()
	if path == "" {
		return nil
	}
	return func(ctx context.Context) (api.Reloaded, error) {
		sources, err := rules.Read(path)
		if err != nil {
			return api.Reloaded{}, r.refused(&api.RulesError{Reason: err.Error()})
		}
		done, err := r.take(context.WithoutCancel(ctx), sources) // who asked may go; it is finished all the same
		return api.Reloaded(done), err
	}
}

// files is where the rules are edited; "" if only the store remembers them.
func (r *reloader) files() string {
	if r.rulesPath != "" {
		return r.rulesPath
	}
	return r.env("MUSTER_RULES")
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
			return live.Reloaded{}, &api.RulesError{Reason: rendered(found)}
		}
	}
	if err := r.lacks(set.Program); err != nil {
		return live.Reloaded{}, &api.RulesError{Reason: err.Error()}
	}
	done, err := r.engine.Reload(ctx, set.Program)
	if err != nil {
		return done, err
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), restTime)
	defer cancel()
	if err := r.sinks.Use(last, set.Program); err != nil {
		return done, err
	}
	r.set, r.prog = set, set.Program
	return done, r.remember()
}

// refused notes why an edit was not taken, and returns that.
func (r *reloader) refused(why error) error {
	r.mu.Lock()
	r.fault = why.Error()
	r.mu.Unlock()
	r.log.Error("the rules stay as they are", "why", why.Error())
	return why
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
