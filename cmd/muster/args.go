package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/dsl/diag"
)

// tellArguments has a command and those below it say in their users' words which arguments they take.
func tellArguments(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		tellArguments(c)
	}
	check := cmd.Args
	if check == nil {
		return
	}
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		err := check(cmd, args)
		switch {
		case err == nil:
			return nil
		case cmd.HasParent() && cmd.HasAvailableSubCommands() && len(args) > 0:
			return unknownCommand(cmd, args[0])
		case !cmd.HasParent():
			return err
		}
		return wrongArguments(cmd, args)
	}
}

// wrongArguments says how a command is written that was given too few or too many arguments.
func wrongArguments(cmd *cobra.Command, args []string) error {
	_, takes, _ := strings.Cut(cmd.Use, " ")
	name := withoutRoot(cmd)
	if takes == "" {
		return fmt.Errorf("%s takes no argument, and was given %s; see %s --help", name, quotedArguments(args), cmd.CommandPath())
	}
	text := fmt.Sprintf("%s takes %s, and was given ", name, takes)
	if len(args) == 0 {
		text += "nothing"
	} else {
		text += quotedArguments(args)
	}
	if len(args) > 1 {
		text += "; an argument with spaces stands in quotes"
	}
	return fmt.Errorf("%s; see %s --help", text, cmd.CommandPath())
}

// withoutRoot is the path of a command below muster.
func withoutRoot(cmd *cobra.Command) string {
	return strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
}

func quotedArguments(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = "'" + arg + "'"
	}
	return strings.Join(quoted, " ")
}

func unknownCommand(cmd *cobra.Command, name string) error {
	text := fmt.Sprintf("there is no command %q", withoutRoot(cmd)+" "+name)
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	if near, ok := diag.Near(name, names); ok {
		text += "; did you mean " + near + "?"
	}
	return fmt.Errorf("%s; %s --help lists them", text, cmd.CommandPath())
}

// badFlagValue is how the flag library words a value that does not fit; the last group says what it was read as.
var badFlagValue = regexp.MustCompile(`^invalid argument (".*") for "(?:-., )?(--[^"]+)" flag: strconv\.Parse(\w+):`)

// expressionAsFlag is how the flag library words an argument such as -count(order) < 3.
var expressionAsFlag = regexp.MustCompile(`(?s)^unknown shorthand flag: .* in (-\S*[ (].*)$`)

// flagError says what is wrong with a flag in its user's words.
func flagError(cmd *cobra.Command, err error) error {
	text := err.Error()
	if m := expressionAsFlag.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("'%s' begins with -, as flags do: write -- before it; see %s --help", m[1], cmd.CommandPath())
	}
	if m := badFlagValue.FindStringSubmatch(text); m != nil {
		wants := "a whole number"
		if m[3] == "Bool" {
			wants = "true or false"
		}
		text = fmt.Sprintf("%s takes %s, not %s", m[2], wants, m[1])
	}
	return fmt.Errorf("%s; see %s --help", text, cmd.CommandPath())
}
