package deliver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// line writes a value as JSON without a line end in it.
func line(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// file is a sink that appends lines to a file. The file is opened for each batch, so that it can be moved away at any time,
// and synced before the batch counts as handed over. It is the sink's alone: what a killed process left of a line is cut
// off before more is written.
type file struct {
	path string
	mu   sync.Mutex
}

func (f *file) room() (letters, atOnce int) { return 512, 1 }

func (f *file) hand(_ context.Context, some []*letter) error {
	var text []byte
	for _, l := range some {
		text = append(append(text, l.body...), '\n')
	}
	return f.append(text)
}

func (f *file) lines(_ context.Context, _ string, text []byte) error { return f.append(text) }

func (f *file) append(text []byte) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(f.path), 0o755); err != nil {
		return err
	}
	out, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	end, err := wholeLines(out)
	if err != nil {
		return err
	}
	if _, err := out.WriteAt(text, end); err != nil {
		return errors.Join(err, out.Truncate(end))
	}
	return out.Sync()
}

// wholeLines cuts off what stands behind the last line end, and returns where the file ends then.
func wholeLines(f *os.File) (end int64, err error) {
	if end, err = f.Seek(0, io.SeekEnd); err != nil || end == 0 {
		return end, err
	}
	buf := make([]byte, 4096)
	for at := end; at > 0; {
		n := min(at, int64(len(buf)))
		at -= n
		if _, err := f.ReadAt(buf[:n], at); err != nil {
			return 0, err
		}
		i := bytes.LastIndexByte(buf[:n], '\n')
		if i < 0 && at > 0 {
			continue
		}
		whole := at + int64(i) + 1
		if whole == end {
			return end, nil
		}
		return whole, f.Truncate(whole)
	}
	return 0, nil
}
