package storage

import (
	"errors"
	"fmt"
	"runtime/debug"

	bolterrors "go.etcd.io/bbolt/errors"
)

// Errors of [Open].
var (
	// ErrLocked says that another process has the store open.
	ErrLocked = errors.New("in use by another muster")
	// ErrNotAStore says that the file is something else.
	ErrNotAStore = errors.New("not a muster store")
	// ErrVersion says that the store was written by a version with another format.
	ErrVersion = errors.New("written in a format that this version of muster does not know")
)

// Errors of an open store.
var (
	// ErrCorrupt is what every [CorruptError] is.
	ErrCorrupt = errors.New("the store is damaged")
	// ErrReadOnly says that a store opened for reading was to be changed.
	ErrReadOnly = errors.New("the store is open for reading only")
	// ErrStale says that a snapshot was read after a change had replaced what it needs: take a new one.
	ErrStale = errors.New("the store has changed since this snapshot was taken")
	// ErrBusy says that a bulk import is already under way.
	ErrBusy = errors.New("an import into this store is under way")
	// ErrJournal says that a live engine has accepted inputs that no checkpoint has put into the columns yet: an import
	// would come between.
	ErrJournal = errors.New("the journal holds inputs that are not in the columns yet")
)

// CorruptError names what of a store is damaged. It is an [ErrCorrupt].
type CorruptError struct {
	File   string
	What   string // such as `field "amount" of event "order", members 65536–131071`
	Detail string // what is wrong with it
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s is damaged: %s: %s", e.File, e.What, e.Detail)
}

// Is makes errors.Is(err, ErrCorrupt) true.
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// WriteError says that the file cannot be written, such as when its disk is full: but for an [ErrUnsure] nothing has
// changed, and it may be tried again.
type WriteError struct {
	File  string
	Cause error
}

func (e *WriteError) Error() string {
	return fmt.Sprintf("the store %s cannot be written: %v", e.File, e.Cause)
}

// Unwrap returns the cause.
func (e *WriteError) Unwrap() error { return e.Cause }

// guard runs f, which reads pages of the file through bbolt, and turns the panics and memory faults that damaged pages
// can cause into an error.
func guard(file, what string, f func() error) (err error) {
	faults := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(faults)
	defer func() {
		if r := recover(); r != nil {
			err = &CorruptError{file, what, fmt.Sprint(r)}
		}
	}()
	err = f()
	if errors.Is(err, bolterrors.ErrInvalid) || errors.Is(err, bolterrors.ErrChecksum) || errors.Is(err, bolterrors.ErrVersionMismatch) {
		err = &CorruptError{file, what, err.Error()}
	}
	return err
}
