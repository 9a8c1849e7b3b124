package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/muster-engine/muster/runtime/api"
)

// statusOf shows how a server is doing.
func (a *app) statusOf(ctx context.Context, server string) error {
	c, err := a.client(server)
	if err != nil {
		return err
	}
	var st api.Status
	if err := c.do(ctx, "GET", "/v1/status", nil, &st); err != nil {
		return err
	}
	if a.format == formatJSON {
		return writeJSON(a.out, st)
	}
	line := func(head, format string, args ...any) {
		fmt.Fprintf(a.out, "%-10s%s\n", head, fmt.Sprintf(format, args...))
	}
	line("server", "%s, store of %s", c.base, bytesText(st.Bytes))
	line("members", "%s, of them %s changed since the last checkpoint", count(st.Members), count(st.Changed))
	line("crossings", "%s", count(st.Crossings))
	line("waiting", "%s", count(st.Waiting))
	mode := "follows the system's clock"
	if st.Clock == "pinned" {
		mode = "pinned"
	}
	line("clock", "%.19s %s, %s", st.Now, st.Timezone, mode)
	since := ""
	if st.Rules.Since != nil {
		since = fmt.Sprintf(" since %.19s", *st.Rules.Since)
	}
	line("rules", "revision %d%s", st.Rules.Revision, since)
	if st.Rules.LastError != nil {
		line("refused", "a later edit of the rules:")
		fmt.Fprintf(a.out, "  %s\n", strings.ReplaceAll(*st.Rules.LastError, "\n", "\n  "))
	}
	if st.Fault != "" {
		line("fault", "%s", st.Fault)
	}
	return nil
}
