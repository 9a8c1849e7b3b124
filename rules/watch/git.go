package watch

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// gitLock returns the lock file of the git index of the working tree that holds a path, if there is one, and when it was
// made: while it is there, git is changing files.
func gitLock(name string) (lock string, made time.Time) {
	at, ok := trace(name, func(string, string) {})
	if !ok {
		at = filepath.Dir(name)
	}
	for {
		git := filepath.Join(at, ".git")
		if info, err := os.Stat(git); err == nil {
			if !info.IsDir() {
				git = gitDir(git)
			}
			lock = filepath.Join(git, "index.lock")
			if info, err := os.Lstat(lock); err == nil {
				return lock, info.ModTime()
			}
			return "", made
		}
		up := filepath.Dir(at)
		if up == at {
			return "", made
		}
		at = up
	}
}

// gitDir reads the file that stands in the place of the .git of a linked working tree or a submodule.
func gitDir(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return file
	}
	dir := strings.TrimSpace(strings.TrimPrefix(string(text), "gitdir:"))
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(file), dir)
	}
	return dir
}
