package storage

import (
	"io"
	"io/fs"
	"os"
)

// TempFile is a file that a store writes beside its own: rows of an import that do not fit in memory, or a backup before
// it gets its name.
type TempFile interface {
	io.Writer
	io.WriterAt
	io.ReaderAt
	io.Closer
	Name() string
	Chmod(fs.FileMode) error
	Sync() error
}

// osCreateTemp is the operating system's way to make a TempFile.
func osCreateTemp(dir, pattern string) (TempFile, error) { return os.CreateTemp(dir, pattern) }
