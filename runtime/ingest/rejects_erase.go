package ingest

import (
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/identity"
	"github.com/muster-engine/muster/storage"
)

// EraseRejects takes the rows that hold one of some ids, in whatever spelling, out of the files of rejected rows that
// imports have left beside a store, and returns how many they were.
func EraseRejects(store string, prog *ir.Program, ids []storage.ID) (rows int, err error) {
	files, err := filepath.Glob(globEscape(strings.TrimSuffix(store, filepath.Ext(store))) + ".*.rejects.csv")
	if err != nil || len(files) == 0 || len(ids) == 0 {
		return 0, err
	}
	e := &rejectEraser{ids: map[storage.ID]bool{}}
	for _, id := range ids {
		e.ids[id] = true
		e.spelled = append(e.spelled, identity.Spellings(id.Text)...)
	}
	for _, a := range prog.Attributes {
		if a.ID != nil {
			e.forms = append(e.forms, newIDNormaliser(a, nil))
		}
	}
	for _, file := range files {
		n, err := e.file(file)
		if rows += n; err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

type rejectEraser struct {
	ids     map[storage.ID]bool
	spelled []string
	forms   []*idNormaliser
}

// file rewrites one file without the rows, over its old bytes as well.
func (e *rejectEraser) file(path string) (erased int, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, plainPathError(err)
	}
	defer f.Close()
	var kept strings.Builder
	in, out := csv.NewReader(f), csv.NewWriter(&kept)
	in.FieldsPerRecord = -1
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		if e.has(row) {
			erased++
			continue
		}
		if err := out.Write(row); err != nil {
			return 0, err
		}
	}
	out.Flush()
	if erased == 0 {
		return 0, nil
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	text := []byte(kept.String())
	over := append(text, make([]byte, max(0, info.Size()-int64(len(text))))...)
	if _, err := f.WriteAt(over, 0); err != nil {
		return 0, err
	}
	return erased, errors.Join(f.Sync(), f.Truncate(int64(len(text))))
}

// has reports whether a row names one of the ids.
func (e *rejectEraser) has(row []string) bool {
	all := strings.Join(row, "\n")
	for _, text := range e.spelled {
		if len(text) >= 8 && strings.Contains(all, text) {
			return true
		}
	}
	raw := row[len(row)-1]
	for _, cell := range append(strings.FieldsFunc(raw, isDivider), strings.FieldsFunc(raw, isJSONDivider)...) {
		for _, form := range e.forms {
			if id, state := form.normalise(nil, []byte(cell)); state == idUsable && e.ids[storage.ID{Attribute: form.name, Text: string(id)}] {
				return true
			}
		}
	}
	return false
}

// isDivider tells where cells end in one of the ways in which files are written.
func isDivider(r rune) bool { return strings.ContainsRune(",;\t|\"\n", r) }

func isJSONDivider(r rune) bool { return strings.ContainsRune(`,:{}[]" `, r) }
