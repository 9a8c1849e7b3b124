package ingest

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
)

// Reason is why rows were rejected.
type Reason struct {
	Column  string // as the file calls it; "" for the row as a whole
	What    string // such as "is not an amount", or the whole reason
	Count   int64
	Example string // file:line: the first such row's reason in full
}

// rejects counts rejected rows by reason, and writes them to a file that is created for the first of them.
type rejects struct {
	path    string
	file    *os.File
	buf     *bufio.Writer
	csv     *csv.Writer
	count   int64
	reasons map[[2]string]*Reason
}

// add notes a rejected row. Line counts from 1.
func (r *rejects) add(file string, line int64, f fault, raw []byte) error {
	r.count++
	key := [2]string{f.column, f.what}
	reason := r.reasons[key]
	if reason == nil {
		if r.reasons == nil {
			r.reasons = map[[2]string]*Reason{}
		}
		reason = &Reason{Column: f.column, What: f.what, Example: fmt.Sprintf("%s:%d: %s", displayName(file), line, f)}
		r.reasons[key] = reason
	}
	reason.Count++
	if r.csv == nil {
		if err := r.create(); err != nil {
			return err
		}
	}
	return r.csv.Write([]string{displayName(file), strconv.FormatInt(line, 10), f.column, f.String(), strings.ToValidUTF8(string(raw), "\ufffd")})
}

func (r *rejects) create() error {
	f, err := os.Create(r.path)
	if err != nil {
		return fmt.Errorf("the rejected rows cannot be written: %w", plainPathError(err))
	}
	r.file, r.buf = f, bufio.NewWriterSize(f, 256<<10)
	r.csv = csv.NewWriter(r.buf)
	return r.csv.Write([]string{"file", "line", "column", "reason", "row"})
}

// close writes out what is left.
func (r *rejects) close() error {
	if r.file == nil {
		return nil
	}
	r.csv.Flush()
	err := r.csv.Error()
	if e := r.buf.Flush(); err == nil {
		err = e
	}
	if e := r.file.Close(); err == nil {
		err = e
	}
	r.file = nil
	if err != nil {
		return fmt.Errorf("the rejected rows cannot be written: %w", plainPathError(err))
	}
	return nil
}

// written is the path of the file, or "" if no row was rejected.
func (r *rejects) written() string {
	if r.count == 0 {
		return ""
	}
	return r.path
}

// sorted returns the reasons, the most frequent first.
func (r *rejects) sorted() []Reason {
	var out []Reason
	for _, reason := range r.reasons {
		out = append(out, *reason)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		if a.Count != b.Count {
			return a.Count > b.Count
		}
		return a.Column+"\x00"+a.What < b.Column+"\x00"+b.What
	})
	return out
}
