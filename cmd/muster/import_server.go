package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/muster-engine/muster/runtime/ingest"
)

// The most of one batch: well within a server's limits, and little to send again.
const (
	batchRows  = 5_000
	batchBytes = 4 << 20
	rowBytes   = 1 << 20 // what a server takes of a line
)

// shipPatience is for how long a server that is busy or away is tried again.
const shipPatience = 2 * time.Minute

// shipment is an import that goes to a server. A batch has a key that follows from all that was sent of its file up to its
// end, so that the same file sent again is the same batches.
type shipment struct {
	*app
	client *client
	source string
	path   string
	salt   string // for files that are to count again
	ctx    context.Context

	file  string
	chain [sha256.Size]byte
	rows  []ingest.ObjectRow // of the batch in hand, without objects; those with a reason are not sent
	lines []int              // of body: which of rows each is
	body  bytes.Buffer

	rejectsPath string
	rejectsFile *os.File
	rejects     *csv.Writer
	shown       shipped
}

// shipped is what became of it.
type shipped struct {
	Source    string `json:"source"`
	Read      int64  `json:"read"`
	Accepted  int64  `json:"accepted"`
	Duplicate int64  `json:"duplicate"`
	Rejected  int64  `json:"rejected"`
	Merged    int64  `json:"merged,omitempty"`
	Conflicts int64  `json:"conflicts,omitempty"`
	// Before are the rows, of all these, that an earlier call had sent.
	Before      int64       `json:"before,omitempty"`
	RejectsFile string      `json:"rejects_file,omitempty"`
	TookMS      json.Number `json:"took_ms"`
}

// sourceAnswer is a source as a server describes it.
type sourceAnswer struct {
	Name, Gives string
	Columns     []string
}

// importOverServer is import into a server's store.
func (a *app) importOverServer(ctx context.Context, server string, files []string, o importOptions, delimiter rune) error {
	switch {
	case a.storePath != "" || a.rulesPath != "":
		return usageError("import", "a server has its own store and rules: --server goes without --store and --rules")
	case o.maxRejects >= 0:
		return usageError("import", "--max-rejects goes without --server: a batch that a server has taken stays")
	}
	c, err := a.client(server)
	if err != nil {
		return err
	}
	source, err := a.sourceAt(ctx, c, o.source)
	if err != nil {
		return err
	}
	s := &shipment{
		app: a, client: c, source: source.Name, path: "/v1/" + source.Gives + "?source=" + url.QueryEscape(source.Name),
		ctx: ctx, rejectsPath: o.rejects, shown: shipped{Source: source.Name},
	}
	if s.rejectsPath == "" {
		s.rejectsPath = "muster." + source.Name + ".rejects.csv"
	}
	if o.again {
		s.salt = rand.Text()
	}
	began, bar := a.now(), a.newProgress()
	opt := ingest.Options{Stdin: a.in, Format: o.as, Delimiter: delimiter, Encoding: o.encoding, Progress: bar.show}
	for _, file := range files {
		if err = s.send(file, source.Columns, opt); err != nil {
			break
		}
	}
	bar.done()
	if e := s.closeRejects(); err == nil {
		err = e
	}
	if err != nil {
		if s.shown.Read > 0 && s.salt == "" {
			fmt.Fprintf(a.err, "%s of %s sent; the same command goes on from there\n", many(s.shown.Read, "row"), source.Name)
		}
		if errors.Is(err, context.Canceled) {
			return errors.New("interrupted")
		}
		return err
	}
	s.shown.TookMS = milliseconds(a.now().Sub(began))
	return s.show(a.now().Sub(began))
}

// sourceAt finds the source to import with among those of a server.
func (a *app) sourceAt(ctx context.Context, c *client, name string) (found sourceAnswer, err error) {
	var known struct{ Sources []sourceAnswer }
	if err := c.do(ctx, "GET", "/v1/sources", nil, &known); err != nil {
		return found, err
	}
	var names []string
	for _, src := range known.Sources {
		names = append(names, src.Name)
		if src.Name == name || name == "" && len(known.Sources) == 1 {
			found = src
		}
	}
	switch {
	case len(names) == 0:
		return found, errors.New("the server's rules declare no source, so nothing says what the columns of a file are")
	case found.Name == "" && name != "":
		return found, unknownName("source", name, names)
	case found.Name == "":
		return found, fmt.Errorf("say with --source which of the sources the files are of: %s", orList(names))
	case found.Gives == "tables":
		return found, fmt.Errorf("source %s gives the rows of a table, which replace what is there; end the server for that import", found.Name)
	}
	return found, nil
}

// send sends a file.
func (s *shipment) send(file string, columns []string, opt ingest.Options) error {
	s.file, s.chain = file, sha256.Sum256([]byte(s.source+"\x00"+s.salt))
	err := ingest.EachObject(s.ctx, file, s.source, columns, opt, func(row ingest.ObjectRow) error {
		if row.Reason == "" && len(row.Object) > rowBytes {
			row.Reason = "the row is longer than a server takes"
		}
		if len(s.rows) == batchRows || s.body.Len()+len(row.Object) > batchBytes {
			if err := s.ship(); err != nil {
				return err
			}
		}
		if row.Reason == "" {
			s.lines = append(s.lines, len(s.rows))
			s.body.Write(row.Object)
			s.body.WriteByte('\n')
		}
		s.rows = append(s.rows, ingest.ObjectRow{Line: row.Line, Raw: bytes.Clone(row.Raw), Reason: row.Reason})
		return nil
	})
	if err != nil {
		return err
	}
	return s.ship()
}

// ship sends the batch in hand, and again while the server is busy or away.
func (s *shipment) ship() error {
	if len(s.lines) == 0 {
		return s.answered(batchAnswer{}, false)
	}
	s.chain = sha256.Sum256(append(s.chain[:], s.body.Bytes()...))
	for began, first := time.Now(), true; ; first = false {
		err := s.try(first)
		if away := new(unreachable); err == nil || !errors.Is(err, errBusy) && !errors.As(err, &away) || time.Since(began) > shipPatience {
			return err
		}
		select {
		case <-s.ctx.Done():
			return s.ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// try sends the batch in hand once. One that was sent before is none of an earlier call's if this is not the first try.
func (s *shipment) try(first bool) error {
	header := http.Header{"Idempotency-Key": {"import-" + hex.EncodeToString(s.chain[:])}}
	res, err := s.client.sendWith(s.ctx, "POST", s.path, "application/x-ndjson", bytes.NewReader(s.body.Bytes()), header)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return &unreachable{s.client.base, err}
	}
	var got batchAnswer
	if err := json.Unmarshal(text, &got); err != nil {
		return fmt.Errorf("what %s answers is not what a muster server does", s.client.base)
	}
	return s.answered(got, first && res.Header.Get("Idempotency-Replayed") != "")
}

// batchAnswer is what a server says of a batch.
type batchAnswer struct {
	Accepted, Duplicate, Merged, Conflicts int64
	Rejected                               []struct {
		Line          int
		Field, Reason string
	}
}

// answered notes what became of the batch in hand, and begins the next.
func (s *shipment) answered(got batchAnswer, before bool) error {
	fields := make(map[int]string)
	for _, r := range got.Rejected {
		if r.Line < 1 || r.Line > len(s.lines) {
			return fmt.Errorf("what %s answers is not what a muster server does", s.client.base)
		}
		row := s.lines[r.Line-1]
		s.rows[row].Reason, fields[row] = r.Reason, r.Field
	}
	for i, row := range s.rows {
		if row.Reason == "" {
			continue
		}
		if err := s.reject(row, fields[i]); err != nil {
			return err
		}
	}
	s.shown.Read += int64(len(s.rows))
	s.shown.Accepted += got.Accepted
	s.shown.Duplicate += got.Duplicate
	s.shown.Merged += got.Merged
	s.shown.Conflicts += got.Conflicts
	if before {
		s.shown.Before += int64(len(s.lines))
	}
	s.rows, s.lines = s.rows[:0], s.lines[:0]
	s.body.Reset()
	return nil
}

// reject writes down a row that is not taken.
func (s *shipment) reject(row ingest.ObjectRow, column string) error {
	s.shown.Rejected++
	if s.rejects == nil {
		f, err := os.Create(s.rejectsPath)
		if err != nil {
			return fmt.Errorf("the rejected rows cannot be written: %w", pathless(err))
		}
		s.rejectsFile, s.rejects, s.shown.RejectsFile = f, csv.NewWriter(f), s.rejectsPath
		if err := s.rejects.Write([]string{"file", "line", "column", "reason", "row"}); err != nil {
			return err
		}
	}
	return s.rejects.Write([]string{s.file, fmt.Sprint(row.Line), column, row.Reason, strings.ToValidUTF8(string(row.Raw), "\ufffd")})
}

func (s *shipment) closeRejects() error {
	if s.rejects == nil {
		return nil
	}
	s.rejects.Flush()
	err := s.rejects.Error()
	if e := s.rejectsFile.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("the rejected rows cannot be written: %w", pathless(err))
	}
	return nil
}

func (s *shipment) show(elapsed time.Duration) error {
	r := s.shown
	switch s.format {
	case formatJSON:
		return writeJSON(s.out, r)
	case formatCSV:
		t := table{columns: []col{{head: "source"}, {head: "read"}, {head: "accepted"}, {head: "duplicate"}, {head: "rejected"}, {head: "before"}}}
		t.add(r.Source, fmt.Sprint(r.Read), fmt.Sprint(r.Accepted), fmt.Sprint(r.Duplicate), fmt.Sprint(r.Rejected), fmt.Sprint(r.Before))
		return t.writeCSV(s.out)
	}
	st := s.style(s.out)
	fmt.Fprintf(s.out, "%s: %s read, %s accepted, %s duplicate, %s rejected%s\n", r.Source, many(r.Read, "row"),
		st.bold(count(r.Accepted)), count(r.Duplicate), count(r.Rejected), st.faint(", "+took(elapsed)))
	if r.Before > 0 {
		fmt.Fprintf(s.out, "%s of them had been sent before, and did not count again\n", count(r.Before))
	}
	if r.Merged > 0 {
		fmt.Fprintf(s.out, "%s became part of others, for their ids came in one row\n", many(r.Merged, "member"))
	}
	if r.Conflicts > 0 {
		fmt.Fprintf(s.out, "%s contradict each other in their ids; muster identity conflicts lists them\n", many(r.Conflicts, "row"))
	}
	if r.Rejected > 0 {
		fmt.Fprintf(s.out, "rejected rows are in %s\n", r.RejectsFile)
	}
	return nil
}
