package storage

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/klauspost/compress/s2"
	bolt "go.etcd.io/bbolt"
)

// formatVersion is of the whole file; a store of another version is refused.
const formatVersion = 2

var (
	rootBucket   = []byte("muster")
	objectBucket = []byte("objects")
	rootKey      = []byte("root")
	rootMagic    = []byte("muster store\x00")

	// fixedBuckets are those that every store has; the others are named by a prefix and a name of the rules.
	fixedBuckets = [][]byte{
		rootBucket, objectBucket, journalBucket, crossingBucket, conflictBucket, outboxBucket, syncBucket, receiptBucket,
	}
	namedBuckets = []string{messagePrefix, deadPrefix, heldPrefix}
)

// root is the one value from which everything else is reached: it says which generation of each document is current,
// and the manifest says it of all other objects. What it does not lead to does not exist.
type root struct {
	// Generation counts commits; DataVersion counts those that changed what a Data shows.
	Generation  uint64
	DataVersion uint64
	Members     uint32
	// Leftovers says that objects may be lying about that nothing refers to: an import was killed.
	Leftovers bool `json:",omitempty"`
	// Checkpointed is the number of the last journal entry that the objects contain, and CheckpointClock the instant up to
	// which time had been applied with it.
	Checkpointed    uint64   `json:",omitempty"`
	CheckpointClock int64    `json:",omitempty"`
	Pinned          *int64   `json:",omitempty"` // where the clock stands, if it does
	Stamp           int64    `json:",omitempty"` // the last that was given to what set attributes or manual tags
	Conflicts       int64    `json:",omitempty"` // how many have been reported
	Sinks           []string `json:",omitempty"` // that have had messages, in the order of their first
	Syncs           []string `json:",omitempty"` // that have handed anything over
	// Erasing, if not 0, is the number of the journal entry, plus one, with which members were erased: until that is part of
	// the objects and the free pages of the file are scrubbed, the file may hold what was known of them.
	Erasing   uint64 `json:",omitempty"`
	Documents [documentCount]documentRef
}

type documentRef struct{ Generation, Size uint64 }

// entry is what the manifest knows of an object. A part of size 0 is not there.
type entry struct {
	generation uint64
	sizes      []uint64
}

// state is what the last commit made of the store. It is immutable.
type state struct {
	root
	schema   Schema
	manifest map[objectID]entry
	imports  []Import
}

// draft returns a copy to be changed into the next state.
func (s *state) draft() *state {
	d := *s
	d.Generation++
	d.schema = s.schema.clone()
	d.manifest = maps.Clone(s.manifest)
	d.imports = slices.Clone(s.imports)
	return &d
}

func encodeRoot(r *root) ([]byte, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	v := append([]byte(nil), rootMagic...)
	v = binary.LittleEndian.AppendUint32(v, formatVersion)
	return append(v, sealed(rootKey, body)...), nil
}

func decodeRoot(file string, v []byte) (*root, error) {
	corrupt := func(detail string) error { return &CorruptError{file, "the root", detail} }
	if v == nil {
		return nil, corrupt("it is missing")
	}
	rest, ok := bytes.CutPrefix(v, rootMagic)
	if !ok || len(rest) < 4 {
		return nil, corrupt("it does not start as it should")
	}
	version := binary.LittleEndian.Uint32(rest)
	body, fault := unseal(rootKey, rest[4:])
	if fault != "" {
		if version != formatVersion {
			return nil, fmt.Errorf("%s was %w (version %d)", file, ErrVersion, version)
		}
		return nil, corrupt(fault)
	}
	if version != formatVersion {
		return nil, fmt.Errorf("%s was %w (version %d)", file, ErrVersion, version)
	}
	r := new(root)
	if err := json.Unmarshal(body, r); err != nil {
		return nil, corrupt(err.Error())
	}
	return r, nil
}

// loadState reads the root, the manifest and the small documents.
func loadState(tx *bolt.Tx, file string) (*state, error) {
	s, err := loadRoot(tx, file)
	if err != nil {
		return nil, err
	}
	if err := s.document(tx, file, schemaDocument, &s.schema); err != nil {
		return nil, err
	}
	if err := s.document(tx, file, importsDocument, &s.imports); err != nil {
		return nil, err
	}
	raw, err := s.documentBytes(tx, file, manifestDocument)
	if err == nil {
		s.manifest, err = decodeManifest(raw)
	}
	if err != nil && !errors.Is(err, ErrCorrupt) {
		err = &CorruptError{file, documentNames[manifestDocument], err.Error()}
	}
	return s, err
}

func loadRoot(tx *bolt.Tx, file string) (*state, error) {
	b, objects := tx.Bucket(rootBucket), tx.Bucket(objectBucket)
	switch {
	case b == nil && objects == nil:
		return nil, fmt.Errorf("%s is %w", file, ErrNotAStore)
	case b == nil || objects == nil:
		return nil, &CorruptError{file, "the root", "a bucket is missing"}
	}
	r, err := decodeRoot(file, b.Get(rootKey))
	if err != nil {
		return nil, err
	}
	return &state{root: *r}, nil
}

// documentBytes returns a document as it was written, nil if it never was.
func (s *state) documentBytes(tx *bolt.Tx, file string, doc uint32) ([]byte, error) {
	ref := s.Documents[doc]
	if ref.Size == 0 {
		return nil, nil
	}
	packed, fault := readPart(tx.Bucket(objectBucket), objectID{documentObject, doc, 0}, ref.Generation, 0, ref.Size)
	if fault != "" {
		return nil, &CorruptError{file, documentNames[doc], fault}
	}
	raw, err := s2.Decode(nil, packed)
	if err != nil {
		return nil, &CorruptError{file, documentNames[doc], err.Error()}
	}
	return raw, nil
}

// document reads a document into v, which stays as it is if there is none.
func (s *state) document(tx *bolt.Tx, file string, doc uint32, v any) error {
	raw, err := s.documentBytes(tx, file, doc)
	if raw == nil || err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return &CorruptError{file, documentNames[doc], err.Error()}
	}
	return nil
}

// encodeManifest writes the entries in the order of their objects: kind, entity, block, generation, number of parts and
// their sizes.
func encodeManifest(m map[objectID]entry) []byte {
	ids := slices.SortedFunc(maps.Keys(m), compareObjects)
	b := binary.AppendUvarint(nil, uint64(len(ids)))
	for _, id := range ids {
		e := m[id]
		b = append(b, byte(id.kind))
		b = binary.AppendUvarint(b, uint64(id.entity))
		b = binary.AppendUvarint(b, uint64(id.block))
		b = binary.AppendUvarint(b, e.generation)
		b = binary.AppendUvarint(b, uint64(len(e.sizes)))
		for _, size := range e.sizes {
			b = binary.AppendUvarint(b, size)
		}
	}
	return b
}

var errManifest = errors.New("it does not decode")

func decodeManifest(b []byte) (map[objectID]entry, error) {
	m := map[objectID]entry{}
	if len(b) == 0 {
		return m, nil
	}
	bad := false
	next := func(limit uint64) uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > limit {
			bad = true
			return 0
		}
		b = b[n:]
		return v
	}
	for range next(1 << 40) {
		if bad || len(b) == 0 {
			return nil, errManifest
		}
		id := objectID{kind: objectKind(b[0])}
		b = b[1:]
		id.entity = uint32(next(1<<32 - 1))
		id.block = uint32(next(1<<32 - 1))
		e := entry{generation: next(1<<64 - 1)}
		for range next(1 << 16) {
			if bad {
				break
			}
			e.sizes = append(e.sizes, next(1<<40))
		}
		m[id] = e
	}
	if bad || len(b) != 0 {
		return nil, errManifest
	}
	return m, nil
}

// commit makes a draft the content of the file, within a write transaction: documents that changed, then the root.
type commit struct {
	tx      *bolt.Tx
	objects *bolt.Bucket
	old     *state
	next    *state
}

// put writes an object of the next generation and drops what it replaces.
func (c *commit) put(id objectID, parts ...[]byte) error {
	e := entry{generation: c.next.Generation}
	for i, part := range parts {
		e.sizes = append(e.sizes, uint64(len(part)))
		if err := c.write(id, i, part); err != nil {
			return err
		}
	}
	if old, ok := c.old.manifest[id]; ok {
		if err := deleteObject(c.objects, id, old); err != nil {
			return err
		}
	}
	c.next.manifest[id] = e
	return nil
}

func (c *commit) write(id objectID, part int, bytes []byte) error {
	values, err := chunked(id, c.next.Generation, part, bytes, nil)
	if err != nil {
		return err
	}
	for _, v := range values {
		if err := c.objects.Put(v.key, v.value); err != nil {
			return err
		}
	}
	return nil
}

// putDocument replaces a document.
func (c *commit) putDocument(doc uint32, v any) error {
	raw, ok := v.([]byte)
	if !ok {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			return err
		}
	}
	id := objectID{documentObject, doc, 0}
	packed := s2.EncodeBetter(nil, raw)
	if err := c.write(id, 0, packed); err != nil {
		return err
	}
	if ref := c.old.Documents[doc]; ref.Size > 0 {
		if err := deleteObject(c.objects, id, entry{ref.Generation, []uint64{ref.Size}}); err != nil {
			return err
		}
	}
	c.next.Documents[doc] = documentRef{c.next.Generation, uint64(len(packed))}
	return nil
}

func (c *commit) putRoot() error {
	v, err := encodeRoot(&c.next.root)
	if err != nil {
		return err
	}
	return c.tx.Bucket(rootBucket).Put(rootKey, v)
}

// putState writes what follows from the objects: schema, manifest, root.
func (c *commit) putState() error {
	if err := c.putDocument(schemaDocument, c.next.schema); err != nil {
		return err
	}
	if err := c.putDocument(manifestDocument, encodeManifest(c.next.manifest)); err != nil {
		return err
	}
	return c.putRoot()
}

// deleteObject deletes the values of an object.
func deleteObject(objects *bolt.Bucket, id objectID, e entry) error {
	for part, size := range e.sizes {
		for chunk := range chunksOf(size) {
			if err := objects.Delete(chunkKey(id, e.generation, part, chunk)); err != nil {
				return err
			}
		}
	}
	return nil
}
