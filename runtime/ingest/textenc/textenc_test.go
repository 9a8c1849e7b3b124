package textenc

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

func encode(t *testing.T, s string) string {
	t.Helper()
	out, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestNewReader(t *testing.T) {
	chinese := "手机号,门店\n13800138000,南京路\n€,𠮷\n"
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(chinese)
	if err != nil {
		t.Fatal(err)
	}
	late := strings.Repeat("a,b\n", 100_000)
	for name, c := range map[string]struct{ in, encoding, want string }{
		"empty":                 {"", Detect, ""},
		"ascii":                 {"a,b\n", Detect, "a,b\n"},
		"utf-8":                 {chinese, Detect, chinese},
		"utf-8 with a mark":     {"\ufeff" + chinese, Detect, chinese},
		"mark, asked for":       {"\ufeff" + chinese, UTF8, chinese},
		"gb18030":               {encode(t, chinese), Detect, chinese},
		"gb18030, asked for":    {encode(t, chinese), GB18030, chinese},
		"utf-16":                {utf16, Detect, chinese},
		"gb18030, late":         {late + encode(t, chinese), Detect, late + chinese},
		"utf-8, late":           {late + chinese, Detect, late + chinese},
		"one broken byte":       {chinese + "\xff" + chinese, Detect, chinese + "\xff" + chinese},
		"latin-1 is left alone": {"caf\xe9,1\nna\xefve,2\n", Detect, "caf\xe9,1\nna\xefve,2\n"},
	} {
		for _, in := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in)), iotest.DataErrReader(strings.NewReader(c.in))} {
			r, err := NewReader(in, c.encoding)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || string(got) != c.want {
				t.Errorf("%s: got %.80q… %v\nwant %.80q…", name, got, err, c.want)
			}
		}
	}
}

func TestInputErrorIsReported(t *testing.T) {
	for _, s := range []string{"a", "abc", "漢字漢字", encode(t, "漢字漢字")} {
		r, err := NewReader(io.MultiReader(strings.NewReader(s), iotest.ErrReader(io.ErrClosedPipe)), Detect)
		if err == nil {
			_, err = io.ReadAll(r)
		}
		if err != io.ErrClosedPipe {
			t.Errorf("%q: got %v", s, err)
		}
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]string{"": Detect, "UTF8": UTF8, "utf-8": UTF8, "GBK": GB18030, "gb18030": GB18030} {
		if got, err := Parse(in); got != want || err != nil {
			t.Errorf("%q: %q %v", in, got, err)
		}
	}
	if _, err := Parse("klingon"); err == nil || !strings.Contains(err.Error(), `"klingon" is not known`) {
		t.Errorf("got %v", err)
	}
}

func FuzzNewReader(f *testing.F) {
	f.Add([]byte("a\xef\xbb\xbf漢"))
	f.Add([]byte("\xca\xd6\xbb\xfa\x81\x30\x81"))
	f.Add([]byte("\xff\xfea\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<12 {
			return
		}
		whole, err := NewReader(bytes.NewReader(b), Detect)
		if err != nil {
			t.Fatal(err)
		}
		parts, _ := NewReader(iotest.HalfReader(bytes.NewReader(b)), Detect)
		one, err1 := io.ReadAll(whole)
		two, err2 := io.ReadAll(parts)
		if err1 != nil || err2 != nil || !bytes.Equal(one, two) {
			t.Fatalf("%q %v\n%q %v", one, err1, two, err2)
		}
	})
}
