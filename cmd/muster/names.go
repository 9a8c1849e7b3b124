package main

import (
	"fmt"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/dsl/diag"
)

// tag finds a declared tag by name.
func (q *asker) tag(name string) (*ir.Tag, error) { return findTag(q.prog, name) }

func findTag(p *ir.Program, name string) (*ir.Tag, error) {
	var names []string
	for _, t := range p.Tags {
		if t.Name == name {
			return t, nil
		}
		names = append(names, t.Name)
	}
	return nil, unknownName("tag", name, names)
}

// unknownName says that there is no such thing, and which near one there is.
func unknownName(kind, name string, names []string) error {
	text := fmt.Sprintf("there is no %s %q", kind, name)
	if near, ok := diag.Near(name, names); ok {
		text += "; did you mean " + near + "?"
	}
	return fmt.Errorf("%s", text)
}

// compileQuietly compiles an expression that the program itself wrote, whose warnings are nobody's concern.
func (q *asker) compileQuietly(text string) (*ir.Query, error) {
	query, found := compiler.CompileQuery(q.prog, diag.NewFile("condition", text), q.lets)
	if query == nil {
		q.show(found)
		return nil, errShown
	}
	return query, nil
}

// tagNode is the value of a tag, unknown included: of a bool tag too, which as a condition would be true or false.
func (q *asker) tagNode(tag *ir.Tag) (*ir.Node, error) {
	query, err := q.compileQuietly("`" + tag.Name + "`")
	if err != nil {
		return nil, err
	}
	node := query.Node
	if node.Op == ir.OpTruth {
		node = node.Args[0]
	}
	return node, nil
}
