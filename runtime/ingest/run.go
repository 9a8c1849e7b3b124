package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/ingest/csv"
	"github.com/muster-engine/muster/runtime/ingest/textenc"
	"github.com/muster-engine/muster/storage"
)

// Options say what to import, and how.
type Options struct {
	Store   *storage.Store
	Program *ir.Program
	Source  *ir.Source
	Files   []string  // "-" is Stdin
	Stdin   io.Reader // may be nil

	Format    string // csv or ndjson; "" is by name and content
	Delimiter rune   // of CSV; 0 finds out which of , ; tab | it is
	Encoding  string // utf-8 or gb18030; "" finds out

	Rejects    string // path of the rejects file; "" is STORE.SOURCE.rejects.csv beside the store
	MaxRejects int64  // more rejected rows than this and nothing is imported; below 0 there is no limit
	Again      bool   // take files that were taken before

	Now      func() int64        // the clock, in microseconds since 1970; nil is the system's
	Env      func(string) string // environment variables; nil has none
	Progress func(Progress)      // told now and then, from the calling goroutine; may be nil
	Bulk     storage.BulkOptions // of the store's bulk import
	Parallel int                 // goroutines that map rows; 0 is one a processor

	// Join makes members one that rows show to be. Without it such rows are rejected.
	Join *Join
}

// Join is how members become one after the rest of an import is in the store. What Entry makes of the merges is left in
// the journal in the same step, so that whoever opens the store next does it if Fold, which does, does not come to its end.
type Join struct {
	Entry func(clock int64, merges []Merged) ([]byte, error)
	Fold  func(ctx context.Context) error
}

// Merged is a member that is part of another.
type Merged struct{ Absorbed, Survivor uint32 }

// Progress tells how far an import is.
type Progress struct {
	File        string // as given
	Index       int    // of the file among Options.Files
	Bytes, Size int64  // read of the file as stored, and its size; -1 if unknown
	Rows        int64  // applied, of all files
	// Committing is set once all files are read and the store is being written; Bytes and Size then count that work.
	Committing bool
}

// Result is what an import did. After an error it is what had been counted; nothing of it was imported.
type Result struct {
	Read, Accepted, Duplicate, Rejected, NewMembers int64
	// Merged is how many members became part of others, Conflicts how many rows have ids of members that cannot.
	Merged, Conflicts int64

	Reasons     []Reason // why rows were rejected, the most frequent first
	RejectsFile string   // "" if no row was rejected
	Files       []FileResult
	Skipped     []SkippedFile
}

// FileResult counts one file. Duplicates are known only for all files together: Accepted has them in.
type FileResult struct {
	Name                     string // as given
	Read, Accepted, Rejected int64
	Ignored                  []string // columns of a CSV file that the source does not map
}

// SkippedFile is a file with a content that was taken before.
type SkippedFile struct {
	Name   string
	Before storage.Import
}

// ErrAlreadyTaken says that the content of every file had been imported before.
var ErrAlreadyTaken = errors.New("already imported")

// Run imports files. Either all of what it accepts is in the store when it returns without an error, or nothing is.
func Run(ctx context.Context, opt Options) (Result, error) {
	r, err := newRun(opt)
	if err != nil {
		return Result{}, err
	}
	r.taken = opt.Store.Imports()
	if err := r.chooseFiles(ctx); err != nil {
		return r.result, err
	}
	for {
		if len(r.files) == 0 && len(r.result.Skipped) > 0 {
			return r.result, r.alreadyTaken()
		}
		err := r.attempt(ctx)
		// A content that is known only once it was read to the end: do without that file.
		var taken *takenError
		if !errors.As(err, &taken) {
			return r.result, err
		}
		r.skip(taken.file, taken.before)
		if slices.ContainsFunc(r.files, readsOnce) {
			return r.result, fmt.Errorf("%s was already imported on %s: leave it out, for the rest cannot be read a second time", displayName(taken.file), r.day(taken.before.When))
		}
	}
}

// importRun is one call of Run.
type importRun struct {
	opt     Options
	plan    *plan
	now     int64
	taken   []storage.Import // all that the store has, then what this import has taken
	files   []string         // still to be taken
	rejects string
	result  Result
}

func newRun(opt Options) (*importRun, error) {
	r := &importRun{opt: opt, rejects: opt.Rejects}
	var err error
	if r.opt.Encoding, err = textenc.Parse(opt.Encoding); err != nil {
		return nil, err
	}
	if r.plan, err = newPlan(opt.Program, opt.Source, opt.Env); err != nil {
		return nil, err
	}
	if opt.Now == nil {
		opt.Now = func() int64 { return time.Now().UnixMicro() }
	}
	r.now = opt.Now()
	if r.opt.Parallel == 0 {
		r.opt.Parallel = parallelism()
	}
	if r.rejects == "" {
		store := opt.Store.Path()
		r.rejects = strings.TrimSuffix(store, filepath.Ext(store)) + "." + opt.Source.Name + ".rejects.csv"
	}
	return r, nil
}

// chooseFiles opens every file once: all must be there and have the columns that are read, before a row of any is. Files
// that were taken before are skipped.
func (r *importRun) chooseFiles(ctx context.Context) error {
	for _, name := range r.opt.Files {
		if name == "-" && slices.Contains(r.files, name) {
			return errors.New("standard input is given twice")
		}
		if readsOnce(name) {
			r.files = append(r.files, name)
			continue
		}
		before, err := r.inspect(ctx, name)
		if err != nil {
			return err
		}
		if before != nil {
			r.result.Skipped = append(r.result.Skipped, SkippedFile{name, *before})
			continue
		}
		r.files = append(r.files, name)
	}
	return nil
}

// readsOnce reports whether a file is gone once it has been read: standard input or a pipe.
func readsOnce(name string) bool {
	if name == "-" {
		return true
	}
	info, err := os.Stat(name)
	return err == nil && info.Mode()&(os.ModeNamedPipe|os.ModeCharDevice) != 0
}

// inspect checks the beginning of a file, and returns the record of the same content if there is one.
func (r *importRun) inspect(ctx context.Context, name string) (*storage.Import, error) {
	in, err := openInput(name, nil, r.opt.Encoding)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if _, err := r.plan.newLayout(in, &r.opt); err != nil || r.opt.Again {
		return nil, err
	}
	buf := make([]byte, headSize)
	for in.content.size < headSize {
		if _, err := in.content.Read(buf); err == io.EOF {
			break
		} else if err != nil {
			return nil, in.readError(err)
		}
	}
	if !slices.ContainsFunc(r.taken, func(i storage.Import) bool {
		return i.Source == r.opt.Source.Name && strings.HasPrefix(i.Hash, in.content.headPrefix())
	}) {
		return nil, nil
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := in.content.Read(buf); err == io.EOF {
			return r.takenBefore(in), nil
		} else if err != nil {
			return nil, in.readError(err)
		}
	}
}

// takenBefore returns the record of the content that in has been read of.
func (r *importRun) takenBefore(in *input) *storage.Import {
	for i, t := range r.taken {
		if t.Source == r.opt.Source.Name && t.Size == in.content.size && t.Hash == in.content.fingerprint() {
			return &r.taken[i]
		}
	}
	return nil
}

// takenError says that a file, read to its end, turned out to have been taken before.
type takenError struct {
	file   string
	before storage.Import
}

func (e *takenError) Error() string { return e.file + " was already imported" }

func (r *importRun) skip(name string, before storage.Import) {
	r.result.Skipped = append(r.result.Skipped, SkippedFile{name, before})
	i := slices.Index(r.files, name)
	r.files = slices.Delete(slices.Clone(r.files), i, i+1)
}

func (r *importRun) alreadyTaken() error {
	s := r.result.Skipped[0]
	text := fmt.Sprintf("%s was already imported on %s", displayName(s.Name), r.day(s.Before.When))
	if n := len(r.result.Skipped); n > 1 {
		text = fmt.Sprintf("all %d files were already imported", n)
	}
	return fmt.Errorf("%s: %w", text, wrapped{ErrAlreadyTaken, "nothing is taken twice unless it is asked for"})
}

// wrapped is an error with another text.
type wrapped struct {
	error
	text string
}

func (w wrapped) Error() string { return w.text }
func (w wrapped) Unwrap() error { return w.error }

// day shows a local date.
func (r *importRun) day(t int64) string {
	return time.UnixMicro(t).In(r.opt.Program.Zone.Location()).Format("2006-01-02")
}

// attempt imports r.files in one bulk import.
func (r *importRun) attempt(ctx context.Context) (err error) {
	r.result, r.taken = Result{Skipped: r.result.Skipped}, r.opt.Store.Imports()
	bulk, err := r.opt.Store.BeginBulk(r.opt.Bulk)
	if err != nil {
		return err
	}
	defer bulk.Abort()
	rejects := &rejects{path: r.rejects}
	defer func() {
		if e := rejects.close(); err == nil {
			err = e
		}
		r.result.Rejected, r.result.Reasons, r.result.RejectsFile = rejects.count, rejects.sorted(), rejects.written()
		var limit *TooManyRejectsError
		if errors.As(err, &limit) {
			limit.File = rejects.path
		}
	}()
	a, err := newApplier(r.plan, bulk, rejects, r.opt.MaxRejects, r.now)
	if err != nil {
		return err
	}
	a.joins = r.opt.Join != nil
	for i, name := range r.files {
		if err := r.takeFile(ctx, a, i, name); err != nil {
			return err
		}
	}
	if a.table != nil {
		if err := bulk.ReplaceTable(a.table.table(), r.plan.tableSchema); err != nil {
			return err
		}
	}
	if err := rejects.close(); err != nil {
		return err
	}
	if len(a.merges) > 0 {
		record, err := r.opt.Join.Entry(r.now, a.merges)
		if err != nil {
			return err
		}
		bulk.Journal(record)
	}
	done, err := bulk.Commit(ctx, func(done, total int64) {
		r.progress(Progress{Index: len(r.opt.Files), Bytes: done, Size: total, Rows: r.result.Read, Committing: true})
	})
	if err != nil {
		return err
	}
	r.result.NewMembers, r.result.Merged, r.result.Conflicts = int64(done.Members), int64(len(a.merges)), a.conflicts
	if len(a.merges) > 0 {
		if err := r.opt.Join.Fold(ctx); err != nil {
			return fmt.Errorf("what was imported is in the store, and members are to be made one that turned out to be: open it again: %w", err)
		}
	}
	if r.plan.event != nil {
		events := done.Events[r.plan.event.Name]
		r.result.Accepted, r.result.Duplicate = events.Accepted, events.Duplicates
	}
	return nil
}

func (r *importRun) progress(p Progress) {
	if r.opt.Progress != nil {
		r.opt.Progress(p)
	}
}

// takeFile stages the rows of one file.
func (r *importRun) takeFile(ctx context.Context, a *applier, index int, name string) error {
	in, err := openInput(name, r.opt.Stdin, r.opt.Encoding)
	if err != nil {
		return err
	}
	layout, err := r.plan.newLayout(in, &r.opt)
	if err != nil {
		in.Close()
		return err
	}
	a.counts, a.line = FileResult{Name: name, Ignored: layout.ignored}, 0
	before := r.result.Read
	p := &pipeline{in: in, layout: layout, chunk: csv.MaxRecord}
	for range r.opt.Parallel {
		p.mappers = append(p.mappers, newBatchMapper(r.plan, layout, a.encoder()))
	}
	p.apply = func(b *batch) error {
		err := a.apply(b)
		r.result.Read = before + a.counts.Read
		r.progress(Progress{File: name, Index: index, Bytes: in.raw.n.Load(), Size: in.size, Rows: r.result.Read})
		return err
	}
	err = p.run(ctx)
	r.result.Files = append(r.result.Files, a.counts)
	r.result.Accepted += a.counts.Accepted
	if err != nil {
		return err
	}
	return r.record(a, in)
}

// record notes a file as taken, or finds that it was. One of which no row was accepted, as when it was read in a wrong way,
// was not taken.
func (r *importRun) record(a *applier, in *input) error {
	if !r.opt.Again {
		if before := r.takenBefore(in); before != nil {
			return &takenError{in.name, *before}
		}
	}
	if a.counts.Accepted == 0 {
		return nil
	}
	i := storage.Import{
		Name: in.name, Source: r.opt.Source.Name, Size: in.content.size, Hash: in.content.fingerprint(), When: r.now,
		Read: a.counts.Read, Accepted: a.counts.Accepted, Rejected: a.counts.Rejected,
	}
	if r.plan.event != nil {
		i.Event = r.plan.event.Name
	}
	r.taken = append(r.taken, i)
	a.bulk.RecordImport(i)
	return nil
}
