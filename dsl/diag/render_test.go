package diag

import (
	"bytes"
	"strings"
	"testing"
)

// at is the span of the n-th occurrence (from 0) of some words in a text.
func at(f *File, words string, n int) Span {
	start := 0
	for ; n >= 0; n-- {
		i := strings.Index(f.Text[start:], words)
		if i < 0 {
			panic("no " + words)
		}
		start += i
		if n > 0 {
			start += len(words)
		}
	}
	return Span{File: f, Start: start, End: start + len(words)}
}

func TestRender(t *testing.T) {
	tags := NewFile("tags.muster", "// 标签\ntag 消费 \"净消费\" = summ(order.amount)\n\ttag\tb = 城市 and\tc\r\ntag 消费 = 1\n")
	marked := NewFile("m.muster", "\ufefftag a = x")
	long := NewFile("long.muster", "segment a = "+strings.Repeat("城市 = \"上海\" or ", 40)+"oops"+strings.Repeat(" or b", 100))
	evil := NewFile("e\x1bvil.muster", "tag a = \"\x1b[31m\x00\u202e\" x")
	lines := NewFile("l.muster", "tag a = (1 +\n  2)\n"+strings.Repeat("\n", 98)+"tag b = 1")
	for _, c := range []struct {
		name string
		list List
		want string
	}{
		{"whole", List{{Code: "M0203", Span: at(tags, "summ", 0), Message: "no function `summ`", Reading: "tag 消费", Hint: "did you mean `sum`?",
			Related: []Related{{Span: at(tags, "消费", 2), Message: "another one is here"}, {Message: "of no place"}}}}, `
tags.muster:2:16: error M0203: no function ` + "`summ`" + `
  2 | tag 消费 "净消费" = summ(order.amount)
    |                     ^^^^
  reading: tag 消费
  hint: did you mean ` + "`sum`" + `?
  tags.muster:4:5: another one is here
  4 | tag 消费 = 1
    |     ^^^^
  of no place
`},
		{"wide words", List{{Code: "M0001", Span: at(tags, "\"净消费\"", 0), Message: "x"}}, `
tags.muster:2:8: error M0001: x
  2 | tag 消费 "净消费" = summ(order.amount)
    |          ^^^^^^^^
`},
		{"tabs stay", List{{Code: "M0001", Severity: Warning, Span: at(tags, "and", 0), Message: "x"}}, `
tags.muster:3:13: warning M0001: x
  3 | 	tag	b = 城市 and	c
    | 	   	         ^^^
`},
		{"mark", List{{Code: "M0001", Span: at(marked, "tag", 0), Message: "x"}}, `
m.muster:1:1: error M0001: x
  1 | tag a = x
    | ^^^
`},
		{"the end", List{{Code: "M0001", Span: Span{File: marked, Start: len(marked.Text), End: len(marked.Text)}, Message: "x"}}, `
m.muster:1:10: error M0001: x
  1 | tag a = x
    |          ^
`},
		{"several lines", List{{Code: "M0001", Span: at(lines, "(1 +\n  2)", 0), Message: "x", Related: []Related{{Span: at(lines, "b", 0), Message: "y"}}}}, `
l.muster:1:9: error M0001: x
    1 | tag a = (1 +
      |         ^^^^
  l.muster:101:5: y
  101 | tag b = 1
      |     ^
`},
		{"no place", List{{Code: "M0901", Message: "no rule files"}, {Message: "bare"}}, `
error M0901: no rule files

error: bare
`},
		{"nothing that a terminal obeys", List{{Code: "M0001", Span: at(evil, "x", 0), Message: "a\x1bb\nc"}}, `
e` + "\ufffd" + `vil.muster:1:19: error M0001: a` + "\ufffd" + `b c
  1 | tag a = "` + "\ufffd[31m\ufffd\ufffd" + `" x
    |                   ^
`},
		{"long line", List{{Code: "M0001", Span: at(long, "oops", 0), Message: "x"}}, `
long.muster:1:533: error M0001: x
  1 | …上海" or 城市 = "上海" or 城市 = "上海" or 城市 = "上海" or oops or b or b or b or b or b or b or b or b or b or b or …
    |                                                              ^^^^
`},
	} {
		var b bytes.Buffer
		Render(&b, c.list, RenderOptions{})
		if got, want := b.String(), strings.TrimPrefix(c.want, "\n"); got != want {
			t.Errorf("%s:\n--- got\n%s--- want\n%s", c.name, got, want)
		}
	}
}

func TestRenderColor(t *testing.T) {
	f := NewFile("f", "tag a = x")
	list := List{{Code: "M0001", Span: at(f, "x", 0), Message: "m", Hint: "h", Related: []Related{{Span: at(f, "a", 1), Message: "r"}}}}
	var plainText, colored bytes.Buffer
	Render(&plainText, list, RenderOptions{})
	Render(&colored, list, RenderOptions{Color: true})
	stripped := colored.String()
	for _, code := range []string{red, yellow, bold, blue, plain} {
		stripped = strings.ReplaceAll(stripped, code, "")
	}
	if stripped != plainText.String() || colored.Len() == plainText.Len() {
		t.Errorf("colour changes more than colour: %q", colored.String())
	}
}

func TestPages(t *testing.T) {
	codes := Codes()
	if len(codes) == 0 {
		t.Fatal("no pages")
	}
	for i, code := range codes {
		if i > 0 && codes[i-1] >= code {
			t.Errorf("%s stands after %s", code, codes[i-1])
		}
		page, ok := Page(code)
		if !ok || !strings.HasPrefix(page, "# "+code+": ") {
			t.Errorf("the page of %s starts with %.20q", code, page)
		}
		if strings.HasPrefix(code, "M09") {
			continue // a store is needed to show these
		}
		if strings.Count(page, "```muster-wrong\n") != 1 || strings.Count(page, "```muster\n") != 1 || strings.Count(page, "\n```") != 4 {
			t.Errorf("the page of %s does not have one wrong and one mended rule set", code)
		}
	}
	for _, code := range []string{"M9999", "", "../near", "M0101.md", "pages/M0101"} {
		if _, ok := Page(code); ok {
			t.Errorf("there is a page of %q", code)
		}
	}
	if _, ok := Page("m0101"); !ok {
		t.Error("codes are found in lower case, too")
	}
}

func TestPositions(t *testing.T) {
	f := NewFile("f", "\ufeffab\r\n城c\n")
	for _, c := range []struct{ offset, line, column int }{
		{-5, 1, 1}, {0, 1, 1}, {3, 1, 1}, {4, 1, 2}, {7, 2, 1}, {10, 2, 2}, {12, 3, 1}, {99, 3, 1},
	} {
		if p := f.Position(c.offset); p.Line != c.line || p.Column != c.column {
			t.Errorf("offset %d is %d:%d, want %d:%d", c.offset, p.Line, p.Column, c.line, c.column)
		}
	}
	if text, start := f.Line(2); text != "城c" || start != 7 {
		t.Errorf("line 2 is %q at %d", text, start)
	}
	if text, _ := f.Line(1); text != "\ufeffab" {
		t.Errorf("line 1 is %q", text)
	}
	if text, _ := f.Line(9); text != "" {
		t.Errorf("line 9 is %q", text)
	}
}
