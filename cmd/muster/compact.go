package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/storage"
)

func newCompact(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "compact",
		Short:   "give room that the store does not use back to the disk",
		GroupID: groupStore,
		Long: `Rewrites the store into a new file, checks that, and puts it in the old one's place. A store keeps the room
of what was deleted for what is yet to come, so this is worth while only after much was deleted. It needs the store
for itself, and as much room on the disk as the store's content.`,
		Example:     "  muster compact",
		Args:        cobra.NoArgs,
		Annotations: onlyTableAndJSON,
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.compact(cmd.Context()) },
	}
}

func (a *app) compact(ctx context.Context) error {
	store, err := a.openStore(writeStore) // says best why it cannot be opened
	if err != nil {
		return err
	}
	store.Close()
	bar := a.newProgress()
	before, after, err := storage.Compact(ctx, a.storeFile(), bar.step)
	bar.done()
	if err != nil {
		return err
	}
	if a.format == formatJSON {
		return writeJSON(a.out, map[string]any{"store": a.storeFile(), "bytes_before": before, "bytes": after})
	}
	_, err = fmt.Fprintf(a.out, "%s: %s, was %s\n", a.storeFile(), bytesText(after), bytesText(before))
	return err
}
