package storage

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/klauspost/compress/s2"
	bolt "go.etcd.io/bbolt"

	"github.com/muster-engine/muster/storage/column"
)

// Scanned is what a scan has gone through and found.
type Scanned struct {
	Bytes  int64 // of the file
	Values int64 // unpacked: texts of columns, and records
	Texts  int   // looked for
	// Found are texts that are there, with where; Shared those that columns have of members or tables, which explains them.
	Found, Shared map[string]string
}

// Scan looks for texts: in every byte of the file, free pages included, and, for much of it is packed, in every text of
// columns and every record as they are unpacked. What others write meanwhile may be found or not.
func (s *Store) Scan(ctx context.Context, texts []string) (Scanned, error) {
	sc := &scan{store: s, out: Scanned{Texts: len(texts), Found: map[string]string{}, Shared: map[string]string{}}, texts: texts, wanted: map[string]bool{}}
	for _, t := range texts {
		sc.wanted[t] = true
	}
	if len(texts) == 0 {
		return sc.out, nil
	}
	for _, step := range []func(context.Context) error{sc.file, sc.buckets, sc.columns} {
		if err := step(ctx); err != nil {
			return sc.out, err
		}
	}
	for text := range sc.out.Shared {
		delete(sc.out.Found, text)
	}
	return sc.out, nil
}

type scan struct {
	store  *Store
	texts  []string
	wanted map[string]bool
	out    Scanned
}

func (sc *scan) found(text, where string) {
	if _, before := sc.out.Found[text]; !before {
		sc.out.Found[text] = where
	}
}

func (sc *scan) record(raw []byte, where string) {
	sc.out.Values++
	for _, t := range sc.texts {
		if bytes.Contains(raw, []byte(t)) {
			sc.found(t, where)
		}
	}
}

func (sc *scan) text(text, where string) {
	sc.out.Values++
	if sc.wanted[text] {
		sc.out.Shared[text] = where
	}
	for t := range sc.out.Found { // it may be part of a longer one
		if strings.Contains(text, t) {
			sc.out.Shared[t] = where
		}
	}
}

// columns goes through all texts of attributes and events, one object at a time, and through merges and documents.
func (sc *scan) columns(ctx context.Context) error {
	sn := sc.store.Snapshot()
	st := sn.state
	for _, id := range slices.SortedFunc(maps.Keys(st.manifest), compareObjects) {
		if err := ctx.Err(); err != nil {
			return err
		}
		for part, size := range st.manifest[id].sizes {
			if size == 0 {
				continue
			}
			kind := column.Kind(0)
			switch {
			case id.kind == attributeObject:
				kind = st.schema.Attributes[id.entity].Kind
			case id.kind == eventObject && part >= fieldPart:
				kind = st.schema.Events[id.entity].Fields[part-fieldPart].Kind
			case id.kind == tableObject && part == 0:
				kind = column.Texts
			}
			if kind != column.Texts && kind != column.Sets && id.kind != mergeObject {
				continue
			}
			raw, err := sn.read(partID{id, part}, st.manifest[id])
			if err != nil {
				return err
			}
			where := st.describe(id, part)
			switch {
			case id.kind == mergeObject:
				plain, err := s2.Decode(nil, raw)
				if err != nil {
					return sn.corrupt(partID{id, part}, err.Error())
				}
				sc.record(plain, where)
			case kind == column.Texts:
				texts, err := column.DecodeStrings(raw)
				if err != nil {
					return sn.corrupt(partID{id, part}, err.Error())
				}
				for i := range texts.Len {
					if t, ok := texts.Text(i); ok {
						sc.text(string(t), where)
					}
				}
			default:
				c, err := column.Decode(raw)
				if err != nil {
					return sn.corrupt(partID{id, part}, err.Error())
				}
				for _, word := range c.Dict {
					sc.text(word, where)
				}
			}
		}
	}
	return nil
}

// buckets goes through everything that is no object, and through the documents: journal, crossings, conflicts, messages,
// receipts. Values that are packed are unpacked.
func (sc *scan) buckets(ctx context.Context) error {
	return sc.store.view("the records", func(tx *bolt.Tx) error {
		for doc := uint32(manifestDocument); doc < documentCount; doc++ {
			raw, err := sc.store.now.Load().documentBytes(tx, sc.store.path, doc)
			if err != nil {
				continue // another took its place meanwhile, which is looked at as a record of the file
			}
			sc.record(raw, documentNames[doc])
		}
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			if bytes.Equal(name, objectBucket) {
				return nil
			}
			where := "the " + strings.ReplaceAll(string(name), ":", " of ")
			return b.ForEach(func(k, v []byte) error {
				sc.record(v, where)
				if len(v) > checksumSize {
					if plain, err := s2.Decode(nil, v[checksumSize:]); err == nil {
						sc.record(plain, where)
					}
				}
				return ctx.Err()
			})
		})
	})
}

// file goes through all bytes of the file.
func (sc *scan) file(ctx context.Context) error {
	f, err := os.Open(sc.store.path)
	if err != nil {
		return err
	}
	defer f.Close()
	longest := 0
	for _, t := range sc.texts {
		longest = max(longest, len(t))
	}
	buf := make([]byte, 4<<20)
	kept := 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(f, buf[kept:])
		part := buf[:kept+n]
		sc.out.Bytes += int64(n)
		for _, t := range sc.texts {
			if at := bytes.Index(part, []byte(t)); at >= 0 {
				sc.found(t, fmt.Sprintf("byte %d of the file", sc.out.Bytes-int64(len(part))+int64(at)))
			}
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil
		}
		if err != nil {
			return err
		}
		kept = min(longest, len(part))
		copy(buf, part[len(part)-kept:])
	}
}
