package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/runtime/live"
)

type importOptions struct {
	source     string
	as         string
	delimiter  string
	encoding   string
	rejects    string
	maxRejects int64
	again      bool
}

func newImport(a *app) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:     "import --source NAME FILE...",
		Short:   "take in files of events, members or a table",
		GroupID: groupStore,
		Long: `Reads CSV (of any delimiter) and NDJSON, plain or compressed with gzip or Zstandard, in UTF-8 or
GB18030, and maps its columns as the source in the rules says. - is standard input.

Rows that cannot be taken go to a file of rejects with their line, column and reason. All files take effect together
or, if the import is broken off, not at all. A file whose content was taken before is refused unless --again says so.
The store is made if there is none, and remembers the rules.

A server (--server) is sent the rows in batches, each of which counts once: broken off, the same command goes on where it
was, and what was sent stays. Within 30 days the same file is not taken again unless --again says so.`,
		Example: `  muster import --source pos sales-2026-*.csv.gz
  muster import --source stores stores.csv            a table: replaces its rows
  zcat old.ndjson.gz | muster import --source pos --as ndjson -
  muster import --source pos --max-rejects 0 sales.csv
  muster import --source pos --server http://127.0.0.1:7077 today.csv`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.importFiles(cmd.Context(), args, o) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.source, "source", "", "the `name` of a source in the rules; may be left out if there is only one")
	flags.StringVar(&o.as, "as", "", "read the files as `csv or ndjson`; otherwise by name and content")
	flags.StringVar(&o.delimiter, "delimiter", "", "the `character` between the cells of CSV; otherwise found out")
	flags.StringVar(&o.encoding, "encoding", "", "`utf-8 or gb18030`; otherwise found out")
	flags.StringVar(&o.rejects, "rejects", "", "the `file` for rejected rows; otherwise beside the store")
	flags.Int64Var(&o.maxRejects, "max-rejects", -1, "take nothing if more than `n` rows are rejected (-1: no limit)")
	flags.BoolVar(&o.again, "again", false, "take files that were taken before")
	return cmd
}

func (a *app) importFiles(ctx context.Context, files []string, o importOptions) (err error) {
	delimiter, err := oneRune(o.delimiter)
	if err != nil {
		return err
	}
	if server := a.serverURL(); server != "" {
		return a.importOverServer(ctx, server, files, o, delimiter)
	}
	_, absent := os.Stat(a.storeFile())
	s, err := a.open(ctx, createStore)
	if err != nil {
		a.dropEmptyStore(absent)
		return err
	}
	defer func() {
		empty := s.store.Members() == 0
		s.close()
		if err != nil && empty {
			a.dropEmptyStore(absent)
		}
	}()
	source, err := s.source(o.source)
	if err != nil {
		return err
	}
	began := a.now()
	result, err := s.importInto(ctx, ingest.Options{
		Source: source, Files: files, Stdin: a.in,
		Format: o.as, Delimiter: delimiter, Encoding: o.encoding,
		Rejects: o.rejects, MaxRejects: o.maxRejects, Again: o.again,
	}, a.newProgress())
	if err != nil {
		s.reasons(result)
		return importError(err)
	}
	return s.showImport(source, result, a.now().Sub(began))
}

// dropEmptyStore removes the store that a failed import has just made; absent is the error of looking for it before.
func (a *app) dropEmptyStore(absent error) {
	if errors.Is(absent, os.ErrNotExist) {
		os.Remove(a.storeFile())
	}
}

// importInto runs an import into the session's store with a progress bar, and does what is due after one.
func (s *session) importInto(ctx context.Context, o ingest.Options, bar *progress) (ingest.Result, error) {
	o.Store, o.Program, o.Env = s.store, s.prog, s.env
	o.Now = func() int64 { return s.now().UnixMicro() }
	o.Progress = bar.show
	o.Join = &ingest.Join{
		Entry: func(clock int64, merges []ingest.Merged) ([]byte, error) {
			joined := make([]live.Joined, len(merges))
			for i, m := range merges {
				joined[i] = live.Joined(m)
			}
			return live.MergeEntry(clock, joined)
		},
		Fold: func(ctx context.Context) error {
			_, err := live.Amend(ctx, s.amends(), nil)
			return err
		},
	}
	result, err := ingest.Run(ctx, o)
	bar.done()
	if err != nil {
		return result, err
	}
	if err := s.remember(); err != nil {
		return result, err
	}
	return result, s.settle(ctx)
}

func importError(err error) error {
	switch {
	case errors.Is(err, ingest.ErrAlreadyTaken):
		return fmt.Errorf("%w; --again takes it once more", err)
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted; nothing was imported")
	}
	return err
}

// source finds the source to import with.
func (s *session) source(name string) (*ir.Source, error) {
	var names []string
	for _, src := range s.prog.Sources {
		if src.Name == name {
			return src, nil
		}
		names = append(names, src.Name)
	}
	switch {
	case len(names) == 0:
		return nil, errors.New("the rules declare no source, so nothing says what the columns of a file are")
	case name != "":
		return nil, unknownName("source", name, names)
	case len(names) == 1:
		return s.prog.Sources[0], nil
	}
	return nil, fmt.Errorf("say with --source which of the sources the files are of: %s", orList(names))
}

type importAnswer struct {
	Source      string         `json:"source"`
	Read        int64          `json:"read"`
	Accepted    int64          `json:"accepted"`
	Duplicate   int64          `json:"duplicate"`
	Rejected    int64          `json:"rejected"`
	NewMembers  int64          `json:"new_members"`
	Merged      int64          `json:"merged,omitempty"`
	Conflicts   int64          `json:"conflicts,omitempty"`
	Reasons     []importReason `json:"reasons"`
	RejectsFile string         `json:"rejects_file,omitempty"`
	Skipped     []string       `json:"skipped,omitempty"`
	TookMS      json.Number    `json:"took_ms"`
}

type importReason struct {
	Column  string `json:"column"`
	Reason  string `json:"reason"`
	Rows    int64  `json:"rows"`
	Example string `json:"example"`
}

func (s *session) showImport(source *ir.Source, r ingest.Result, elapsed time.Duration) error {
	switch s.format {
	case formatJSON:
		answer := importAnswer{
			Source: source.Name, Read: r.Read, Accepted: r.Accepted, Duplicate: r.Duplicate, Rejected: r.Rejected,
			NewMembers: r.NewMembers, Merged: r.Merged, Conflicts: r.Conflicts, Reasons: []importReason{}, RejectsFile: r.RejectsFile, TookMS: milliseconds(elapsed),
		}
		for _, reason := range r.Reasons {
			answer.Reasons = append(answer.Reasons, importReason{reason.Column, reason.What, reason.Count, reason.Example})
		}
		for _, skipped := range r.Skipped {
			answer.Skipped = append(answer.Skipped, skipped.Name)
		}
		return writeJSON(s.out, answer)
	case formatCSV:
		t := table{columns: []col{{head: "source"}, {head: "read"}, {head: "accepted"}, {head: "duplicate"}, {head: "rejected"}, {head: "new_members"}}}
		t.add(source.Name, fmt.Sprint(r.Read), fmt.Sprint(r.Accepted), fmt.Sprint(r.Duplicate), fmt.Sprint(r.Rejected), fmt.Sprint(r.NewMembers))
		return t.writeCSV(s.out)
	}
	st := s.style(s.out)
	fmt.Fprintf(s.out, "%s: %s read, %s accepted, %s duplicate, %s rejected; %s%s\n", source.Name, many(r.Read, "row"),
		st.bold(count(r.Accepted)), count(r.Duplicate), count(r.Rejected), many(r.NewMembers, "new member"), st.faint(", "+took(elapsed)))
	if r.Merged > 0 {
		fmt.Fprintf(s.out, "%s became part of others, for their ids came in one row\n", many(r.Merged, "member"))
	}
	if r.Conflicts > 0 {
		fmt.Fprintf(s.out, "%s contradict each other in their ids; muster identity conflicts lists them\n", many(r.Conflicts, "row"))
	}
	for _, skipped := range r.Skipped {
		fmt.Fprintf(s.out, "%s was taken before and left out\n", skipped.Name)
	}
	if r.Rejected == 0 {
		return nil
	}
	t := table{columns: []col{{right: true}, {}, {paint: st.faint}}}
	for _, reason := range r.Reasons {
		t.add(count(reason.Count), strings.TrimSpace(reason.Column+" "+reason.What), "first at "+exampleAt(reason.Example))
	}
	if err := t.write(s.out, "  ", st); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "rejected rows are in %s\n", r.RejectsFile)
	return nil
}

// exampleAt is the place, file:line, at the head of an example.
func exampleAt(example string) string {
	place, _, _ := strings.Cut(example, ": ")
	return place
}

// reasons says why rows were rejected when an import was given up.
func (s *session) reasons(r ingest.Result) {
	for _, reason := range r.Reasons {
		fmt.Fprintf(s.err, "%s rejected, such as %s\n", many(reason.Count, "row"), reason.Example)
	}
}

func oneRune(text string) (rune, error) {
	if text == "" {
		return 0, nil
	}
	if text == `\t` || text == "tab" {
		return '\t', nil
	}
	r, size := utf8.DecodeRuneInString(text)
	if size != len(text) || r == utf8.RuneError {
		return 0, usageError("import", "--delimiter takes one character, or tab")
	}
	return r, nil
}
