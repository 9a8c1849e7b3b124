package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// Ext is the ending of rule files.
const Ext = ".muster"

// MaxBytes bounds the text of a whole rule set; a larger one is not read.
const MaxBytes = 64 << 20

// ErrNoRules is returned for a directory that holds no rule file.
var ErrNoRules = errors.New("no " + Ext + " files")

// Source is the text of one rule file under the name that positions are shown with.
type Source struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Set is a rule set: what was read, what it compiles to, and what there is to say about it.
type Set struct {
	// Sources are the files as read, sorted by name.
	Sources []Source
	// Files are the same for diagnostics to point into, in the same order.
	Files []*diag.File
	// Trees are the parsed files, in the same order; never nil.
	Trees []*dsl.RuleFile
	// Program is nil if Diags has errors.
	Program *ir.Program
	// Diags are the findings of all files, sorted.
	Diags diag.List
	// Hash identifies the texts and their names: it changes with any byte of either.
	Hash string
}

// Load reads the rule set at a path: one file, whatever it is called, or all files of a directory tree whose names end
// in .muster. Names that begin with a dot are skipped. The error is about reading; faults in the rules are in Diags.
func Load(name string) (*Set, error) {
	sources, err := Read(name)
	if err != nil {
		return nil, err
	}
	return FromSources(sources), nil
}

// Read returns the texts that [Load] compiles, sorted by name.
func Read(name string) ([]Source, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, plain(name, err)
	}
	if !info.IsDir() {
		f, err := os.Open(name)
		if err != nil {
			return nil, plain(name, err)
		}
		defer f.Close()
		text, err := read(f, MaxBytes)
		if err != nil {
			return nil, plain(name, err)
		}
		return []Source{{Name: filepath.ToSlash(name), Text: text}}, nil
	}
	sources, err := readTree(os.DirFS(name))
	if err != nil {
		return nil, plain(name, err)
	}
	if prefix := filepath.ToSlash(filepath.Clean(name)); prefix != "." {
		for i := range sources {
			sources[i].Name = path.Join(prefix, sources[i].Name)
		}
	}
	return sources, nil
}

// LoadFS reads the rule files of a file system as [Load] reads a directory.
func LoadFS(fsys fs.FS) (*Set, error) {
	sources, err := readTree(fsys)
	if err != nil {
		return nil, err
	}
	return FromSources(sources), nil
}

// FromSources compiles texts. Their order does not matter.
func FromSources(sources []Source) *Set {
	s := &Set{Sources: append([]Source(nil), sources...)}
	sort.SliceStable(s.Sources, func(i, j int) bool { return s.Sources[i].Name < s.Sources[j].Name })
	for _, src := range s.Sources {
		file := diag.NewFile(src.Name, src.Text)
		tree, found := dsl.Parse(file)
		s.Files = append(s.Files, file)
		s.Trees = append(s.Trees, tree)
		s.Diags = append(s.Diags, found...)
	}
	s.Hash = HashOf(s.Sources)
	program, found := compiler.Compile(s.Trees)
	s.Diags = append(s.Diags, found...)
	s.Diags.Sort()
	if !s.Diags.HasErrors() {
		s.Program = program
	}
	return s
}

// HashOf is the [Set.Hash] of texts, which must be sorted by name.
func HashOf(sources []Source) string {
	hash := sha256.New()
	for _, src := range sources {
		fmt.Fprintf(hash, "%d %s %d\n%s", len(src.Name), src.Name, len(src.Text), src.Text)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

func readTree(fsys fs.FS) ([]Source, error) {
	var sources []Source
	left := int64(MaxBytes)
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir() || path.Ext(name) != Ext:
			return nil
		}
		// A link is followed; what it leads to must be a file.
		info, err := fs.Stat(fsys, name)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return nil
		}
		f, err := fsys.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		text, err := read(f, left)
		if err != nil {
			return &fs.PathError{Op: "read", Path: name, Err: err}
		}
		left -= int64(len(text))
		sources = append(sources, Source{Name: name, Text: text})
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(sources) == 0 {
		return nil, ErrNoRules
	}
	return sources, nil
}

func read(r io.Reader, limit int64) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return "", err
	}
	if int64(len(text)) > limit {
		return "", fmt.Errorf("a rule set may have at most %d MB of text", MaxBytes>>20)
	}
	return string(text), nil
}

// plain words a reading error as "PATH: reason", with the path once.
func plain(name string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		if pe.Path != name && pe.Path != "." {
			name = filepath.Join(name, filepath.FromSlash(pe.Path))
		}
		err = pe.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("no such file or directory")
	}
	return fmt.Errorf("%s: %w", name, err)
}
