package runtime_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-engine/muster/compiler"
	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/compiler/reference"
	"github.com/muster-engine/muster/compiler/rulegen"
	"github.com/muster-engine/muster/dsl"
	"github.com/muster-engine/muster/dsl/diag"
)

// TestThreeWays makes up rule sets and data, and holds three executors to one answer for every tag, every segment and
// every ad hoc question, member by member: the plain walk over the tree, the expression plan of one member, and the
// engine over blocks.
//
// MUSTER_LONG=1 tries 3,000 cases. MUSTER_SEED=n tries that one only, MUSTER_SEED=n- all from that one on.
func TestThreeWays(t *testing.T) {
	first, cases := uint64(1), uint64(300)
	if os.Getenv("MUSTER_LONG") != "" {
		cases = 3_000
	}
	if text := os.Getenv("MUSTER_SEED"); text != "" {
		seed, err := strconv.ParseUint(strings.TrimSuffix(text, "-"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if first = seed; !strings.HasSuffix(text, "-") {
			cases = 1
		}
	}
	tried, answers := 0, 0
	for seed := first; seed < first+cases; seed++ {
		c := rulegen.New(seed)
		n, err := hold(c)
		if err == errNotCompiled {
			continue
		}
		tried++
		answers += n
		if err != nil {
			steps := 2000
			if c.Seed%64 == 0 { // two blocks take their time
				steps = 200
			}
			small := c.Shrink(steps, func(c *rulegen.Case) bool { return sameFailure(err, c) })
			_, err := hold(small)
			t.Fatalf("MUSTER_SEED=%d go test -run %s ./runtime\n%v\n\n%s", seed, t.Name(), err, small)
		}
	}
	t.Logf("%d of %d cases, %d answers", tried, cases, answers)
	if cases > 1 && tried < int(cases)*3/4 {
		t.Errorf("only %d of %d rule sets compile", tried, cases)
	}
}

var errNotCompiled = fmt.Errorf("the rules do not compile")

// difference is a question to which not all executors have one answer.
type difference struct{ question, detail string }

func (d difference) Error() string { return d.question + "\n" + d.detail }

// sameFailure reports whether a case fails in the way that err tells: by an answer, or by an executor that broke.
func sameFailure(err error, c *rulegen.Case) bool {
	_, other := hold(c)
	if other == nil || other == errNotCompiled {
		return false
	}
	_, differs := err.(difference)
	_, differsToo := other.(difference)
	return differs == differsToo
}

// question is an expression that all executors are asked.
type question struct {
	text string
	tree dsl.Expr
	node *ir.Node
}

func (q question) condition() bool { return q.node.Type.Kind == ir.Bool && !q.node.Nullable }

// executor answers questions for every member of a case, in the order of its members.
type executor interface {
	name() string
	answer(q question) ([]reference.Value, error)
}

// hold asks all executors everything about a case. It returns how many answers were compared, and the first difference.
func hold(c *rulegen.Case) (answers int, err error) {
	file, diags := dsl.Parse(diag.NewFile("rules.muster", c.Rules()))
	prog, more := compiler.Compile([]*dsl.RuleFile{file})
	if diags.HasErrors() || more.HasErrors() {
		return 0, errNotCompiled
	}
	model, err := reference.New([]*dsl.RuleFile{file})
	if err != nil {
		return 0, err
	}
	makers := []func(*rulegen.Case, *ir.Program, *reference.Model) (executor, error){byTree, byBlocks, byMember}
	if crowded(c) {
		makers = append(makers, byCrowd)
	}
	if c.Seed%8 == 4 && len(c.World.Members) < 20 {
		makers = append(makers, byPerson)
	}
	var executors []executor
	for _, make := range makers {
		e, err := make(c, prog, model)
		if err != nil {
			return 0, err
		}
		executors = append(executors, e)
	}
	for _, q := range questions(c, prog) {
		want, err := executors[0].answer(q)
		if err != nil {
			return 0, fmt.Errorf("%s: %s: %w", q.text, executors[0].name(), err)
		}
		all := [][]reference.Value{want}
		for _, e := range executors[1:] {
			got, err := e.answer(q)
			if err != nil {
				return 0, fmt.Errorf("%s: %s: %w", q.text, e.name(), err)
			}
			all = append(all, got)
		}
		for i, member := range c.World.Members {
			answers++
			if !slices.ContainsFunc(all, func(answers []reference.Value) bool { return !answers[i].Equal(want[i]) }) {
				continue
			}
			var b strings.Builder
			for k, e := range executors {
				fmt.Fprintf(&b, "  %-9s %s\n", e.name(), all[k][i])
			}
			return answers, difference{fmt.Sprintf("%s, of member %d:", q.text, member.Number), b.String()}
		}
	}
	return answers, nil
}

// questions are the tags and segments by name, whether each tag is known, and what is asked ad hoc.
func questions(c *rulegen.Case, prog *ir.Program) []question {
	var texts []string
	for _, tag := range prog.Tags {
		texts = append(texts, tag.Name, tag.Name+" is known")
	}
	for _, segment := range prog.Segments {
		texts = append(texts, segment.Name)
	}
	var asked []question
	for _, text := range append(texts, c.Questions...) {
		f := diag.NewFile("condition", text)
		query, diags := compiler.CompileQuery(prog, f, nil)
		if query == nil || diags.HasErrors() {
			continue
		}
		asked = append(asked, question{text, query.Tree, query.Node})
	}
	return asked
}
