package live

import (
	"encoding/hex"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/identity"
	"github.com/muster-engine/muster/storage"
)

// digests finds members by the digests of their ids, for one id attribute that channels send hashed.
type digests struct {
	of      *identity.Digester
	members *storage.IDs
}

// indexDigests makes ready to find members by hashed ids, where the rules say that there are any. Without the salt that
// the rules name nobody is found by a hash.
func (e *Engine) indexDigests(a *ir.Attribute) {
	of := identity.NewDigester(a.ID, e.opt.Env)
	if of == nil {
		delete(e.hashed, a.Name)
		return
	}
	if d := e.hashed[a.Name]; d != nil && d.of.Same(of) {
		return
	}
	d := &digests{of, storage.NewIDs()}
	e.ids[a.Name].Each(func(text []byte, member uint32) { d.point(string(text), member) })
	e.hashed[a.Name] = d
}

func (d *digests) point(id string, member uint32) {
	if d == nil {
		return
	}
	for _, digest := range d.of.Of(id) {
		if member == nobody {
			d.members.Drop(digest)
		} else {
			d.members.Remember(digest, member)
		}
	}
}

// lookupHashed finds who has an id with a digest, this group's members included.
func (g *group) lookupHashed(id ID) (uint32, bool) {
	d := g.engine.hashed[id.Attribute]
	digest, err := hex.DecodeString(id.Text)
	if d == nil || err != nil {
		return 0, false
	}
	for of, number := range g.byID { // few: those of this group
		if of.Attribute != id.Attribute {
			continue
		}
		for _, one := range d.of.Of(of.Text) {
			if string(one) == string(digest) {
				return number, number != nobody
			}
		}
	}
	return d.members.Lookup(digest)
}
