package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// withoutServer are the commands that no server is asked by, with what to do instead.
var withoutServer = map[string]string{
	"restore": "a store is restored where it lies, while no server has it open",
	"compact": "a store is compacted where it lies, while no server has it open",
	"serve":   "one store has one server; --store names another store",
	"init":    "it needs rule files only",
	"check":   "it needs rule files only",
	"fmt":     "it needs rule files only",
	"test":    "it needs rule files only",
	"demo":    "it makes a store of its own",
	"bench":   "it makes a store of its own",
	"version": "it tells about this program",
}

// checkServer refuses --server where nothing would be asked of the server: the command would do something else than its
// caller thinks.
func (a *app) checkServer(cmd *cobra.Command) error {
	words := strings.Fields(cmd.CommandPath())
	if len(words) < 2 {
		return nil
	}
	a.notByServer = withoutServer[words[1]]
	if a.server != "" && a.notByServer != "" {
		return usageError(words[1], "%s goes without --server: %s", words[1], a.notByServer)
	}
	return nil
}
