package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/runtime"
	"github.com/muster-engine/muster/storage"
)

// access is what a command will do with the store.
type access uint8

const (
	readStore   access = iota // it must exist
	writeStore                // it must exist
	createStore               // it is made if there is none
)

// session is an open store with the rules that are asked of it.
type session struct {
	*app
	store *storage.Store
	set   *rules.Set
	prog  *ir.Program
	vs    values
}

const defaultStore = "muster.db"

func (a *app) storeFile() string {
	for _, path := range []string{a.storePath, a.env("MUSTER_STORE")} {
		if path != "" {
			return path
		}
	}
	return defaultStore
}

// open opens the store and the rules: those that --rules or $MUSTER_RULES name, else those that the store remembers,
// else those of the current directory.
func (a *app) open(ctx context.Context, how access) (*session, error) {
	if a.live != nil {
		prog := a.live.View().Program()
		return &session{app: a, prog: prog, vs: valuesOf(prog)}, nil
	}
	store, err := a.openStore(how)
	if err != nil {
		return nil, err
	}
	s := &session{app: a, store: store}
	if err := s.loadRules(); err != nil {
		store.Close()
		return nil, err
	}
	if err := s.takeIn(ctx, how); err != nil {
		s.store.Close()
		return nil, err
	}
	return s, nil
}

func (a *app) openStore(how access) (*storage.Store, error) {
	path := a.storeFile()
	store, err := storage.Open(path, storage.Options{ReadOnly: how == readStore, Create: how == createStore})
	switch {
	case errors.Is(err, fs.ErrNotExist) && how != createStore:
		return nil, fmt.Errorf("there is no store %s; muster import makes one, and --store names another", path)
	case errors.Is(err, storage.ErrLocked):
		if why := a.notByServer; why != "" {
			return nil, fmt.Errorf("%w; %s", err, why)
		}
		return nil, fmt.Errorf("%w; if that is muster serve, ask it with --server http://%s", err, defaultListen)
	case err != nil:
		return nil, err
	}
	return store, nil
}

func (s *session) loadRules() error {
	remembered, err := s.store.Rules()
	if err != nil {
		return err
	}
	if s.rulesPath == "" && s.env("MUSTER_RULES") == "" && remembered.Revision > 0 {
		s.set = rules.FromSources(sourcesOf(remembered))
	} else if s.set, err = s.app.loadRules(nil); err != nil {
		return err
	}
	if s.prog, err = s.program(s.set); err != nil {
		return err
	}
	s.vs = valuesOf(s.prog)
	return s.fits(remembered)
}

// fits holds rules that are not those that the store remembers to the data in it.
func (s *session) fits(remembered *storage.RuleSet) error {
	if remembered.Revision > 0 && remembered.Hash == s.prog.Hash {
		return nil
	}
	found, err := contradictions(s.store, remembered, s.prog)
	if err != nil {
		return err
	}
	if found.HasErrors() {
		s.show(found)
		return errShown
	}
	return nil
}

// contradictions finds where a program cannot read what a store took under the rules that it remembers.
func contradictions(store *storage.Store, remembered *storage.RuleSet, prog *ir.Program) (diag.List, error) {
	found, err := rules.Contradictions(prog, store.Schema(), store.Snapshot())
	if err != nil || remembered.Revision == 0 {
		return found, err
	}
	if before := rules.FromSources(sourcesOf(remembered)).Program; before != nil {
		found = append(found, rules.OtherMinorUnits(before, prog, store.Schema())...)
	}
	return found, nil
}

func (s *session) close() {
	if s.store != nil {
		s.store.Close()
	}
}

// remember makes the rules those of the store, as a new revision if their meaning is new.
func (s *session) remember() error {
	old, err := s.store.Rules()
	if err != nil {
		return err
	}
	next := &storage.RuleSet{Revision: old.Revision, Hash: s.prog.Hash, Since: old.Since}
	if old.Revision == 0 || old.Hash != s.prog.Hash {
		next.Revision, next.Since = old.Revision+1, s.now().UnixMicro()
	}
	same := next.Revision == old.Revision && len(old.Files) == len(s.set.Sources)
	for i, src := range s.set.Sources {
		next.Files = append(next.Files, storage.RuleFile{Name: src.Name, Text: []byte(src.Text)})
		same = same && old.Files[i].Name == src.Name && string(old.Files[i].Text) == src.Text
	}
	if same {
		return nil
	}
	return s.store.SetRules(next)
}

// before are the rule sets that the store was used with earlier, the latest first, as far as this version can read them.
func (s *session) before() (out []*ir.Program, err error) {
	set, err := s.store.Rules()
	if err != nil {
		return nil, err
	}
	earlier := set.Before
	if set.Hash != s.prog.Hash {
		earlier = append([]storage.RuleSet{*set}, earlier...)
	}
	for i := range earlier {
		if prog := rules.FromSources(sourcesOf(&earlier[i])).Program; prog != nil {
			out = append(out, prog)
		}
	}
	return out, nil
}

// engine joins the store as it is now with the rules.
func (s *session) engine() (*runtime.Session, error) {
	return runtime.OpenSession(s.store, s.prog, s.now().UnixMicro(), runtime.Options{})
}

// settle takes and records the cuts of ntiles: due after an import, a clock command and a change of rules.
func (s *session) settle(ctx context.Context) error {
	engine, err := s.engine()
	if err != nil {
		return err
	}
	return engine.Settle(ctx)
}

// asker opens a view on the store as of a time, which may be empty: as the store's clock stands.
func (s *session) asker(asOf string) (*asker, error) {
	if s.live != nil {
		return s.liveAsker(asOf)
	}
	engine, err := s.engine()
	if err != nil {
		return nil, err
	}
	view := engine.At(engine.Now())
	if asOf != "" {
		at, err := s.vs.parseTime(asOf)
		if err != nil {
			return nil, fmt.Errorf("--as-of: %w", err)
		}
		view = engine.AsOf(at)
	}
	return &asker{app: s.app, store: s.store, data: s.store.Snapshot(), view: view, prog: s.prog, vs: s.vs, asOf: engine.AsOf}, nil
}

// addAsOf gives a command the flag --as-of.
func addAsOf(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "as-of", "", "answer as if the clock stood at `time`, such as 2026-06-01T10:30")
}
