package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/muster-engine/muster/runtime/api"
)

// distant is where a prompt has its answers from when it asks a server. The server keeps nothing of the session: with every
// entry goes what it stands on.
type distant struct {
	client *client
	asOf   string
	before []string // names that were given and the last question, as they were entered and in that order
}

// replOverServer is repl with the answers of a server.
func (a *app) replOverServer(ctx context.Context, server, asOf string) error {
	if a.storePath != "" || a.rulesPath != "" {
		return usageError("repl", "a server has its own store and rules: --server goes without --store and --rules")
	}
	c, err := a.client(server)
	if err != nil {
		return err
	}
	p := &prompt{session: &session{app: a}, server: &distant{client: c, asOf: asOf}}
	var asked map[string]any
	if err := c.do(ctx, "GET", "/v1/clock", nil, &asked); err != nil { // so that nobody types in vain
		return err
	}
	return p.converse(ctx)
}

// ask has the server answer an entry.
func (d *distant) ask(ctx context.Context, flag, text string) (api.Printed, error) {
	args := []string{promptEntry}
	if d.asOf != "" {
		args = append(args, "--as-of="+d.asOf)
	}
	for _, entry := range d.before {
		args = append(args, "--before="+entry)
	}
	if flag != "" {
		args = append(args, flag)
	}
	var got api.Printed
	err := d.client.do(ctx, "POST", "/v1/console", api.Ask{Args: append(args, "--", text)}, &got)
	return got, err
}

// serve answers an entry, and keeps what later ones stand on.
func (d *distant) serve(ctx context.Context, p *prompt, text string) error {
	name, argument, _ := strings.Cut(text, " ")
	argument = strings.TrimSpace(argument)
	switch name {
	case ":help", ":quit":
		return p.command(ctx, text)
	case ":export":
		if argument != "" {
			return d.export(ctx, p, text, argument)
		}
	}
	got, err := d.ask(ctx, "", text)
	if err != nil {
		return err
	}
	io.WriteString(p.out, got.Out)
	io.WriteString(p.err, got.Err)
	if got.Status != exitFine {
		return errShown
	}
	switch {
	case name == ":as-of":
		d.asOf = argument
	case strings.HasPrefix(text, ":"):
	case isName(text):
		d.before = append(d.before, text)
	default:
		d.before = append(slices.DeleteFunc(d.before, func(earlier string) bool { return !isName(earlier) }), text)
	}
	return nil
}

// isName reports whether an entry gives a name.
func isName(entry string) bool {
	_, _, ok := letOf(entry)
	return ok
}

// export writes what the server lists to a file on this side.
func (d *distant) export(ctx context.Context, p *prompt, text, file string) error {
	got, err := d.ask(ctx, "", text)
	if err != nil {
		return err
	}
	io.WriteString(p.err, got.Err)
	if got.Status != exitFine {
		return errShown
	}
	rows := csv.NewReader(strings.NewReader(got.Out))
	rows.ReuseRecord = true
	members := -1 // the first row is the header
	for {
		if _, err := rows.Read(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("what %s lists cannot be read", d.client.base)
		}
		members++
	}
	if err := os.WriteFile(file, []byte(got.Out), 0o666); err != nil {
		return fmt.Errorf("%s cannot be written: %w", file, pathless(err))
	}
	fmt.Fprintf(p.out, "%s written to %s\n", many(members, "member"), file)
	return nil
}

// complete returns the server's candidates for the word at the end of a text, and that word; none if it does not answer.
func (d *distant) complete(text string) (candidates []string, partial string) {
	got, err := d.ask(context.Background(), "--complete", text)
	if err != nil || got.Status != exitFine {
		return nil, ""
	}
	lines := strings.Split(strings.TrimSuffix(got.Out, "\n"), "\n")
	return lines[1:], lines[0]
}
