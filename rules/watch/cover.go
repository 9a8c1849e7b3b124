package watch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-engine/muster/rules"
)

// cover is the set of directories that are watched: all of the tree, and those in which what leads there may be
// replaced.
type cover struct {
	notifier *notifier // nil if nothing can be watched
	notices  *notices
	watched  map[string]os.FileInfo
}

func newCover(n *notices) *cover { return &cover{notices: n, watched: map[string]os.FileInfo{}} }

func (c *cover) close() {
	if c.notifier != nil {
		_ = c.notifier.close()
	}
}

// renew watches the places of a rule set as they are now, and no others. It reports whether one of them is new; the
// error is of the first that cannot be watched.
func (c *cover) renew(root string) (added bool, err error) {
	places := placesOf(root)
	c.notices.places.Store(&places)
	if c.notifier == nil {
		return false, nil
	}
	for dir := range c.watched {
		if places[dir] == nil {
			_ = c.notifier.remove(dir) // it may be gone by itself
			delete(c.watched, dir)
		}
	}
	for dir := range places {
		info, e := os.Stat(dir)
		if e != nil {
			continue // gone meanwhile
		}
		was := c.watched[dir]
		if was != nil && !os.SameFile(was, info) { // another directory of that name
			_ = c.notifier.remove(dir)
			delete(c.watched, dir)
			was = nil
		}
		// One that is watched is added again: it may have been removed and made anew, in the same place of the disk.
		switch e := c.notifier.add(dir); {
		case e == nil:
			c.watched[dir] = info
			added = added || was == nil
		case !errors.Is(e, fs.ErrNotExist) && err == nil:
			err = e
		}
	}
	return added, err
}

// placesOf are the directories to watch for a rule set at an absolute path, as they are now.
func placesOf(root string) map[string]*place {
	places := map[string]*place{}
	way := func(dir, name string) {
		if p := places[dir]; p == nil {
			places[dir] = &place{names: map[string]bool{name: true}}
		} else if p.names != nil {
			p.names[name] = true
		}
	}
	real, ok := trace(root, way)
	if !ok {
		return places
	}
	_ = filepath.WalkDir(real, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // what can be read of it is watched
		case name != real && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case entry.IsDir():
			places[name] = &place{}
		case entry.Type()&fs.ModeSymlink != 0 && filepath.Ext(name) == rules.Ext:
			trace(name, way)
		}
		return nil
	})
	return places
}

// trace follows a path through all its links and calls way with every directory, and the name in it, whose replacing
// would lead elsewhere: those of links and that of the end. ok is false if it leads nowhere; then the last call is the
// name that is missing.
func trace(name string, way func(dir, name string)) (end string, ok bool) {
	at, rest := begin(name)
	for hops := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		if part == "" || part == "." {
			continue
		}
		if part == ".." {
			at = filepath.Dir(at)
			continue
		}
		full := filepath.Join(at, part)
		info, err := os.Lstat(full)
		if err != nil {
			way(at, part)
			return "", false
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			if len(rest) == 0 {
				way(at, part)
			}
			at = full
			continue
		}
		way(at, part)
		target, err := os.Readlink(full)
		if hops++; err != nil || hops > 40 {
			return "", false
		}
		if filepath.IsAbs(target) {
			var parts []string
			at, parts = begin(target)
			rest = append(parts, rest...)
			continue
		}
		rest = append(strings.Split(filepath.ToSlash(target), "/"), rest...)
	}
	return at, true
}

// begin cuts an absolute path into its root and the names behind it.
func begin(name string) (root string, parts []string) {
	root = filepath.VolumeName(name) + string(filepath.Separator)
	return root, strings.Split(filepath.ToSlash(strings.TrimPrefix(name, root)), "/")
}
