package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
)

func newRepl(a *app) *cobra.Command {
	var asOf string
	cmd := &cobra.Command{
		Use:     "repl",
		Short:   "ask on and on, with completion and history",
		GroupID: groupMembers,
		Long: `Reads conditions and values and answers each: a condition with its members, their share and a few
of them, a value with how it is spread. Tab completes names, words and the values of enums. An expression goes on over
lines for as long as a parenthesis is open or something must follow. Ctrl-C ends the question, Ctrl-D the session.`,
		Example: `  muster repl
  > count(order) in last 90 days >= 3
  > let big = sum(order.amount) >= 5_000
  > big and city = "上海"
  > :by gender
  > :help`,
		Args:        cobra.NoArgs,
		Annotations: map[string]string{"formats": formatTable},
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.repl(cmd.Context(), asOf) },
	}
	addAsOf(cmd, &asOf)
	return cmd
}

func (a *app) repl(ctx context.Context, asOf string) error {
	if server := a.serverURL(); server != "" {
		return a.replOverServer(ctx, server, asOf)
	}
	s, err := a.open(ctx, readStore)
	if err != nil {
		return err
	}
	defer s.close()
	p, err := s.prompt(asOf)
	if err != nil {
		return err
	}
	return p.converse(ctx)
}

// prompt begins a session of questions in which nothing is named yet.
func (s *session) prompt(asOf string) (*prompt, error) {
	q, err := s.asker(asOf)
	if err != nil {
		return nil, err
	}
	q.lets = map[string]*ir.Query{}
	return &prompt{session: s, q: q}, nil
}

// converse reads entries and answers them until there are no more.
func (p *prompt) converse(ctx context.Context) error {
	lines, err := p.newLines(p)
	if err != nil {
		return err
	}
	defer lines.close()
	defer p.ownInterrupts()()
	p.run(context.WithoutCancel(ctx), lines)
	return nil
}

// prompt is a session of questions.
type prompt struct {
	*session
	q *asker
	// server is who answers in the place of q; nil where a store is open.
	server *distant
	// last is the question that :by, :explain, :why and :export are about.
	last     *ir.Query
	lastText string

	mu     sync.Mutex
	cancel context.CancelFunc // ends the question that is being answered; nil between questions
}

// errQuit ends the session.
var errQuit = errors.New("quit")

// run reads and answers until the input ends.
func (p *prompt) run(ctx context.Context, lines lineSource) {
	for {
		text, err := readExpression(lines)
		switch {
		case errors.Is(err, errInterrupted):
			continue
		case err != nil:
			if !errors.Is(err, io.EOF) {
				fmt.Fprintf(p.err, "%s\n", err)
			}
			return
		case text == "":
			continue
		}
		lines.remember(text)
		if err := p.answer(ctx, text); errors.Is(err, errQuit) {
			return
		}
	}
}

// answer serves one entry. What goes wrong is said and ends that entry only.
func (p *prompt) answer(parent context.Context, text string) error {
	ctx, cancel := context.WithCancel(parent)
	p.mu.Lock()
	p.cancel = cancel
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.cancel = nil
		p.mu.Unlock()
		cancel()
	}()
	err := p.serve(ctx, text)
	switch {
	case err == nil || errors.Is(err, errQuit) || errors.Is(err, errShown):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(p.err, "interrupted")
	default:
		fmt.Fprintf(p.err, "%s\n", err)
	}
	return err
}

func (p *prompt) serve(ctx context.Context, text string) error {
	if p.server != nil {
		return p.server.serve(ctx, p, text)
	}
	if strings.HasPrefix(text, ":") {
		return p.command(ctx, text)
	}
	if name, expr, ok := letOf(text); ok {
		return p.let(name, expr)
	}
	query, err := p.q.compile(text)
	if err != nil {
		return err
	}
	p.last, p.lastText = query, text
	return p.ask(ctx)
}

// ask answers the last question.
func (p *prompt) ask(ctx context.Context) error {
	if !p.last.Condition {
		return p.q.spread(ctx, p.lastText, p.last)
	}
	if err := p.q.countMembers(ctx, p.lastText, p.last); err != nil {
		return err
	}
	list, err := p.q.members(ctx, p.last, 5)
	if err != nil {
		return err
	}
	if len(list.ids) > 0 {
		s := p.q.style(p.out)
		text := strings.Join(list.ids, ", ")
		if list.members > uint64(len(list.ids)) {
			text += ", …"
		}
		fmt.Fprintln(p.out, s.faint("  "+text))
	}
	return nil
}

// letOf takes `let NAME = EXPRESSION` apart.
func letOf(text string) (name, expr string, ok bool) {
	rest, ok := strings.CutPrefix(text, "let ")
	if !ok {
		return "", "", false
	}
	name, expr, ok = strings.Cut(rest, "=")
	name = strings.Trim(strings.TrimSpace(name), "`")
	if !ok || name == "" || strings.ContainsAny(name, " (\"") {
		return "", "", false
	}
	return name, strings.TrimSpace(expr), true
}

func (p *prompt) let(name, expr string) error {
	query, err := p.q.compile(expr)
	if err != nil {
		return err
	}
	p.q.lets[name] = query
	kind := "a condition"
	if !query.Condition {
		kind = query.Node.Type.String()
	}
	fmt.Fprintf(p.out, "%s is %s\n", name, kind)
	return nil
}

// interrupt ends the question that is being answered, if one is.
func (p *prompt) interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel()
	}
}

// ownInterrupts makes Ctrl-C end questions and not the session, until the function that it returns is called.
func (p *prompt) ownInterrupts() func() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	signal.Reset(syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-signals:
				p.interrupt()
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}
