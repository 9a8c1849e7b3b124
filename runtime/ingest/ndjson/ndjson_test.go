package ndjson

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRead(t *testing.T) {
	keys := []string{"a", "b.c", "b.d.e", "漢"}
	for _, c := range []struct{ line, want string }{
		{`{}`, `nothing; nothing; nothing; nothing`},
		{` {"a":1.50,"x":[1,{"a":2}],"漢":"字"} `, `a number 1.50; nothing; nothing; a string 字`},
		{`{"a":null,"b":{"c":true,"d":{"e":"x"},"a":9}}`, `null null; true or false true; a string x; nothing`},
		{`{"b.c":"flat","b":7}`, `nothing; a string flat; nothing; nothing`},
		{`{"a":"\u6f22\ud842\udfb7\n\ud800x"}`, "a string 漢𠮷\n\ufffdx; nothing; nothing; nothing"},
		{`{"a":1,"a":2}`, `a number 2; nothing; nothing; nothing`},
		{`{"\u0061":-0.1e+5}`, `a number -0.1e+5; nothing; nothing; nothing`},
		{`{"a":["x",{"y":1}],"b":{"c":{}}}`, `a list ["x",{"y":1}]; an object {}; nothing; nothing`},
		{``, `0: the line is empty`},
		{`[{}]`, `0: this is a list; every line must be an object by itself`},
		{`a,b,c`, `0: a line must be a JSON object, beginning with {`},
		{`{"a" 1}`, `5: a colon was expected behind the key`},
		{`{"a":1 "b":2}`, `7: a comma or } was expected`},
		{`{"a":1,}`, `7: a key in double quotes was expected`},
		{`{"a":`, `5: the line ends in the middle of the object`},
		{`{"a":1`, `6: the line ends in the middle of the object`},
		{`{"a":01}`, `6: a comma or } was expected`},
		{`{"a":1.}`, `7: this is no number`},
		{`{"a":nil}`, `5: a value was expected`},
		{`{"a":?}`, `5: a value was expected`},
		{`{"a":"x`, `7: a string is not closed`},
		{`{"a":"\x"}`, `8: this \ escape is unknown`},
		{`{"a":"\u12"}`, `8: \u must be followed by four hexadecimal digits`},
		{"{\"a\":\"\xff\"}", `7: the text is not valid UTF-8`},
		{"{\"a\":\"\t\"}", `6: a control character must be escaped in a string`},
		{`{"a":1} {"a":2}`, `8: there is more behind the end of the object`},
		{`{"a":` + strings.Repeat("[", 1000), `68: lists nest too deep`},
		{`{"a":[1 2]}`, `8: a comma or ] was expected`},
	} {
		r := NewReader(keys)
		var got string
		if fault, ok := r.Read([]byte(c.line)); !ok {
			got = fmt.Sprintf("%d: %s", fault.Pos, fault.Reason)
		} else {
			var parts []string
			for _, v := range r.Values {
				parts = append(parts, strings.TrimSpace(v.Kind.String()+" "+string(v.Text)))
			}
			got = strings.Join(parts, "; ")
		}
		if got != c.want {
			t.Errorf("%.60s:\n got %s\nwant %s", c.line, got, c.want)
		}
	}
}

func TestElements(t *testing.T) {
	r := NewReader([]string{"a"})
	if _, ok := r.Read([]byte(`{"a": [ "x\ty", 12.0 , null,true, ["n"] ] }`)); !ok {
		t.Fatal("not read")
	}
	var got []string
	r.Elements(r.Values[0].Text, func(v Value) bool {
		got = append(got, v.Kind.String()+" "+string(v.Text))
		return true
	})
	if want := "a string x\ty|a number 12.0|null null|true or false true|a list [\"n\"]"; strings.Join(got, "|") != want {
		t.Errorf("got %q", got)
	}
}

// FuzzRead holds the reader to encoding/json: the same lines are objects, and the same values come out.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		`{"a":1,"b":{"c":"x\u00e9\ud83d\ude00"}}`, `{"a":[1,2,{"b":null}]}`, `{"a":-1.5e-3,"b":true}`, `{"a":"\\\"\/"}`,
		`{}x`, `{"a":}`, `["a"]`, "{\"\xff\":1}", `{"b.c":3}`, `{"b":{"c":1},"b":2}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1<<12 || strings.Count(s, "[")+strings.Count(s, "{") >= maxDepth {
			return
		}
		r := NewReader([]string{"a", "k"})
		_, ok := r.Read([]byte(s))
		var std map[string]json.RawMessage
		err := json.Unmarshal([]byte(s), &std)
		stdOK := err == nil && std != nil && utf8.ValidString(s)
		if ok != stdOK {
			t.Fatalf("%q: %v, encoding/json says %v", s, ok, err)
		}
		if !ok {
			return
		}
		for i, key := range []string{"a", "k"} {
			raw, has := std[key]
			v := r.Values[i]
			switch {
			case !has:
				if v.Kind != Absent {
					t.Fatalf("%q: %s appeared", s, key)
				}
			case v.Kind == String:
				var text string
				if json.Unmarshal(raw, &text) != nil || text != string(v.Text) {
					t.Fatalf("%q: %q, encoding/json has %q", s, v.Text, text)
				}
			default:
				if string(raw) != string(v.Text) {
					t.Fatalf("%q: %q, encoding/json has %q", s, v.Text, raw)
				}
			}
		}
	})
}
