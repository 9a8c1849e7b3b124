package main

import "github.com/spf13/cobra"

// commands are all commands in the order in which the help lists them.
func commands() []func(*app) *cobra.Command {
	return []func(*app) *cobra.Command{
		newDemo,
		newQuery,
		newTags,
		newSegments,
		newMember,
		newExportMember,
		newExplain,
		newReportCommand,
		newRepl,
		newPromptEntry,
		newInit,
		newCheck,
		newFmt,
		newTest,
		newPlan,
		newImport,
		newTag,
		newPoints,
		newTier,
		newCoupon,
		newCases,
		newList,
		newRetract,
		newIdentity,
		newForget,
		newClock,
		newStatus,
		newBackup,
		newRestore,
		newVerify,
		newBooks,
		newCompact,
		newServe,
		newReload,
		newSinks,
		newSync,
		newTail,
		newBench,
		newLoad,
		newVersion,
	}
}
