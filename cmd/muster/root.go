package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/runtime/api"
)

// app is one run of the program: the world and what the flags of every command say.
type app struct {
	world
	rulesPath string
	storePath string
	format    string
	noColor   bool
	server    string
	// notByServer is why the command that runs is none for a server, with what to do instead; "" if it is one.
	notByServer string
	// live is what a server answers questions from; nil where there is a store to open.
	live  api.Source
	asked []*asker
}

const (
	formatTable = "table"
	formatJSON  = "json"
	formatCSV   = "csv"
	formatJUnit = "junit"
)

const (
	groupRules   = "rules"
	groupMembers = "members"
	groupStore   = "store"
)

// The library keeps the order of commands in a variable of its own; a server runs commands side by side.
func init() { cobra.EnableCommandSorting = false }

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "muster",
		Short: "Rules in, members out",
		Long: `Muster reads rules about members from .muster files, keeps what members did in one
file, and answers which members a rule selects: at once, exactly, with the reasons.`,
		Example: `  muster demo                                   see it work on real sales data
  muster check                                  are the rules in this directory sound?
  muster import --source orders orders.csv.gz   take in what members did
  muster query 'count(order) in last 90 days >= 3'
  muster explain vip_at_risk --member 13800138000`,
		SilenceErrors:              true,
		SilenceUsage:               true,
		Args:                       noCommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SuggestionsMinimumDistance: 2,
		CompletionOptions:          cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetUsageTemplate(usageTemplate)
	root.SetHelpTemplate(helpTemplate)
	root.SetFlagErrorFunc(flagError)

	flags := root.PersistentFlags()
	flags.SortFlags = false
	flags.StringVar(&a.rulesPath, "rules", "", "rule files: a `directory` or one file ($MUSTER_RULES)")
	flags.StringVar(&a.storePath, "store", "", "the `file` that keeps the members ($MUSTER_STORE, else muster.db)")
	flags.StringVar(&a.server, "server", "", "ask the server at a `URL` instead of a store ($MUSTER_SERVER, with $MUSTER_TOKEN)")
	flags.StringVar(&a.format, "format", formatTable, "`how` to print: table, json or csv")
	flags.BoolVar(&a.noColor, "no-color", false, "print without colours ($NO_COLOR)")

	root.AddGroup(
		&cobra.Group{ID: groupMembers, Title: "Ask:"},
		&cobra.Group{ID: groupRules, Title: "Write rules:"},
		&cobra.Group{ID: groupStore, Title: "Keep data:"},
	)
	for _, add := range commands() {
		cmd := add(a)
		root.AddCommand(cmd)
		a.askable(cmd)
	}
	tellArguments(root)
	root.SetHelpCommandGroupID(groupRules)
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Hidden = true
		}
	}
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.checkServer(cmd); err != nil {
			return err
		}
		return a.checkFormat(cmd)
	}
	return root
}

// checkFormat holds --format to what a command can print.
func (a *app) checkFormat(cmd *cobra.Command) error {
	formats := []string{formatTable, formatJSON, formatCSV}
	if own, ok := cmd.Annotations["formats"]; ok {
		formats = strings.Fields(own)
	}
	for _, f := range formats {
		if a.format == f {
			return nil
		}
	}
	return fmt.Errorf("%s prints as %s, not %q", cmd.Name(), strings.Join(formats, ", "), a.format)
}

func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("there is no command %q", args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + near[0] + "?"
	}
	return fmt.Errorf("%s; muster --help lists them", text)
}

const helpTemplate = `{{with (or .Long .Short)}}{{. | trimTrailingWhitespaces}}

{{end}}{{.UsageString}}`

const usageTemplate = `Usage:
  {{if .HasAvailableSubCommands}}{{.CommandPath}} COMMAND{{else}}{{.UseLine}}{{end}}
{{- if .HasExample}}

Examples:
{{.Example}}{{end}}
{{- if .HasAvailableSubCommands}}{{$all := .Commands}}{{if .Groups}}{{range $group := .Groups}}

{{.Title}}{{range $all}}{{if (and (eq .GroupID $group.ID) .IsAvailableCommand)}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{else}}

Commands:{{range $all}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}{{end}}{{end}}
{{- if .HasAvailableLocalFlags}}

Flags:
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableInheritedFlags}}

Flags of every command:
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}
{{- if .HasAvailableSubCommands}}

{{.CommandPath}} COMMAND --help explains a command.{{end}}
`
