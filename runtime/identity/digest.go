package identity

import (
	"crypto/md5"
	"crypto/sha256"

	"github.com/nyaruka/phonenumbers"

	"github.com/muster-engine/muster/compiler/ir"
)

// Digester knows under which digests channels know the ids of one attribute. It is immutable.
type Digester struct {
	id   *ir.ID
	salt string
	sum  func(text string) []byte
	size int
}

// NewDigester returns the digester of an id attribute: nil if channels do not hash it, or if the salt that the rules name
// is not in the environment. env may be nil.
func NewDigester(id *ir.ID, env func(string) string) *Digester {
	d := &Digester{id: id}
	if id.SaltEnv != "" {
		if env != nil {
			d.salt = env(id.SaltEnv)
		}
		if d.salt == "" {
			return nil
		}
	}
	switch id.Hashed {
	case "sha256":
		d.size, d.sum = sha256.Size, func(text string) []byte { h := sha256.Sum256([]byte(d.salt + text)); return h[:] }
	case "md5":
		d.size, d.sum = md5.Size, func(text string) []byte { h := md5.Sum([]byte(d.salt + text)); return h[:] }
	default:
		return nil
	}
	return d
}

// Size is the length of a digest in bytes.
func (d *Digester) Size() int { return d.size }

// Same reports whether two digesters give the same digests.
func (d *Digester) Same(other *Digester) bool {
	return d.id.Hashed == other.id.Hashed && d.id.Phone == other.id.Phone && d.salt == other.salt
}

// Of returns the digests under which a channel may know an id, given as stored: of the id as it is stored and, of a phone
// number, of its national digits.
func (d *Digester) Of(id string) [][]byte {
	out := [][]byte{d.sum(id)}
	if d.id.Phone != "" {
		if num, err := phonenumbers.Parse(id, d.id.Phone); err == nil {
			out = append(out, d.sum(phonenumbers.GetNationalSignificantNumber(num)))
		}
	}
	return out
}
