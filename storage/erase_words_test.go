package storage

import "testing"

func TestWordsAreRedacted(t *testing.T) {
	for _, c := range [][3]string{
		{`{"accepted":3,"rejected":[{"line":1,"reason":"phone 3 is no number"}]}`, "3", `{"accepted":3,"rejected":[{"line":1,"reason":"phone (erased) is no number"}]}`},
		{`{"Member":1,"Absorbed":0}`, "b", `{"Member":1,"Absorbed":0}`},
		{`"13900139000" and 139001390001`, "13900139000", `"(erased)" and 139001390001`},
		{`[17850,{"x":17850}] 17850`, "17850", `[17850,{"x":17850}] (erased)`},
		{`{"n":-3,"x":12.3,"reason":"phone-3, card:3"}`, "3", `{"n":-3,"x":12.3,"reason":"phone-(erased), card:(erased)"}`},
		{`"李雷" 李雷雷`, "李雷", `"(erased)" 李雷雷`},
		{"aaa", "", "aaa"}, {"", "a", ""}, {"a a", "a", "(erased) (erased)"},
	} {
		if got := string(redactWords([]byte(c[0]), []byte(c[1]))); got != c[2] {
			t.Errorf("%q without %q is %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
