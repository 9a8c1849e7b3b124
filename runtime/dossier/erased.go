package dossier

import (
	"context"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/ingest"
	"github.com/muster-engine/muster/runtime/live"
	"github.com/muster-engine/muster/storage"
)

// Erased is what an erasure has removed, in numbers, and the proof that nothing is left.
type Erased struct {
	Member     uint32         `json:"member"`
	Absorbed   []uint32       `json:"absorbed"` // who had become part of it
	IDs        int            `json:"ids"`
	Attributes int            `json:"attributes"`
	Lists      int            `json:"lists"`
	Events     map[string]int `json:"events"` // facts among them
	Merges     int            `json:"merges"`
	Conflicts  int            `json:"conflicts"`
	Messages   int            `json:"messages"`
	Rejected   int            `json:"rejected_rows"` // of files beside the store
	Proof      Proof          `json:"proof"`
}

// Proof is what was looked for in the store's file after the erasure.
type Proof struct {
	Texts  int   `json:"texts"`
	Bytes  int64 `json:"bytes"`
	Values int64 `json:"values"` // packed ones, unpacked
	// Shared is how many of the texts others have too. Traces are where something was found that nobody has.
	Shared int      `json:"shared"`
	Traces []string `json:"traces"`
}

// Scanner looks for texts in a store's file.
type Scanner interface {
	Scan(ctx context.Context, texts []string) (storage.Scanned, error)
}

// Finish ends the erasure of a member whose columns are gone: it takes rejected rows of theirs out of the files beside the
// store, and looks for traces. held is what was held before.
func Finish(ctx context.Context, held *live.Held, prog *ir.Program, path string, in Scanner) (*Erased, error) {
	e := &Erased{
		Member: held.Number, Absorbed: []uint32{}, IDs: len(held.IDs), Attributes: len(held.Set), Lists: len(held.Lists), Events: map[string]int{},
		Merges: len(held.Merges), Conflicts: len(held.Conflicts), Messages: len(held.Messages),
	}
	for kind, events := range held.Events {
		e.Events[kind] = len(events)
	}
	var ids []storage.ID
	ids = append(ids, held.IDs...)
	for _, m := range held.Merges {
		e.Absorbed = append(e.Absorbed, m.Absorbed)
		ids = append(ids, m.IDs...)
	}
	var err error
	if e.Rejected, err = ingest.EraseRejects(path, prog, ids); err != nil {
		return nil, err
	}
	scanned, err := in.Scan(ctx, held.Traces())
	if err != nil {
		return nil, err
	}
	e.Proof = Proof{Texts: scanned.Texts, Bytes: scanned.Bytes, Values: scanned.Values, Shared: len(scanned.Shared), Traces: []string{}}
	for _, text := range slices.Sorted(maps.Keys(scanned.Found)) {
		e.Proof.Traces = append(e.Proof.Traces, hidden(text)+": "+scanned.Found[text])
	}
	return e, nil
}

// hidden is a text that is known well enough by its beginning.
func hidden(text string) string {
	_, n := utf8.DecodeRuneInString(text)
	return text[:n] + "…"
}
