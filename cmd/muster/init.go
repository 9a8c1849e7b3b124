package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/rules/packs"
)

func newInit(a *app) *cobra.Command {
	var list bool
	cmd := &cobra.Command{
		Use:     "init PACK [DIR]",
		Short:   "begin with starter rules: copy a pack that comes with muster",
		GroupID: groupRules,
		Long: `Copies the rules of a starter pack, with their tests and a README, into a directory: this one unless another is
named. Nothing that is there is overwritten: if a file of the pack is there already, none is copied.`,
		Example: `  muster init --list          which packs there are
  muster init shoes           into this directory
  muster init sports rules    into another one, which is made`,
		Args:        cobra.RangeArgs(0, 2),
		Annotations: onlyTableAndJSON,
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case list && len(args) > 0:
				return usageError("init", "--list goes alone")
			case list:
				return a.listPacks()
			case len(args) == 0:
				return usageError("init", "init copies one pack: %s", strings.Join(packNames(), ", "))
			}
			return a.copyPack(args[0], append(args[1:], ".")[0])
		},
	}
	cmd.Flags().BoolVar(&list, "list", false, "list the packs")
	return cmd
}

func packNames() (names []string) {
	for _, p := range packs.All() {
		names = append(names, p.Name)
	}
	return names
}

// packJSON is what there is to say of a pack.
type packJSON struct {
	Name     string `json:"name"`
	About    string `json:"about"`
	Files    int    `json:"files"`
	Tags     int    `json:"tags"`
	Segments int    `json:"segments"`
	Tests    int    `json:"tests"`
}

func (a *app) listPacks() error {
	var all []packJSON
	for _, p := range packs.All() {
		set, err := rules.LoadFS(p.Files)
		if err != nil {
			return err
		}
		line := packJSON{Name: p.Name, About: p.About, Files: len(set.Files)}
		for _, tree := range set.Trees {
			for _, d := range tree.Decls {
				switch d.(type) {
				case *dsl.Tag:
					line.Tags++
				case *dsl.Segment:
					line.Segments++
				case *dsl.Test:
					line.Tests++
				}
			}
		}
		all = append(all, line)
	}
	if a.format == formatJSON {
		return writeJSON(a.out, all)
	}
	st := a.style(a.out)
	t := table{columns: []col{{head: "pack", paint: st.bold}, {head: "tags", right: true}, {head: "segments", right: true}, {head: "tests", right: true}, {head: "for"}}}
	for _, p := range all {
		t.add(p.Name, count(p.Tags), count(p.Segments), count(p.Tests), p.About)
	}
	return t.write(a.out, "", st)
}

func (a *app) copyPack(name, dir string) error {
	pack, ok := packs.Named(name)
	if !ok {
		text := fmt.Sprintf("there is no pack %q", name)
		if near, ok := diag.Near(name, packNames()); ok {
			text += "; did you mean " + near + "?"
		}
		return errors.New(text + "; muster init --list lists them")
	}
	files, err := packFiles(pack.Files)
	if err != nil {
		return err
	}
	for _, f := range files {
		if _, err := os.Lstat(filepath.Join(dir, f.name)); err == nil {
			return fmt.Errorf("%s is there already; nothing was copied", filepath.Join(dir, f.name))
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return plainFileError(err)
	}
	var names []string
	for _, f := range files {
		if err := writeNew(filepath.Join(dir, f.name), f.text); err != nil {
			return plainFileError(err)
		}
		names = append(names, f.name)
	}
	if a.format == formatJSON {
		return writeJSON(a.out, map[string]any{"pack": name, "directory": dir, "files": names})
	}
	fmt.Fprintf(a.out, "%s of %s in %s; README.md explains them\n", many(len(names), "file"), name, dir)
	where := ""
	if dir != "." {
		where = " " + dir
	}
	_, err = fmt.Fprintf(a.out, "next: %s check%s, %s test%s\n", a.name, where, a.name, where)
	return err
}

type packFile struct {
	name string
	text []byte
}

// packFiles reads the files of a pack, in the order of names.
func packFiles(pack fs.FS) (out []packFile, err error) {
	entries, err := fs.ReadDir(pack, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		text, err := fs.ReadFile(pack, e.Name())
		if err != nil {
			return nil, err
		}
		out = append(out, packFile{e.Name(), text})
	}
	return out, nil
}

// writeNew writes a file that is not there yet.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// plainFileError words an error of the file system for people.
func plainFileError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", path.Path, path.Err)
	}
	return err
}
