package storage

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"sync"

	bolt "go.etcd.io/bbolt"

	"github.com/muster-engine/muster/storage/column"
)

// Everything but the root is an object: one or more parts of bytes, each kept as values of about 64 KiB. A value is
// keyed by what it belongs to, big-endian, so that the values of an object lie together and in order; it starts with a
// checksum of its key and its bytes, so that neither can be mistaken for another.

// objectKind is what an object is.
type objectKind byte

const (
	attributeObject objectKind = 'A' // entity is the attribute's number; part 0 the column
	eventObject     objectKind = 'E' // entity is the event's number; parts below
	listObject      objectKind = 'L' // entity is the list's number; part 0 a Roaring bitmap
	documentObject  objectKind = 'M' // entity is a document
	tableObject     objectKind = 'T' // entity is the table's number; part 0 the keys, then the columns
	goneObject      objectKind = 'G' // there is one: the members that are not live any more; part 0 a Roaring bitmap
	mergeObject     objectKind = 'I' // part 0 the records of the merged members of a block, as s2-packed JSON
)

// Parts of an event object.
const (
	countsPart = 0 // how many events each member has
	timesPart  = 1
	fieldPart  = 2 // and on, by the field's place
)

// Documents.
const (
	manifestDocument uint32 = iota + 1
	schemaDocument
	rulesDocument
	cutsDocument
	importsDocument
	documentCount
)

var documentNames = [...]string{"", "the manifest", "the schema", "the rule set", "the ntile cuts", "the record of imports"}

// objectID says whose an object is; what is not by block has block 0.
type objectID struct {
	kind          objectKind
	entity, block uint32
}

func compareObjects(a, b objectID) int {
	switch {
	case a.kind != b.kind:
		return int(a.kind) - int(b.kind)
	case a.entity != b.entity:
		return compareUint32(a.entity, b.entity)
	}
	return compareUint32(a.block, b.block)
}

func compareUint32(a, b uint32) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

const (
	keySize = 1 + 4 + 4 + 8 + 2 + 2
	// chunkBytes is such that two values and their keys fill a whole number of pages: bbolt puts two in a leaf.
	chunkBytes = (32*pageSize-pageHeaderSize)/2 - elementSize - keySize - checksumSize - 2

	checksumSize = 4
	maxChunks    = 1 << 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func chunkKey(id objectID, generation uint64, part, chunk int) []byte {
	k := make([]byte, 0, keySize)
	k = append(k, byte(id.kind))
	k = binary.BigEndian.AppendUint32(k, id.entity)
	k = binary.BigEndian.AppendUint32(k, id.block)
	k = binary.BigEndian.AppendUint64(k, generation)
	k = binary.BigEndian.AppendUint16(k, uint16(part))
	return binary.BigEndian.AppendUint16(k, uint16(chunk))
}

// parseKey is the reverse of chunkKey, without part and chunk.
func parseKey(k []byte) (id objectID, generation uint64, ok bool) {
	if len(k) != keySize {
		return id, 0, false
	}
	id = objectID{objectKind(k[0]), binary.BigEndian.Uint32(k[1:]), binary.BigEndian.Uint32(k[5:])}
	return id, binary.BigEndian.Uint64(k[9:]), true
}

// checksum covers a key and the bytes under it.
func checksum(key, bytes []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, bytes)
}

// sealed is the value under a key: checksum and bytes.
func sealed(key, bytes []byte) []byte {
	return appendSealed(make([]byte, 0, checksumSize+len(bytes)), key, bytes)
}

func appendSealed(v, key, bytes []byte) []byte {
	v = binary.LittleEndian.AppendUint32(v, checksum(key, bytes))
	return append(v, bytes...)
}

// unseal returns the bytes of a value, or says what is wrong with it.
func unseal(key, value []byte) (bytes []byte, fault string) {
	switch {
	case value == nil:
		return nil, "a value is missing"
	case len(value) < checksumSize:
		return nil, "a value is too short"
	case binary.LittleEndian.Uint32(value) != checksum(key, value[checksumSize:]):
		return nil, "the checksum does not match"
	}
	return value[checksumSize:], ""
}

func chunksOf(size uint64) int { return int((size + chunkBytes - 1) / chunkBytes) }

// stagedValue is a value on its way into the file.
type stagedValue struct{ key, value []byte }

// chunked cuts a part into values.
func chunked(id objectID, generation uint64, part int, bytes []byte, room *chunkRoom) ([]stagedValue, error) {
	n := chunksOf(uint64(len(bytes)))
	if n > maxChunks {
		return nil, fmt.Errorf("%d bytes are more than the store keeps of one thing", len(bytes))
	}
	values := make([]stagedValue, n)
	for i := range values {
		end := min(len(bytes), (i+1)*chunkBytes)
		key := chunkKey(id, generation, part, i)
		values[i] = stagedValue{key, appendSealed(room.take(checksumSize+end-i*chunkBytes), key, bytes[i*chunkBytes:end])}
	}
	return values, nil
}

// chunkRoom has the memory of whole chunks that were written, for those that are next. Several goroutines may use one; nil
// has none.
type chunkRoom struct{ pool sync.Pool }

// take returns an empty slice with room for so many bytes.
func (r *chunkRoom) take(size int) []byte {
	if r != nil && size == checksumSize+chunkBytes {
		if v, ok := r.pool.Get().(*[]byte); ok {
			return (*v)[:0]
		}
	}
	return make([]byte, 0, size)
}

// give takes back the memory of a chunk to which nobody holds on.
func (r *chunkRoom) give(v []byte) {
	if cap(v) == checksumSize+chunkBytes {
		r.pool.Put(&v)
	}
}

// readPart copies a part out of the bucket of objects. The result is aligned and has room for nothing more.
func readPart(objects *bolt.Bucket, id objectID, generation uint64, part int, size uint64) (bytes []byte, fault string) {
	return readPartInto(nil, objects, id, generation, part, size)
}

// readPartInto is [readPart] into the memory of room, if it has enough, which must be aligned.
func readPartInto(room []byte, objects *bolt.Bucket, id objectID, generation uint64, part int, size uint64) (bytes []byte, fault string) {
	n := chunksOf(size)
	if n > maxChunks {
		return nil, "its size is wrong"
	}
	for i := range n {
		key := chunkKey(id, generation, part, i)
		b, fault := unseal(key, objects.Get(key))
		want := min(chunkBytes, size-uint64(i)*chunkBytes)
		switch {
		case fault != "":
			return nil, fault
		case uint64(len(b)) != want:
			return nil, "its size is wrong"
		case bytes == nil && uint64(cap(room)) >= size:
			bytes = room[:0]
		case bytes == nil:
			bytes = aligned(int(size))
		}
		bytes = append(bytes, b...)
	}
	return bytes, ""
}

// aligned returns an empty slice whose memory suits arrays of eight-byte elements.
func aligned(size int) []byte { return make([]byte, 0, max(8, size)) }

// describe names an object and one of its parts for messages.
func (s *state) describe(id objectID, part int) string {
	members := func() string {
		first := uint64(id.block) * column.Block
		return fmt.Sprintf("members %d–%d", first, first+column.Block-1)
	}
	switch id.kind {
	case attributeObject:
		return fmt.Sprintf("attribute %q, %s", nameOf(s.schema.Attributes, id.entity), members())
	case eventObject:
		name, what := "?", "the history of"
		if int(id.entity) < len(s.schema.Events) {
			e := s.schema.Events[id.entity]
			name = e.Name
			switch {
			case part == timesPart:
				what = "times of"
			case part >= fieldPart:
				what = fmt.Sprintf("field %q of", nameOf(e.Fields, uint32(part-fieldPart)))
			}
		}
		return fmt.Sprintf("%s event %q, %s", what, name, members())
	case listObject:
		if int(id.entity) < len(s.schema.Lists) {
			return fmt.Sprintf("list %q", s.schema.Lists[id.entity])
		}
	case tableObject:
		if int(id.entity) < len(s.schema.Tables) {
			return fmt.Sprintf("table %q", s.schema.Tables[id.entity].Name)
		}
	case goneObject:
		return "the members that are gone"
	case mergeObject:
		return "the merges of " + members()
	case documentObject:
		if int(id.entity) < len(documentNames) {
			return documentNames[id.entity]
		}
	}
	return fmt.Sprintf("object %c%d", id.kind, id.entity)
}

func nameOf(fields []FieldSchema, i uint32) string {
	if int(i) < len(fields) {
		return fields[i].Name
	}
	return "?"
}
