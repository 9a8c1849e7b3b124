package csv

import (
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

type record struct {
	line   int
	fields []string
	fault  Fault
	raw    string
}

// readAll runs an input through cutter and reader with a buffer of size bytes.
func readAll(t testing.TB, in io.Reader, size int, delim byte) []record {
	t.Helper()
	c, r := NewCutter(in, delim), NewReader(delim)
	buf := make([]byte, size)
	var out []record
	line := 1
	for {
		ch, err := c.Next(buf)
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(ch.Data) == 0 {
			t.Fatal("a chunk without data")
		}
		r.Reset(ch)
		for r.Next() {
			from, to := r.Bounds()
			rec := record{line: line + r.Line, fault: r.Fault, raw: string(ch.Data[from:to])}
			for _, f := range r.Fields {
				rec.fields = append(rec.fields, string(f))
			}
			out = append(out, rec)
		}
		line += r.Lines()
	}
}

func TestReader(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"a,b\n", "1[a|b]"},
		{"a,b", "1[a|b]"},
		{"a,b\r\nc,d\r\n", "1[a|b]2[c|d]"},
		{"\n\na,b\n\r\nc,\n,\n", "3[a|b]5[c|]6[|]"},
		{"\"a\",\"b,c\"\n", "1[a|b,c]"},
		{"\"a\r\nb\",\"c \"\"d\"\"\"\ne,f\n", "1[a\nb|c \"d\"]3[e|f]"},
		{"\"\"\n\"\",\"\"\n", "1[]2[|]"},
		{"a,b\"c\nd,e\n", "1!bare[a]2[d|e]"},
		{"a,\"b\"c\nd,e\n", "1!after[a|b]2[d|e]"},
		{"a,\"b\" \r\nd,e\n", "1!after[a|b]2[d|e]"},
		{"a\"b,\"c\nd,e\n", "1!bare[]2[d|e]"},
		{"a,b\nc,\"d\ne,f\ng,h", "1[a|b]2!open[]3[e|f]4[g|h]"},
		{"\"d\ne,f\n", "1!open[]2[e|f]"},
		{"\"d", "1!open[]"},
		{"\"a\nb\",\"c\nd,e\n", "1!open[]3[d|e]"},
		{long + "\nd,e\n", "1!long[]2[d|e]"},
		{"a,b\n" + long, "1[a|b]2!long[]"},
		{"a,\"" + long + "\"\nd,e\n", "1!open[]2[d|e]"},
		{"a\rb,c\r\r\n", "1[a\rb|c\r]"},
		{"a,b\r", "1[a|b]"},
		{"\"a\"\r", "1[a]"},
		{"é,\"漢\n字\"\n", "1[é|漢\n字]"},
		{"0123456,8,\n1234567\n12345678,\n", "1[0123456|8|]2[1234567]3[12345678|]"},
	} {
		for _, in := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in)), iotest.DataErrReader(strings.NewReader(c.in))} {
			var b strings.Builder
			for _, r := range readAll(t, in, 64, ',') {
				name := map[Fault]string{Whole: "", Unclosed: "!open", TooLong: "!long", BareQuote: "!bare", AfterQuote: "!after"}[r.fault]
				fmt.Fprintf(&b, "%d%s[%s]", r.line, name, strings.Join(r.fields, "|"))
			}
			if b.String() != c.want {
				t.Errorf("%q:\n got %q\nwant %q", c.in, b.String(), c.want)
			}
		}
	}
}

func TestInputErrorIsReported(t *testing.T) {
	broken := errors.New("the disk is on fire")
	c := NewCutter(io.MultiReader(strings.NewReader("a,b\nc"), iotest.ErrReader(broken)), ',')
	buf := make([]byte, 64)
	for {
		if _, err := c.Next(buf); err != nil {
			if err != broken {
				t.Errorf("got %v", err)
			}
			return
		}
	}
}

func TestLineCutterIgnoresQuotes(t *testing.T) {
	c := NewLineCutter(strings.NewReader("{\"a\n\":1}\n" + strings.Repeat("y", 50) + "\nz"))
	buf := make([]byte, 16)
	var got []string
	for {
		ch, err := c.Next(buf)
		if err == io.EOF {
			break
		}
		got = append(got, fmt.Sprintf("%d %q", ch.Fault, ch.Data))
	}
	want := `0 "{\"a\n\":1}\n" 2 "yyyyyyyyyyyyyyyy" 0 "\nz"`
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got %s\nwant %s", s, want)
	}
}

// FuzzReader holds the reader to encoding/csv on whatever that accepts, and to its own limits on the rest: no panic, no
// byte lost between records, the same records wherever the chunks are cut.
func FuzzReader(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n", "\"a\"\"b\",\"c\r\nd\"\r\n,\n", "a\"b\nc\n", "\"a\"b,\"c\nd\"\n", "x,\"\n\ny\n", "\"\"\"\n", "\"a\n\"\n\"",
		"\r\r\n\"\r\"\r\n", "a,b\r", "01234567,\"\"\n\n", ",,,\n\"\"\r",
	} {
		f.Add(s, uint8(30))
	}
	f.Fuzz(func(t *testing.T, s string, size uint8) {
		if len(s) > 1<<12 {
			return
		}
		wide := readAll(t, strings.NewReader(s), 1<<13, ',')
		std := stdcsv.NewReader(strings.NewReader(s))
		std.FieldsPerRecord = -1
		for i := 0; ; i++ {
			fields, err := std.Read()
			if err == io.EOF {
				if i != len(wide) {
					t.Fatalf("%d records, encoding/csv has %d", len(wide), i)
				}
				break
			}
			if i == len(wide) {
				t.Fatalf("%d records only; encoding/csv: %q %v", i, fields, err)
			}
			if err != nil {
				if wide[i].fault == Whole {
					t.Fatalf("record %d: %q where encoding/csv says %v", i, wide[i].fields, err)
				}
				if wide[i].fault == Unclosed {
					break // encoding/csv ends here, the reader goes on
				}
				continue
			}
			line, _ := std.FieldPos(0)
			if wide[i].fault != Whole || strings.Join(fields, "\x00") != strings.Join(wide[i].fields, "\x00") || wide[i].line != line {
				t.Fatalf("record %d: got %+v, encoding/csv %q line %d", i, wide[i], fields, line)
			}
		}
		// In small chunks the same records come out, as long as each fits one.
		small := int(size)%64 + 2
		for _, r := range wide {
			if r.fault == Unclosed || len(r.raw)+4 > small {
				readAll(t, strings.NewReader(s), small, ',')
				return
			}
		}
		narrow := readAll(t, strings.NewReader(s), small, ',')
		if fmt.Sprint(narrow) != fmt.Sprint(wide) {
			t.Fatalf("in chunks of %d:\n%+v\nwhole:\n%+v", small, narrow, wide)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	row := "+8613900018195,O0,2026-10-06 10:50:49,S2147,pos,sneakers,1224.39,0.00\n"
	for name, in := range map[string]string{"plain": row, "quoted": `"` + strings.ReplaceAll(strings.TrimSpace(row), ",", `","`) + "\"\n"} {
		data := bytes.Repeat([]byte(in), 8<<20/len(in))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			buf := make([]byte, MaxRecord)
			for range b.N {
				c, r := NewCutter(bytes.NewReader(data), ','), NewReader(',')
				for {
					ch, err := c.Next(buf)
					if err != nil {
						break
					}
					r.Reset(ch)
					for r.Next() {
					}
				}
			}
		})
	}
}
