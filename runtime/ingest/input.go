package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/muster-engine/muster/runtime/ingest/textenc"
)

const (
	headSize   = 1 << 20  // how much of a file its first fingerprint is of
	sampleSize = 64 << 10 // how much is looked at to tell format and delimiter
)

// input is one file being read: decompressed, fingerprinted and made UTF-8 on the way.
type input struct {
	name    string // as the user gave it
	size    int64  // of the file as it is stored, -1 if unknown
	raw     *countingReader
	content *hashingReader
	decoded *textenc.Reader
	text    *bufio.Reader // of decoded
	close   []func()
}

// openInput opens a file, or standard input for "-".
func openInput(name string, stdin io.Reader, encoding string) (in *input, err error) {
	in = &input{name: name, size: -1}
	defer func() {
		if err != nil {
			in.Close()
		}
	}()
	var source io.Reader = stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return in, plainPathError(err)
		}
		in.close = append(in.close, func() { f.Close() })
		info, err := f.Stat()
		switch {
		case err != nil:
			return in, plainPathError(err)
		case info.IsDir():
			return in, fmt.Errorf("%s is a directory", name)
		case info.Mode().IsRegular():
			in.size = info.Size()
		}
		source = f
	} else if stdin == nil {
		return in, errors.New("there is no standard input")
	}
	in.raw = &countingReader{in: source}
	content, err := in.decompress(bufio.NewReaderSize(in.raw, 256<<10))
	if err != nil {
		return in, err
	}
	in.content = newHashingReader(content)
	if in.decoded, err = textenc.NewReader(in.content, encoding); err != nil {
		return in, in.readError(err)
	}
	in.text = bufio.NewReaderSize(in.decoded, sampleSize)
	return in, nil
}

// decompress looks at the first bytes, whatever the name says.
func (in *input) decompress(raw *bufio.Reader) (io.Reader, error) {
	magic, err := raw.Peek(4)
	if err != nil && err != io.EOF {
		return nil, in.readError(err)
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(raw)
		if err != nil {
			return nil, in.readError(err)
		}
		return z, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, in.readError(err)
		}
		in.close = append(in.close, z.Close)
		return z, nil
	case bytes.HasPrefix(magic, []byte("PK\x03\x04")):
		return nil, fmt.Errorf("%s is a zip archive or a workbook; unpack it or save it as CSV", in.display())
	}
	return raw, nil
}

// replaces reports whether U+FFFD in the text may stand for bytes that could not be decoded.
func (in *input) replaces() bool { return in.decoded.Replaces() }

// display is the name for messages.
func (in *input) display() string { return displayName(in.name) }

func displayName(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// readError says which file could not be read, and how.
func (in *input) readError(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrMagicMismatch):
		return fmt.Errorf("%s is damaged or cut short: nothing of it was taken", in.display())
	}
	var path *os.PathError
	if errors.As(err, &path) {
		return plainPathError(err)
	}
	return fmt.Errorf("%s cannot be read: %w", in.display(), err)
}

// plainPathError drops the name of the system call.
func plainPathError(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", path.Path, path.Err)
	}
	return err
}

func (in *input) Close() {
	for i := len(in.close) - 1; i >= 0; i-- {
		in.close[i]()
	}
	in.close = nil
}

// countingReader counts bytes as they are read; the count may be read meanwhile.
type countingReader struct {
	in io.Reader
	n  atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// hashingReader fingerprints content: all of it, and its head.
type hashingReader struct {
	in   io.Reader
	full *xxhash.Digest
	head *xxhash.Digest
	size int64
}

func newHashingReader(in io.Reader) *hashingReader {
	return &hashingReader{in: in, full: xxhash.New(), head: xxhash.New()}
}

func (h *hashingReader) Read(p []byte) (int, error) {
	n, err := h.in.Read(p)
	_, _ = h.full.Write(p[:n])
	if left := headSize - h.size; left > 0 {
		_, _ = h.head.Write(p[:min(int64(n), left)])
	}
	h.size += int64(n)
	return n, err
}

// fingerprint names content by its head and the whole; contents with another head are different.
func (h *hashingReader) fingerprint() string {
	return fmt.Sprintf("xxh64:%016x:%016x", h.head.Sum64(), h.full.Sum64())
}

// headPrefix is how the fingerprint begins of every content with this head.
func (h *hashingReader) headPrefix() string { return fmt.Sprintf("xxh64:%016x:", h.head.Sum64()) }

// Formats of files.
const (
	formatCSV    = "csv"
	formatNDJSON = "ndjson"
)

// formatOf tells the format of a file by its name, else by its first bytes.
func formatOf(name, asked string, sample []byte) (string, error) {
	switch strings.ToLower(asked) {
	case "":
	case "csv", "tsv":
		return formatCSV, nil
	case "ndjson", "jsonl", "json":
		return formatNDJSON, nil
	default:
		return "", fmt.Errorf("the format %q is not known; it can be csv or ndjson", asked)
	}
	base := strings.ToLower(filepath.Base(name))
	base = strings.TrimSuffix(strings.TrimSuffix(base, ".gz"), ".zst")
	switch filepath.Ext(base) {
	case ".csv", ".tsv", ".tab":
		return formatCSV, nil
	case ".ndjson", ".jsonl", ".json":
		return formatNDJSON, nil
	}
	if s := bytes.TrimSpace(sample); len(s) > 0 && s[0] == '{' {
		return formatNDJSON, nil
	}
	return formatCSV, nil
}
