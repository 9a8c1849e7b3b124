package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/muster-engine/muster/rules"
)

// rulesAt reads the rules of a path as they were in a revision of the git repository that holds it.
func rulesAt(ctx context.Context, name, rev string) ([]rules.Source, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, pathless(err)
	}
	g := &gitTree{ctx: ctx, dir: name, rev: rev}
	if !info.IsDir() {
		g.dir = filepath.Dir(name)
	}
	if err := g.open(); err != nil {
		return nil, err
	}
	defer g.close()
	if !info.IsDir() {
		return g.only(filepath.Base(name))
	}
	return g.all()
}

// gitTree is the files of one directory in one revision.
type gitTree struct {
	ctx     context.Context
	dir     string
	rev     string
	commit  string
	prefix  string
	entries map[string]gitEntry // by path below dir

	stop  func()
	ask   io.WriteCloser
	reply *bufio.Reader
}

type gitEntry struct{ mode, object string }

const gitLink = "120000"

// open finds the revision, lists the directory and starts a reader of its files.
func (g *gitTree) open() error {
	if strings.HasPrefix(g.rev, "-") {
		return errors.New("there is no such file or directory, and no revision begins with -")
	}
	prefix, err := g.run("rev-parse", "--show-prefix")
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("there is no such file or directory, and no git to ask for a revision")
	case err != nil:
		return fmt.Errorf("there is no such file or directory, and %s is in no git repository (%w)", g.dir, err)
	}
	g.prefix = strings.TrimSuffix(prefix, "\n")
	commit, err := g.run("rev-parse", "--verify", "--quiet", g.rev+"^{commit}")
	if err != nil {
		return fmt.Errorf("there is no such file or directory, and no such revision in the git repository of %s; "+
			"a shallow clone may have to fetch it first", g.dir)
	}
	g.commit = strings.TrimSpace(commit)
	list, err := g.run("ls-tree", "-r", "-z", "--full-tree", g.commit+":"+g.prefix)
	if err != nil {
		return fmt.Errorf("the revision has no directory %s", strings.TrimSuffix(g.prefix, "/"))
	}
	g.entries = map[string]gitEntry{}
	for line := range strings.SplitSeq(list, "\x00") {
		// MODE TYPE OBJECT<tab>PATH
		about, file, ok := strings.Cut(line, "\t")
		if fields := strings.Fields(about); ok && len(fields) == 3 && fields[1] == "blob" {
			g.entries[file] = gitEntry{fields[0], fields[2]}
		}
	}
	return g.start()
}

// run runs a git command in the directory and returns what it prints; the error is what git says.
func (g *gitTree) run(args ...string) (string, error) {
	var out, said bytes.Buffer
	cmd := exec.CommandContext(g.ctx, "git", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = g.dir, &out, &said
	err := cmd.Run()
	if text := strings.TrimSpace(said.String()); err != nil && text != "" {
		first, _, _ := strings.Cut(text, "\n")
		return "", errors.New(strings.TrimPrefix(first, "fatal: "))
	}
	return out.String(), err
}

func (g *gitTree) start() error {
	cmd := exec.CommandContext(g.ctx, "git", "cat-file", "--batch")
	cmd.Dir = g.dir
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	g.ask, g.reply = in, bufio.NewReader(out)
	g.stop = func() {
		in.Close()
		_, _ = io.Copy(io.Discard, g.reply)
		_ = cmd.Wait()
	}
	return nil
}

func (g *gitTree) close() { g.stop() }

// blob reads one object.
func (g *gitTree) blob(object string) (string, error) {
	if _, err := fmt.Fprintln(g.ask, object); err != nil {
		return "", err
	}
	head, err := g.reply.ReadString('\n')
	if err != nil {
		return "", err
	}
	var size int64
	if _, err := fmt.Sscanf(head, object+" blob %d", &size); err != nil {
		return "", fmt.Errorf("git cannot read %s", strings.TrimSpace(head))
	}
	if size > rules.MaxBytes {
		return "", fmt.Errorf("a rule set may have at most %d MB of text", rules.MaxBytes>>20)
	}
	text := make([]byte, size+1) // a line end follows
	if _, err := io.ReadFull(g.reply, text); err != nil {
		return "", err
	}
	return string(text[:size]), nil
}

// text reads a file, through links within the directory.
func (g *gitTree) text(name string) (string, error) {
	at := name
	for range 16 {
		e, ok := g.entries[at]
		if !ok {
			return "", fmt.Errorf("%s is a link to what the directory does not hold in that revision", name)
		}
		text, err := g.blob(e.object)
		if err != nil || e.mode != gitLink {
			return text, err
		}
		at = path.Join(path.Dir(at), text)
	}
	return "", fmt.Errorf("%s is a link that leads in a circle", name)
}

func (g *gitTree) source(name string) (rules.Source, error) {
	text, err := g.text(name)
	return rules.Source{Name: g.rev + ":" + g.prefix + name, Text: text}, err
}

func (g *gitTree) only(name string) ([]rules.Source, error) {
	if _, ok := g.entries[name]; !ok {
		return nil, fmt.Errorf("the revision has no file %s%s", g.prefix, name)
	}
	src, err := g.source(name)
	return []rules.Source{src}, err
}

// all are the files that [rules.Read] would take of the directory.
func (g *gitTree) all() (out []rules.Source, err error) {
	for name := range g.entries {
		if path.Ext(name) != rules.Ext || strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
			continue
		}
		src, err := g.source(name)
		if err != nil {
			return nil, err
		}
		out = append(out, src)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the revision has no %s files in %s", rules.Ext, orHere(g.prefix))
	}
	return out, nil
}

func orHere(prefix string) string {
	if prefix == "" {
		return "the repository"
	}
	return strings.TrimSuffix(prefix, "/")
}
