package main

import (
	"errors"

	"github.com/spf13/cobra"
)

type explainOptions struct {
	codes bool
}

func newExplain(a *app) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:     "explain CODE",
		Short:   "why: a condition, a member, a fault's code",
		GroupID: groupMembers,
		Example: `  muster explain M0213              what the code of a fault means, and how to mend it
  muster explain --codes            all codes`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.codes:
				return a.listCodes()
			case len(args) == 0:
				return usageError("explain", "explain needs a condition, a name or a code")
			case codePattern.MatchString(args[0]):
				return a.explainCode(args[0])
			}
			return errors.New("only codes")
		},
	}
	cmd.Flags().BoolVar(&o.codes, "codes", false, "list the codes of all faults and warnings")
	return cmd
}
