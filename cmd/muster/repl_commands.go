package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
)

// promptCommand is a command that begins with a colon.
type promptCommand struct {
	name, argument, help string
	run                  func(p *prompt, ctx context.Context, argument string) error
}

// promptCommands are all of them, in the order in which :help shows them.
var promptCommands []promptCommand

func init() {
	promptCommands = []promptCommand{
		{":by", "TAG,TAG", "split the members of the last condition by one or two tags", (*prompt).by},
		{":ids", "[N]", "list the members of the last question, 20 or N", (*prompt).ids},
		{":explain", "[CONDITION]", "the steps of the last condition, or of this one", (*prompt).explainLast},
		{":why", "ID", "the last question for one member, clause by clause", (*prompt).why},
		{":as-of", "[TIME]", "ask as of another time; without one, as of now again", (*prompt).setTime},
		{":export", "FILE", "write the members of the last question to a CSV file", (*prompt).export},
		{":tags", "", "the tags by group", (*prompt).showTags},
		{":segments", "", "the segments with their members", (*prompt).showSegments},
		{":lets", "", "the names given with let NAME = EXPRESSION", (*prompt).showLets},
		{":help", "", "this", (*prompt).help},
		{":quit", "", "end the session; so does Ctrl-D", func(*prompt, context.Context, string) error { return errQuit }},
	}
}

// errNothingAsked says that a command is about a question that there has not been.
var errNothingAsked = errors.New("ask something first")

func (p *prompt) command(ctx context.Context, text string) error {
	name, argument, _ := strings.Cut(text, " ")
	var names []string
	for _, c := range promptCommands {
		if c.name == name {
			return c.run(p, ctx, strings.TrimSpace(argument))
		}
		names = append(names, c.name)
	}
	return fmt.Errorf("%w; :help lists the commands", unknownName("command", name, names))
}

func (p *prompt) help(context.Context, string) error {
	t := table{columns: []col{{}, {}}}
	t.add("CONDITION", "how many members, which share, and a few of them")
	t.add("VALUE", "how the values are spread")
	t.add("let NAME = EXPRESSION", "a name for this session")
	for _, c := range promptCommands {
		t.add(strings.TrimSpace(c.name+" "+c.argument), c.help)
	}
	return t.write(p.out, "", p.style(p.out))
}

// lastCondition is the node of the last question, which must have been a condition.
func (p *prompt) lastCondition() error {
	if p.last == nil {
		return errNothingAsked
	}
	if !p.last.Condition {
		return fmt.Errorf("%s is a value and no condition", p.lastText)
	}
	return nil
}

func (p *prompt) by(ctx context.Context, argument string) error {
	if err := p.lastCondition(); err != nil {
		return err
	}
	if argument == "" {
		return errors.New("say by which tags: :by TAG or :by TAG,TAG")
	}
	return p.q.crossTable(ctx, p.lastText, p.last, splitNames(argument))
}

func (p *prompt) ids(ctx context.Context, argument string) error {
	if p.last == nil {
		return errNothingAsked
	}
	limit := 20
	if argument != "" {
		if n, err := fmt.Sscanf(argument, "%d", &limit); n != 1 || err != nil || limit < 1 {
			return fmt.Errorf("%q is no number of members", argument)
		}
	}
	return p.q.listMembers(ctx, p.lastText, p.last, limit)
}

func (p *prompt) explainLast(ctx context.Context, argument string) error {
	if argument == "" {
		if p.last == nil {
			return errNothingAsked
		}
		argument = p.lastText
	}
	return p.q.explainPlan(ctx, argument)
}

func (p *prompt) why(ctx context.Context, argument string) error {
	if p.last == nil {
		return errNothingAsked
	}
	if argument == "" {
		return errors.New("say of whom: :why ID")
	}
	return p.q.explainMember(ctx, p.lastText, argument)
}

// setTime moves the session to another time. Names given before keep their meaning.
func (p *prompt) setTime(_ context.Context, argument string) error {
	q, err := p.asker(argument)
	if err != nil {
		return err
	}
	q.lets, p.q = p.q.lets, q
	fmt.Fprintf(p.out, "as of %s\n", p.vs.time(q.instant()))
	return nil
}

func (p *prompt) export(ctx context.Context, argument string) error {
	if p.last == nil {
		return errNothingAsked
	}
	if argument == "" {
		return errors.New("say where to: :export FILE")
	}
	list, err := p.q.members(ctx, p.last, 0)
	if err != nil {
		return err
	}
	if p.live != nil { // the file is on the side of who asks
		return list.table(p.q, p.last.Node.Type, p.q.idName(), p.lastText).writeCSV(p.out)
	}
	f, err := os.Create(argument)
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", argument, pathless(err))
	}
	err = list.table(p.q, p.last.Node.Type, p.q.idName(), p.lastText).writeCSV(f)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w", argument, pathless(err))
	}
	fmt.Fprintf(p.out, "%s written to %s\n", many(len(list.ids), "member"), argument)
	return nil
}

func (p *prompt) showTags(ctx context.Context, _ string) error {
	lines, err := p.q.tagLines(ctx)
	if err != nil {
		return err
	}
	return p.q.writeTags(lines)
}

func (p *prompt) showSegments(ctx context.Context, _ string) error {
	lines, err := p.q.segmentLines(ctx)
	if err != nil {
		return err
	}
	return p.q.writeSegments(lines)
}

func (p *prompt) showLets(context.Context, string) error {
	names := make([]string, 0, len(p.q.lets))
	for name := range p.q.lets {
		names = append(names, name)
	}
	sort.Strings(names)
	t := table{columns: []col{{}, {}}}
	for _, name := range names {
		t.add(name, "= "+oneLine(p.q.lets[name].Text))
	}
	return t.write(p.out, "", p.style(p.out))
}
