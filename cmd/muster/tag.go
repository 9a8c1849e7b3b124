package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/user"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-engine/muster/compiler/calendar"
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
	"github.com/muster-engine/muster/storage/column"
)

type tagSetOptions struct {
	by string
}

func newTag(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "tag",
		Short:   "set and clear manual tags",
		GroupID: groupStore,
		Example: `  muster tag set foot_type "wide" 13800138000 13900139000
  muster tag clear foot_type 13800138000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var o tagSetOptions
	set := &cobra.Command{
		Use:     "set NAME VALUE ID...",
		Short:   "give members a manual tag",
		Example: "  muster tag set foot_type wide 13800138000 --by \"shop 12\"",
		Args:    cobra.MinimumNArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.setTag(cmd.Context(), args[0], &args[1], args[2:], o)
		},
	}
	clear := &cobra.Command{
		Use:     "clear NAME ID...",
		Short:   "take a manual tag from members",
		Example: "  muster tag clear foot_type 13800138000",
		Args:    cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.setTag(cmd.Context(), args[0], nil, args[1:], o)
		},
	}
	for _, c := range []*cobra.Command{set, clear} {
		c.Flags().StringVar(&o.by, "by", "", "`who` decides it; otherwise the user of the system")
	}
	cmd.AddCommand(set, clear)
	return cmd
}

// setTag sets a manual tag of members, or clears it if text is nil. All ids are looked up before any tag is set.
func (a *app) setTag(ctx context.Context, name string, text *string, ids []string, o tagSetOptions) error {
	if server := a.serverURL(); server != "" {
		return a.setTagThere(ctx, server, name, text, ids, o)
	}
	s, err := a.open(ctx, writeStore)
	if err != nil {
		return err
	}
	defer s.close()
	tag, err := findTag(s.prog, name)
	if err != nil {
		return err
	}
	if !tag.Manual {
		return fmt.Errorf("%s follows from the rules; only a manual tag can be set", name)
	}
	var value column.Value
	if text != nil {
		if value, err = s.vs.parse(*text, tag.Type); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	q, err := s.asker("")
	if err != nil {
		return err
	}
	members := make([]uint32, len(ids))
	for i, id := range ids {
		if members[i], err = q.find(id); err != nil {
			return err
		}
	}
	by := o.by
	if by == "" {
		if u, err := user.Current(); err == nil {
			by = u.Username
		}
	}
	for _, member := range members {
		if err := s.store.SetManual(tag.Name, tag.Type.String(), member, value, q.view.Now(), by); err != nil {
			return err
		}
	}
	a.tellTag(name, text, len(members))
	return nil
}

func (a *app) tellTag(name string, text *string, members int) {
	if text == nil {
		fmt.Fprintf(a.out, "%s cleared for %s\n", name, many(members, "member"))
	} else {
		fmt.Fprintf(a.out, "%s set to %s for %s\n", name, *text, many(members, "member"))
	}
}

// setTagThere has a server set or clear a tag, of one member after the other.
func (a *app) setTagThere(ctx context.Context, server, name string, text *string, ids []string, o tagSetOptions) error {
	if o.by != "" {
		return usageError("tag", "a server notes whose token it is: --by goes without --server")
	}
	c, err := a.client(server)
	if err != nil {
		return err
	}
	for i, id := range ids {
		path := "/v1/members/" + url.PathEscape(id) + "/tags/" + url.PathEscape(name)
		if text == nil {
			err = c.do(ctx, "DELETE", path, nil, nil)
		} else {
			err = c.do(ctx, "PUT", path, map[string]string{"text": *text}, nil)
		}
		if err != nil && i > 0 {
			return fmt.Errorf("done for the first %s; %s: %w", many(i, "member"), id, err)
		} else if err != nil {
			return err
		}
	}
	a.tellTag(name, text, len(ids))
	return nil
}

// parse reads a value of a type as somebody types it.
func (vs values) parse(text string, t ir.Type) (column.Value, error) {
	wrong := func(want string) (column.Value, error) {
		return column.Value{}, fmt.Errorf("%q is no %s", text, want)
	}
	switch t.Kind {
	case ir.Bool:
		switch strings.ToLower(text) {
		case "true", "yes":
			return column.Int(1), nil
		case "false", "no":
			return column.Int(0), nil
		}
		return wrong("bool; write true or false")
	case ir.Int:
		file := diag.NewFile("value", strings.TrimPrefix(text, "-"))
		if lit, ok := literal(file).(*dsl.IntLit); ok {
			if strings.HasPrefix(text, "-") {
				return column.Int(-lit.Value), nil
			}
			return column.Int(lit.Value), nil
		}
		return wrong("whole number")
	case ir.Number, ir.Money:
		digits := vs.digits
		d, exact, ok := decimal.FromText(text, digits)
		minor, fits := d.Minor()
		switch {
		case !ok || t.Kind == ir.Money && (!exact || !fits || !d.IsMinor()):
			return wrong(t.Kind.String())
		case t.Kind == ir.Money:
			return column.Int(minor), nil
		}
		return column.Float(d.Float(digits)), nil
	case ir.Enum:
		if t.Enum.Ordinal(text) < 0 {
			err := fmt.Sprintf("it cannot be %q; it is one of %s", text, orList(t.Enum.Values))
			if near, ok := diag.Near(text, t.Enum.Values); ok {
				err = fmt.Sprintf("it cannot be %q; did you mean %q?", text, near)
			}
			return column.Value{}, errors.New(err)
		}
		return column.Text(text), nil
	case ir.Date:
		if lit, ok := literal(diag.NewFile("value", text)).(*dsl.DateLit); ok {
			return column.Int(calendar.FromCivil(lit.Year, lit.Month, lit.Day)), nil
		}
		return wrong("date; write 2026-06-01")
	case ir.Time:
		at, err := vs.parseTime(text)
		return column.Int(at), err
	case ir.Set:
		var texts []string
		for _, one := range strings.Split(text, ",") {
			if one = strings.TrimSpace(one); one != "" {
				texts = append(texts, one)
			}
		}
		if t.Elem == ir.Enum {
			for _, one := range texts {
				if t.Enum.Ordinal(one) < 0 {
					return column.Value{}, fmt.Errorf("it cannot hold %q; it holds %s", one, orList(t.Enum.Values))
				}
			}
		}
		return column.Set(texts...), nil
	default:
		if text == "" {
			return column.Value{}, errors.New("there is no empty text; clear the tag instead")
		}
		return column.Text(text), nil
	}
}

func literal(f *diag.File) dsl.Expr {
	e, found := dsl.ParseExpr(f)
	if found.HasErrors() {
		return nil
	}
	return e
}
