package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newReload(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "reload",
		Short:   "have a server take its rule files as they are now",
		GroupID: groupStore,
		Long: `A server takes edits of its rule files by itself, a moment after they are settled. This asks it to do so
now, waits until they are in force, and says why if they are not: rules with errors, or that the stored data
contradict, change nothing. The server is that of --server or $MUSTER_SERVER, else the one of this machine.`,
		Example:     "  muster reload --server http://127.0.0.1:7077",
		Args:        cobra.NoArgs,
		Annotations: onlyTableAndJSON,
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.reload(cmd.Context()) },
	}
}

type reloadedJSON struct {
	Revision  int64   `json:"revision"`
	Hash      string  `json:"hash"`
	Since     *string `json:"since"`
	LastError *string `json:"last_error"`
	Same      bool    `json:"same"`
	Crossings int     `json:"crossings"`
}

func (a *app) reload(ctx context.Context) error {
	c, err := a.serverOrHere()
	if err != nil {
		return err
	}
	var got reloadedJSON
	if err := c.do(ctx, "POST", "/v1/rules/reload", nil, &got); err != nil {
		return err
	}
	switch {
	case a.format == formatJSON:
		return writeJSON(a.out, got)
	case got.Same:
		_, err = fmt.Fprintf(a.out, "revision %d: the rules mean what those in force did\n", got.Revision)
	default:
		_, err = fmt.Fprintf(a.out, "revision %d is in force; %s\n", got.Revision, many(got.Crossings, "crossing"))
	}
	return err
}
