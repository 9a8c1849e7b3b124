package loyalty_test

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/muster-engine/muster/runtime/loyalty"
)

// numbers is a reader of bytes that look random and are the same in every run.
type numbers struct{ n uint64 }

func (r *numbers) Read(b []byte) (int, error) {
	for i := 0; i < len(b); {
		r.n++
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, r.n))
		i += copy(b[i:], sum[:])
	}
	return len(b), nil
}

const symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func TestCodes(t *testing.T) {
	random := &numbers{}
	seen := map[string]bool{}
	for range 2000 {
		code, err := loyalty.NewCode(random)
		if err != nil || len(code) != 16 || strings.Trim(code, symbols) != "" {
			t.Fatalf("%q: %v", code, err)
		}
		if seen[code] {
			t.Fatalf("%s came twice", code)
		}
		seen[code] = true
		written := strings.ToLower(code[:4] + "-" + code[4:8] + " " + code[8:12] + "-" + code[12:])
		written = strings.NewReplacer("0", "o", "1", "l").Replace(written)
		for _, text := range []string{code, written} {
			if got, err := loyalty.ReadCode(text); got != code || err != nil {
				t.Fatalf("%q is read as %q: %v", text, got, err)
			}
		}
	}
	if _, err := loyalty.NewCode(strings.NewReader("short")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
}

// Every slip in one symbol, and any two that changed places, are found.
func TestSlipsAreFound(t *testing.T) {
	code, err := loyalty.NewCode(&numbers{n: 7})
	if err != nil {
		t.Fatal(err)
	}
	wrong := func(text string) {
		t.Helper()
		if got, err := loyalty.ReadCode(text); !errors.Is(err, loyalty.ErrCode) {
			t.Errorf("%q is taken for %q: %v", text, got, err)
		}
	}
	for i := range code {
		for _, s := range symbols {
			if byte(s) != code[i] {
				wrong(code[:i] + string(s) + code[i+1:])
			}
		}
		for j := range i {
			if code[i] != code[j] {
				b := []byte(code)
				b[i], b[j] = b[j], b[i]
				wrong(string(b))
			}
		}
		wrong(code[:i] + code[i+1:])
		wrong(code[:i] + "0" + code[i:])
	}
	for _, text := range []string{"", "U" + code[1:], code + "!", "码" + code[1:], strings.Repeat("-", 40)} {
		wrong(text)
	}
}

func TestReadCodeTakesAnything(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		code, err := loyalty.ReadCode(rapid.String().Draw(rt, "text"))
		if err == nil && len(code) != 16 {
			rt.Fatalf("%q", code)
		}
	})
}
