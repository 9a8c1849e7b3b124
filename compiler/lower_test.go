package compiler_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

var update = flag.Bool("update", false, "write the golden files anew")

// schema compiles testdata/schema.muster with more declarations.
func schema(t testing.TB, more string) (*ir.Program, diag.List) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "schema.muster"))
	if err != nil {
		t.Fatal(err)
	}
	var trees []*dsl.RuleFile
	var diags diag.List
	for _, f := range []*diag.File{diag.NewFile("schema.muster", string(text)), diag.NewFile("rules.muster", more)} {
		tree, found := dsl.Parse(f)
		trees, diags = append(trees, tree), append(diags, found...)
	}
	p, found := compiler.Compile(trees)
	return p, append(diags, found...)
}

// show writes a node as a list: the operation, what names it, its operands. A mark ? says that it may be unknown.
func show(p *ir.Program, n *ir.Node) string {
	var s strings.Builder
	var write func(n *ir.Node, event int)
	value := func(t ir.Type, v ir.Value) string {
		switch {
		case !v.Known:
			return "unknown"
		case t.Kind == ir.Enum:
			return strconv.Quote(t.Enum.Values[v.I])
		case t.Kind == ir.String:
			return strconv.Quote(v.S)
		case t.Kind == ir.Row:
			return t.Table.Name + ":" + strconv.Quote(v.S)
		case t.Kind == ir.Number:
			return fmt.Sprintf("number:%v", v.F)
		case t.Kind == ir.Exact:
			return "exact:" + v.D.Text(p.Digits)
		case t.Kind == ir.Int:
			return strconv.FormatInt(v.I, 10)
		}
		return fmt.Sprintf("%s:%d", t.Kind, v.I)
	}
	write = func(n *ir.Node, event int) {
		if n.Nullable {
			defer s.WriteByte('?')
		}
		switch n.Op {
		case ir.OpConst:
			s.WriteString(value(n.Type, n.Const))
			return
		case ir.OpAttr:
			s.WriteString(p.Attributes[n.Index].Name)
			return
		case ir.OpTag:
			s.WriteString("tag:" + p.Tags[n.Index].Name)
			return
		case ir.OpSegment:
			s.WriteString("segment:" + p.Segments[n.Index].Name)
			return
		case ir.OpList:
			s.WriteString("list:" + p.Lists[n.Index].Name)
			return
		case ir.OpField:
			s.WriteString("." + p.Events[event].Fields[n.Index].Name)
			return
		}
		s.WriteByte('(')
		s.WriteString(n.Op.String())
		if n.Op == ir.OpColumn {
			s.WriteString(" " + n.Args[0].Type.Table.Columns[n.Index].Name)
		}
		for _, a := range n.Args {
			s.WriteByte(' ')
			write(a, event)
		}
		for _, v := range n.Consts {
			s.WriteString(" | " + value(n.Args[0].Type, v))
		}
		switch n.Op {
		case ir.OpAddSpan:
			fmt.Fprintf(&s, " %d %s", n.N, n.Unit)
		case ir.OpEnumMap:
			fmt.Fprintf(&s, " %v", n.Map)
		case ir.OpMatches:
			fmt.Fprintf(&s, " %q", n.Regexp)
		case ir.OpChance:
			fmt.Fprintf(&s, " %q", n.Text)
		case ir.OpNtile:
			fmt.Fprintf(&s, " in %d", n.Ntile.N)
		}
		if a := n.Agg; a != nil {
			fmt.Fprintf(&s, " %s %s", a.Fn, p.Events[a.Event].Name)
			if a.Value != nil {
				s.WriteString(" ")
				write(a.Value, a.Event)
			}
			if a.Fn == ir.AggTop {
				fmt.Fprintf(&s, " by %s", a.ByFn)
				if a.By != nil {
					s.WriteString(" ")
					write(a.By, a.Event)
				}
			}
			if a.Where != nil {
				s.WriteString(" where ")
				write(a.Where, a.Event)
			}
			if w := a.Window; w.Kind != "" {
				fmt.Fprintf(&s, " [%s %d %s%s%s]", w.Kind, w.N, w.Unit, bound(w.From), bound(w.To))
			}
		}
		s.WriteByte(')')
	}
	write(n, -1)
	return s.String()
}

func bound(b ir.Bound) string {
	switch b.Kind {
	case ir.DateBound:
		return fmt.Sprintf(" date:%d", b.Value)
	case ir.TimeBound:
		return fmt.Sprintf(" time:%d", b.Value)
	case ir.TodayBound:
		return " today"
	}
	return ""
}

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i, line := range gotLines {
		if i >= len(wantLines) || line != wantLines[i] {
			t.Errorf("%s:%d\n got %s\nwant %s", name, i+1, line, strings.Join(wantLines[i:min(i+1, len(wantLines))], ""))
			return
		}
	}
	t.Errorf("%s: %d lines, want %d", name, len(gotLines), len(wantLines))
}

// TestLowering compiles each expression of testdata/lower.txt and compares its type and node, or what is wrong with it.
// Lines of the file are headings (#), expressions, and, indented, what becomes of the expression above.
func TestLowering(t *testing.T) {
	p, diags := schema(t, "")
	if len(diags) > 0 {
		t.Fatal(codes(diags))
	}
	text, err := os.ReadFile(filepath.Join("testdata", "lower.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "\t") {
			continue
		}
		out.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		q, diags := compiler.CompileQuery(p, diag.NewFile("condition", line), nil)
		if q != nil {
			out.WriteString("\t" + q.Node.Type.String() + ": " + show(p, q.Node) + "\n")
		}
		for _, d := range diags {
			out.WriteString("\t" + d.Code + " " + strconv.Quote(d.Span.Text()) + ": " + d.Message)
			if d.Hint != "" {
				out.WriteString(" — " + d.Hint)
			}
			out.WriteString("\n")
		}
	}
	golden(t, "lower.txt", out.String())
}
