package storage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
)

// What bbolt writes around our values has no checksums but for its two header pages, and bbolt trusts it: a damaged
// page can send it outside the file or round in circles. So the skeleton of the file is walked before bbolt maps it:
// headers, tree pages, their elements, the order of keys, that no page is used twice and none lies beyond the end.

const (
	pageSize       = 4096
	pageHeaderSize = 16
	elementSize    = 16

	boltMagic   = 0xED0CDAED
	boltVersion = 2

	branchPage = 0x01
	leafPage   = 0x02

	bucketElement = 0x01
)

// headerPage is bbolt's meta page.
type headerPage struct {
	root, pages, transaction uint64
}

// skeleton walks the pages of a bbolt file.
type skeleton struct {
	file    io.ReaderAt
	name    string
	pages   uint64
	visited []uint64 // a bit per page
}

// inspect walks the skeleton of a file of the given size.
func inspect(file io.ReaderAt, name string, size int64) error {
	s := &skeleton{file: file, name: name}
	head := make([]byte, 2*pageSize)
	if n, err := file.ReadAt(head, 0); err != nil && err != io.EOF {
		return fmt.Errorf("%s: %w", name, err)
	} else if n < len(head) {
		if n >= pageHeaderSize+4 && binary.NativeEndian.Uint32(head[pageHeaderSize:]) == boltMagic {
			return s.corrupt("the header", "the file ends in it")
		}
		return fmt.Errorf("%s is %w", name, ErrNotAStore)
	}
	magic := func(page int) bool {
		return binary.NativeEndian.Uint32(head[page*pageSize+pageHeaderSize:]) == boltMagic
	}
	if !magic(0) && !magic(1) {
		return fmt.Errorf("%s is %w", name, ErrNotAStore)
	}
	first, err := s.header(head[:pageSize], 0)
	if err != nil {
		return err
	}
	second, err := s.header(head[pageSize:], 1)
	if err != nil {
		return err
	}
	latest := first
	if second.transaction > first.transaction {
		latest = second
	}
	if need := int64(latest.pages) * pageSize; latest.pages > 1<<50 || size < need {
		return s.corrupt("the file", fmt.Sprintf("it is cut short: %d bytes of %d", size, need))
	}
	s.pages = latest.pages
	s.visited = make([]uint64, s.pages/64+1)
	s.visited[0] = 3
	return s.tree(latest.root, nil, nil)
}

func (s *skeleton) corrupt(what, detail string) error { return &CorruptError{s.name, what, detail} }

func (s *skeleton) damaged(page uint64, detail string) error {
	return s.corrupt(fmt.Sprintf("page %d of the file", page), detail)
}

func (s *skeleton) header(page []byte, number int) (h headerPage, err error) {
	what := fmt.Sprintf("header page %d", number)
	m := page[pageHeaderSize:]
	u32 := func(at int) uint32 { return binary.NativeEndian.Uint32(m[at:]) }
	u64 := func(at int) uint64 { return binary.NativeEndian.Uint64(m[at:]) }
	sum := fnv.New64a()
	sum.Write(m[:56])
	switch {
	case u32(0) != boltMagic, u64(56) != sum.Sum64():
		return h, s.corrupt(what, "its checksum does not match")
	case u32(4) != boltVersion, u32(8) != pageSize:
		return h, fmt.Errorf("%s was %w", s.name, ErrVersion)
	}
	return headerPage{root: u64(16), pages: u64(40), transaction: u64(48)}, nil
}

// tree checks the page and all below it; their keys must be at least low and less than high (nil: no bound).
func (s *skeleton) tree(id uint64, low, high []byte) error {
	if id < 2 || id >= s.pages {
		return s.damaged(id, "it does not exist")
	}
	buf := make([]byte, pageSize)
	if _, err := s.file.ReadAt(buf, int64(id)*pageSize); err != nil {
		return fmt.Errorf("%s: page %d: %w", s.name, id, err)
	}
	overflow := uint64(binary.NativeEndian.Uint32(buf[12:]))
	if binary.NativeEndian.Uint64(buf) != id || id+overflow >= s.pages {
		return s.damaged(id, "its header is wrong")
	}
	for p := id; p <= id+overflow; p++ {
		if s.visited[p>>6]>>(p&63)&1 != 0 {
			return s.damaged(p, "it is used twice")
		}
		s.visited[p>>6] |= 1 << (p & 63)
	}
	window := io.NewSectionReader(s.file, int64(id)*pageSize, int64(overflow+1)*pageSize)
	return s.page(id, window, buf, low, high)
}

// page checks one page, whose first bytes are head.
func (s *skeleton) page(id uint64, whole *io.SectionReader, head, low, high []byte) error {
	flags := binary.NativeEndian.Uint16(head[8:])
	count := int(binary.NativeEndian.Uint16(head[10:]))
	if flags != branchPage && flags != leafPage || flags == branchPage && count == 0 {
		return s.damaged(id, "it is no page of a tree")
	}
	end := pageHeaderSize + count*elementSize
	if int64(end) > whole.Size() {
		return s.damaged(id, "it has more elements than room")
	}
	elements := head
	if end > len(head) {
		elements = make([]byte, end)
		if _, err := whole.ReadAt(elements, 0); err != nil {
			return fmt.Errorf("%s: page %d: %w", s.name, id, err)
		}
	}
	read := func(at, n int64) ([]byte, error) {
		if at+n <= int64(len(head)) {
			return head[at : at+n], nil
		}
		b := make([]byte, n)
		if _, err := whole.ReadAt(b, at); err != nil {
			return nil, fmt.Errorf("%s: page %d: %w", s.name, id, err)
		}
		return b, nil
	}

	type child struct {
		page uint64
		key  []byte
	}
	var children []child
	var last []byte
	next := int64(end)
	for i := range count {
		at := pageHeaderSize + i*elementSize
		e := elements[at:]
		u32 := func(at int) int64 { return int64(binary.NativeEndian.Uint32(e[at:])) }
		var position, keySize, valueSize, kind int64
		var below uint64
		if flags == leafPage {
			kind, position, keySize, valueSize = u32(0), u32(4), u32(8), u32(12)
		} else {
			position, keySize, below = u32(0), u32(4), binary.NativeEndian.Uint64(e[8:])
		}
		start := int64(at) + position
		// Keys and values lie one after the other from the end of the elements on, so that a damaged number of elements,
		// which would hide some, is noticed.
		if start != next || start+keySize+valueSize > whole.Size() || keySize == 0 || keySize > 1<<15 || kind > bucketElement {
			return s.damaged(id, fmt.Sprintf("element %d does not lie where it should", i))
		}
		next += keySize + valueSize
		key, err := read(start, keySize)
		if err != nil {
			return err
		}
		if i > 0 && bytes.Compare(last, key) >= 0 || low != nil && bytes.Compare(key, low) < 0 || high != nil && bytes.Compare(key, high) >= 0 {
			return s.damaged(id, fmt.Sprintf("element %d is out of order", i))
		}
		last = key
		switch {
		case flags == branchPage:
			children = append(children, child{below, bytes.Clone(key)})
		case kind == bucketElement:
			value, err := read(start+keySize, valueSize)
			if err != nil {
				return err
			}
			if err := s.bucket(id, value); err != nil {
				return err
			}
		}
	}
	for i, c := range children {
		until := high
		if i+1 < len(children) {
			until = children[i+1].key
		}
		if err := s.tree(c.page, c.key, until); err != nil {
			return err
		}
	}
	return nil
}

// bucket checks a bucket: a root page and a sequence, and if the root is 0 the page itself.
func (s *skeleton) bucket(id uint64, value []byte) error {
	if len(value) < 16 {
		return s.damaged(id, "a bucket has no header")
	}
	if root := binary.NativeEndian.Uint64(value); root != 0 {
		return s.tree(root, nil, nil)
	}
	inline := value[16:]
	if len(inline) < pageHeaderSize || binary.NativeEndian.Uint16(inline[8:]) != leafPage {
		return s.damaged(id, "a bucket has no page")
	}
	return s.page(id, io.NewSectionReader(bytes.NewReader(inline), 0, int64(len(inline))), inline, nil, nil)
}
