// Package storagetest fails the disk under a store in tests.
//
// bbolt opens its file itself and takes no other, but writes through a function value of its own (DB.ops.writeAt, which
// its tests exchange) and tells its logger when a transaction is about to be written, when writing or syncing it has
// failed, and when it is done. A Disk puts itself in the place of both, by reflection: between two of these calls it is
// known which operation comes next, so that a sync is made to fail by letting bbolt find a closed file for as long as it
// takes. Files beside the store come from [Disk.CreateTemp].
package storagetest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"sync"
	"unsafe"

	bolt "go.etcd.io/bbolt"

	"github.com/muster-engine/muster/storage"
)

// ErrDisk is what a failing write, or a failing sync of a temporary file, returns. bbolt's own syncs and growths fail with
// an error of the system.
var ErrDisk = errors.New("the disk fails")

// Outcome is what a failing operation does to the file.
type Outcome int

const (
	// Lost is a write that does nothing, or a sync after which everything written since the last one is as it was.
	Lost Outcome = iota
	// Torn is a write of half of the bytes, or a sync after which half of the writes since the last one are lost.
	Torn
	// Whole is a write or a sync that returns an error and has done everything.
	Whole
)

// Outcomes are all of them.
var Outcomes = []Outcome{Lost, Torn, Whole}

// String names an outcome.
func (o Outcome) String() string { return [...]string{"lost", "torn", "whole"}[o] }

// Disk counts the writes, syncs and growths of a store's files, and fails some of them.
type Disk struct {
	db   *bolt.DB
	file *os.File // that of db
	shut *os.File // a closed one

	mu      sync.Mutex
	count   int
	at      int // the operation that fails; 0: none
	outcome Outcome
	lasting bool
	fired   string
	size    int64     // of the file when the transaction began
	since   []written // since the last sync
}

type written struct {
	at     int64
	before []byte
}

// NewDisk returns a disk that works.
func NewDisk() *Disk { return &Disk{} }

// Attach puts the disk under a store that is open and idle.
func (d *Disk) Attach(s *storage.Store) {
	d.db = *field[*bolt.DB](reflect.ValueOf(s).Elem().FieldByName("db"))
	of := reflect.ValueOf(d.db).Elem()
	d.file = *field[*os.File](of.FieldByName("file"))
	shut, err := os.Open(os.DevNull)
	if err != nil {
		panic(err)
	}
	shut.Close()
	d.shut = shut
	*field[func([]byte, int64) (int, error)](of.FieldByName("ops").FieldByName("writeAt")) = d.write
	*field[bolt.Logger](of.FieldByName("logger")) = &logger{disk: d}
}

// field is the address of an unexported field.
func field[T any](v reflect.Value) *T { return (*T)(unsafe.Pointer(v.UnsafeAddr())) }

// Fail lets the n-th operation from now fail, and those after it until [Disk.Heal] if lasting.
func (d *Disk) Fail(n int, outcome Outcome, lasting bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at, d.outcome, d.lasting, d.fired = d.count+n, outcome, lasting, ""
}

// Heal lets everything succeed again, and returns which operation was the first to fail, "" if none did.
func (d *Disk) Heal() (fired string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = 0
	return d.fired
}

// Fired reports whether an operation has failed since [Disk.Fail].
func (d *Disk) Fired() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fired != ""
}

// Count is how many operations there were.
func (d *Disk) Count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count
}

// next reports whether the next operation fails.
func (d *Disk) next() bool {
	return d.at != 0 && (d.count+1 == d.at || d.lasting && d.count+1 > d.at)
}

func (d *Disk) failed(what string, args ...any) {
	if d.count++; d.fired == "" {
		d.fired = fmt.Sprintf(what, args...)
	}
	if !d.lasting {
		d.at = 0
	}
}

func (d *Disk) show(f *os.File) {
	*field[*os.File](reflect.ValueOf(d.db).Elem().FieldByName("file")) = f
}

const pageSize = 4096

// write takes the place of bbolt's.
func (d *Disk) write(b []byte, at int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.show(d.file)
	d.grown()
	meta := at < 2*pageSize
	if meta { // the pages before it were synced
		d.count++
		d.since = nil
	}
	before := make([]byte, len(b))
	if _, err := d.file.ReadAt(before, at); err != nil {
		return 0, err
	}
	if d.next() {
		name := "write of a page"
		if meta {
			name = "write of the last page"
		}
		d.failed("%s, %v", name, d.outcome)
		n := [...]int{0, len(b) / 2, len(b)}[d.outcome]
		if n, err := d.file.WriteAt(b[:n], at); err != nil {
			return n, err
		}
		return n, ErrDisk
	}
	d.count++
	d.since = append(d.since, written{at, before})
	n, err := d.file.WriteAt(b, at)
	if d.next() {
		d.show(d.shut)
	}
	return n, err
}

// grown counts the growth of the file before the writes of a transaction.
func (d *Disk) grown() {
	if size := d.fileSize(); size != d.size {
		d.count++
		d.size = size
	}
}

func (d *Disk) fileSize() int64 {
	info, err := d.file.Stat()
	if err != nil {
		panic(err)
	}
	return info.Size()
}

// begin is before a transaction is written.
func (d *Disk) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.size, d.since = d.fileSize(), nil
	if d.next() {
		d.show(d.shut)
	}
}

// done is after a transaction was written.
func (d *Disk) done() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.show(d.file)
	d.count++ // the sync of its last page
	d.since = nil
}

// broken is after a growth or a sync has failed.
func (d *Disk) broken(message string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.show(d.file)
	switch {
	case strings.Contains(message, "sync failed"):
		d.failed("sync, %v", d.outcome)
		for i, w := range d.since {
			if d.outcome == Lost || d.outcome == Torn && i%2 == 1 {
				if _, err := d.file.WriteAt(w.before, w.at); err != nil {
					panic(err)
				}
			}
		}
		d.since = nil
	case strings.Contains(message, "file size failed"):
		d.failed("growth")
	}
}

// logger hears from bbolt what it is about to do.
type logger struct {
	bolt.DefaultLogger
	disk *Disk
}

func (l *logger) Debugf(format string, _ ...any) {
	switch format {
	case "Committing transaction %d":
		l.disk.begin()
	case "Committing transaction %d successfully":
		l.disk.done()
	}
}

func (l *logger) Errorf(format string, _ ...any) { l.disk.broken(format) }

func (l *logger) Debug(...any)            {}
func (l *logger) Error(...any)            {}
func (l *logger) Info(...any)             {}
func (l *logger) Infof(string, ...any)    {}
func (l *logger) Warning(...any)          {}
func (l *logger) Warningf(string, ...any) {}

// CreateTemp makes temporary files on the disk, for [storage.Options].
func (d *Disk) CreateTemp(dir, pattern string) (storage.TempFile, error) {
	f, err := os.CreateTemp(dir, pattern)
	if err != nil {
		return nil, err
	}
	return &tempFile{f, d}, nil
}

type tempFile struct {
	*os.File
	disk *Disk
}

func (f *tempFile) fails(what string) bool {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if f.disk.next() {
		f.disk.failed("%s of a temporary file, %v", what, f.disk.outcome)
		return true
	}
	f.disk.count++
	return false
}

func (f *tempFile) some(b []byte) []byte { return b[:[...]int{0, len(b) / 2, len(b)}[f.disk.outcome]] }

// Write implements io.Writer.
func (f *tempFile) Write(b []byte) (int, error) {
	if f.fails("write") {
		n, _ := f.File.Write(f.some(b))
		return n, ErrDisk
	}
	return f.File.Write(b)
}

// WriteAt implements io.WriterAt.
func (f *tempFile) WriteAt(b []byte, at int64) (int, error) {
	if f.fails("write") {
		n, _ := f.File.WriteAt(f.some(b), at)
		return n, ErrDisk
	}
	return f.File.WriteAt(b, at)
}

// Sync makes what was written durable, or fails.
func (f *tempFile) Sync() error {
	if f.fails("sync") {
		return ErrDisk
	}
	return f.File.Sync()
}

// Chmod implements [storage.TempFile].
func (f *tempFile) Chmod(mode fs.FileMode) error { return f.File.Chmod(mode) }
