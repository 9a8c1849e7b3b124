package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/dsl/format"
	"github.com/muster-engine/muster/rules"
)

type fmtOptions struct {
	write, check, diff bool
}

func newFmt(a *app) *cobra.Command {
	var o fmtOptions
	cmd := &cobra.Command{
		Use:     "fmt [DIR|FILE|-]...",
		Short:   "lay out rule files the one way",
		GroupID: groupRules,
		Long: `Changes white space only: every word and every comment stays. Prints the result unless told what
else to do with it; - stands for standard input.

Exit status: 0, or 1 if --check or -d finds a file that is laid out otherwise, 2 if one cannot be read.`,
		Example: `  muster fmt -w               lay out all rule files in this directory
  muster fmt -d rules         show what would change
  muster fmt --check          for a build: name the files that would change
  muster fmt - <draft.muster  as a filter, for editors`,
		Annotations: map[string]string{"formats": formatTable},
		RunE:        func(_ *cobra.Command, args []string) error { return a.fmt(args, o) },
	}
	cmd.Flags().BoolVarP(&o.write, "write", "w", false, "rewrite the files")
	cmd.Flags().BoolVar(&o.check, "check", false, "only name the files that would change")
	cmd.Flags().BoolVarP(&o.diff, "diff", "d", false, "print the changes")
	cmd.MarkFlagsMutuallyExclusive("write", "check", "diff")
	return cmd
}

func (a *app) fmt(args []string, o fmtOptions) error {
	if len(args) == 0 {
		args = []string{a.rulesFrom(nil)}
	}
	var failed, differs bool
	for _, arg := range args {
		sources, err := a.unformatted(arg, o)
		if err != nil {
			return err
		}
		for _, src := range sources {
			changed, err := a.fmtOne(src, arg == "-", o)
			switch {
			case errors.Is(err, errShown):
				failed = true
			case err != nil:
				return err
			}
			differs = differs || changed
		}
	}
	switch {
	case failed:
		return errShown
	case differs && (o.check || o.diff):
		return errFindings
	}
	return nil
}

func (a *app) unformatted(arg string, o fmtOptions) ([]rules.Source, error) {
	if arg != "-" {
		sources, err := rules.Read(arg)
		if errors.Is(err, rules.ErrNoRules) {
			return nil, fmt.Errorf("%s: no .muster files here", arg)
		}
		return sources, err
	}
	if o.write {
		return nil, usageError("fmt", "-w cannot rewrite standard input")
	}
	text, err := io.ReadAll(io.LimitReader(a.in, rules.MaxBytes))
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return []rules.Source{{Name: "standard input", Text: string(text)}}, nil
}

// fmtOne lays out one file and reports whether that changes it.
func (a *app) fmtOne(src rules.Source, stdin bool, o fmtOptions) (changed bool, err error) {
	text, found := format.Format(diag.NewFile(src.Name, src.Text))
	if found.HasErrors() {
		a.show(found)
		return false, errShown
	}
	changed = text != src.Text
	switch {
	case o.check:
		if changed {
			fmt.Fprintln(a.out, src.Name)
		}
	case o.diff:
		if changed {
			lines := diff.Diff(src.Name, []byte(src.Text), src.Name+" (laid out)", []byte(text))
			_, body, _ := strings.Cut(string(lines), "\n")
			fmt.Fprint(a.out, body)
		}
	case o.write:
		if changed {
			if err := replaceFile(filepath.FromSlash(src.Name), text); err != nil {
				return changed, err
			}
			fmt.Fprintln(a.out, src.Name)
		}
	default:
		fmt.Fprint(a.out, text)
	}
	return changed, nil
}

// replaceFile puts a text in the place of a file in one step, with the old file's permissions; a link stays a link.
func replaceFile(name, text string) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(name), ".muster-fmt-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(text)
	if err == nil {
		err = tmp.Chmod(info.Mode().Perm())
	}
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return os.Rename(tmp.Name(), name)
}
