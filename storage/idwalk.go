package storage

import "encoding/binary"

// Each calls f with every id and its member, in no particular order; text is only lent.
func (ids *IDs) Each(f func(text []byte, member uint32)) {
	for _, s := range ids.slots {
		if s.entry != 0 {
			e := ids.entry(s.entry - 1)
			f(idText(e), binary.LittleEndian.Uint32(e))
		}
	}
}
