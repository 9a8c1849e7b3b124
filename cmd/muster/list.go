package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/ir"
)

// listChange is what an upload does to a list.
type listChange uint8

const (
	listReplace listChange = iota
	listAdd
	listRemove
)

func newList(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "upload lists of members",
		GroupID: groupStore,
		Long: `A list of the rules holds members that were uploaded, one id a line; - is standard input, and lines
that begin with # and blank ones are passed over. Ids that nobody has are counted and shown.`,
		Example: `  muster list                                      the lists and how many are on each
  muster list put do_not_disturb blocked.txt       exactly those in the file
  muster list add do_not_disturb -                 those too
  muster list remove do_not_disturb back.txt       no longer those`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.lists(cmd.Context()) },
	}
	for _, c := range []struct {
		name, short string
		change      listChange
	}{
		{"put", "make a list exactly the ids of a file", listReplace},
		{"add", "put the ids of a file on a list", listAdd},
		{"remove", "take the ids of a file off a list", listRemove},
	} {
		cmd.AddCommand(&cobra.Command{
			Use:     c.name + " NAME FILE",
			Short:   c.short,
			Example: "  muster list " + c.name + " do_not_disturb ids.txt",
			Args:    cobra.ExactArgs(2),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.changeList(cmd.Context(), args[0], args[1], c.change)
			},
		})
	}
	return cmd
}

func (a *app) lists(ctx context.Context) error {
	lines, err := a.listLines(ctx)
	if err != nil {
		return err
	}
	if a.format == formatJSON {
		return writeJSON(a.out, lines)
	}
	t := table{columns: []col{{head: "name"}, {head: "title"}, {head: "members", right: true}}}
	for _, l := range lines {
		if a.format == formatCSV {
			t.add(l.Name, l.Title, fmt.Sprint(l.Members))
		} else {
			t.add(l.Name, l.Title, count(l.Members))
		}
	}
	if a.format == formatCSV {
		return t.writeCSV(a.out)
	}
	return t.write(a.out, "", a.style(a.out))
}

// listLines are the lists of a server or a store, with how many are on each.
func (a *app) listLines(ctx context.Context) ([]segmentLine, error) {
	if server := a.serverURL(); server != "" {
		c, err := a.client(server)
		if err != nil {
			return nil, err
		}
		var got struct {
			Lists []segmentLine `json:"lists"`
		}
		return got.Lists, c.do(ctx, "GET", "/v1/lists", nil, &got)
	}
	s, err := a.open(ctx, readStore)
	if err != nil {
		return nil, err
	}
	defer s.close()
	data := s.store.Snapshot()
	lines := []segmentLine{}
	for _, list := range s.prog.Lists {
		on, err := data.List(list.Name)
		if err != nil {
			return nil, err
		}
		line := segmentLine{Name: list.Name, Title: list.Title, Of: uint64(data.Members())}
		if on != nil {
			line.Members = on.GetCardinality()
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func (a *app) changeList(ctx context.Context, name, file string, change listChange) error {
	var in io.Reader = a.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return fmt.Errorf("%s cannot be read: %w", file, pathless(err))
		}
		defer f.Close()
		in = f
	}
	if server := a.serverURL(); server != "" {
		return a.uploadList(ctx, server, name, in, change)
	}
	s, err := a.open(ctx, writeStore)
	if err != nil {
		return err
	}
	defer s.close()
	list, err := findList(s.prog, name)
	if err != nil {
		return err
	}
	q, err := s.asker("")
	if err != nil {
		return err
	}
	uploaded, missing, err := q.readIDs(ctx, in)
	if err != nil {
		return err
	}
	old, err := q.data.List(list.Name)
	if err != nil {
		return err
	}
	if old == nil {
		old = roaring.New()
	}
	next := uploaded
	switch change {
	case listAdd:
		next = roaring.Or(old, uploaded)
	case listRemove:
		next = roaring.AndNot(old, uploaded)
	}
	if err := s.store.PutList(list.Name, next); err != nil {
		return err
	}
	fmt.Fprintf(a.out, "%s: %s, was %s\n", list.Name, many(next.GetCardinality(), "member"), count(old.GetCardinality()))
	a.tellMissing(len(missing), missing[:min(len(missing), 5)])
	return nil
}

func (a *app) tellMissing(n int, shown []string) {
	if n > 0 {
		fmt.Fprintf(a.err, "nobody has %s, such as %s\n", many(n, "id"), orList(shown))
	}
}

// uploadList hands ids to a server.
func (a *app) uploadList(ctx context.Context, server, name string, in io.Reader, change listChange) error {
	c, err := a.client(server)
	if err != nil {
		return err
	}
	method := map[listChange]string{listReplace: "PUT", listAdd: "POST", listRemove: "DELETE"}[change]
	res, err := c.send(ctx, method, "/v1/lists/"+url.PathEscape(name), "text/plain; charset=utf-8", in)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var got struct {
		Members  int      `json:"members"`
		Unknown  int      `json:"unknown"`
		Examples []string `json:"examples"`
	}
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil {
		return fmt.Errorf("what %s answers is not what a muster server does", c.base)
	}
	what := map[listChange]string{listReplace: "put on it", listAdd: "added", listRemove: "taken off"}[change]
	fmt.Fprintf(a.out, "%s: %s %s\n", name, many(got.Members, "member"), what)
	a.tellMissing(got.Unknown, got.Examples)
	return nil
}

func findList(p *ir.Program, name string) (*ir.List, error) {
	var names []string
	for _, l := range p.Lists {
		if l.Name == name {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return nil, unknownName("list", name, names)
}

// readIDs reads an id a line and returns the members who have them, and the ids that nobody has.
func (q *asker) readIDs(ctx context.Context, in io.Reader) (*roaring.Bitmap, []string, error) {
	index, err := q.idIndex()
	if err != nil {
		return nil, nil, err
	}
	members := roaring.New()
	var missing []string
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		id := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if id == "" || strings.HasPrefix(id, "#") {
			continue
		}
		if member, ok := index.find(id); ok {
			members.Add(member)
		} else {
			missing = append(missing, id)
		}
	}
	return members, missing, lines.Err()
}
