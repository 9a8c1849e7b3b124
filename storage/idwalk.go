package storage

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Each calls f with every id and its member, in no particular order; text is only lent.
func (ids *IDs) Each(f func(text []byte, member uint32)) {
	for _, s := range ids.slots {
		if s.entry != 0 {
			e := ids.entry(s.entry - 1)
			f(idText(e), binary.LittleEndian.Uint32(e))
		}
	}
}

// HashID is the hash of an id that [IDs.LookupHash] and [IDs.Warm] take.
func HashID(text []byte) uint32 { return uint32(xxhash.Sum64(text)) }

// LookupHash is [IDs.Lookup] of a text whose hash is known.
func (ids *IDs) LookupHash(hash uint32, text []byte) (member uint32, ok bool) {
	e, _ := ids.find(hash, text)
	if e == nil {
		return 0, false
	}
	return binary.LittleEndian.Uint32(e), true
}

// warmAtOnce is how many ids are warmed together: enough that their cache misses overlap, few enough that the lines stay
// in the cache until they are used.
const warmAtOnce = 32

// Warm brings into the processor's cache what LookupHash will read for some ids. A lookup in a large index is two or
// three cache misses in a row; those of many ids side by side take hardly longer than those of one. It changes nothing
// that can be seen.
func (ids *IDs) Warm(hashes []uint32) {
	mask := len(ids.slots) - 1
	var entries [warmAtOnce]uint32
	for len(hashes) > 0 {
		group := hashes[:min(warmAtOnce, len(hashes))]
		hashes = hashes[len(group):]
		for i, hash := range group {
			s := ids.slots[int(hash)&mask]
			for j := int(hash) + 1; s.entry != 0 && s.hash != hash; j++ {
				s = ids.slots[j&mask]
			}
			entries[i] = s.entry
		}
		var touched byte
		for i := range group {
			if e := entries[i]; e != 0 {
				touched += ids.entry(e - 1)[0]
			}
		}
		ids.touched += touched
	}
}
