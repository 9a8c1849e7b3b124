package storage

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-engine/muster/storage/column"
)

// spool holds staged rows: in memory up to a limit, then in a temporary file that has no name where the system allows
// it, so that a killed import leaves nothing behind.
type spool struct {
	dir    string
	temp   func(dir, pattern string) (TempFile, error)
	limit  int64
	used   int64 // bytes of memory in chunks
	stages []*stage
	file   TempFile
	end    int64    // of the file
	free   [][]byte // chunks of full size
}

const (
	firstChunk = 1 << 10
	fullChunk  = 1 << 16
)

// stage is the rows of one kind, by block, in order of arrival. A row is the member's low 16 bits, for events the time
// in eight bytes, the row's length as a varint, and the row.
type stage struct {
	spool  *spool
	timed  bool
	blocks []stagedBlock
	dicts  map[int]*dictionary // by place of the field in the stored schema
}

type stagedBlock struct {
	rows    int
	bytes   int64
	spilled []extent
	full    [][]byte
	open    []byte
}

type extent struct{ at, size int64 }

func (s *spool) newStage(timed bool) *stage {
	st := &stage{spool: s, timed: timed, dicts: map[int]*dictionary{}}
	s.stages = append(s.stages, st)
	return st
}

// dictionaries returns the shared dictionaries of the fields at some places, but for those of no texts and the key.
func (st *stage) dictionaries(places []int, kinds []column.Kind, key int) []*dictionary {
	shared := make([]*dictionary, len(places))
	for i, place := range places {
		if kinds[i] != column.Texts || place == key {
			continue
		}
		if st.dicts[place] == nil {
			st.dicts[place] = new(dictionary)
		}
		shared[i] = st.dicts[place]
	}
	return shared
}

// add stages a row.
func (st *stage) add(member uint32, at int64, row []byte) error {
	block := int(member >> 16)
	for block >= len(st.blocks) {
		st.blocks = append(st.blocks, stagedBlock{})
	}
	b := &st.blocks[block]
	need := 2 + 8 + binary.MaxVarintLen64 + len(row)
	if cap(b.open)-len(b.open) < need {
		if err := st.spool.makeRoom(); err != nil {
			return err
		}
		if cap(b.open) > 0 {
			b.full = append(b.full, b.open)
		}
		b.open = st.spool.chunk(max(need, min(fullChunk, max(firstChunk, 2*cap(b.open)))))
	}
	before := len(b.open)
	c := binary.LittleEndian.AppendUint16(b.open, uint16(member))
	if st.timed {
		c = binary.LittleEndian.AppendUint64(c, uint64(at))
	}
	c = binary.AppendUvarint(c, uint64(len(row)))
	b.open = append(c, row...)
	b.rows++
	b.bytes += int64(len(b.open) - before)
	return nil
}

func (s *spool) chunk(size int) []byte {
	if size == fullChunk && len(s.free) > 0 {
		c := s.free[len(s.free)-1]
		s.free = s.free[:len(s.free)-1]
		s.used += fullChunk
		return c[:0]
	}
	s.used += int64(size)
	return make([]byte, 0, size)
}

// importFile is how the names of temporary files begin.
const importFile = ".muster-import-"

// dropFiles deletes the temporary files of imports that were killed before they could: each has a name for the moment in
// which it is made, and whoever made it needs none.
func dropFiles(dir string) {
	all, _ := os.ReadDir(dir) // where that fails, making one tells
	for _, one := range all {
		if strings.HasPrefix(one.Name(), importFile) && one.Type().IsRegular() {
			os.Remove(filepath.Join(dir, one.Name()))
		}
	}
}

// makeRoom writes everything to the file if memory is full.
func (s *spool) makeRoom() error {
	if s.used < s.limit {
		return nil
	}
	if s.file == nil {
		f, err := s.temp(s.dir, importFile+"*")
		if err != nil {
			return fmt.Errorf("the import needs a temporary file: %w", err)
		}
		os.Remove(f.Name()) // where that fails, close does it
		s.file = f
	}
	for _, st := range s.stages {
		for i := range st.blocks {
			if err := s.spill(&st.blocks[i]); err != nil {
				return fmt.Errorf("the import cannot write its temporary file in %s: %w", filepath.Dir(s.file.Name()), err)
			}
		}
	}
	return nil
}

func (s *spool) spill(b *stagedBlock) error {
	start := s.end
	chunks := b.full
	if len(b.open) > 0 {
		chunks = append(chunks, b.open)
	}
	for _, c := range chunks {
		if _, err := s.file.WriteAt(c, s.end); err != nil {
			return err
		}
		s.end += int64(len(c))
		s.used -= int64(cap(c))
		if cap(c) == fullChunk {
			s.free = append(s.free, c)
		}
	}
	b.full, b.open = nil, nil
	if s.end > start {
		b.spilled = append(b.spilled, extent{start, s.end - start})
	}
	return nil
}

// read appends all rows of a block to buf[:0].
func (st *stage) read(block int, buf []byte) ([]byte, error) {
	b := &st.blocks[block]
	if int64(cap(buf)) < b.bytes {
		buf = make([]byte, 0, b.bytes+b.bytes/8)
	}
	buf = buf[:0]
	for _, e := range b.spilled {
		n := len(buf)
		buf = buf[:n+int(e.size)]
		if _, err := st.spool.file.ReadAt(buf[n:], e.at); err != nil {
			return nil, fmt.Errorf("the import cannot read its temporary file: %w", err)
		}
	}
	for _, c := range b.full {
		buf = append(buf, c...)
	}
	return append(buf, b.open...), nil
}

// release lets go of a block's rows in memory. Different blocks may be released in parallel.
func (st *stage) release(block int) {
	b := &st.blocks[block]
	b.full, b.open = nil, nil
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
		s.file = nil
	}
	s.stages, s.free = nil, nil
}
