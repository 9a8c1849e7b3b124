package ingest

import (
	"bytes"
	"encoding/hex"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/identity"
)

// idNormaliser brings the values of one id attribute into the form that is stored. It is immutable.
type idNormaliser struct {
	name     string
	id       *ir.ID
	block    map[string]bool
	digester *identity.Digester // of the channel's hashed form, or nil
}

// idState tells what became of a value.
type idState uint8

const (
	idNone    idState = iota // empty
	idUsable                 // normalised
	idHashed                 // a channel's hash of an id, as bytes
	idBlocked                // on the block list
	idNoPhone                // not a phone number
	idTooLong                // beyond longestID
)

// longestID bounds an id, in bytes as stored.
const longestID = 1024

func newIDNormaliser(a *ir.Attribute, env func(string) string) *idNormaliser {
	n := &idNormaliser{name: a.Name, id: a.ID, block: map[string]bool{}}
	for _, b := range a.ID.Block {
		n.block[b] = true
		if form, state := n.normalise(nil, []byte(b)); state == idUsable {
			n.block[string(form)] = true
		}
	}
	n.digester = identity.NewDigester(a.ID, env)
	return n
}

// normalise appends the stored form of a value to dst; of a hashed form it appends the digest.
func (n *idNormaliser) normalise(dst, text []byte) ([]byte, idState) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return dst, idNone
	}
	if n.digester != nil && len(text) == hex.EncodedLen(n.digester.Size()) {
		if out, err := hex.AppendDecode(dst, text); err == nil {
			return out, idHashed
		}
	}
	from := len(dst)
	switch {
	case n.id.Phone != "":
		var ok bool
		if dst, ok = appendPhone(dst, text, n.id.Phone); !ok {
			if n.block[string(text)] {
				return dst[:from], idBlocked
			}
			return dst[:from], idNoPhone
		}
	case n.id.Lower:
		dst = append(dst, bytes.ToLower(text)...)
	default:
		dst = append(dst, text...)
	}
	if len(dst)-from > longestID {
		return dst[:from], idTooLong
	}
	if len(n.block) > 0 && n.block[string(dst[from:])] {
		return dst[:from], idBlocked
	}
	return dst, idUsable
}

// appendPhone appends the E.164 form of a phone number, read as one dialled in region, if there can be such a number.
func appendPhone(dst, text []byte, region string) ([]byte, bool) {
	if mobile, ok := chineseMobile(text, region); ok {
		return append(append(dst, "+86"...), mobile...), true
	}
	for _, b := range text {
		if b-'0' > 9 && strings.IndexByte("+-() ./", b) < 0 {
			return dst, false
		}
	}
	num, err := phonenumbers.Parse(string(text), region)
	if err != nil || !phonenumbers.IsValidNumber(num) {
		return dst, false
	}
	return append(dst, phonenumbers.Format(num, phonenumbers.E164)...), true
}

// chineseMobile recognises 1[3-9] and nine digits, written plainly, with +86 or, in China, bare.
func chineseMobile(text []byte, region string) ([]byte, bool) {
	switch {
	case len(text) == 14 && text[0] == '+' && text[1] == '8' && text[2] == '6':
		text = text[3:]
	case len(text) == 11 && region == "CN":
	default:
		return nil, false
	}
	if text[0] != '1' || text[1] < '3' {
		return nil, false
	}
	for _, b := range text {
		if b-'0' > 9 {
			return nil, false
		}
	}
	return text, true
}
