package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/rules"
	"github.com/muster-engine/muster/storage"
	"github.com/muster-engine/muster/storage/column"
)

func newStatus(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "show what the store holds",
		GroupID: groupStore,
		Long: `Shows the size of the store, how many members and events it holds, its clock, the rules that it remembers,
the files that it took in, and how much a server has written that is not in the columns yet. Of a server it shows how it
is doing: its clock, the rules in force and why a later edit of them is not, and what is wrong, if anything is.`,
		Example: `  muster status
  muster status --server http://127.0.0.1:7077
  muster status --format json`,
		Args:        cobra.NoArgs,
		Annotations: onlyTableAndJSON,
		RunE:        func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context()) },
	}
}

// statusJSON is a store at a glance.
type statusJSON struct {
	Store   string           `json:"store"`
	Bytes   int64            `json:"bytes"`
	Members int64            `json:"members"`
	Gone    int64            `json:"gone"`
	Events  []eventCountJSON `json:"events"`
	Lists   []eventCountJSON `json:"lists"`
	Tables  []eventCountJSON `json:"tables"`
	Journal uint64           `json:"journal"`
	Clock   string           `json:"clock"` // "system" or "pinned"
	Now     string           `json:"now"`
	Rules   rulesJSON        `json:"rules"`
	Imports int              `json:"imports"`
	Last    *lastImportJSON  `json:"last_import,omitempty"`
	Cuts    int              `json:"cuts"`
	CutsAt  string           `json:"cuts_at,omitempty"`
}

type eventCountJSON struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

type rulesJSON struct {
	Revision int64  `json:"revision"`
	Since    string `json:"since,omitempty"`
	Files    int    `json:"files"`
}

type lastImportJSON struct {
	Name string `json:"name"`
	When string `json:"when"`
}

func (a *app) status(ctx context.Context) error {
	if server := a.serverURL(); server != "" {
		return a.statusOf(ctx, server)
	}
	store, err := a.openStore(readStore)
	if err != nil {
		return err
	}
	defer store.Close()
	st := statusJSON{Store: store.Path(), Bytes: store.Size(), Imports: len(store.Imports())}
	if err := st.countMembers(ctx, store.Snapshot()); err != nil {
		return err
	}
	if st.Journal, err = store.JournalLength(); err != nil {
		return err
	}
	show, err := st.rules(store)
	if err != nil {
		return err
	}
	clock := store.Clock()
	st.Clock = "system"
	if clock.Pinned {
		st.Clock = "pinned"
	}
	st.Now = show(clock.Now(a.now().Truncate(time.Second).UnixMicro()))
	if all := store.Imports(); len(all) > 0 {
		last := all[len(all)-1]
		st.Last = &lastImportJSON{last.Name, show(last.When)}
	}
	cuts, err := store.Cuts()
	if err != nil {
		return err
	}
	st.Cuts = len(cuts)
	for _, c := range cuts {
		st.CutsAt = max(st.CutsAt, show(c.At))
	}
	if a.format == formatJSON {
		return writeJSON(a.out, st)
	}
	return st.write(a.out)
}

// countMembers counts members and events by block, so that not all of a large store is in memory at once.
func (st *statusJSON) countMembers(ctx context.Context, data *storage.Snapshot) error {
	schema := data.Schema()
	st.Events, st.Lists, st.Tables = []eventCountJSON{}, []eventCountJSON{}, []eventCountJSON{}
	for _, e := range schema.Events {
		st.Events = append(st.Events, eventCountJSON{Name: e.Name})
	}
	for block := 0; block*column.Block < int(data.Members()); block++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		live, err := data.Live(block)
		if err != nil {
			return err
		}
		st.Members += int64(live.GetCardinality())
		for i := range st.Events {
			h, err := data.History(st.Events[i].Name, block)
			if err != nil {
				return err
			}
			if h != nil {
				starts := h.Starts()
				st.Events[i].Count += int64(starts[len(starts)-1])
			}
		}
		data.Release(block)
	}
	st.Gone = int64(data.Members()) - st.Members
	for _, name := range schema.Lists {
		list, err := data.List(name)
		if err != nil {
			return err
		}
		if list != nil {
			st.Lists = append(st.Lists, eventCountJSON{name, int64(list.GetCardinality())})
		}
	}
	for _, t := range schema.Tables {
		table, err := data.Table(t.Name)
		if err != nil {
			return err
		}
		if table != nil {
			st.Tables = append(st.Tables, eventCountJSON{t.Name, int64(len(table.Keys))})
		}
	}
	return nil
}

// rules notes the rules that the store remembers and returns how to show an instant by their timezone, else in UTC.
func (st *statusJSON) rules(store *storage.Store) (show func(int64) string, err error) {
	remembered, err := store.Rules()
	if err != nil {
		return nil, err
	}
	show = func(at int64) string { return time.UnixMicro(at).UTC().Format(time.RFC3339) }
	var sources []rules.Source
	for _, f := range remembered.Files {
		sources = append(sources, rules.Source{Name: f.Name, Text: string(f.Text)})
	}
	if remembered.Revision == 0 {
		return show, nil
	}
	if prog := rules.FromSources(sources).Program; prog != nil {
		show = func(at int64) string { return valuesOf(prog).rfc3339(at - at%1_000_000) }
	}
	st.Rules = rulesJSON{remembered.Revision, show(remembered.Since), len(remembered.Files)}
	return show, nil
}

func (st *statusJSON) write(out io.Writer) error {
	var b strings.Builder
	line := func(head, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s%s\n", head, fmt.Sprintf(format, args...))
	}
	line("store", "%s, %s", st.Store, bytesText(st.Bytes))
	line("members", "%s", count(st.Members))
	if st.Gone > 0 {
		line("", "%s merged or forgotten", count(st.Gone))
	}
	several := func(head string, what []eventCountJSON) {
		for _, c := range what {
			line(head, "%s %s", c.Name, count(c.Count))
			head = ""
		}
	}
	several("events", st.Events)
	several("lists", st.Lists)
	several("tables", st.Tables)
	switch st.Journal {
	case 0:
		line("journal", "empty")
	case 1:
		line("journal", "1 entry that is not in the columns yet")
	default:
		line("journal", "%s entries that are not in the columns yet", count(st.Journal))
	}
	if st.Clock == "pinned" {
		line("clock", "%s, pinned", st.Now)
	} else {
		line("clock", "%s, follows the system's clock", st.Now)
	}
	if st.Rules.Revision == 0 {
		line("rules", "none")
	} else {
		line("rules", "revision %d since %s, %s", st.Rules.Revision, st.Rules.Since, many(st.Rules.Files, "file"))
	}
	if st.Last == nil {
		line("imports", "none")
	} else {
		line("imports", "%s, the last %s at %s", count(st.Imports), st.Last.Name, st.Last.When)
	}
	if st.Cuts == 0 {
		line("cuts", "none")
	} else {
		line("cuts", "%s, taken at %s", many(st.Cuts, "ntile"), st.CutsAt)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
