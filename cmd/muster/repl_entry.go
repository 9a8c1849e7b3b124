package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/dsl/diag"
)

// promptEntry is the command by which a repl has a server answer an entry. It is for programs, and not shown.
const promptEntry = "prompt-entry"

func newPromptEntry(a *app) *cobra.Command {
	var asOf string
	var before []string
	var complete bool
	cmd := &cobra.Command{
		Use:         promptEntry + " ENTRY",
		Short:       "answer an entry of a repl",
		Hidden:      true,
		Args:        cobra.ExactArgs(1),
		Annotations: map[string]string{"formats": formatTable},
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.live == nil {
				return errors.New("this is what repl asks a server; ask with repl")
			}
			return a.promptEntry(cmd.Context(), asOf, before, complete, args[0])
		},
	}
	addAsOf(cmd, &asOf)
	cmd.Flags().StringArrayVar(&before, "before", nil, "an `entry` of earlier that this one may be about")
	cmd.Flags().BoolVar(&complete, "complete", false, "complete the word at its end")
	return cmd
}

// promptEntry answers one entry as a prompt does that has had the entries before it.
func (a *app) promptEntry(ctx context.Context, asOf string, before []string, complete bool, text string) error {
	s, err := a.open(ctx, readStore)
	if err != nil {
		return err
	}
	defer s.close()
	p, err := s.prompt(asOf)
	if err != nil {
		return err
	}
	p.recall(before)
	if complete {
		candidates, partial := completer{p}.complete(text)
		fmt.Fprintln(a.out, partial)
		for _, c := range candidates {
			fmt.Fprintln(a.out, c)
		}
		return nil
	}
	if err := p.answer(ctx, text); err != nil {
		return errShown
	}
	return nil
}

// recall brings a prompt to where entries of earlier have led. One that the rules no longer allow is passed over: what is
// about it then says so.
func (p *prompt) recall(entries []string) {
	for _, text := range entries {
		name, expr, named := letOf(text)
		if !named {
			expr = text
		}
		query, found := compiler.CompileQuery(p.prog, diag.NewFile("condition", expr), p.q.lets)
		if query == nil || found.HasErrors() {
			continue
		}
		p.q.asked(query)
		if named {
			p.q.lets[name] = query
		} else {
			p.last, p.lastText = query, text
		}
	}
}
