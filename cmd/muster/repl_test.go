package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/muster-engine/muster/compiler/ir"
	"github.com/muster-engine/muster/rules"
)

const promptRules = `
settings { language 1  timezone "Asia/Shanghai"  currency CNY }
member { phone id phone "CN"  gender enum "female" "male"  城市 string  home store }
table store { code key  region enum "east" "south" }
event order { order_id key  channel enum "pos" "mall"  amount money  full money = amount * 2 }
list 勿扰 "勿扰名单"
tag 等级 "等级" = when count(order) > 3 then "金卡" else "普通"
segment vip "高价值" = 等级 = "金卡"
source till gives order { phone from "phone"  order_id from "no"  at from "at"  amount from "amount" }
`

func promptOver(t *testing.T) *prompt {
	t.Helper()
	set := rules.FromSources([]rules.Source{{Name: "r.muster", Text: promptRules}})
	if set.Program == nil {
		t.Fatal(set.Diags)
	}
	a := &app{world: world{out: io.Discard, err: io.Discard, env: func(string) string { return "" }, now: time.Now}}
	s := &session{app: a, set: set, prog: set.Program, vs: valuesOf(set.Program)}
	return &prompt{session: s, q: &asker{app: a, prog: set.Program, vs: s.vs, lets: map[string]*ir.Query{"large": nil}}}
}

func TestCompletion(t *testing.T) {
	c := completer{promptOver(t)}
	for _, test := range []struct {
		text, partial string
		want          []string
	}{
		{"gen", "gen", []string{"gender"}},
		{"vi", "vi", []string{"vip"}},
		{"not 勿", "勿", []string{"勿扰"}},
		{"城", "城", []string{"城市"}},
		{"lar", "lar", []string{"large"}},
		{"count(ord", "ord", []string{"order"}},
		{"sum(order.", "", []string{"amount", "at", "channel", "day", "full", "order_id"}},
		{"sum(order.am", "am", []string{"amount"}},
		{"count(order where ch", "ch", []string{"chance", "channel"}},
		{"ch", "ch", []string{"chance"}},
		{"count(order where amount > member.城", "城", []string{"城市"}},
		{"home.re", "re", []string{"region"}},
		{`gender = "`, "", []string{`female"`, `male"`}},
		{`gender != "fe`, "fe", []string{`female"`}},
		{`gender in ("female", "m`, "m", []string{`male"`}},
		{`gender = "female" and 等级 = "`, "", []string{`普通"`, `金卡"`}},
		{`count(order where channel = "p`, "p", []string{`pos"`}},
		{`城市 = "`, "", nil},
		{":ex", ":ex", []string{":explain", ":export"}},
		{"zzz", "zzz", nil},
	} {
		got, partial := c.complete(test.text)
		if partial != test.partial || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %q completed to %q, want %q to %q", test.text, partial, got, test.partial, test.want)
		}
	}
	added, shared := c.Do([]rune("not 勿"), 5)
	if shared != 1 || len(added) != 1 || string(added[0]) != "扰" {
		t.Errorf("added %q behind %d characters", added, shared)
	}
}

func TestEntriesGoOnWhileTheyAreIncomplete(t *testing.T) {
	for _, c := range []struct {
		lines string
		want  []string
	}{
		{"a\nb\n", []string{"a", "b"}},
		{"a and\nb\n", []string{"a and b"}},
		{"(a\nor b)\nc\n", []string{"(a or b)", "c"}},
		{"x >=\n\n5\n", []string{"x >=", "5"}},
		{"city = \"(\"\nb\n", []string{`city = "("`, "b"}},
		{"when a\n", []string{"when a"}},
		{"brand\nb\n", []string{"brand", "b"}},
		{"// said\na\n", []string{"a"}},
		{"a or", []string{"a or"}},
		{":by a,\nb\n", []string{":by a,", "b"}},
	} {
		a := &app{world: world{in: strings.NewReader(c.lines), out: io.Discard}}
		lines, err := a.newLines(nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for {
			entry, err := readExpression(lines)
			if err != nil {
				break
			}
			if entry != "" {
				got = append(got, entry)
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q: read %q, want %q", c.lines, got, c.want)
		}
	}
}

// interruptedLines gives a prompt one entry, then what Ctrl-C does to a line, then another entry.
type interruptedLines struct{ n int }

func (l *interruptedLines) line(bool) (string, error) {
	l.n++
	switch l.n {
	case 1:
		return "count(order where", nil
	case 2:
		return "", errInterrupted
	case 3:
		return ":help", nil
	}
	return "", io.EOF
}
func (l *interruptedLines) remember(string) {}
func (l *interruptedLines) close()          {}

func TestInterruptEndsTheEntryOnly(t *testing.T) {
	p := promptOver(t)
	var out bytes.Buffer
	p.out = &out
	p.run(context.Background(), &interruptedLines{})
	if !strings.Contains(out.String(), ":explain") {
		t.Error("the session did not go on after an interrupted line")
	}
}

// TestInterruptEndsTheQuestionOnly sends the process the signal of Ctrl-C while a question is answered.
func TestInterruptEndsTheQuestionOnly(t *testing.T) {
	p := promptOver(t)
	var msg bytes.Buffer
	p.err = &msg
	defer p.ownInterrupts()()
	began := make(chan struct{})
	promptCommands = append(promptCommands, promptCommand{name: ":wait", run: func(_ *prompt, ctx context.Context, _ string) error {
		close(began)
		<-ctx.Done()
		return ctx.Err()
	}})
	defer func() { promptCommands = promptCommands[:len(promptCommands)-1] }()
	go func() {
		<-began
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Signal(os.Interrupt)
		}
		if err != nil {
			p.interrupt() // a system without that signal
		}
	}()
	err := p.answer(context.Background(), ":wait")
	if !errors.Is(err, context.Canceled) || msg.String() != "interrupted\n" {
		t.Errorf("ended with %v, said %q", err, msg.String())
	}
	if err := p.answer(context.Background(), ":help"); err != nil {
		t.Errorf("the next question: %v", err)
	}
}

func TestLetOf(t *testing.T) {
	for text, want := range map[string][2]string{
		"let big = a >= 5": {"big", "a >= 5"},
		"let `in` = x":     {"in", "x"},
		"let 大客户 = 消费 = 5": {"大客户", "消费 = 5"},
		"letter = 5":       {},
		"let sum(x) = 5":   {},
		"let big":          {},
		"let = 5":          {},
		`let "a" = 5`:      {},
		"let a b = 5":      {},
	} {
		name, expr, ok := letOf(text)
		if ok != (want[0] != "") || ok && (name != want[0] || expr != want[1]) {
			t.Errorf("%s: %q = %q, %v", text, name, expr, ok)
		}
	}
}

func TestExportSaysWhatCannotBeWritten(t *testing.T) {
	p := promptOver(t)
	if err := p.export(context.Background(), filepath.Join(t.TempDir(), "x.csv")); !errors.Is(err, errNothingAsked) {
		t.Errorf("nothing was asked: %v", err)
	}
}
