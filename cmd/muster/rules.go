package main

import (
	"errors"
	"fmt"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules"
)

// rulesFrom says where the rules of a command that needs no store are: its argument, else --rules, else $MUSTER_RULES,
// else the current directory.
func (a *app) rulesFrom(args []string) string {
	for _, path := range append(args, a.rulesPath, a.env("MUSTER_RULES")) {
		if path != "" {
			return path
		}
	}
	return "."
}

func (a *app) loadRules(args []string) (*rules.Set, error) {
	path := a.rulesFrom(args)
	set, err := rules.Load(path)
	if errors.Is(err, rules.ErrNoRules) {
		return nil, fmt.Errorf("%s: no .muster files here; say where the rules are with --rules", path)
	}
	return set, err
}

// program returns the program of a set, or shows its errors and fails.
func (a *app) program(set *rules.Set) (*ir.Program, error) {
	if set.Program == nil {
		a.show(onlyErrors(set.Diags))
		return nil, errShown
	}
	return set.Program, nil
}

// show prints findings to the error stream.
func (a *app) show(found diag.List) {
	diag.Render(a.err, found, diag.RenderOptions{Color: a.colors(a.err)})
}

func onlyErrors(all diag.List) diag.List {
	var errs diag.List
	for _, d := range all {
		if d.Severity == diag.Error {
			errs = append(errs, d)
		}
	}
	return errs
}
