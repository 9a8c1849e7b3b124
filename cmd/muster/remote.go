package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/muster-engine/muster/runtime/api"
)

// questions are the commands that a server answers as well as a store; of "points" there are others that change something.
var questions = []string{"query", "tags", "segments", "member", "explain", "report", "books", "points show", "verify", promptEntry}

// isQuestion reports whether the words of a command line begin with a question.
func isQuestion(words []string) bool {
	return slices.ContainsFunc(questions, func(q string) bool {
		command := strings.Fields(q)
		return len(words) >= len(command) && slices.Equal(words[:len(command)], command)
	})
}

// serverURL is the server to ask, or "" for the store: of --server, else of $MUSTER_SERVER unless a store is named.
func (a *app) serverURL() string {
	if a.live != nil {
		return ""
	}
	if a.server != "" || a.storePath != "" {
		return a.server
	}
	return a.env("MUSTER_SERVER")
}

// askable lets a command, or those below it, be answered by a server where one is named, if they are questions.
func (a *app) askable(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		a.askable(c)
	}
	if words := strings.Fields(withoutRoot(cmd)); cmd.HasSubCommands() || !isQuestion(words) {
		return
	}
	fromStore := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		codes := cmd.Flags().Lookup("codes")
		if a.serverURL() == "" || codes != nil && (codes.Changed || len(args) == 1 && codePattern.MatchString(args[0])) {
			return fromStore(cmd, args)
		}
		return a.askServer(cmd, args)
	}
}

// askServer has a server answer a command, and prints what it prints.
func (a *app) askServer(cmd *cobra.Command, args []string) error {
	if a.storePath != "" || a.rulesPath != "" {
		return usageError(cmd.Name(), "a server has its own store and rules: --server goes without --store and --rules")
	}
	c, err := a.client(a.serverURL())
	if err != nil {
		return err
	}
	question := strings.Fields(withoutRoot(cmd))
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if f.Name == "server" || f.Name == "no-color" {
			return
		}
		values := []string{f.Value.String()}
		if many, ok := f.Value.(pflag.SliceValue); ok {
			values = many.GetSlice()
		}
		for _, value := range values {
			question = append(question, "--"+f.Name+"="+value)
		}
	})
	question = append(append(question, "--"), args...)
	var got api.Printed
	if err := c.do(cmd.Context(), "POST", "/v1/console", api.Ask{Args: question}, &got); err != nil {
		return err
	}
	io.WriteString(a.out, got.Out)
	io.WriteString(a.err, got.Err)
	switch got.Status {
	case exitFine:
		return nil
	case exitFindings:
		return errFindings
	}
	return errShown
}

// console answers a question of the command line from a live engine: a server's side of --server.
func (a *app) console(ctx context.Context, source api.Source, args []string) api.Printed {
	var out, err bytes.Buffer
	if !isQuestion(args) {
		return api.Printed{Err: fmt.Sprintf("muster: a server answers %s\n", strings.Join(questions, ", ")), Status: exitFailure}
	}
	w := world{in: strings.NewReader(""), out: &out, err: &err, env: func(string) string { return "" }, now: a.now, name: a.name}
	asked := &app{world: w, live: source}
	defer asked.forget()
	status := asked.run(ctx, args)
	return api.Printed{Out: out.String(), Err: err.String(), Status: status}
}

// liveAsker opens a view on the members of a server.
func (s *session) liveAsker(asOf string) (*asker, error) {
	view := s.live.View()
	if asOf != "" {
		at, err := s.vs.parseTime(asOf)
		if err != nil {
			return nil, fmt.Errorf("--as-of: %w", err)
		}
		view = s.live.AsOf(at)
	}
	q := &asker{app: s.app, live: s.live, present: asOf == "", view: view, prog: view.Program(), vs: valuesOf(view.Program()), asOf: s.live.AsOf}
	s.asked = append(s.asked, q)
	return q, nil
}

// forget drops what the standing view keeps for questions alone.
func (a *app) forget() {
	for _, q := range a.asked {
		for _, query := range q.compiled {
			q.view.Forget(query.Slots)
		}
	}
}

// liveIDs is idsOf from a server's members.
func (q *asker) liveIDs(numbers []uint32) ([]string, error) {
	all, err := q.live.IDs(numbers)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(numbers))
	for i, ids := range all {
		out[i] = fmt.Sprintf("#%d", numbers[i])
		if first := firstID(q.prog); first != nil && len(ids) > 0 && ids[0].Attribute == first.Name {
			out[i] = ids[0].Text
		}
	}
	return out, nil
}
