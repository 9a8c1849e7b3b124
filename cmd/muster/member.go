package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/runtime/holdings"
)

type memberOptions struct {
	events int
	asOf   string
}

func newMember(a *app) *cobra.Command {
	var o memberOptions
	cmd := &cobra.Command{
		Use:     "member ID",
		Short:   "show all that is known of one member",
		GroupID: groupMembers,
		Long: `Shows attributes, tags with their values, segments, lists and the last events of the member who
has the id. #17 is the member with number 17.`,
		Example: `  muster member 13800138000
  muster member 13800138000 --events 50
  muster member '#17' --format json`,
		Args:        cobra.ExactArgs(1),
		Annotations: map[string]string{"formats": formatTable + " " + formatJSON},
		RunE:        func(cmd *cobra.Command, args []string) error { return a.member(cmd.Context(), args[0], o) },
	}
	cmd.Flags().IntVar(&o.events, "events", 5, "show the last `n` events of each type")
	addAsOf(cmd, &o.asOf)
	return cmd
}

func (a *app) member(ctx context.Context, id string, o memberOptions) error {
	s, err := a.open(ctx, readStore)
	if err != nil {
		return err
	}
	defer s.close()
	q, err := s.asker(o.asOf)
	if err != nil {
		return err
	}
	number, err := q.find(id)
	if err != nil {
		return err
	}
	profile, err := q.profile(ctx, number, o.events)
	if err != nil {
		return err
	}
	if a.format == formatJSON {
		return writeJSON(a.out, profile.json(q.vs))
	}
	return profile.write(a.out, q)
}

// profile is what is known of a member.
type profile struct {
	number     uint32
	now        int64
	attributes []named
	tags       []namedTag
	segments   []*ir.Segment
	lists      []*ir.List
	events     []eventList
	holdings   holdings.Holdings
}

// named is a value under a name.
type named struct {
	name  string
	typ   ir.Type
	value ir.Value
}

type namedTag struct {
	*ir.Tag
	value ir.Value
	// note says who set a manual tag, and when.
	note string
}

// eventList is the last events of one type, the latest last, and how many there are up to now.
type eventList struct {
	*ir.Event
	total int
	last  []eventLine
}

type eventLine struct {
	at     int64
	fields []ir.Value
}

func (q *asker) profile(ctx context.Context, number uint32, events int) (*profile, error) {
	person, err := q.person(number)
	if err != nil {
		return nil, err
	}
	out := &profile{number: number, now: q.instant()}
	for i, a := range q.prog.Attributes {
		v, err := person.Attribute(i)
		if err != nil {
			return nil, err
		}
		out.attributes = append(out.attributes, named{a.Name, a.Type, v})
	}
	for _, tag := range q.prog.Tags {
		node, err := q.tagNode(tag)
		if err != nil {
			return nil, err
		}
		line := namedTag{Tag: tag}
		if line.value, err = person.Value(ctx, node); err != nil {
			return nil, err
		}
		if tag.Manual && line.value.Known {
			if line.note, err = q.setNote(tag, number); err != nil {
				return nil, err
			}
		}
		out.tags = append(out.tags, line)
	}
	for _, segment := range q.prog.Segments {
		v, err := person.Value(ctx, segment.Expr)
		if err != nil {
			return nil, err
		}
		if v.True() {
			out.segments = append(out.segments, segment)
		}
	}
	for i, list := range q.prog.Lists {
		on, err := person.OnList(i)
		if err != nil {
			return nil, err
		}
		if on {
			out.lists = append(out.lists, list)
		}
	}
	if out.holdings, err = holdings.Of(ctx, person); err != nil {
		return nil, err
	}
	for i, event := range q.prog.Events {
		if event.Facts != "" {
			continue
		}
		list := eventList{Event: event}
		all, err := person.Events(i)
		if err != nil {
			return nil, err
		}
		for _, e := range all {
			if e.At <= out.now {
				list.total++
				list.last = append(list.last, eventLine{e.At, e.Fields})
			}
		}
		list.last = slices.Clone(list.last[max(0, len(list.last)-max(0, events)):])
		out.events = append(out.events, list)
	}
	return out, nil
}

func (pr *profile) write(w io.Writer, q *asker) error {
	s := q.style(w)
	fmt.Fprintf(w, "%s as of %s\n", s.bold(fmt.Sprintf("Member #%d", pr.number)), q.vs.time(pr.now))
	var sheet groupedTable
	sheet.columns = []col{{}, {paint: s.bold}, {paint: s.faint}}
	for _, a := range pr.attributes {
		sheet.add("Attributes", a.name, q.vs.text(a.value, a.typ), "")
	}
	addTags := func(group int, head string) {
		for _, t := range pr.tags {
			if t.Group == group {
				sheet.add(head, t.Name, q.vs.text(t.value, t.Type), strings.TrimSpace(t.Title+"  "+t.note))
			}
		}
	}
	for i, g := range q.prog.Groups {
		addTags(i, titleOf(g.Title, g.Name))
	}
	addTags(-1, "Tags")
	for _, segment := range pr.segments {
		sheet.add("Segments", segment.Name, "", segment.Title)
	}
	for _, list := range pr.lists {
		sheet.add("Lists", list.Name, "", list.Title)
	}
	addHoldings(&sheet, pr.holdings)
	fmt.Fprintln(w)
	if err := sheet.write(w, s); err != nil {
		return err
	}
	for _, e := range pr.events {
		if len(e.last) == 0 {
			continue
		}
		head := e.Name
		if e.total > len(e.last) {
			head += fmt.Sprintf(", the last %s of %s", count(len(e.last)), count(e.total))
		}
		fmt.Fprintf(w, "\n%s\n", s.yellow(head))
		if err := e.table(q.vs).write(w, "  ", s); err != nil {
			return err
		}
	}
	return nil
}

// table has a row per event and a column per field.
func (e *eventList) table(vs values) *table {
	t := &table{columns: []col{{head: "at"}}}
	for _, f := range e.Fields {
		t.columns = append(t.columns, col{head: f.Name, right: numeric(f.Type)})
	}
	for _, line := range e.last {
		row := []string{vs.time(line.at)}
		for i, f := range e.Fields {
			text := ""
			if line.fields[i].Known {
				text = vs.text(line.fields[i], f.Type)
			}
			row = append(row, text)
		}
		t.add(row...)
	}
	return t
}

func numeric(t ir.Type) bool {
	return t.Kind == ir.Int || t.Kind == ir.Number || t.Kind == ir.Money
}

type profileJSON struct {
	Member     uint32         `json:"member"`
	AsOf       string         `json:"as_of"`
	Attributes map[string]any `json:"attributes"`
	Tags       map[string]any `json:"tags"`
	Segments   []string       `json:"segments"`
	Lists      []string       `json:"lists"`
	Events     []eventJSON    `json:"events"`
	holdings.Holdings
}

type eventJSON struct {
	Event  string         `json:"event"`
	At     string         `json:"at"`
	Fields map[string]any `json:"fields"`
}

func (pr *profile) json(vs values) profileJSON {
	out := profileJSON{
		Member: pr.number, AsOf: vs.rfc3339(pr.now), Attributes: map[string]any{}, Tags: map[string]any{},
		Segments: []string{}, Lists: []string{}, Events: []eventJSON{},
		Holdings: pr.holdings,
	}
	for _, a := range pr.attributes {
		out.Attributes[a.name] = vs.json(a.value, a.typ)
	}
	for _, t := range pr.tags {
		out.Tags[t.Name] = vs.json(t.value, t.Type)
	}
	for _, s := range pr.segments {
		out.Segments = append(out.Segments, s.Name)
	}
	for _, l := range pr.lists {
		out.Lists = append(out.Lists, l.Name)
	}
	for _, e := range pr.events {
		for _, line := range e.last {
			one := eventJSON{e.Name, vs.rfc3339(line.at), map[string]any{}}
			for i, f := range e.Fields {
				one.Fields[f.Name] = vs.json(line.fields[i], f.Type)
			}
			out.Events = append(out.Events, one)
		}
	}
	return out
}
