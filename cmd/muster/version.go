package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:         "version",
		Short:       "print which muster this is",
		GroupID:     groupStore,
		Example:     "  muster version --format json",
		Args:        cobra.NoArgs,
		Annotations: map[string]string{"formats": formatTable + " " + formatJSON},
		RunE:        func(*cobra.Command, []string) error { return a.version() },
	}
}

// build tells one build of muster from another.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Language int    `json:"language"`
	Platform string `json:"platform"`
}

// languageVersion is the version of the rule language that this muster reads.
const languageVersion = 1

func thisBuild() build {
	b := build{
		Version: "development", Go: runtime.Version(), Language: languageVersion,
		Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func (a *app) version() error {
	b := thisBuild()
	if a.format == formatJSON {
		return writeJSON(a.out, b)
	}
	fmt.Fprintf(a.out, "muster %s\nlanguage %d\n%s %s\n", b.Version, b.Language, b.Go, b.Platform)
	if b.Revision != "" {
		fmt.Fprintf(a.out, "revision %s", b.Revision)
		if b.Modified {
			fmt.Fprint(a.out, " with changes")
		}
		fmt.Fprintln(a.out)
	}
	return nil
}
