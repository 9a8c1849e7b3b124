package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/storage"
)

// onlyTableAndJSON is the annotation of commands that print no CSV.
var onlyTableAndJSON = map[string]string{"formats": formatTable + " " + formatJSON}

func newBackup(a *app) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:     "backup FILE",
		Short:   "copy the store to a file",
		GroupID: groupStore,
		Long: `Copies the store, as it is at one moment, to a file that muster restore reads back and that is a store
itself. Other commands may read meanwhile, and a server goes on serving. The file gets its name when it is complete and
safely written.`,
		Example: `  muster backup members-2026-06-01.db
  muster backup --server http://127.0.0.1:7077 members-2026-06-01.db
  muster backup --force /mnt/backup/members.db     replace the backup of yesterday`,
		Args:        cobra.ExactArgs(1),
		Annotations: onlyTableAndJSON,
		RunE:        func(cmd *cobra.Command, args []string) error { return a.backup(cmd.Context(), args[0], force) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace a file that is there")
	return cmd
}

func (a *app) backup(ctx context.Context, file string, force bool) error {
	if server := a.serverURL(); server != "" {
		size, err := a.backupOf(ctx, server, file, force)
		if err != nil {
			return err
		}
		if a.format == formatJSON {
			return writeJSON(a.out, map[string]any{"server": server, "backup": file, "bytes": size})
		}
		_, err = fmt.Fprintf(a.out, "%s: the store of %s, %s\n", file, server, bytesText(size))
		return err
	}
	store, err := a.openStore(readStore)
	if err != nil {
		return err
	}
	defer store.Close()
	if sameFile(file, store.Path()) {
		return fmt.Errorf("%s is the store itself", file)
	}
	bar := a.newProgress()
	size, err := store.Backup(ctx, file, force, func(done, total int64) { bar.step("copying", done, total) })
	bar.done()
	if err != nil {
		return thereAlready(file, err)
	}
	if a.format == formatJSON {
		return writeJSON(a.out, map[string]any{"store": store.Path(), "backup": file, "bytes": size, "members": store.Members()})
	}
	_, err = fmt.Fprintf(a.out, "%s: %s with %s, %s\n", file, store.Path(), many(store.Members(), "member"), bytesText(size))
	return err
}

func thereAlready(file string, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("there is a file %s; --force replaces it", file)
	}
	return err
}

// backupOf copies a server's store to a file and returns its size.
func (a *app) backupOf(ctx context.Context, server, file string, force bool) (int64, error) {
	c, err := a.client(server)
	if err != nil {
		return 0, err
	}
	if _, err := os.Lstat(file); err == nil && !force {
		return 0, thereAlready(file, fs.ErrExist)
	}
	res, err := c.send(ctx, "GET", "/v1/backup", "", nil)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	bar := a.newProgress()
	defer bar.done()
	size, err := storage.Receive(file, force, func(w io.Writer) error {
		in := &counted{in: res.Body, tell: func(done int64) { bar.step("copying", done, res.ContentLength) }}
		_, err := io.Copy(w, in)
		return err
	})
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, fmt.Errorf("%s broke off before the copy was whole; try again", c.base)
	}
	return size, thereAlready(file, err)
}

// counted is a reader that tells how much was read.
type counted struct {
	in   io.Reader
	done int64
	tell func(done int64)
}

// Read implements io.Reader.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.done += int64(n)
	c.tell(c.done)
	return n, err
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

func newRestore(a *app) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:     "restore FILE",
		Short:   "make the store of a backup",
		GroupID: groupStore,
		Long: `Checks a backup through and through, and makes the store of it. A store that is there is replaced only
if --force says so, and only while nothing else has it open.`,
		Example: `  muster restore members-2026-06-01.db
  muster restore --store trial.db members-2026-06-01.db     beside the store in use`,
		Args:        cobra.ExactArgs(1),
		Annotations: onlyTableAndJSON,
		RunE:        func(cmd *cobra.Command, args []string) error { return a.restore(cmd.Context(), args[0], force) },
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace the store")
	return cmd
}

func (a *app) restore(ctx context.Context, file string, force bool) error {
	path := a.storeFile()
	if sameFile(file, path) {
		return fmt.Errorf("%s is the store itself", file)
	}
	bar := a.newProgress()
	err := storage.Restore(ctx, file, path, force, bar.step)
	bar.done()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no backup %s", file)
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("there is a store %s; --force replaces it, and --store names another", path)
	case err != nil:
		return err
	}
	store, err := a.openStore(readStore)
	if err != nil {
		return err
	}
	defer store.Close()
	if a.format == formatJSON {
		return writeJSON(a.out, map[string]any{"backup": file, "store": path, "bytes": store.Size(), "members": store.Members()})
	}
	_, err = fmt.Fprintf(a.out, "%s: restored with %s, %s\n", path, many(store.Members(), "member"), bytesText(store.Size()))
	return err
}
