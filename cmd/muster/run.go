package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"
)

// Exit statuses of the program.
const (
	exitFine     = 0
	exitFindings = 1 // rules with errors, a failed test, a file that is not formatted, nothing wrong with the call
	exitFailure  = 2 // a call or an input that cannot be served
)

// world is what a run sees of the outside.
type world struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
	now      func() time.Time
	// name is how the program was called, for commands that it suggests.
	name string
}

// Run runs the command line args (without the program's name) and returns the exit status.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return run(args, world{in: stdin, out: stdout, err: stderr, env: os.Getenv, now: time.Now, name: calledAs(os.Args[0])})
}

// calledAs is what to type to run this program again.
func calledAs(program string) string {
	if strings.Contains(filepath.ToSlash(program), "/go-build") {
		return "go run ./cmd/muster"
	}
	return "muster"
}

func run(args []string, w world) (status int) {
	defer func() {
		if fault := recover(); fault != nil {
			fmt.Fprintf(w.err, "muster: internal fault: %v\nThis is a fault of muster and not of yours; please report it with what you did.\n", fault)
			if w.env("MUSTER_DEBUG") != "" {
				w.err.Write(debug.Stack())
			}
			status = exitFailure
		}
	}()
	ctx, stop := interruptible(context.Background())
	defer stop()
	return (&app{world: w}).run(ctx, args)
}

// run runs a command line and says what went wrong.
func (a *app) run(ctx context.Context, args []string) (status int) {
	root := newRoot(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.Is(err, errShown):
		return exitFailure
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(a.err, "muster: interrupted")
		return exitFailure
	default:
		fmt.Fprintf(a.err, "muster: %s\n", err)
		return exitFailure
	}
}

// errFindings ends a command that worked and has found faults, which it has shown.
var errFindings = errors.New("findings")

// errShown ends a command that failed and has said why.
var errShown = errors.New("failed")

// usageError is a call that does not fit the command.
func usageError(command, format string, args ...any) error {
	return fmt.Errorf(format+"; see muster %s --help", append(args, command)...)
}
