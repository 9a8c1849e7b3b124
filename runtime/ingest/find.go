package ingest

import "github.com/muster-engine/muster/compiler/ir"

// NormaliseID brings what somebody typed into the form in which the store keeps values of an id attribute, which an
// import would have given it. It reports false where the text is no such id, or one that identifies nobody.
func NormaliseID(a *ir.Attribute, text string) ([]byte, bool) {
	form, state := newIDNormaliser(a, nil).normalise(nil, []byte(text))
	return form, state == idUsable
}
