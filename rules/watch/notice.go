package watch

import (
	"errors"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/fsnotify/fsnotify"
)

// notifier is what tells of events in directories.
type notifier struct {
	add, remove func(dir string) error
	close       func() error
	events      <-chan fsnotify.Event
	errors      <-chan error
}

// system is the operating system's notifier.
func system() (*notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return &notifier{add: w.Add, remove: w.Remove, close: w.Close, events: w.Events, errors: w.Errors}, nil
}

// notices passes on that something happened. Its goroutine does nothing but take events, so that the kernel's queue does
// not overflow.
type notices struct {
	signal    chan struct{} // has an element while there is something to see
	count     atomic.Uint64 // how many events mattered
	structure atomic.Bool   // something came or went: directories may have
	failed    atomic.Pointer[error]
	places    atomic.Pointer[map[string]*place]
}

func newNotices() *notices {
	n := &notices{signal: make(chan struct{}, 1)}
	n.places.Store(&map[string]*place{})
	return n
}

// listen takes events until the notifier is closed.
func (n *notices) listen(from *notifier) {
	events, errs := from.events, from.errors
	for events != nil || errs != nil {
		select {
		case e, ok := <-events:
			if !ok {
				events = nil
			} else if n.matters(e) {
				if e.Has(fsnotify.Create) || e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
					n.structure.Store(true)
				}
				n.happened()
			}
		case err, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				n.failed.Store(&err)
			}
			n.structure.Store(true) // what was lost may have been anything
			n.happened()
		}
	}
}

func (n *notices) happened() {
	n.count.Add(1)
	select {
	case n.signal <- struct{}{}:
	default:
	}
}

func (n *notices) takeError() error {
	if err := n.failed.Swap(nil); err != nil {
		return *err
	}
	return nil
}

// place is a directory that is watched.
type place struct {
	// names are what matters in it; nil for everything but what editors drop.
	names map[string]bool
}

// matters reports whether an event may mean that rules have changed.
func (n *notices) matters(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	places := *n.places.Load()
	if places[e.Name] != nil { // a watched directory itself
		return true
	}
	p, name := places[filepath.Dir(e.Name)], filepath.Base(e.Name)
	switch {
	case p == nil:
		return false
	case p.names != nil:
		return p.names[name] || strings.HasPrefix(name, "..")
	}
	return !dropping(name)
}

// dropping reports whether a name is one of those that editors leave for a moment, or hidden. Names that begin with two
// dots are how Kubernetes changes a volume.
func dropping(name string) bool {
	return strings.HasPrefix(name, ".") && !strings.HasPrefix(name, "..") ||
		strings.HasSuffix(name, "~") || strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#") || name == "4913"
}
